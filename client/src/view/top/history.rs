//! How each channel did over the last minutes.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use protocol::id::ProducerId;
use protocol::time::Time;
use protocol::wire::TrackKind;

use crate::engine::event::{Snapshot, StreamStatus};

/// From reading to reading.
const STEP: Duration = Duration::from_secs(1);
/// Readings that are kept: three minutes.
const READINGS_MAX: usize = 180;
/// Channels that are remembered: as many as one session may have.
const CHANNELS_MAX: usize = protocol::limits::SUBSCRIPTIONS_MAX;

/// One reading of a channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Reading {
    /// Bits per second.
    pub(super) rate: u64,
    /// Frames of a thousand that did not come at the first sending, or not at all.
    pub(super) loss: u64,
    /// Age of the newest frame when it was delivered, in microseconds.
    pub(super) latency: u64,
    /// Round-trip time, in microseconds.
    pub(super) rtt: u64,
}

/// The readings of all channels.
#[derive(Debug, Default)]
pub(super) struct History {
    channels: BTreeMap<ProducerId, Track>,
    due: Option<Time>,
}

#[derive(Debug, Default)]
struct Track {
    readings: VecDeque<Reading>,
    expected: u64,
    direct: u64,
}

impl History {
    /// Takes a reading, if it is time for one.
    pub(super) fn note(&mut self, now: Time, snapshot: &Snapshot) {
        if self.due.is_some_and(|due| now < due) {
            return;
        }
        self.due = Some(now + STEP);
        let rtt = snapshot.rtt.map_or(0, micros);
        for stream in snapshot.streams.iter().filter(|stream| stream.kind == TrackKind::Video) {
            if self.channels.len() < CHANNELS_MAX || self.channels.contains_key(&stream.producer) {
                self.channels.entry(stream.producer).or_default().note(stream, rtt);
            }
        }
    }

    /// The readings of a channel, the oldest first.
    pub(super) fn readings(&self, producer: ProducerId) -> impl DoubleEndedIterator<Item = Reading> {
        self.channels.get(&producer).into_iter().flat_map(|track| track.readings.iter().copied())
    }
}

impl Track {
    fn note(&mut self, stream: &StreamStatus, rtt: u64) {
        let counters = &stream.counters;
        let expected = counters.expected.saturating_sub(self.expected);
        let direct = counters.direct.saturating_sub(self.direct);
        (self.expected, self.direct) = (counters.expected, counters.direct);
        let loss = (expected.saturating_sub(direct) * 1_000).checked_div(expected).unwrap_or_default();
        if self.readings.len() == READINGS_MAX {
            self.readings.pop_front();
        }
        self.readings.push_back(Reading {
            rate: whole(stream.bits_per_second),
            loss,
            latency: micros(stream.age.unwrap_or(stream.delay)),
            rtt,
        });
    }
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate is positive and below 2^53"
)]
const fn whole(value: f64) -> u64 {
    value as u64
}
