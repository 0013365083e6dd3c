//! Simulated media: frames whose content tells which they are.

use std::time::Duration;

use producer::engine::Dependence;
use protocol::id::StreamId;

/// A producer's media: pictures at a rate, and a sound segment per second before the pictures of that second.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Channel {
    /// Pictures per second, 0 for none.
    pub fps: u32,
    /// Mean size of a picture, bytes.
    pub picture: usize,
    /// Mean size of a sound segment, bytes; 0 for none.
    pub sound: usize,
    /// How many pictures there are.
    pub pictures: u64,
    /// Pictures of a group, of which the first stands for itself, and each third one is needed by none; 1: all stand for
    /// themselves.
    pub group: u64,
}

impl Default for Channel {
    /// 12 pictures of 10 kB and 16 kB of sound per second, for ever.
    fn default() -> Self {
        Self { fps: 12, picture: 10_000, sound: 16_000, pictures: u64::MAX, group: 1 }
    }
}

/// The next frame of a channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Due {
    pub(crate) at: Duration,
    pub(crate) stream: StreamId,
    pub(crate) index: u64,
}

/// Where a channel is in its schedule.
#[derive(Clone, Copy, Default)]
pub(crate) struct Schedule {
    pictures: u64,
    segments: u64,
}

impl Schedule {
    pub(crate) fn next(&self, channel: &Channel) -> Option<Due> {
        let picture = (channel.fps > 0 && self.pictures < channel.pictures).then(|| Due {
            at: Duration::from_nanos(self.pictures * 1_000_000_000 / u64::from(channel.fps)),
            stream: StreamId::VIDEO,
            index: self.pictures,
        });
        let last_second = channel.pictures.checked_div(channel.fps.into()).unwrap_or(0);
        let sound = (channel.sound > 0 && (channel.fps == 0 || self.segments <= last_second)).then(|| Due {
            at: Duration::from_secs(self.segments),
            stream: StreamId::AUDIO,
            index: self.segments,
        });
        match (sound, picture) {
            (Some(sound), Some(picture)) => Some(if sound.at <= picture.at { sound } else { picture }),
            (sound, picture) => sound.or(picture),
        }
    }

    pub(crate) fn advance(&mut self, due: &Due) {
        if due.stream == StreamId::VIDEO {
            self.pictures += 1;
        } else {
            self.segments += 1;
        }
    }
}

impl Channel {
    /// What a frame needs and what needs it.
    pub(crate) fn dependence(&self, stream: StreamId, index: u64) -> Dependence {
        match index.checked_rem(self.group) {
            _ if stream != StreamId::VIDEO || self.group <= 1 => Dependence::Alone,
            Some(0) => Dependence::Key,
            Some(place) if place % 3 == 2 => Dependence::Spare,
            _ => Dependence::Delta,
        }
    }

    /// The frames that have to be delivered before one can be.
    pub(crate) fn needs(&self, stream: StreamId, index: u64) -> Vec<u64> {
        let key = index - index.checked_rem(self.group).filter(|_| stream == StreamId::VIDEO).unwrap_or(0);
        let needed =
            |index: &u64| matches!(self.dependence(stream, *index), Dependence::Key | Dependence::Delta);
        (key..index).filter(needed).collect()
    }
}

/// The content of a frame: its name in the first 24 bytes, then bytes that follow from the name.
pub(crate) fn content(channel: &Channel, name: FrameName) -> Vec<u8> {
    let mean = if name.stream == StreamId::VIDEO { channel.picture } else { channel.sound };
    let mut state =
        name.epoch ^ name.index.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ u64::from(name.stream.0) << 56;
    let mut next = || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed ^ (mixed >> 27)
    };
    let spread = usize::try_from(next() % (mean as u64).max(1)).unwrap_or(0);
    let len = (mean / 2 + spread).max(NAME_LEN);
    let mut bytes = Vec::with_capacity(len + 8);
    bytes.extend_from_slice(&name.epoch.to_be_bytes());
    bytes.extend_from_slice(&u64::from(name.stream.0).to_be_bytes());
    bytes.extend_from_slice(&name.index.to_be_bytes());
    while bytes.len() < len {
        bytes.extend_from_slice(&next().to_be_bytes());
    }
    bytes.truncate(len);
    bytes
}

const NAME_LEN: usize = 24;

/// Which frame a content is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct FrameName {
    pub(crate) epoch: u64,
    pub(crate) stream: StreamId,
    pub(crate) index: u64,
}

impl FrameName {
    /// Reads the name back from a content.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        let (epoch, rest) = bytes.split_first_chunk::<8>()?;
        let (stream, rest) = rest.split_first_chunk::<8>()?;
        let (index, _) = rest.split_first_chunk::<8>()?;
        Some(Self {
            epoch: u64::from_be_bytes(*epoch),
            stream: StreamId(u8::try_from(u64::from_be_bytes(*stream)).ok()?),
            index: u64::from_be_bytes(*index),
        })
    }
}
