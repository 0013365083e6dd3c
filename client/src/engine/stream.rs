//! The figures of one stream over all its lives.

use std::collections::VecDeque;
use std::time::Duration;

use protocol::receiver::Counters;
use protocol::serial::Serial;
use protocol::time::Time;
use protocol::wire::{Text, Thinning, TrackKind};

use super::event::StreamCounters;
use super::lives::Lives;

/// Rates are means over this long.
const RATE_WINDOW: Duration = Duration::from_secs(5);
/// Deliveries that are remembered for rates: 5 s at 240 frames per second.
const DELIVERIES_MAX: usize = 1_200;

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
    deliveries: VecDeque<(Time, usize)>,
    playing_since: Time,
    lives: Lives,
}

impl Stream {
    pub(super) fn new(now: Time, asked: Time, kind: TrackKind) -> Self {
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
            deliveries: VecDeque::new(),
            playing_since: now,
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
    pub(super) fn admit(&mut self, epoch: u64, number: Serial) -> bool {
        self.lives.admit(epoch, number)
    }

    /// A frame was delivered.
    pub(super) fn note_delivery(&mut self, now: Time, bytes: usize, delay: Duration) {
        self.delay = delay;
        self.first_frame.get_or_insert(now.since(self.asked));
        if self.deliveries.is_empty() {
            self.playing_since = now;
        }
        if self.deliveries.len() == DELIVERIES_MAX {
            self.deliveries.pop_front();
        }
        self.deliveries.push_back((now, bytes));
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
        // The first frame opens the measure: it has no interval before it.
        let since = now.before(RATE_WINDOW).max(self.playing_since);
        let recent = self.deliveries.iter().filter(|(at, _)| *at > since);
        let (count, bytes) =
            recent.fold((0_u32, 0_usize), |(count, bytes), (_, len)| (count + 1, bytes + len));
        let span = now.since(since).max(Duration::from_secs(1)).as_secs_f64();
        (f64::from(count) / span, bytes as f64 * 8.0 / span)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_means_over_the_last_five_seconds() {
        let mut stream = Stream::new(Time::ZERO, Time::ZERO, TrackKind::Video);
        for frame in 0..240_u64 {
            stream.note_delivery(Time::from_micros(frame * 1_000_000 / 12), 10_000, Duration::ZERO);
        }
        let (frames, bits) = stream.rates(Time::from_micros(239 * 1_000_000 / 12));
        assert!((11.7..=12.3).contains(&frames), "{frames}");
        assert!((940_000.0..=980_000.0).contains(&bits), "{bits}");
        assert_eq!(stream.rates(Time::from_micros(60_000_000)), (0.0, 0.0));
        let mut young = Stream::new(Time::ZERO, Time::ZERO, TrackKind::Audio);
        for second in 0..3_u64 {
            young.note_delivery(Time::from_micros(second * 1_000_000), 16_000, Duration::ZERO);
        }
        assert_eq!(young.rates(Time::from_micros(2_000_000)), (1.0, 128_000.0), "right from the start");
    }
}
