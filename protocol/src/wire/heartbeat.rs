//! HEARTBEAT 0x07: the sender's report (PROTOCOL 7.3).

use std::time::Duration;

use crate::id::TrackKey;
use crate::limits::{CONTROL_CRC_LEN, CONTROL_HEADER_LEN};
use crate::serial::Serial;
use crate::time::{Stamp, micros32};

use super::clock::ClockPoint;
use super::error::DecodeError;
use super::reader::{COUNT_MAX, Reader};
use super::skip::SkipRange;
use super::thinning::Thinning;
use super::writer::Writer;

/// Bytes of a HEARTBEAT without track blocks.
pub const HEARTBEAT_FIXED_LEN: usize = CONTROL_HEADER_LEN + 4 + 4 + 8 + 4 + 4 + 4 + 1 + 1 + CONTROL_CRC_LEN;
/// The hold that says: no FEEDBACK came yet.
const NO_ECHO: u32 = u32::MAX;
/// Flag: a FEEDBACK is to echo it soon.
const FLAG_ASKS: u8 = 1 << 0;

/// A track block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TrackHeartbeat {
    /// Which track of which life.
    pub track: TrackKey,
    /// The newest frame.
    pub newest: Serial,
    /// Its length in bytes.
    pub length: u32,
    /// Shards of it that the sender holds from index 0 on without a gap; k where it is whole.
    pub held: u16,
    /// Bit i: frame (newest - 1 - i) is not whole at the sender yet.
    pub pending: u8,
    /// The oldest frame that can be asked for.
    pub oldest_held: Serial,
    /// How frames are left out for this receiver.
    pub thinning: Thinning,
    /// The clock chain.
    pub clock: ClockPoint,
    /// What will never come.
    pub skipped: Vec<SkipRange>,
}

impl TrackHeartbeat {
    /// Skipped ranges that one block carries: the latest ones.
    pub const SKIPPED_MAX: usize = 16;

    /// Bytes on the wire.
    pub fn encoded_len(&self) -> usize {
        8 + 4 + 4 + 2 + 1 + 4 + 1 + ClockPoint::LEN + 1 + self.skipped.len() * SkipRange::LEN
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            track: reader.track()?,
            newest: reader.serial("newest")?,
            length: reader.u32("length")?,
            held: reader.u16("held")?,
            pending: reader.u8("pending")?,
            oldest_held: reader.serial("oldest held")?,
            thinning: Thinning::from_code(reader.u8("thinning")?)?,
            clock: ClockPoint::read(reader)?,
            skipped: reader.list(Self::SKIPPED_MAX, "skipped", SkipRange::read)?,
        })
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.track(&self.track);
        writer.u32(self.newest.0);
        writer.u32(self.length);
        writer.u16(self.held);
        writer.u8(self.pending);
        writer.u32(self.oldest_held.0);
        writer.u8(self.thinning as u8);
        self.clock.write(writer);
        writer.list(Self::SKIPPED_MAX, &self.skipped, |writer, range| range.write(writer));
    }
}

/// HEARTBEAT 0x07.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Heartbeat {
    /// Random; its echo proves receipt.
    pub nonce: u32,
    /// DATA sent to the receiver, mod 2^32.
    pub datagrams: u32,
    /// Bytes of it.
    pub bytes: u64,
    /// Send time of the last FEEDBACK and how long ago it came.
    pub echo: Option<(Stamp, Duration)>,
    /// Generation of the catalog, 0 from a producer.
    pub catalog: u32,
    /// The sender wants a FEEDBACK that echoes it; without it, the next one that goes out does.
    pub asks: bool,
    /// As many as fit.
    pub tracks: Vec<TrackHeartbeat>,
}

impl Heartbeat {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (nonce, datagrams, bytes) =
            (reader.u32("nonce")?, reader.u32("datagrams")?, reader.u64("bytes")?);
        Ok(Self {
            nonce,
            datagrams,
            bytes,
            echo: read_echo(reader)?,
            catalog: reader.u32("catalog")?,
            asks: read_flags(reader)? & FLAG_ASKS != 0,
            tracks: reader.list(COUNT_MAX, "tracks", TrackHeartbeat::read)?,
        })
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) {
        writer.u32(self.nonce);
        writer.u32(self.datagrams);
        writer.u64(self.bytes);
        let (stamp, hold) = match self.echo {
            Some((stamp, hold)) => (stamp, micros32(hold).min(NO_ECHO - 1)),
            None => (Stamp(0), NO_ECHO),
        };
        writer.u32(stamp.0);
        writer.u32(hold);
        writer.u32(self.catalog);
        writer.u8(if self.asks { FLAG_ASKS } else { 0 });
        let tracks = writer.fitting(1, &self.tracks, TrackHeartbeat::encoded_len);
        writer.list(COUNT_MAX, tracks, |writer, track| track.write(writer));
    }
}

fn read_flags(reader: &mut Reader<'_>) -> Result<u8, DecodeError> {
    let flags = reader.u8("flags")?;
    if flags & !FLAG_ASKS != 0 {
        return Err(DecodeError::Value("flags"));
    }
    Ok(flags)
}

fn read_echo(reader: &mut Reader<'_>) -> Result<Option<(Stamp, Duration)>, DecodeError> {
    match (reader.u32("echo")?, reader.u32("hold")?) {
        (0, NO_ECHO) => Ok(None),
        (_, NO_ECHO) => Err(DecodeError::Value("echo")),
        (stamp, hold) => Ok(Some((Stamp(stamp), Duration::from_micros(hold.into())))),
    }
}
