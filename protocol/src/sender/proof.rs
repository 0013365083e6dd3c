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
#[repr(C)]
pub(super) struct Proof {
    heartbeats: VecDeque<Sent>,
    /// When the newest HEARTBEAT went out, if it asked for an echo that did not come yet. Each frame looks here, and at what follows.
    awaits: Option<Stamp>,
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
    /// First-sent datagrams that had never left by then: the low bits of their count, for which there is room.
    recalled: u16,
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

    /// A HEARTBEAT goes out. `telling`: it reports media, or nobody asked for it. `asks`: it wants an echo soon. `recalled`: how
    /// many datagrams that it does not count have never left.
    pub(super) fn note_heartbeat(
        &mut self,
        now: Time,
        (seq, nonce): (Serial, u32),
        (telling, asks): (bool, bool),
        recalled: u32,
    ) {
        if self.heartbeats.len() == HEARTBEATS_KEPT {
            self.heartbeats.pop_front();
        }
        if self.heartbeats.len() == self.heartbeats.capacity() {
            // On a silent channel there is never more than one beside the one that was echoed.
            self.heartbeats.reserve_exact(self.heartbeats.len().max(2));
        }
        self.heartbeats.push_back(Sent {
            seq,
            nonce,
            at: now.stamp(),
            telling,
            credited: false,
            recalled: low(recalled),
        });
        self.awaits = asks.then(|| now.stamp());
    }

    /// A HEARTBEAT left only now: it stood in a queue of this end. How many of the datagrams that it counted never left, where
    /// `recalled` have not by now.
    pub(super) fn note_left(&mut self, now: Time, seq: Serial, recalled: u32) -> Option<u16> {
        let place = self.heartbeats.iter().rposition(|sent| sent.seq == seq)?;
        if place + 1 == self.heartbeats.len()
            && let Some(awaits) = &mut self.awaits
        {
            *awaits = now.stamp();
        }
        let sent = self.heartbeats.get_mut(place)?;
        sent.at = now.stamp();
        Some(low(recalled).wrapping_sub(sent.recalled))
    }

    /// A look at what an echo needs; see [`Sender::look`](super::Sender::look).
    pub(super) fn look(&self) -> u64 {
        self.heartbeats.front().map_or(0, |sent| sent.nonce.into())
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
        let newest = self.heartbeats.len() == 1;
        let sent = self.heartbeats.front_mut()?;
        let fresh = !std::mem::replace(&mut sent.credited, true);
        let sample = now.stamp().since(sent.at).saturating_sub(hold);
        let news = fresh && sent.telling;
        if fresh {
            self.unproven_since = None;
        }
        if newest {
            self.awaits = None;
        }
        Some(Echo { sample, fresh, news })
    }

    /// The peer named the right digest of a whole frame.
    pub(super) const fn credit_frame(&mut self) {
        self.unproven_since = None;
    }

    /// Whether the newest HEARTBEAT asked for an echo that did not come within `patience`, while something is unproven.
    pub(super) fn is_unanswered(&self, now: Time, patience: impl Fn() -> Duration) -> bool {
        let late = |at: Stamp| now.stamp().since(at) > patience();
        self.unproven_since.is_some() && self.awaits.is_some_and(late)
    }

    /// Whether media to the peer pauses.
    pub(super) fn is_paused(&self, now: Time) -> bool {
        self.unproven_since.is_some_and(|since| now >= since + PROOF_WAIT)
    }
}

/// The low bits: while a HEARTBEAT waits, fewer datagrams are dropped than they count.
const fn low(count: u32) -> u16 {
    let [_, _, high, low] = count.to_be_bytes();
    u16::from_be_bytes([high, low])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_nonce_that_was_sent_proves_receipt_and_only_once() {
        let mut proof = Proof::default();
        let (start, later) = (Time::ZERO, Time::ZERO + PROOF_WAIT);
        proof.note_sent(start);
        proof.note_heartbeat(start, (Serial(4), 77), (true, true), 0);
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
    fn a_heartbeat_that_asked_is_missed_until_it_is_echoed_and_one_that_did_not_never_is() {
        let mut proof = Proof::default();
        let at = |ms: u64| Time::from_micros(ms * 1_000);
        let patience = || Duration::from_millis(300);
        proof.note_heartbeat(at(0), (Serial(4), 77), (true, true), 0);
        assert!(!proof.is_unanswered(at(400), patience), "nothing was sent that has to be proven");
        proof.note_sent(at(0));
        assert!(!proof.is_unanswered(at(300), patience));
        assert!(proof.is_unanswered(at(301), patience));
        proof.credit_nonce(at(400), Serial(4), 77, Duration::ZERO);
        proof.note_sent(at(500));
        assert!(!proof.is_unanswered(at(900), patience));
        proof.note_heartbeat(at(1_000), (Serial(5), 78), (true, false), 0);
        assert!(!proof.is_unanswered(at(2_000), patience));
    }

    #[test]
    fn what_stood_in_a_queue_of_this_end_is_waited_for_from_when_it_left() {
        let mut proof = Proof::default();
        let at = |ms: u64| Time::from_micros(ms * 1_000);
        let patience = || Duration::from_millis(300);
        proof.note_sent(at(0));
        (4..6).for_each(|seq| {
            proof.note_heartbeat(at(0), (Serial(seq), 77), (true, true), 0);
        });
        let left =
            [(700, 5), (900, 4), (950, 6)].map(|(ms, seq)| proof.note_left(at(ms), Serial(seq), 65_539));
        assert_eq!(left, [Some(3), Some(3), None]);
        assert!(!proof.is_unanswered(at(1_000), patience));
        assert!(proof.is_unanswered(at(1_001), patience));
        let trip = |proof: &mut Proof, seq| {
            proof.credit_nonce(at(1_000), Serial(seq), 77, Duration::ZERO).map(|echo| echo.sample)
        };
        assert_eq!(trip(&mut proof, 4), Some(Duration::from_millis(100)));
        assert_eq!(trip(&mut proof, 5), Some(Duration::from_millis(300)));
    }

    #[test]
    fn the_echo_of_an_answer_that_said_nothing_is_proof_but_no_news() {
        let mut proof = Proof::default();
        proof.note_sent(Time::ZERO);
        proof.note_heartbeat(Time::ZERO, (Serial(4), 77), (false, false), 0);
        let echo = proof.credit_nonce(Time::ZERO, Serial(4), 77, Duration::ZERO);
        assert_eq!(echo, Some(Echo { sample: Duration::ZERO, fresh: true, news: false }));
        assert!(!proof.is_paused(Time::ZERO + PROOF_WAIT));
    }
}
