//! SUBSCRIBE, UNSUBSCRIBE and their acknowledgements (PROTOCOL 6.1 to 6.3).

use std::time::Duration;

use crate::id::EpochTag;
use crate::limits::TRACKS_MAX;
use crate::serial::Serial;

use super::announce::{LastFrame, TrackInfo};
use super::clock::ClockPoint;
use super::code::Code;
use super::error::DecodeError;
use super::reader::Reader;
use super::text::Text;
use super::writer::Writer;

/// Where a subscription begins.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Start {
    /// With the next group.
    NextGroup = 0,
    /// With the group that is on.
    CurrentGroup = 1,
    /// With the newest frame.
    LiveEdge = 2,
}

/// SUBSCRIBE 0x01.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Subscribe {
    /// Number of the request.
    pub req: Serial,
    /// Bits of [`TrackKind::mask`](super::TrackKind::mask); 0 all.
    pub kinds: u8,
    /// Where to begin.
    pub start: Start,
    /// 255 any.
    pub layer_max: u8,
    /// 0 none, 1 as needed.
    pub parity: u8,
    /// Capture to deadline, ms; 0: show at once.
    pub latency: Duration,
    /// x 16 kbit/s, 0 unlimited.
    pub rate_max: u16,
}

impl Subscribe {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            req: reader.serial("req")?,
            kinds: reader.u8("kinds")?,
            start: match reader.u8("start")? {
                0 => Start::NextGroup,
                1 => Start::CurrentGroup,
                2 => Start::LiveEdge,
                _ => return Err(DecodeError::Value("start")),
            },
            layer_max: reader.u8("max layer")?,
            parity: reader.u8("parity")?,
            latency: reader.millis16("latency")?,
            rate_max: reader.u16("max rate")?,
        })
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) {
        writer.u32(self.req.0);
        writer.u8(self.kinds);
        writer.u8(self.start as u8);
        writer.u8(self.layer_max);
        writer.u8(self.parity);
        writer.millis16(self.latency);
        writer.u16(self.rate_max);
    }
}

/// SUBSCRIBE_ACK 0x81.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SubscribeAck {
    /// Of the last SUBSCRIBE.
    pub req: Serial,
    /// OK, WAITING or the reason of the refusal.
    pub status: Code,
    /// Granted, ms.
    pub latency: Duration,
    /// Of the producer; 0 while waiting.
    pub epoch: u64,
    /// For the DATA to viewers.
    pub tag: EpochTag,
    /// Bytes of a shard in this epoch.
    pub shard_size: u16,
    /// The clock chain.
    pub clock: ClockPoint,
    /// The producer's name.
    pub name: Text,
    /// `next_frame` is the first frame that this viewer can expect.
    pub tracks: Vec<TrackInfo>,
}

impl SubscribeAck {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            req: reader.serial("req")?,
            status: Code::from_wire(reader.u16("status")?),
            latency: reader.millis16("latency")?,
            epoch: reader.u64("epoch")?,
            tag: reader.tag()?,
            shard_size: reader.u16("shard size")?,
            clock: ClockPoint::read(reader)?,
            name: reader.text("name")?,
            tracks: TrackInfo::read_list(reader)?,
        })
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) {
        writer.u32(self.req.0);
        writer.u16(self.status as u16);
        writer.millis16(self.latency);
        writer.u64(self.epoch);
        writer.u32(self.tag.0);
        writer.u16(self.shard_size);
        self.clock.write(writer);
        writer.text(&self.name);
        writer.list(TRACKS_MAX, &self.tracks, |writer, track| track.write(writer));
    }
}

/// UNSUBSCRIBE 0x02.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unsubscribe {
    /// Number of the request.
    pub req: Serial,
}

/// UNSUBSCRIBE_ACK 0x82.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnsubscribeAck {
    /// Of the UNSUBSCRIBE.
    pub req: Serial,
    /// OK, or NO_SUCH_STREAM where there was no subscription.
    pub status: Code,
    /// Frames after these were not for this viewer.
    pub last: Vec<LastFrame>,
}

impl UnsubscribeAck {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            req: reader.serial("req")?,
            status: Code::from_wire(reader.u16("status")?),
            last: reader.list(TRACKS_MAX, "last frames", LastFrame::read)?,
        })
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) {
        writer.u32(self.req.0);
        writer.u16(self.status as u16);
        writer.list(TRACKS_MAX, &self.last, |writer, last| last.write(writer));
    }
}
