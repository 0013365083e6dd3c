//! HEARTBEAT 0x07: the sender's report (PROTOCOL 7.3).

use std::time::Duration;

use bytes::BufMut as _;

use crate::id::{SessionId, TrackKey};
use crate::limits::{CONTROL_CRC_LEN, CONTROL_HEADER_LEN};
use crate::serial::Serial;
use crate::time::{Stamp, micros32};

use super::clock::ClockPoint;
use super::error::DecodeError;
use super::event::Event;
use super::header::ControlHeader;
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
    pub const fn encoded_len(&self) -> usize {
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
    /// Bytes on the wire, header and CRC included.
    pub(super) fn encoded_len(&self) -> usize {
        HEARTBEAT_FIXED_LEN + self.tracks.iter().map(TrackHeartbeat::encoded_len).sum::<usize>()
    }

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
        let (stamp, hold) = echo_fields(self.echo);
        writer.u32(stamp.0);
        writer.u32(hold);
        writer.u32(self.catalog);
        writer.u8(if self.asks { FLAG_ASKS } else { 0 });
        let tracks = writer.fitting(1, &self.tracks, TrackHeartbeat::encoded_len);
        writer.list(COUNT_MAX, tracks, |writer, track| track.write(writer));
    }
}

/// An encoded HEARTBEAT at a glance: its session, its number, when it was made. Nothing is checked.
pub fn peek_heartbeat(datagram: &[u8]) -> Option<(SessionId, Serial, Stamp)> {
    let mut reader = Reader::new(datagram);
    let event = Event::from_wire(reader.u8("event").ok()?);
    let (header, _) = ControlHeader::read(Event::Heartbeat, &mut reader).ok()?;
    (event == Some(Event::Heartbeat)).then_some((header.session, header.seq, header.sent))
}

/// What is different when a HEARTBEAT leaves that waited in a queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Departure {
    /// When that is.
    pub now: Stamp,
    /// Send time of the newest FEEDBACK by now, and how long ago it came.
    pub heard: Option<(Stamp, Duration)>,
    /// Datagrams that it counted and that never left.
    pub recalled: u32,
}

/// Has an encoded HEARTBEAT that waited in a queue speak of when it leaves (PROTOCOL 7.3).
///
/// # Errors
/// It is no HEARTBEAT; nothing is changed.
pub fn restamp(datagram: &mut [u8], departure: &Departure) -> Result<(), DecodeError> {
    let truncated = DecodeError::Truncated("heartbeat");
    let (covered, crc) = datagram.split_last_chunk_mut::<CONTROL_CRC_LEN>().ok_or(truncated)?;
    let mut reader = Reader::new(covered);
    if Event::from_wire(reader.u8("event")?) != Some(Event::Heartbeat) {
        return Err(DecodeError::Value("event"));
    }
    ControlHeader::read(Event::Heartbeat, &mut reader)?;
    reader.u32("nonce")?;
    let start = covered.len() - reader.left();
    let datagrams = reader.u32("datagrams")?;
    let bytes = reader.u64("bytes")?;
    read_echo(&mut reader)?;
    let end = covered.len() - reader.left();

    let (stamp, hold) = echo_fields(departure.heard);
    let mut figures = covered.get_mut(start..end).ok_or(truncated)?;
    figures.put_u32(datagrams.wrapping_sub(departure.recalled));
    figures.put_u64(bytes);
    figures.put_u32(stamp.0);
    figures.put_u32(hold);
    let sent = covered.get_mut(..CONTROL_HEADER_LEN).and_then(<[u8]>::last_chunk_mut).ok_or(truncated)?;
    *sent = departure.now.0.to_be_bytes();
    *crc = crc32c::crc32c(covered).to_be_bytes();
    Ok(())
}

fn echo_fields(heard: Option<(Stamp, Duration)>) -> (Stamp, u32) {
    match heard {
        Some((stamp, hold)) => (stamp, micros32(hold).min(NO_ECHO - 1)),
        None => (Stamp(0), NO_ECHO),
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

#[cfg(test)]
mod tests {
    use crate::wire::{self, Control, Datagram, Message};

    use super::*;

    fn heartbeat(sent: u32, figures: (u32, u64), echo: Option<(Stamp, Duration)>) -> Vec<u8> {
        let (datagrams, bytes) = figures;
        let header =
            ControlHeader { session: SessionId(7), seq: Serial(9), sent: Stamp(sent), ..Default::default() };
        let body = Heartbeat { nonce: 1, datagrams, bytes, echo, catalog: 4, asks: true, tracks: Vec::new() };
        wire::encode(&header, &Message::Heartbeat(body)).to_vec()
    }

    #[test]
    fn what_waited_says_when_it_leaves_and_what_was_heard_and_recalled_by_then() {
        let echo = |stamp, hold| Some((Stamp(stamp), Duration::from_micros(hold)));
        let cases = [
            (None, None),
            (None, echo(7, 30)),
            (echo(5, 20), echo(5, 6_020)),
            (echo(5, 20), echo(7, 0)),
            (echo(5, 20), echo(5, 1 << 40)),
        ];
        for (before, heard) in cases {
            let mut datagram = heartbeat(u32::MAX - 5, (3, 1 << 33), before);
            assert_eq!(peek_heartbeat(&datagram), Some((SessionId(7), Serial(9), Stamp(u32::MAX - 5))));
            let departure = Departure { now: Stamp(6_000), heard, recalled: 4 };
            assert_eq!(restamp(&mut datagram, &departure), Ok(()));
            assert_eq!(datagram, heartbeat(6_000, (u32::MAX, 1 << 33), heard));
            assert!(matches!(wire::decode(&datagram), Ok(Datagram::Control(Control { .. }))));
        }
    }

    #[test]
    fn what_is_no_heartbeat_stays_as_it_is() {
        let clock = wire::encode(&ControlHeader::default(), &Message::Clock).to_vec();
        for datagram in
            [clock, Vec::new(), vec![Event::Heartbeat as u8; 20], vec![Event::Heartbeat as u8; 40]]
        {
            let mut same = datagram.clone();
            assert_eq!(peek_heartbeat(&same), None);
            let departure = Departure { now: Stamp(20_000), heard: None, recalled: 1 };
            assert!(restamp(&mut same, &departure).is_err());
            assert_eq!(same, datagram);
        }
    }
}
