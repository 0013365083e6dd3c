//! Groups of which a frame was left out that others need, for one track of a slow path (PROTOCOL 7.8).

use std::collections::BTreeMap;

use crate::limits::OPEN_FRAMES_MAX;
use crate::wire::DataHeader;

/// A group that can break has two frames, and a peer has no more open ones than this: what is older is settled there.
const GROUPS_MAX: usize = OPEN_FRAMES_MAX / 2;

/// The number of the first needed frame that each group lacks, by the number of its key frame. A frame that was repaired on its
/// way to the broker comes behind later ones, those of the next groups too: what was sent before the gap may need it.
#[derive(Clone, Debug, Default)]
pub(super) struct Broken {
    groups: BTreeMap<u64, u64>,
    /// The newest key frame.
    key: u64,
}

impl Broken {
    /// A frame that others need is left out.
    pub(super) fn note(&mut self, number: u64, header: &DataHeader) {
        let first = self.groups.entry(group(number, header)).or_insert(number);
        *first = number.min(*first);
        if self.groups.len() > GROUPS_MAX {
            self.groups.pop_first();
        }
    }

    /// Whether a frame needs one that was left out.
    pub(super) fn orphans(&self, number: u64, header: &DataHeader) -> bool {
        self.groups.get(&group(number, header)).is_some_and(|first| *first < number)
    }

    /// The peer has settled everything before `number`: the groups before that one are over.
    pub(super) fn forget_before(&mut self, number: u64) {
        while let Some(group) = self.groups.keys().next().copied() {
            let next = self.groups.keys().nth(1).copied().unwrap_or(self.key);
            if next <= group || next > number {
                break;
            }
            self.groups.pop_first();
        }
    }

    /// The frames from `number` on are not for the peer any more.
    pub(super) fn forget_from(&mut self, number: u64) {
        self.groups.retain(|_, first| *first < number);
    }

    /// A group begins with frame `number`: frames so far behind it are settled.
    pub(super) fn note_key(&mut self, number: u64) {
        self.key = self.key.max(number);
        let oldest = number.saturating_sub(OPEN_FRAMES_MAX as u64);
        self.groups = self.groups.split_off(&oldest);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }
}

/// The wide number of the key frame of a frame's group.
fn group(number: u64, header: &DataHeader) -> u64 {
    number.saturating_sub(u64::from(header.frame.0.wrapping_sub(header.group.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{EpochTag, ProducerId, StreamId};
    use crate::serial::Serial;
    use crate::time::CaptureTime;
    use crate::wire::DataFlags;

    /// Frames are numbered across the wrap of the wire's numbers.
    const BASE: u64 = (1 << 32) - 3;

    fn header(number: u64, key: u64) -> DataHeader {
        DataHeader {
            producer: ProducerId::from_bytes([1, 2, 3]),
            stream: StreamId::VIDEO,
            round: 0,
            flags: if number == key { DataFlags::KEY } else { DataFlags::default() },
            pending: 0,
            tag: EpochTag(1),
            frame: Serial::narrow(BASE + number),
            group: Serial::narrow(BASE + key),
            length: 0,
            index: 0,
            shard_size: 1_164,
            capture: CaptureTime(0),
            crc: 0,
        }
    }

    fn orphans(broken: &Broken, number: u64, key: u64) -> bool {
        broken.orphans(BASE + number, &header(number, key))
    }

    #[test]
    fn what_comes_behind_a_gap_is_orphaned_and_what_came_before_it_is_not() {
        let mut broken = Broken::default();
        broken.note(BASE + 13, &header(13, 10));
        assert!(!orphans(&broken, 11, 10), "overtaken by the ones that were sent before the gap");
        assert!(orphans(&broken, 14, 10) && !orphans(&broken, 13, 10));
        broken.note(BASE + 12, &header(12, 10));
        broken.note(BASE + 14, &header(14, 10));
        assert!(!orphans(&broken, 12, 10) && orphans(&broken, 13, 10));
    }

    #[test]
    fn each_group_has_its_own_gap() {
        let mut broken = Broken::default();
        broken.note(BASE + 13, &header(13, 10));
        broken.note(BASE + 35, &header(35, 30));
        assert!(!orphans(&broken, 22, 20) && !orphans(&broken, 11, 10));
        assert!(orphans(&broken, 14, 10) && orphans(&broken, 36, 30) && !orphans(&broken, 34, 30));
    }

    #[test]
    fn a_group_is_forgotten_when_the_next_one_has_begun_and_the_peer_has_settled_it() {
        let mut broken = Broken::default();
        broken.note(BASE + 13, &header(13, 10));
        broken.forget_before(BASE + 20);
        assert!(orphans(&broken, 20, 10), "it may go on for long");
        broken.note_key(BASE + 21);
        broken.forget_before(BASE + 20);
        assert!(!broken.is_empty());
        broken.forget_before(BASE + 21);
        assert!(broken.is_empty());
    }

    #[test]
    fn no_more_is_remembered_than_a_peer_has_open() {
        let mut broken = Broken::default();
        (0..10_000).for_each(|group| broken.note(BASE + 2 * group, &header(2 * group, 2 * group)));
        assert_eq!(broken.groups.len(), GROUPS_MAX);
        broken.note_key(BASE + 40_000);
        assert!(broken.is_empty());
    }
}
