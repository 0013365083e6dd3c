//! Copies that go out later: the second and third of a round (PROTOCOL 7.2).

use std::collections::BTreeMap;

use crate::id::TrackKey;
use crate::time::Time;

/// Shards of one frame that are sent once more at their time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Copy {
    pub(super) track: TrackKey,
    /// The frame's wide number.
    pub(super) number: u64,
    pub(super) indices: Vec<u16>,
    pub(super) round: u8,
}

/// Copies in the order of their times. The budget, which pays when they are put in, bounds how many there are.
#[derive(Clone, Debug, Default)]
pub(super) struct Delayed {
    queue: BTreeMap<(Time, u64), Copy>,
    put: u64,
}

impl Delayed {
    pub(super) fn put(&mut self, at: Time, copy: Copy) {
        self.put += 1;
        self.queue.insert((at, self.put), copy);
    }

    /// When the first one is due.
    pub(super) fn due(&self) -> Option<Time> {
        self.queue.first_key_value().map(|((at, _), _)| *at)
    }

    /// The next one that is due.
    pub(super) fn pop(&mut self, now: Time) -> Option<Copy> {
        let first = self.queue.first_entry().filter(|entry| entry.key().0 <= now)?;
        Some(first.remove())
    }

    /// Frames of a track before `number` need no copies any more.
    pub(super) fn forget_before(&mut self, track: &TrackKey, number: u64) {
        self.queue.retain(|_, copy| copy.track != *track || copy.number >= number);
    }
}
