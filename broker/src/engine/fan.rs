//! A frame on its way to all viewers of its channel, a few of them at a time.
//!
//! What is sent to a viewer is made when it is about to leave: its state, fetched for that, is still at hand in the system call,
//! nothing is kept for the thousands who come later, and the first viewer waits for none of them.

use std::time::Duration;

use protocol::id::{SessionId, TrackKey};
use protocol::serial::Serial;
use protocol::slab::Slab;
use protocol::time::Time;

use super::audience::Subscribers;
use super::sessions::Slot;

/// Viewers that are looked at together: as many as a processor fetches memory for at once.
pub(super) const GROUP: usize = 32;
/// The first ones: nobody waits for what is made for more. Each group has twice as many as the one before.
const FIRST_GROUP: usize = 4;

/// A frame for everybody.
#[derive(Clone)]
pub(super) struct Frame {
    pub(super) slab: Slab,
    /// Its wide number.
    pub(super) number: u64,
    /// Its place in the order in which the frames of its track came.
    pub(super) nth: Serial,
    /// Duration of a frame of its track, zero if unknown.
    pub(super) interval: Duration,
    /// When it came.
    pub(super) at: Time,
}

impl Frame {
    /// The track that it belongs to.
    pub(super) fn key(&self) -> TrackKey {
        self.slab.header().track()
    }
}

/// A frame, and who is still to get it. Who joins meanwhile was offered it when it joined, and who can't wait for its turn, since
/// it is to be told what it was sent, is offered it before: a sender knows what it was offered.
pub(super) struct Fan {
    frame: Frame,
    /// Whom the round began with,
    first: SessionId,
    /// and whom it has come to.
    next: SessionId,
    /// How many are left, about: some come and go meanwhile.
    left: usize,
    /// Viewers of the next group at the most.
    group: usize,
}

/// The next viewers of a fan.
pub(super) struct Group {
    pub(super) frame: Frame,
    slots: [Slot; GROUP],
    len: usize,
}

impl Group {
    pub(super) fn slots(&self) -> &[Slot] {
        self.slots.get(..self.len).unwrap_or(&self.slots)
    }
}

impl Fan {
    /// A frame for so many viewers, `first` before all others.
    pub(super) const fn new(frame: Frame, first: SessionId, viewers: usize) -> Self {
        Self { frame, first, next: first, left: viewers, group: FIRST_GROUP }
    }

    /// About how many viewers are left: none only where none is.
    pub(super) const fn left(&self) -> usize {
        self.left
    }

    pub(super) const fn frame(&self) -> &Frame {
        &self.frame
    }

    /// The next viewers; none of a channel that is gone.
    pub(super) fn next_group(&mut self, subscribers: Option<&Subscribers>) -> Group {
        let mut group = Group { frame: self.frame.clone(), slots: [Slot::default(); GROUP], len: 0 };
        let (first, next) = (self.first, self.next);
        let mut rest = subscribers.into_iter().flat_map(|subscribers| subscribers.rest_of_round(first, next));
        for (place, (_, slot)) in group.slots.iter_mut().take(self.group).zip(rest.by_ref()) {
            *place = slot;
            group.len += 1;
        }
        self.group = (self.group * 2).min(GROUP);
        match rest.next() {
            Some((id, _)) => (self.next, self.left) = (id, self.left.saturating_sub(group.len).max(1)),
            None => self.left = 0,
        }
        group
    }
}

#[cfg(test)]
pub(super) mod tests {
    use protocol::id::{EpochTag, ProducerId, StreamId};
    use protocol::time::CaptureTime;
    use protocol::wire::{DataFlags, DataHeader};

    use super::*;
    use crate::engine::audience::Needs;
    use crate::engine::sessions::Sessions;

    /// A small frame of a channel.
    pub(in crate::engine) fn frame(producer: ProducerId) -> Frame {
        let header = DataHeader {
            producer,
            stream: StreamId::VIDEO,
            round: 0,
            flags: DataFlags::default(),
            pending: 0,
            tag: EpochTag(1),
            frame: Serial(1),
            group: Serial(1),
            length: 0,
            index: 0,
            shard_size: 1_164,
            capture: CaptureTime::from_time(Time::ZERO + Duration::from_secs(1)),
            crc: 0,
        };
        let slab = Slab::pack(header, b"frame").unwrap();
        Frame { slab, number: 1, nth: Serial(1), interval: Duration::ZERO, at: Time::ZERO }
    }

    /// Subscribers with the ids from 1 on.
    pub(in crate::engine) fn subscribers(count: u64) -> Subscribers {
        let (mut sessions, mut subscribers) = (Sessions::default(), Subscribers::default());
        for number in 1..=count {
            sessions.insert_probe(SessionId(number));
            let slot = sessions.slot(SessionId(number)).unwrap();
            subscribers.insert(SessionId(number), slot, Needs::default());
        }
        subscribers
    }

    fn fan(first: u64, viewers: usize) -> Fan {
        Fan::new(frame(ProducerId::NONE), SessionId(first), viewers)
    }

    #[test]
    fn everybody_is_in_one_group_whoever_is_first() {
        for count in [1, 4, 5, 12, 28, GROUP as u64 + 28, GROUP as u64 + 29, 2 * GROUP as u64, 100] {
            let subscribers = subscribers(count);
            let everybody: Vec<Slot> = subscribers.slots().collect();
            for first in 1..=count {
                let mut fan = fan(first, everybody.len());
                let mut seen = Vec::new();
                while fan.left() > 0 {
                    let group = fan.next_group(Some(&subscribers));
                    seen.extend_from_slice(group.slots());
                    assert_eq!(seen.len() + fan.left(), everybody.len());
                }
                seen.rotate_right(usize::try_from(first - 1).unwrap());
                assert_eq!(seen, everybody, "{count} viewers, {first} first");
            }
        }
    }

    #[test]
    fn whoever_comes_and_goes_meanwhile_the_others_are_in_one_group() {
        for gone in [1, 20, 21, 20 + GROUP as u64, 100] {
            let mut subscribers = subscribers(100);
            let mut fan = fan(20, 100);
            let mut seen = fan.next_group(Some(&subscribers)).slots().to_vec();
            let slot = subscribers.rest_of_round(SessionId(gone), SessionId(gone)).next().unwrap().1;
            subscribers.remove(SessionId(gone));
            subscribers.insert(SessionId(200), slot, Needs::default());
            while fan.left() > 0 {
                seen.extend_from_slice(fan.next_group(Some(&subscribers)).slots());
            }
            let once = |one: &Slot| seen.iter().filter(|it| *it == one).count() == 1;
            let others = subscribers.slots().filter(|one| *one != slot);
            assert_eq!(others.filter(once).count(), 99, "{gone} has gone");
        }
    }
}
