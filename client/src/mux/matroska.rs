//! The elements of a Matroska stream (RFC 9559): header, clusters, and what only a finished file has.

use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::ebml::{Elements, Identity};
use super::jpeg::PictureSize;
use super::sound::Silent;
use super::timeline::Position;
use crate::mp3::Header as SoundHeader;

/// Nanoseconds of one tick: the unit of capture times, so that none is rounded.
const TICK: i64 = 100_000;
/// Clusters and blocks are this far apart at most: a block says its distance in 16 signed bits.
pub(super) const CLUSTER_SPAN: Duration = Duration::from_secs(3);
/// Room in the header for what only the end knows where it is.
pub(super) const SEEK_HEAD_ROOM: usize = 96;
/// Room for the duration: identity, size, eight bytes.
pub(super) const DURATION_ROOM: usize = 11;
/// A track's number, and its unique one.
const PICTURES: u8 = 1;
const SOUND: u8 = 2;

/// The identities that this program writes.
pub(super) mod id {
    use super::Identity;

    pub(in super::super) const EBML: Identity = 0x1A45_DFA3;
    pub(in super::super) const EBML_VERSION: Identity = 0x4286;
    pub(in super::super) const EBML_READ_VERSION: Identity = 0x42F7;
    pub(in super::super) const EBML_MAX_ID_LENGTH: Identity = 0x42F2;
    pub(in super::super) const EBML_MAX_SIZE_LENGTH: Identity = 0x42F3;
    pub(in super::super) const DOC_TYPE: Identity = 0x4282;
    pub(in super::super) const DOC_TYPE_VERSION: Identity = 0x4287;
    pub(in super::super) const DOC_TYPE_READ_VERSION: Identity = 0x4285;
    pub(in super::super) const SEGMENT: Identity = 0x1853_8067;
    pub(in super::super) const SEEK_HEAD: Identity = 0x114D_9B74;
    pub(in super::super) const SEEK: Identity = 0x4DBB;
    pub(in super::super) const SEEK_ID: Identity = 0x53AB;
    pub(in super::super) const SEEK_POSITION: Identity = 0x53AC;
    pub(in super::super) const INFO: Identity = 0x1549_A966;
    pub(in super::super) const TIMESTAMP_SCALE: Identity = 0x2A_D7B1;
    pub(in super::super) const DURATION: Identity = 0x4489;
    pub(in super::super) const TITLE: Identity = 0x7BA9;
    pub(in super::super) const MUXING_APP: Identity = 0x4D80;
    pub(in super::super) const WRITING_APP: Identity = 0x5741;
    pub(in super::super) const TRACKS: Identity = 0x1654_AE6B;
    pub(in super::super) const TRACK_ENTRY: Identity = 0xAE;
    pub(in super::super) const TRACK_NUMBER: Identity = 0xD7;
    pub(in super::super) const TRACK_UID: Identity = 0x73C5;
    pub(in super::super) const TRACK_TYPE: Identity = 0x83;
    pub(in super::super) const FLAG_LACING: Identity = 0x9C;
    pub(in super::super) const DEFAULT_DURATION: Identity = 0x23_E383;
    pub(in super::super) const LANGUAGE: Identity = 0x22_B59C;
    pub(in super::super) const CODEC_ID: Identity = 0x86;
    pub(in super::super) const VIDEO: Identity = 0xE0;
    pub(in super::super) const PIXEL_WIDTH: Identity = 0xB0;
    pub(in super::super) const PIXEL_HEIGHT: Identity = 0xBA;
    pub(in super::super) const AUDIO: Identity = 0xE1;
    pub(in super::super) const SAMPLING_FREQUENCY: Identity = 0xB5;
    pub(in super::super) const CHANNELS: Identity = 0x9F;
    pub(in super::super) const CLUSTER: Identity = 0x1F43_B675;
    pub(in super::super) const TIMESTAMP: Identity = 0xE7;
    pub(in super::super) const SIMPLE_BLOCK: Identity = 0xA3;
    pub(in super::super) const BLOCK_GROUP: Identity = 0xA0;
    pub(in super::super) const BLOCK: Identity = 0xA1;
    pub(in super::super) const DISCARD_PADDING: Identity = 0x75A2;
    pub(in super::super) const CUES: Identity = 0x1C53_BB6B;
    pub(in super::super) const CUE_POINT: Identity = 0xBB;
    pub(in super::super) const CUE_TIME: Identity = 0xB3;
    pub(in super::super) const CUE_TRACK_POSITIONS: Identity = 0xB7;
    pub(in super::super) const CUE_TRACK: Identity = 0xF7;
    pub(in super::super) const CUE_CLUSTER_POSITION: Identity = 0xF1;
}

/// A position in ticks of the container; what is before the beginning is at it.
pub(super) fn ticks(position: Position) -> u64 {
    (position.nanos() / TICK).max(0).cast_unsigned()
}

/// What the header says of the tracks.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Tracks {
    pub(super) pictures: Option<Pictures>,
    pub(super) sound: Option<SoundFormat>,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Pictures {
    pub(super) size: PictureSize,
    /// Nominal, zero if unknown.
    pub(super) duration: Duration,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct SoundFormat {
    pub(super) sample_rate: u32,
    pub(super) channels: u8,
}

impl SoundFormat {
    /// That of a track that has not been heard: a player finds the truth in the frames.
    pub(super) const USUAL: Self = Self { sample_rate: 44_100, channels: 2 };

    pub(super) const fn of(header: &SoundHeader) -> Self {
        Self { sample_rate: header.sample_rate, channels: header.channels }
    }
}

/// Where the parts of the header stand, from the beginning of the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Layout {
    /// The eight bytes of the segment's size.
    pub(super) segment_size: u64,
    /// What the positions inside count from.
    pub(super) segment_data: u64,
    /// [`SEEK_HEAD_ROOM`] bytes.
    pub(super) seek_head: u64,
    pub(super) info: u64,
    /// [`DURATION_ROOM`] bytes.
    pub(super) duration: u64,
    pub(super) tracks: u64,
}

/// Everything in front of the clusters. `title` is for people.
pub(super) fn header(title: &str, tracks: &Tracks) -> (BytesMut, Layout) {
    let ebml = Elements::default()
        .number(id::EBML_VERSION, 1)
        .number(id::EBML_READ_VERSION, 1)
        .number(id::EBML_MAX_ID_LENGTH, 4)
        .number(id::EBML_MAX_SIZE_LENGTH, 8)
        .text(id::DOC_TYPE, "matroska")
        .number(id::DOC_TYPE_VERSION, 4)
        .number(id::DOC_TYPE_READ_VERSION, 2);
    let opened = Elements::default().group(id::EBML, &ebml).open(id::SEGMENT);
    let segment_data = opened.len() as u64;
    let program = concat!("framecast ", env!("CARGO_PKG_VERSION"));
    let timed = Elements::default().number(id::TIMESTAMP_SCALE, TICK.cast_unsigned());
    let (before_duration, with_room) = (timed.len(), timed.void(DURATION_ROOM));
    let info = with_room.text(id::MUXING_APP, program).text(id::WRITING_APP, program).text(id::TITLE, title);
    let info_len = info.len();
    let roomy = opened.void(SEEK_HEAD_ROOM);
    let info_at = roomy.len();
    let informed = roomy.group(id::INFO, &info);
    let tracks_at = informed.len();
    let duration = tracks_at - info_len + before_duration;
    let layout = Layout {
        segment_size: segment_data - 8,
        segment_data,
        seek_head: segment_data,
        info: info_at as u64,
        duration: duration as u64,
        tracks: tracks_at as u64,
    };
    (informed.group(id::TRACKS, &entries(tracks)).into_bytes(), layout)
}

fn entries(tracks: &Tracks) -> Elements {
    let entry = |number: u8, kind: u64, codec: &str, duration: Duration| {
        let entry = Elements::default()
            .number(id::TRACK_NUMBER, number.into())
            .number(id::TRACK_UID, number.into())
            .number(id::TRACK_TYPE, kind)
            .number(id::FLAG_LACING, 0)
            .text(id::LANGUAGE, "und")
            .text(id::CODEC_ID, codec);
        let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(0);
        if nanoseconds == 0 { entry } else { entry.number(id::DEFAULT_DURATION, nanoseconds) }
    };
    let mut all = Elements::default();
    if let Some(Pictures { size, duration }) = tracks.pictures {
        let video = Elements::default()
            .number(id::PIXEL_WIDTH, size.width.into())
            .number(id::PIXEL_HEIGHT, size.height.into());
        all = all.group(id::TRACK_ENTRY, &entry(PICTURES, 1, "V_MJPEG", duration).group(id::VIDEO, &video));
    }
    if let Some(SoundFormat { sample_rate, channels }) = tracks.sound {
        let audio = Elements::default()
            .real(id::SAMPLING_FREQUENCY, sample_rate.into())
            .number(id::CHANNELS, channels.into());
        let entry = entry(SOUND, 2, "A_MPEG/L3", Duration::ZERO);
        all = all.group(id::TRACK_ENTRY, &entry.group(id::AUDIO, &audio));
    }
    all
}

/// What stands in a cluster.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) track: u8,
    pub(super) at: Position,
    pub(super) duration: Duration,
    pub(super) silent: Silent,
    pub(super) data: Bytes,
}

impl Block {
    pub(super) const fn picture(at: Position, duration: Duration, data: Bytes) -> Self {
        Self { track: PICTURES, at, duration, silent: Silent::Nothing, data }
    }

    pub(super) fn sound(sound: super::sound::Sound) -> Self {
        let super::sound::Sound { at, duration, data, silent } = sound;
        Self { track: SOUND, at, duration, silent, data }
    }

    pub(super) const fn is_picture(&self) -> bool {
        self.track == PICTURES
    }
}

/// A cluster of blocks that are at most [`CLUSTER_SPAN`] apart, the earliest first.
pub(super) fn cluster(blocks: &[Block]) -> BytesMut {
    let start = blocks.first().map_or(0, |block| ticks(block.at));
    let mut inner = Elements::default().number(id::TIMESTAMP, start);
    for block in blocks {
        let distance = i16::try_from(ticks(block.at).saturating_sub(start)).unwrap_or(i16::MAX);
        let [high, low] = distance.to_be_bytes();
        // No picture and no sound needs another one: all are key frames.
        inner = match block.silent {
            Silent::Nothing => {
                let head = [0x80 | block.track, high, low, 0x80];
                inner.data_in_two(id::SIMPLE_BLOCK, &head, &block.data)
            }
            silent => {
                let head = [0x80 | block.track, high, low, 0];
                let group = Elements::default()
                    .data_in_two(id::BLOCK, &head, &block.data)
                    .data(id::DISCARD_PADDING, &discarded(block, silent).to_be_bytes());
                inner.group(id::BLOCK_GROUP, &group)
            }
        };
    }
    Elements::default().group(id::CLUSTER, &inner).into_bytes()
}

/// Nanoseconds that a player leaves out: at the end, or at the beginning where negative.
fn discarded(block: &Block, silent: Silent) -> i64 {
    let whole = crate::mp3::Header::of(&block.data).map_or(Duration::ZERO, |header| header.duration());
    let nanos = |span: Duration| i64::try_from(span.as_nanos()).unwrap_or(0);
    match silent {
        Silent::Nothing => 0,
        Silent::Whole => -nanos(whole),
        Silent::End(span) => nanos(span),
    }
}
