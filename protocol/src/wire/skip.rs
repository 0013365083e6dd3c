//! SKIP 0x06: what will never come (PROTOCOL 7.4).

use crate::id::{EpochTag, StreamId};
use crate::serial::Serial;

use super::error::DecodeError;
use super::reader::Reader;
use super::writer::Writer;

/// Why frames will never come.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SkipReason {
    /// The sender lacks them too: they count as lost.
    Expired = 1,
    /// Left out on purpose: they count as skipped.
    Thinned = 2,
    /// Too large for this channel: they count as skipped.
    TooLarge = 3,
}

/// Neighbouring frames that will never come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SkipRange {
    /// The first.
    pub from: Serial,
    /// The last.
    pub to: Serial,
    /// Why.
    pub reason: SkipReason,
}

impl SkipRange {
    /// Bytes on the wire.
    pub const LEN: usize = 9;

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (from, to) = (reader.serial("skip from")?, reader.serial("skip to")?);
        if from != to && !from.before(to) {
            return Err(DecodeError::Value("skip range"));
        }
        let reason = match reader.u8("skip reason")? {
            1 => SkipReason::Expired,
            2 => SkipReason::Thinned,
            3 => SkipReason::TooLarge,
            _ => return Err(DecodeError::Value("skip reason")),
        };
        Ok(Self { from, to, reason })
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) {
        writer.u32(self.from.0);
        writer.u32(self.to.0);
        writer.u8(self.reason as u8);
    }
}

/// A range of one track.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SkipItem {
    /// The track.
    pub stream: StreamId,
    /// Its life.
    pub tag: EpochTag,
    /// The frames.
    pub range: SkipRange,
}

/// SKIP 0x06; the header names the producer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Skip {
    /// Up to 64 ranges.
    pub ranges: Vec<SkipItem>,
}

impl Skip {
    /// Ranges that one message carries.
    pub const RANGES_MAX: usize = 64;

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let ranges = reader.list(Self::RANGES_MAX, "ranges", |reader| {
            Ok(SkipItem { stream: reader.stream()?, tag: reader.tag()?, range: SkipRange::read(reader)? })
        })?;
        Ok(Self { ranges })
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) {
        writer.list(Self::RANGES_MAX, &self.ranges, |writer, item| {
            writer.u8(item.stream.0);
            writer.u32(item.tag.0);
            item.range.write(writer);
        });
    }
}
