//! FEEDBACK 0x80: the receiver's whole present state (PROTOCOL 7.1).

use std::time::Duration;

use crate::id::TrackKey;
use crate::limits::{CONTROL_CRC_LEN, CONTROL_HEADER_LEN};
use crate::serial::Serial;

use super::error::DecodeError;
use super::missing::Missing;
use super::reader::{COUNT_MAX, Reader};
use super::writer::Writer;

/// Bytes of a FEEDBACK without track blocks.
pub const FEEDBACK_FIXED_LEN: usize = CONTROL_HEADER_LEN + 45 + CONTROL_CRC_LEN;

const FLAG_COUNTERS: u8 = 0x01;
const FLAG_NEWEST_WHOLE: u8 = 0x02;

/// What became of the frames of a track, as the receiver reports it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ReportedCounters {
    /// Whole in time without repair.
    pub direct: u32,
    /// Whole in time with a resent shard.
    pub repaired_arq: u32,
    /// Whole in time with parity.
    pub repaired_fec: u32,
    /// Whole after the deadline.
    pub late: u32,
    /// Never whole.
    pub lost: u32,
    /// Left out on purpose.
    pub skipped: u32,
}

/// A track block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TrackFeedback {
    /// Which track of which life.
    pub track: TrackKey,
    /// All older frames are settled.
    pub done_before: Serial,
    /// The highest frame number known.
    pub newest: Serial,
    /// Number and digest of the newest whole frame: proof of receipt.
    pub newest_whole: Option<(Serial, u32)>,
    /// The settled frames by their fate.
    pub counters: Option<ReportedCounters>,
    /// What is asked for, most urgent first.
    pub missing: Vec<Missing>,
}

impl TrackFeedback {
    /// Bytes on the wire.
    pub fn encoded_len(&self) -> usize {
        let optional =
            usize::from(self.newest_whole.is_some()) * 8 + usize::from(self.counters.is_some()) * 24;
        8 + 1 + 4 + 4 + optional + 1 + self.missing.iter().map(Missing::encoded_len).sum::<usize>()
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let track = reader.track()?;
        let flags = reader.u8("block flags")?;
        if flags & !(FLAG_COUNTERS | FLAG_NEWEST_WHOLE) != 0 {
            return Err(DecodeError::Value("block flags"));
        }
        let (done_before, newest) = (reader.serial("done before")?, reader.serial("newest")?);
        let newest_whole = if flags & FLAG_NEWEST_WHOLE == 0 {
            None
        } else {
            Some((reader.serial("newest whole")?, reader.u32("newest whole")?))
        };
        let counters = if flags & FLAG_COUNTERS == 0 {
            None
        } else {
            Some(ReportedCounters {
                direct: reader.u32("counters")?,
                repaired_arq: reader.u32("counters")?,
                repaired_fec: reader.u32("counters")?,
                late: reader.u32("counters")?,
                lost: reader.u32("counters")?,
                skipped: reader.u32("counters")?,
            })
        };
        let missing = reader.list(COUNT_MAX, "missing", Missing::read)?;
        Ok(Self { track, done_before, newest, newest_whole, counters, missing })
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.track(&self.track);
        let flag = |set: bool, flag: u8| if set { flag } else { 0 };
        writer.u8(flag(self.counters.is_some(), FLAG_COUNTERS)
            | flag(self.newest_whole.is_some(), FLAG_NEWEST_WHOLE));
        writer.u32(self.done_before.0);
        writer.u32(self.newest.0);
        if let Some((number, digest)) = self.newest_whole {
            writer.u32(number.0);
            writer.u32(digest);
        }
        if let Some(counters) = &self.counters {
            let ReportedCounters { direct, repaired_arq, repaired_fec, late, lost, skipped } = *counters;
            for value in [direct, repaired_arq, repaired_fec, late, lost, skipped] {
                writer.u32(value);
            }
        }
        writer.list(COUNT_MAX, &self.missing, |writer, missing| missing.write(writer));
    }
}

/// FEEDBACK 0x80. Its number and time are those of the header.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Feedback {
    /// Sequence number of the last HEARTBEAT, 0 none.
    pub heartbeat: Serial,
    /// Its nonce.
    pub nonce: u32,
    /// Between its arrival and this message.
    pub hold: Duration,
    /// DATA received when that HEARTBEAT came, mod 2^32.
    pub datagrams: u32,
    /// Bytes of it.
    pub bytes: u64,
    /// DATA that came twice, cumulative mod 2^32 like the next two.
    pub duplicates: u32,
    /// First-sent shards that did not come.
    pub lost: u32,
    /// Runs of neighbours among them.
    pub runs: u32,
    /// RFC 3550 6.4.1.
    pub jitter: Duration,
    /// How long after capture the receiver may ask, ms.
    pub horizon: Duration,
    /// Most urgent first.
    pub tracks: Vec<TrackFeedback>,
}

impl Feedback {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            heartbeat: reader.serial("heartbeat")?,
            nonce: reader.u32("nonce")?,
            hold: reader.micros("hold")?,
            datagrams: reader.u32("datagrams")?,
            bytes: reader.u64("bytes")?,
            duplicates: reader.u32("duplicates")?,
            lost: reader.u32("lost")?,
            runs: reader.u32("runs")?,
            jitter: reader.micros("jitter")?,
            horizon: reader.millis32("horizon")?,
            tracks: reader.list(COUNT_MAX, "tracks", TrackFeedback::read)?,
        })
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) {
        writer.u32(self.heartbeat.0);
        writer.u32(self.nonce);
        writer.micros(self.hold);
        writer.u32(self.datagrams);
        writer.u64(self.bytes);
        writer.u32(self.duplicates);
        writer.u32(self.lost);
        writer.u32(self.runs);
        writer.micros(self.jitter);
        writer.millis32(self.horizon);
        let tracks = writer.fitting(1, &self.tracks, TrackFeedback::encoded_len);
        writer.list(COUNT_MAX, tracks, |writer, track| track.write(writer));
    }
}
