//! How far apart the datagrams of a frame come: a paced frame is not asked for while it still comes (PROTOCOL 7.9).

use std::time::Duration;

use crate::spread::Spread;
use crate::time::Time;
use crate::wire::{DataFlags, DataHeader};

/// The rest of a frame is waited for at most this long beyond the reorder wait: a datagram each 100 ms is too slow to be worth
/// more patience.
const GRACE_MAX: Duration = Duration::from_millis(200);

/// The widest gap between neighbours lately.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spacing {
    last: Option<(u64, u16, Time)>,
    widest: Duration,
}

impl Spacing {
    /// A datagram of frame `number` came: how long the rest of the frame may still be under way, where frames come each
    /// `interval`.
    pub(super) fn note(
        &mut self,
        now: Time,
        number: u64,
        header: &DataHeader,
        interval: Duration,
    ) -> Duration {
        if header.flags.contains(DataFlags::RETX) {
            return Duration::ZERO;
        }
        if let Some((frame, index, at)) = self.last
            && frame == number
            && index < header.index
        {
            let gap = now.since(at) / u32::from(header.index - index);
            self.widest = gap.max(self.widest * 7 / 8);
        }
        self.last = Some((number, header.index, now));
        if header.index + 1 >= header.shards() {
            return Duration::ZERO;
        }
        let next_run = Spread::of(header.shards(), interval).map_or(Duration::ZERO, |spread| spread.gap);
        (self.widest * 2).min(GRACE_MAX).max(next_run)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{EpochTag, ProducerId, StreamId};
    use crate::serial::Serial;
    use crate::time::CaptureTime;

    const MS: Duration = Duration::from_millis(1);

    /// The header of a shard of a frame that leaves at once.
    fn shard(index: u16, flags: DataFlags) -> DataHeader {
        DataHeader {
            producer: ProducerId::from_bytes([1, 2, 3]),
            stream: StreamId::VIDEO,
            round: 0,
            flags,
            pending: 0,
            tag: EpochTag(1),
            frame: Serial(7),
            group: Serial(7),
            length: 10 * 1_164,
            index,
            shard_size: 1_164,
            capture: CaptureTime(0),
            crc: 0,
        }
    }

    #[test]
    fn a_frame_that_comes_slowly_is_given_time_up_to_its_last_shard() {
        let mut spacing = Spacing::default();
        let mut note =
            |ms: u32, index| spacing.note(Time::ZERO + MS * ms, 7, &shard(index, DataFlags::default()), MS);
        assert_eq!(note(100, 0), Duration::ZERO, "nothing is known yet");
        assert_eq!(note(110, 1), 20 * MS);
        assert_eq!(note(150, 5), 20 * MS, "four shards in 40 ms");
        assert_eq!(note(151, 9), Duration::ZERO, "the last one");
    }

    #[test]
    fn a_burst_is_given_none_and_repairs_tell_nothing() {
        let mut spacing = Spacing::default();
        for index in 0..10 {
            assert_eq!(spacing.note(Time::ZERO, 7, &shard(index, DataFlags::default()), MS), Duration::ZERO);
        }
        assert_eq!(spacing.note(Time::ZERO + 90 * MS, 7, &shard(3, DataFlags::RETX), MS), Duration::ZERO);
    }

    #[test]
    fn patience_has_an_end() {
        let mut spacing = Spacing::default();
        spacing.note(Time::ZERO, 7, &shard(0, DataFlags::default()), MS);
        let long = spacing.note(Time::ZERO + 9_000 * MS, 7, &shard(1, DataFlags::default()), MS);
        assert_eq!(long, GRACE_MAX);
    }

    #[test]
    fn the_next_run_of_a_large_frame_is_waited_for_before_any_was_seen() {
        let mut spacing = Spacing::default();
        let large = |index| DataHeader { length: 40 * 1_164, ..shard(index, DataFlags::default()) };
        assert_eq!(spacing.note(Time::ZERO, 7, &large(9), 80 * MS), 10 * MS, "four runs within 40 ms");
        assert_eq!(spacing.note(Time::ZERO, 7, &large(39), 80 * MS), Duration::ZERO);
    }
}
