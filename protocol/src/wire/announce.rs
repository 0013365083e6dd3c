//! ANNOUNCE, ANNOUNCE_ACK, END, END_ACK and the track entry (PROTOCOL 5).

use std::fmt;
use std::time::Duration;

use crate::id::{EpochTag, StreamId};
use crate::limits::{TOKEN_LEN, TRACKS_MAX};
use crate::serial::Serial;

use super::code::Code;
use super::error::DecodeError;
use super::reader::Reader;
use super::text::{Label, Text};
use super::writer::Writer;

/// What a track carries.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TrackKind {
    /// Pictures.
    Video = 1,
    /// Sound.
    Audio = 2,
    /// Anything else.
    Data = 3,
}

impl TrackKind {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match reader.u8("kind")? {
            1 => Ok(Self::Video),
            2 => Ok(Self::Audio),
            3 => Ok(Self::Data),
            _ => Err(DecodeError::Value("kind")),
        }
    }

    /// The bit of this kind in a SUBSCRIBE.
    pub const fn mask(self) -> u8 {
        1 << (self as u8 - 1)
    }
}

impl fmt::Display for TrackKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Data => "data",
        })
    }
}

/// A track entry (PROTOCOL 5.4).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TrackInfo {
    /// The stream, 01 and up.
    pub stream: StreamId,
    /// What it carries.
    pub kind: TrackKind,
    /// Name of the codec, informative.
    pub codec: Label,
    /// Extension of recorded files.
    pub extension: Label,
    /// Nominal, zero if unknown.
    pub frame_duration: Duration,
    /// Tracks of one group share a clock.
    pub sync_group: u8,
    /// 0 base.
    pub layer: u8,
    /// The first frame that will be, or was, sent.
    pub next_frame: Serial,
}

impl TrackInfo {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            stream: reader.stream()?,
            kind: TrackKind::read(reader)?,
            codec: reader.label("codec")?,
            extension: reader.label("extension")?,
            frame_duration: reader.micros("frame duration")?,
            sync_group: reader.u8("sync group")?,
            layer: reader.u8("layer")?,
            next_frame: reader.serial("next frame")?,
        })
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) {
        writer.u8(self.stream.0);
        writer.u8(self.kind as u8);
        writer.label(&self.codec);
        writer.label(&self.extension);
        writer.micros(self.frame_duration);
        writer.u8(self.sync_group);
        writer.u8(self.layer);
        writer.u32(self.next_frame.0);
    }

    /// A list of tracks in which no stream stands twice.
    pub(super) fn read_list(reader: &mut Reader<'_>) -> Result<Vec<Self>, DecodeError> {
        let tracks = reader.list(TRACKS_MAX, "tracks", Self::read)?;
        let twice =
            tracks.iter().enumerate().any(|(i, a)| tracks.iter().take(i).any(|b| a.stream == b.stream));
        if twice { Err(DecodeError::Value("tracks")) } else { Ok(tracks) }
    }
}

/// ANNOUNCE 0x03.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Announce {
    /// Number of the request.
    pub req: Serial,
    /// ms since 1970 at the start of this publication.
    pub epoch: u64,
    /// A keyed hash of the producer id: who may go on under it.
    pub identity: [u8; TOKEN_LEN],
    /// kbit/s, 0 unknown.
    pub rate_kbps: u32,
    /// The least latency that a viewer is granted, ms.
    pub latency_min: Duration,
    /// Bytes of a shard in this epoch.
    pub shard_size: u16,
    /// For people.
    pub name: Text,
    /// At least one.
    pub tracks: Vec<TrackInfo>,
}

impl Announce {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let announce = Self {
            req: reader.serial("req")?,
            epoch: reader.u64("epoch")?,
            identity: reader.array("identity")?,
            rate_kbps: reader.u32("max rate")?,
            latency_min: reader.millis16("min latency")?,
            shard_size: reader.u16("shard size")?,
            name: reader.text("name")?,
            tracks: TrackInfo::read_list(reader)?,
        };
        if announce.tracks.is_empty() { Err(DecodeError::Value("tracks")) } else { Ok(announce) }
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) {
        writer.u32(self.req.0);
        writer.u64(self.epoch);
        writer.bytes(&self.identity);
        writer.u32(self.rate_kbps);
        writer.millis16(self.latency_min);
        writer.u16(self.shard_size);
        writer.text(&self.name);
        writer.list(TRACKS_MAX, &self.tracks, |writer, track| track.write(writer));
    }
}

/// ANNOUNCE_ACK 0x83.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AnnounceAck {
    /// Of the ANNOUNCE.
    pub req: Serial,
    /// OK or the reason of the refusal.
    pub status: Code,
    /// The epoch that rules now.
    pub epoch: u64,
    /// For the DATA of this producer.
    pub tag: EpochTag,
    /// How long after capture the broker may ask, ms.
    pub horizon: Duration,
    /// For people.
    pub reason: Text,
}

impl AnnounceAck {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            req: reader.serial("req")?,
            status: Code::from_wire(reader.u16("status")?),
            epoch: reader.u64("epoch")?,
            tag: reader.tag()?,
            horizon: reader.millis32("horizon")?,
            reason: reader.text("reason")?,
        })
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) {
        writer.u32(self.req.0);
        writer.u16(self.status as u16);
        writer.u64(self.epoch);
        writer.u32(self.tag.0);
        writer.millis32(self.horizon);
        writer.text(&self.reason);
    }
}

/// The last frame of a track: expected runs to here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LastFrame {
    /// The track.
    pub stream: StreamId,
    /// Its life.
    pub tag: EpochTag,
    /// Its last frame.
    pub frame: Serial,
}

impl LastFrame {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { stream: reader.stream()?, tag: reader.tag()?, frame: reader.serial("last frame")? })
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) {
        writer.u8(self.stream.0);
        writer.u32(self.tag.0);
        writer.u32(self.frame.0);
    }
}

/// END 0x05.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct End {
    /// Number of the request.
    pub req: Serial,
    /// OK (finished), SUPERSEDED or PRODUCER_LOST.
    pub reason: Code,
    /// Where each track ended.
    pub last: Vec<LastFrame>,
}

impl End {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            req: reader.serial("req")?,
            reason: Code::from_wire(reader.u16("reason")?),
            last: reader.list(TRACKS_MAX, "last frames", LastFrame::read)?,
        })
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) {
        writer.u32(self.req.0);
        writer.u16(self.reason as u16);
        writer.list(TRACKS_MAX, &self.last, |writer, last| last.write(writer));
    }
}

/// END_ACK 0x85.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EndAck {
    /// Of the END.
    pub req: Serial,
}
