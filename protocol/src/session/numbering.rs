//! Sequence numbers of control messages: given out once, accepted once (PROTOCOL 2.3).

use crate::id::{ProducerId, SessionId, StreamId};
use crate::limits::REPLAY_WINDOW;
use crate::serial::Serial;
use crate::time::Time;
use crate::wire::ControlHeader;

/// Numbers the control messages of one session in one direction.
#[derive(Clone, Debug)]
pub struct Outbound {
    session: SessionId,
    next: u32,
}

impl Outbound {
    /// The numbering of a session; the first message gets number `first`.
    pub const fn new(session: SessionId, first: u32) -> Self {
        Self { session, next: first }
    }

    /// The header of the next message about `producer` and `stream`.
    pub fn header(&mut self, now: Time, producer: ProducerId, stream: StreamId) -> ControlHeader {
        let seq = Serial(self.next);
        self.next = self.next.wrapping_add(1);
        ControlHeader { producer, stream, flags: 0, session: self.session, seq, sent: now.stamp() }
    }

    /// The header of the next message about the session itself.
    pub fn session_header(&mut self, now: Time) -> ControlHeader {
        self.header(now, ProducerId::NONE, StreamId::ALL)
    }

    /// The session.
    pub const fn session(&self) -> SessionId {
        self.session
    }

    /// Whether the numbers run out: the session has to end before one repeats.
    pub const fn is_exhausted(&self) -> bool {
        self.next > u32::MAX - (1 << 16)
    }
}

const WORDS: usize = REPLAY_WINDOW as usize / 64;

/// The numbers of a peer that were seen: each is accepted once, those older than the window never.
#[derive(Clone, Debug)]
pub struct ReplayWindow {
    highest: u32,
    seen: [u64; WORDS],
}

/// What a number means to the window.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arrival {
    /// The highest so far: the only kind that may move the path or replace a state.
    Newest,
    /// Overtaken by a later one, but seen for the first time.
    Reordered,
    /// Seen before, or too old to tell: drop it.
    Replayed,
}

impl Default for ReplayWindow {
    fn default() -> Self {
        Self { highest: 0, seen: [0; WORDS] }
    }
}

impl ReplayWindow {
    /// What `seq` would mean, without noting it.
    pub fn judge(&self, seq: Serial) -> Arrival {
        if seq.0 > self.highest {
            Arrival::Newest
        } else if seq.0 == 0 || self.highest - seq.0 >= REPLAY_WINDOW || self.bit(seq.0) {
            Arrival::Replayed
        } else {
            Arrival::Reordered
        }
    }

    /// What `seq` means; notes it as seen.
    pub fn accept(&mut self, seq: Serial) -> Arrival {
        let arrival = self.judge(seq);
        match arrival {
            Arrival::Newest => {
                self.clear_between(self.highest, seq.0);
                self.highest = seq.0;
                self.set(seq.0);
            }
            Arrival::Reordered => self.set(seq.0),
            Arrival::Replayed => {}
        }
        arrival
    }

    fn bit(&self, seq: u32) -> bool {
        let (word, mask) = Self::place(seq);
        self.seen.get(word).is_some_and(|bits| bits & mask != 0)
    }

    fn set(&mut self, seq: u32) {
        let (word, mask) = Self::place(seq);
        if let Some(bits) = self.seen.get_mut(word) {
            *bits |= mask;
        }
    }

    /// Forgets the places of the numbers after `old` up to `new`, which older numbers used.
    fn clear_between(&mut self, old: u32, new: u32) {
        if new - old >= REPLAY_WINDOW {
            self.seen = [0; WORDS];
            return;
        }
        for seq in old + 1..=new {
            let (word, mask) = Self::place(seq);
            if let Some(bits) = self.seen.get_mut(word) {
                *bits &= !mask;
            }
        }
    }

    const fn place(seq: u32) -> (usize, u64) {
        let slot = seq % REPLAY_WINDOW;
        (slot as usize / 64, 1 << (slot % 64))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_is_accepted_once() {
        let mut window = ReplayWindow::default();
        assert_eq!(window.accept(Serial(1)), Arrival::Newest);
        assert_eq!(window.accept(Serial(1)), Arrival::Replayed);
        assert_eq!(window.accept(Serial(5)), Arrival::Newest);
        assert_eq!(window.accept(Serial(3)), Arrival::Reordered);
        assert_eq!(window.accept(Serial(3)), Arrival::Replayed);
        assert_eq!(window.accept(Serial(0)), Arrival::Replayed, "zero is no number of a session");
    }

    proptest! {
        #[test]
        fn it_agrees_with_a_list_of_everything_seen(steps in proptest::collection::vec(1_u32..6_000, 1..400)) {
            let (mut window, mut seen, mut highest) = (ReplayWindow::default(), BTreeSet::new(), 0);
            for seq in steps {
                let old = highest >= REPLAY_WINDOW && seq <= highest - REPLAY_WINDOW;
                let fresh = !old && seen.insert(seq);
                prop_assert_eq!(window.accept(Serial(seq)) != Arrival::Replayed, fresh, "{} at {}", seq, highest);
                highest = highest.max(seq);
            }
        }
    }
}
