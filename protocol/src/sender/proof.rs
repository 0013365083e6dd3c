//! Whether what was sent arrives (PROTOCOL 7.6).

use std::collections::VecDeque;
use std::time::Duration;

use crate::limits::PROOF_WAIT;
use crate::serial::Serial;
use crate::time::{Stamp, Time};

/// HEARTBEATs whose nonce still proves receipt: one each 15 ms, as much loss draws, for a round trip of half a second. Those
/// before an echoed one are forgotten.
const HEARTBEATS_KEPT: usize = 32;

/// The HEARTBEATs that went out, and since when receipt is unproven.
#[derive(Clone, Debug, Default)]
pub(super) struct Proof {
    heartbeats: VecDeque<Sent>,
    unproven_since: Option<Time>,
}

#[derive(Clone, Copy, Debug)]
struct Sent {
    seq: Serial,
    nonce: u32,
    at: Stamp,
    /// It said something, or asked by itself: its echo is more than a sign of life.
    telling: bool,
    credited: bool,
}

/// What the echo of a HEARTBEAT is worth.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Echo {
    /// The round trip.
    pub(super) sample: Duration,
    /// It is the first echo of that HEARTBEAT.
    pub(super) fresh: bool,
    /// It tells more than that the peer lives: such a FEEDBACK needs no answer.
    pub(super) news: bool,
}

impl Proof {
    /// Something was sent that has to be proven received.
    pub(super) fn note_sent(&mut self, now: Time) {
        self.unproven_since.get_or_insert(now);
    }

    /// A HEARTBEAT goes out. `telling`: it reports media, or nobody asked for it.
    pub(super) fn note_heartbeat(&mut self, now: Time, seq: Serial, nonce: u32, telling: bool) {
        if self.heartbeats.len() == HEARTBEATS_KEPT {
            self.heartbeats.pop_front();
        }
        if self.heartbeats.len() == self.heartbeats.capacity() {
            // On a silent channel there is never more than one beside the one that was echoed.
            self.heartbeats.reserve_exact(self.heartbeats.len().max(2));
        }
        self.heartbeats.push_back(Sent { seq, nonce, at: now.stamp(), telling, credited: false });
    }

    /// The peer echoes a HEARTBEAT that went out.
    pub(super) fn credit_nonce(
        &mut self,
        now: Time,
        seq: Serial,
        nonce: u32,
        hold: Duration,
    ) -> Option<Echo> {
        let place = self.heartbeats.iter().position(|sent| sent.seq == seq && sent.nonce == nonce)?;
        self.heartbeats.drain(..place);
        let sent = self.heartbeats.front_mut()?;
        let fresh = !std::mem::replace(&mut sent.credited, true);
        let sample = now.stamp().since(sent.at).saturating_sub(hold);
        if fresh {
            self.unproven_since = None;
        }
        Some(Echo { sample, fresh, news: fresh && sent.telling })
    }

    /// The peer named the right digest of a whole frame.
    pub(super) const fn credit_frame(&mut self) {
        self.unproven_since = None;
    }

    /// Whether nothing proves receipt of what was sent before `at`.
    pub(super) fn lacks(&self, at: Time) -> bool {
        self.unproven_since.is_some_and(|since| since <= at)
    }

    /// Whether media to the peer pauses.
    pub(super) fn is_paused(&self, now: Time) -> bool {
        self.unproven_since.is_some_and(|since| now.since(since) >= PROOF_WAIT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_nonce_that_was_sent_proves_receipt_and_only_once() {
        let mut proof = Proof::default();
        let (start, later) = (Time::ZERO, Time::ZERO + PROOF_WAIT);
        proof.note_sent(start);
        proof.note_heartbeat(start, Serial(4), 77, true);
        assert!(proof.is_paused(later));
        assert_eq!(proof.credit_nonce(later, Serial(4), 78, Duration::ZERO), None);
        assert!(proof.is_paused(later));
        let hold = PROOF_WAIT.saturating_sub(Duration::from_millis(10));
        let sample = Duration::from_millis(10);
        let echo = |fresh| Some(Echo { sample, fresh, news: fresh });
        assert_eq!(proof.credit_nonce(later, Serial(4), 77, hold), echo(true));
        assert!(!proof.is_paused(later));
        proof.note_sent(later);
        assert_eq!(proof.credit_nonce(later, Serial(4), 77, hold), echo(false));
        assert!(proof.is_paused(later + PROOF_WAIT));
    }

    #[test]
    fn the_echo_of_an_answer_that_said_nothing_is_proof_but_no_news() {
        let mut proof = Proof::default();
        proof.note_sent(Time::ZERO);
        proof.note_heartbeat(Time::ZERO, Serial(4), 77, false);
        let echo = proof.credit_nonce(Time::ZERO, Serial(4), 77, Duration::ZERO);
        assert_eq!(echo, Some(Echo { sample: Duration::ZERO, fresh: true, news: false }));
        assert!(!proof.is_paused(Time::ZERO + PROOF_WAIT));
    }
}
