//! When a frame is due: the producer's media time on the receiver's own clock (PROTOCOL 7.5).

use std::time::Duration;

use crate::clock::MediaClock;
use crate::limits::LATENCY_MAX;
use crate::time::{CaptureTime, Time, micros};

use super::chain::Chain;

/// The smallest transit of this long counts: long enough to see a frame without queueing, short enough to follow
/// two clocks that drift apart by 500 ppm (15 ms).
const WINDOW_BUCKETS: usize = 6;
const BUCKET: Duration = Duration::from_secs(5);

/// Maps capture times to the receiver's clock: by the clock chain, and while that has no value by the smallest
/// (arrival - capture) of the last 30 s.
///
/// All tracks of one producer's life share one, since they share a clock.
#[derive(Clone, Debug)]
pub(super) struct Playout {
    latest: CaptureTime,
    latest_us: i64,
    buckets: [Option<i64>; WINDOW_BUCKETS],
    bucket_started: Time,
    transit_before: Option<i64>,
    jitter_us: i64,
    chain: Option<Chain>,
}

impl Playout {
    /// A mapping that has seen nothing but the existence of `capture`.
    pub(super) const fn new(now: Time, capture: CaptureTime) -> Self {
        Self {
            latest: capture,
            latest_us: 0,
            buckets: [None; WINDOW_BUCKETS],
            bucket_started: now,
            transit_before: None,
            jitter_us: 0,
            chain: None,
        }
    }

    /// Takes in a point of the clock chain; false where it can't be true of the newest frame: that came before its capture,
    /// or so long after it that no latency covers it.
    pub(super) fn set_clock(&mut self, clock: MediaClock) -> bool {
        let (media_us, frontier) = (self.media_us(clock.capture), self.latest_us);
        let chain = Chain::begin(clock, media_us);
        let Some(newest) = self.transit_before else {
            self.chain = Some(chain);
            return true;
        };
        let transit = frontier.saturating_add(newest).saturating_sub(chain.target(frontier));
        let error = span_us(chain.error(frontier));
        if !(-error..=span_us(LATENCY_MAX).saturating_add(error)).contains(&transit) {
            return false;
        }
        let before = self.reference_us(frontier);
        match (&mut self.chain, before) {
            (Some(chain), _) => chain.follow(clock, media_us, frontier),
            (none, Some(before)) => *none = Some(chain.joining(frontier, before)),
            (none, None) => *none = Some(chain),
        }
        true
    }

    /// The moment from which the latency of media time `media_us` counts: its capture on the receiver's clock, or while the
    /// chain has no value its arrival at best. Microseconds; below zero before the origin of that clock.
    fn reference_us(&self, media_us: i64) -> Option<i64> {
        match &self.chain {
            Some(chain) => Some(chain.at(media_us)),
            None => Some(media_us.saturating_add(self.least_transit()?)),
        }
    }

    /// Like [`Playout::reference_us`], as a time.
    pub(super) fn reference(&self, media_us: i64) -> Option<Time> {
        self.reference_us(media_us).map(time_of)
    }

    /// How old media time `media_us` is at `now`, and how far that can be from the truth. `None` without the chain.
    pub(super) fn age(&self, now: Time, media_us: i64) -> Option<(Duration, Duration)> {
        let chain = self.chain.as_ref()?;
        let age = now.as_micros().cast_signed().saturating_sub(chain.at(media_us));
        Some((Duration::from_micros(age.max(0).cast_unsigned()), chain.error(media_us)))
    }

    /// The smallest time from capture to arrival of the last 30 s. `None` without the chain.
    pub(super) fn transit(&self) -> Option<Duration> {
        let arrival = self.latest_us.saturating_add(self.least_transit()?);
        let transit = arrival.saturating_sub(self.chain.as_ref()?.target(self.latest_us));
        Some(Duration::from_micros(transit.max(0).cast_unsigned()))
    }

    fn least_transit(&self) -> Option<i64> {
        self.buckets.iter().flatten().min().copied()
    }

    /// Media time in microseconds since the first capture seen, beyond the 32-bit wrap.
    pub(super) const fn media_us(&self, capture: CaptureTime) -> i64 {
        self.latest_us.saturating_add(capture.micros_after(self.latest))
    }

    /// Takes in the arrival of a frame's first datagram that was not resent.
    pub(super) fn observe(&mut self, now: Time, capture: CaptureTime) {
        let media = self.media_us(capture);
        if media > self.latest_us {
            (self.latest, self.latest_us) = (capture, media);
        }
        self.turn_buckets(now);
        let transit = now.as_micros().cast_signed().saturating_sub(media);
        if let Some(bucket) = self.buckets.first_mut() {
            *bucket = Some(bucket.map_or(transit, |least| least.min(transit)));
        }
        if let Some(before) = self.transit_before.replace(transit) {
            let step = transit.saturating_sub(before).saturating_abs();
            self.jitter_us += (step - self.jitter_us) / 16;
        }
    }

    fn turn_buckets(&mut self, now: Time) {
        while now.since(self.bucket_started) >= BUCKET {
            if now.since(self.bucket_started) >= BUCKET * 60 {
                self.bucket_started = now;
            } else {
                self.bucket_started = self.bucket_started + BUCKET;
            }
            // A silent stretch must not forget the last thing known.
            if self.buckets.first().is_some_and(Option::is_some) {
                self.buckets.rotate_right(1);
                if let Some(bucket) = self.buckets.first_mut() {
                    *bucket = None;
                }
            }
        }
    }

    /// The time on the receiver's clock at which media time `media_us` would arrive at best.
    pub(super) fn best_arrival(&self, media_us: i64) -> Option<Time> {
        Some(time_of(media_us.saturating_add(self.least_transit()?)))
    }

    /// How much later than at best something with this media time is at `now`.
    pub(super) fn delay(&self, now: Time, media_us: i64) -> Duration {
        self.best_arrival(media_us).map_or(Duration::ZERO, |best| now.since(best))
    }

    /// RFC 3550 6.4.1 over the frames of all tracks.
    pub(super) fn jitter(&self) -> Duration {
        Duration::from_micros(self.jitter_us.max(0).cast_unsigned())
    }
}

/// The time that many microseconds after the origin, or the origin.
fn time_of(us: i64) -> Time {
    Time::from_micros(us.max(0).cast_unsigned())
}

/// Microseconds of a span as a signed number.
pub(super) fn span_us(span: Duration) -> i64 {
    i64::try_from(micros(span)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000;

    fn at(ms: u64) -> Time {
        Time::from_micros(ms * MS)
    }

    #[test]
    fn the_fastest_arrival_of_the_window_sets_the_offset() {
        let mut playout = Playout::new(at(1_000), CaptureTime(0));
        playout.observe(at(1_080), CaptureTime(0));
        playout.observe(at(1_120), CaptureTime(1_000));
        playout.observe(at(1_290), CaptureTime(2_000));
        assert_eq!(playout.best_arrival(200_000), Some(at(1_220)));
        assert_eq!(playout.delay(at(1_290), 200_000), Duration::from_millis(70));
    }

    #[test]
    fn a_slow_drift_moves_the_offset_instead_of_making_everything_late() {
        let mut playout = Playout::new(at(0), CaptureTime(0));
        // The producer's clock runs 500 ppm slow: transit grows by 0.5 ms each second.
        let arrival = |second: u64| at(second * 1_000 + second / 2);
        for second in 0..4_000 {
            playout.observe(arrival(second), CaptureTime(u32::try_from(second).unwrap() * 10_000));
        }
        assert!(playout.delay(arrival(3_999), 3_999_000_000) < Duration::from_millis(20));
    }

    #[test]
    fn media_time_goes_on_beyond_its_wrap() {
        let mut playout = Playout::new(at(0), CaptureTime(u32::MAX - 9));
        playout.observe(at(0), CaptureTime(u32::MAX - 9));
        playout.observe(at(2), CaptureTime(10));
        assert_eq!(playout.media_us(CaptureTime(20)), 3_000);
    }

    #[test]
    fn silence_keeps_the_last_offset() {
        let mut playout = Playout::new(at(0), CaptureTime(0));
        playout.observe(at(10), CaptureTime(0));
        playout.observe(at(500_000), CaptureTime(4_999_950));
        assert!(playout.best_arrival(0).is_some());
    }
}
