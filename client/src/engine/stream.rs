//! The figures of one stream over all its lives.

use std::time::Duration;

use protocol::receiver::Counters;
use protocol::serial::Serial;
use protocol::time::Time;
use protocol::wire::{Text, Thinning, TrackKind};

use super::event::StreamCounters;
use super::lives::{Lives, Standing};
use super::rates::Rates;

/// What is known of a stream besides its frames.
pub(super) struct Stream {
    pub(super) kind: TrackKind,
    pub(super) name: Text,
    pub(super) latency: Duration,
    pub(super) delay: Duration,
    /// How the broker leaves out frames of it.
    pub(super) thinning: Thinning,
    /// From capture to delivery of the newest frame, and how far that can be from the truth.
    pub(super) age: Option<(Duration, Duration)>,
    asked: Time,
    first_frame: Option<Duration>,
    closed: Counters,
    rates: Rates,
    lives: Lives,
}

impl Stream {
    pub(super) fn new(asked: Time, kind: TrackKind) -> Self {
        Self {
            kind,
            name: Text::default(),
            latency: Duration::ZERO,
            delay: Duration::ZERO,
            thinning: Thinning::Whole,
            age: None,
            asked,
            first_frame: None,
            closed: Counters::default(),
            rates: Rates::default(),
            lives: Lives::default(),
        }
    }

    /// The broker says that this life plays now.
    pub(super) fn begin_life(&mut self, epoch: u64) {
        self.lives.begin(epoch);
    }

    /// The first frame that is still to come of the present life, where the broker begins at `first`.
    pub(super) fn goes_on_at(&self, first: Serial) -> Serial {
        self.lives.goes_on_at(first)
    }

    /// Whether a frame may still be delivered: see [`Lives`].
    pub(super) fn admit(&mut self, epoch: u64, number: Serial, frame: Standing) -> bool {
        self.lives.admit(epoch, number, frame)
    }

    /// A frame was delivered.
    pub(super) fn note_delivery(&mut self, now: Time, bytes: usize, delay: Duration) {
        self.delay = delay;
        self.first_frame.get_or_insert(now.since(self.asked));
        self.rates.note(now, bytes);
    }

    /// A life of it has ended with these counters.
    pub(super) fn note_closed(&mut self, counters: &Counters) {
        self.closed.add(counters);
    }

    /// From SUBSCRIBE to the first delivered frame.
    pub(super) const fn first_frame(&self) -> Option<Duration> {
        self.first_frame
    }

    /// Frames and bits per second over the last seconds.
    pub(super) fn rates(&self, now: Time) -> (f64, f64) {
        self.rates.per_second(now)
    }

    /// Counters of all lives, `open` being that of the present one.
    pub(super) fn counters(&self, open: Option<Counters>) -> StreamCounters {
        let mut all = self.closed;
        if let Some(open) = open {
            all.add(&open);
        }
        StreamCounters {
            expected: all.expected,
            direct: all.direct,
            repaired_arq: all.repaired_arq,
            repaired_fec: all.repaired_fec,
            late: all.late,
            lost: all.lost,
            skipped: all.skipped,
            duplicates: all.duplicates,
            parity: all.parity,
            parity_bytes: all.parity_bytes,
            bytes: all.bytes,
        }
    }
}
