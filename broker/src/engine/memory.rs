//! How many bytes of frames are kept: of one channel, and of all.
//!
//! Frames are kept as long as somebody may ask for them. Where that is more than there is memory for, the oldest go first,
//! of the channel that has too much, or of the largest ones where all together have. The newest frame of a track stays.

use protocol::id::ProducerId;
use protocol::sender::History;

use super::admission::SessionLimits;
use super::channel::{Channel, Channels};

/// Where all channels together have too much, an eighth is freed at once: looking for the largest ones takes a look at all.
const FREED_SHARE: usize = 8;

/// What may be kept, and what is.
#[derive(Debug)]
pub(super) struct Memory {
    channel_max: usize,
    all_max: usize,
    /// Of all channels, at the most: exact when it was last measured.
    bytes: usize,
    forgotten: u64,
}

impl Default for Memory {
    fn default() -> Self {
        Self::of(&SessionLimits::default())
    }
}

impl Memory {
    pub(super) const fn of(limits: &SessionLimits) -> Self {
        Self { channel_max: limits.channel_bytes, all_max: limits.frame_bytes, bytes: 0, forgotten: 0 }
    }

    /// Frames that were forgotten before their time.
    pub(super) const fn forgotten(&self) -> u64 {
        self.forgotten
    }
}

impl Channels {
    /// A frame of so many bytes came into a channel.
    pub(super) fn make_room(&mut self, producer: ProducerId, bytes: usize) {
        self.memory.bytes += bytes;
        if let Some(channel) = self.table.get_mut(&producer) {
            self.memory.forgotten += channel.shrink_to(self.memory.channel_max);
        }
        if self.memory.bytes > self.memory.all_max {
            self.measure();
            self.shrink();
        }
    }

    /// Adds up what is kept, the parity that was made meanwhile included.
    pub(super) fn measure(&mut self) {
        let mut bytes = 0;
        for channel in self.table.values_mut() {
            channel.histories_mut().for_each(History::measure);
            bytes += channel.bytes();
        }
        self.memory.bytes = bytes;
    }

    /// Cuts the largest channels down to one size, the one at which all together have room.
    fn shrink(&mut self) {
        let goal = self.memory.all_max - self.memory.all_max / FREED_SHARE;
        // What is left of a channel may be more than its share: then the others have less.
        while self.memory.bytes > goal {
            let (spare, fixed): (Vec<&Channel>, Vec<_>) = self.table.values().partition(|it| it.has_spare());
            let fixed: usize = fixed.into_iter().map(Channel::bytes).sum();
            let share = level(spare.into_iter().map(Channel::bytes).collect(), goal.saturating_sub(fixed));
            let forgotten = self.table.values_mut().map(|channel| channel.shrink_to(share)).sum::<u64>();
            if forgotten == 0 {
                // The newest frames alone are more than that.
                return;
            }
            self.memory.forgotten += forgotten;
            self.memory.bytes = self.table.values().map(Channel::bytes).sum();
        }
    }
}

/// The most that each may have so that all of them have no more than `goal`: none gives anything while another one has more.
fn level(mut sizes: Vec<usize>, goal: usize) -> usize {
    sizes.sort_unstable();
    let (mut left, mut count) = (goal, sizes.len());
    for size in sizes {
        if size.saturating_mul(count) > left {
            return left / count;
        }
        left -= size;
        count -= 1;
    }
    usize::MAX
}

impl Channel {
    fn bytes(&self) -> usize {
        self.histories().map(History::bytes).sum()
    }

    /// Whether it holds more than the newest frames.
    fn has_spare(&self) -> bool {
        self.histories().any(|history| history.len() > 1)
    }

    /// Forgets the oldest frames of whatever track, down to so many bytes; how many.
    fn shrink_to(&mut self, most: usize) -> u64 {
        let mut forgotten = 0;
        while self.bytes() > most {
            let spare = self.histories_mut().filter(|history| history.len() > 1);
            let Some(history) = spare.min_by_key(|history| history.oldest_since()) else { break };
            history.forget_oldest();
            forgotten += 1;
        }
        forgotten
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use protocol::id::{EpochTag, StreamId};
    use protocol::serial::Serial;
    use protocol::slab::Slab;
    use protocol::time::{CaptureTime, Time};
    use protocol::wire::{DataFlags, DataHeader, Label, Text, TrackInfo, TrackKind};

    use super::super::handover::Publication;
    use super::*;

    const LARGE: ProducerId = ProducerId::from_bytes([1, 0, 0]);
    const SMALL: ProducerId = ProducerId::from_bytes([2, 0, 0]);

    fn channels(channel_bytes: usize, frame_bytes: usize) -> Channels {
        let limits = SessionLimits { channel_bytes, frame_bytes, ..SessionLimits::default() };
        let mut channels = Channels::within(Memory::of(&limits));
        for producer in [LARGE, SMALL] {
            let track = TrackInfo {
                stream: StreamId::VIDEO,
                kind: TrackKind::Video,
                codec: Label::new("jpeg").unwrap(),
                extension: Label::new("jpeg").unwrap(),
                frame_duration: Duration::ZERO,
                sync_group: 0,
                layer: 0,
                next_frame: Serial(1),
            };
            channels.put_up(Publication {
                producer,
                epoch: 1,
                tag: EpochTag(1),
                shard_size: 1_164,
                latency_min: Duration::ZERO,
                name: Text::default(),
                tracks: vec![track],
            });
        }
        channels
    }

    fn insert(channels: &mut Channels, producer: ProducerId, number: u32, bytes: usize) {
        let header = DataHeader {
            producer,
            stream: StreamId::VIDEO,
            round: 0,
            flags: DataFlags::default(),
            pending: 0,
            tag: EpochTag(1),
            frame: Serial(number),
            group: Serial(number),
            length: 0,
            index: 0,
            shard_size: 1_164,
            capture: CaptureTime(0),
            crc: 0,
        };
        let slab = Slab::pack(header, &vec![7; bytes]).unwrap();
        let now = Time::from_micros(u64::from(number) * 1_000);
        assert!(channels.insert(now, &slab).is_some());
    }

    fn bytes(channels: &Channels, producer: ProducerId) -> usize {
        channels.get(producer).map_or(0, Channel::bytes)
    }

    #[test]
    fn a_channel_keeps_its_newest_frames_within_its_share() {
        let mut channels = channels(1 << 20, 1 << 30);
        (1..=100).for_each(|number| insert(&mut channels, LARGE, number, 100_000));
        insert(&mut channels, SMALL, 1, 1_000);
        let held = channels.get(LARGE).unwrap().histories().map(History::len).sum::<usize>();
        assert!(bytes(&channels, LARGE) <= 1 << 20 && held >= 5, "{held} frames");
        assert_eq!(channels.memory.forgotten(), 100 - held as u64);
        let newest = channels.live(LARGE).and_then(|live| live.track(StreamId::VIDEO)?.1.newest());
        assert_eq!(newest.map(|(_, slab)| slab.header().frame), Some(Serial(100)));
    }

    #[test]
    fn where_all_have_too_much_the_largest_gives_way_and_the_small_one_keeps_all() {
        let mut channels = channels(1 << 30, 4 << 20);
        (1..=20).for_each(|number| insert(&mut channels, SMALL, number, 1_000));
        let kept = bytes(&channels, SMALL);
        (1..=200).for_each(|number| insert(&mut channels, LARGE, number, 100_000));
        assert!(bytes(&channels, LARGE) + kept <= 4 << 20);
        assert_eq!(bytes(&channels, SMALL), kept);
        assert!(channels.memory.forgotten() > 100);
    }

    #[test]
    fn channels_give_way_down_to_one_size_and_what_one_cannot_give_the_others_do() {
        assert_eq!(level(vec![50, 10, 90], 110), 50);
        assert_eq!(level(vec![50, 10, 90], 70), 30);
        assert_eq!(level(vec![5, 6, 7], 1), 0);
        assert_eq!(level(vec![5, 6, 7], 18), usize::MAX);
        let mut channels = channels(1 << 30, 4 << 20);
        insert(&mut channels, LARGE, 1, 3 << 20);
        (1..=100).for_each(|number| insert(&mut channels, SMALL, number, 20_000));
        assert!(bytes(&channels, LARGE) > 3 << 20, "its newest frame stays");
        assert!(bytes(&channels, LARGE) + bytes(&channels, SMALL) <= 4 << 20);
        assert!(bytes(&channels, SMALL) > 100_000);
    }

    #[test]
    fn parity_counts_once_it_was_made() {
        let mut channels = channels(1 << 30, 1 << 30);
        insert(&mut channels, LARGE, 1, 5_000);
        channels.measure();
        let before = channels.memory.bytes;
        let live = channels.live(LARGE).and_then(|live| live.track(StreamId::VIDEO)?.1.newest());
        let parity = live.and_then(|(_, slab)| slab.parity(1)).unwrap();
        channels.measure();
        assert!(
            channels.memory.bytes >= before + parity.len()
                && channels.memory.bytes == bytes(&channels, LARGE)
        );
    }

    #[test]
    fn the_newest_frame_stays_however_little_may_be_kept() {
        let mut channels = channels(1, 1);
        (1..=5).for_each(|number| insert(&mut channels, LARGE, number, 50_000));
        let held: usize = channels.get(LARGE).unwrap().histories().map(History::len).sum();
        assert_eq!((held, channels.memory.forgotten()), (1, 4));
    }
}
