//! How far the broker's clock is from one's own, and how sure that is.
//!
//! A round trip bounds the offset from both sides, whatever share of it each way took: the answer was given after the
//! question was sent and before it came. The bounds of the last 30 s, each widened by what the clocks may have drifted
//! since, are intersected: the fastest way there and the fastest way back count, the middle is the offset, half the width
//! its error: at most half of the least round trip, and what drifted.

use std::collections::VecDeque;
use std::time::Duration;

use crate::time::{Time, micros};

use super::{BILLION, DRIFT_MAX, drifted};

/// Round trips of this long count.
const WINDOW: Duration = Duration::from_secs(30);
/// Round trips that are kept: 8 at the start, 6 in 30 s, and those of a session that followed another.
const SAMPLES_MAX: usize = 32;
/// The slope of two estimates says something of the drift when they lie this far apart.
const SLOPE_MIN: Duration = Duration::from_secs(60);
/// Estimates that are kept for slopes, one a minute.
const ANCHORS_MAX: usize = 16;
/// The drift is never known better than this, parts in 1e9: crystals follow the temperature.
const DRIFT_KNOWN: i64 = 50_000;
/// What reading two clocks in whole microseconds takes away.
const RESOLUTION: i64 = 2;
/// Times beyond this (36 000 years) are no times: sums of them do not overflow.
const SANE: u64 = 1 << 60;

/// One question to the broker's clock, and its answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RoundTrip {
    /// When the question was sent, on one's own clock.
    pub sent: Time,
    /// When the answer came, on one's own clock.
    pub arrived: Time,
    /// What the broker's clock showed when it answered.
    pub broker: Time,
    /// How long the question lay there.
    pub hold: Duration,
}

/// The broker's clock as seen from here.
#[derive(Clone, Debug, Default)]
pub struct BrokerClock {
    samples: VecDeque<Bounds>,
    anchors: VecDeque<Bounds>,
    estimate: Option<Estimate>,
}

/// The offset at one moment lies between these, microseconds.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    at: Time,
    low: i64,
    high: i64,
}

/// The drift lies between these, parts in 1e9, and is likely that.
#[derive(Clone, Copy, Debug)]
struct Drift {
    low: i64,
    likely: i64,
    high: i64,
}

/// What is known of the broker's clock at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Estimate {
    at: Time,
    /// Broker's clock less one's own, microseconds.
    offset: i64,
    error: i64,
    /// How much faster the broker's clock runs, parts in 1e9.
    pub(super) drift: i64,
    drift_error: i64,
}

impl Estimate {
    /// The broker's clock less one's own at `now`, microseconds.
    pub fn offset_us(&self, now: Time) -> i64 {
        self.offset + drifted(distance(self.at, now), self.drift)
    }

    /// The true offset at `now` is at most this far from [`Estimate::offset_us`].
    pub fn error(&self, now: Time) -> Duration {
        let grown = drifted(distance(self.at, now).abs(), self.drift_error);
        Duration::from_micros((self.error + grown + RESOLUTION).unsigned_abs())
    }
}

impl BrokerClock {
    /// Takes in a round trip. One that contradicts all before it begins anew: one of the clocks was stopped, or the broker
    /// is another process.
    pub fn sample(&mut self, trip: &RoundTrip) {
        let Some(bounds) = Bounds::of(trip) else { return };
        self.samples.retain(|sample| bounds.at.since(sample.at) <= WINDOW);
        if self.samples.len() == SAMPLES_MAX {
            self.samples.pop_front();
        }
        self.samples.push_back(bounds);
        let drift = self.drift(&bounds);
        let drift = match drift.and_then(|drift| Some((drift, self.intersection(bounds.at, drift)?))) {
            Some((drift, meeting)) => {
                self.note_anchor(meeting);
                (drift, meeting)
            }
            None => self.begin_anew(bounds),
        };
        self.estimate = Some(Estimate::of(drift));
    }

    /// What is known, if anything.
    pub const fn estimate(&self) -> Option<&Estimate> {
        self.estimate.as_ref()
    }

    fn begin_anew(&mut self, bounds: Bounds) -> (Drift, Bounds) {
        self.samples.clear();
        self.anchors.clear();
        self.samples.push_back(bounds);
        self.anchors.push_back(bounds);
        (Drift::ANY, bounds)
    }

    /// Where all round trips of the window meet.
    fn intersection(&self, at: Time, drift: Drift) -> Option<Bounds> {
        let whole = Bounds { at, low: i64::MIN, high: i64::MAX };
        let met = self.samples.iter().fold(whole, |met, sample| {
            let span = distance(sample.at, at);
            Bounds {
                at,
                low: met.low.max(sample.low + drifted(span, drift.low)),
                high: met.high.min(sample.high + drifted(span, drift.high)),
            }
        });
        (met.low <= met.high).then_some(met)
    }

    /// What the slopes from former estimates to this round trip leave of the drift.
    fn drift(&self, now: &Bounds) -> Option<Drift> {
        let met = self.intersection(now.at, Drift::ANY)?;
        let mut far = self.anchors.iter().filter(|anchor| now.at.since(anchor.at) >= SLOPE_MIN).peekable();
        let likely = far.peek().map_or(0, |oldest| met.slope_from(oldest));
        far.fold(Drift::ANY, |drift, anchor| drift.meet(anchor, &met)).rounded(likely)
    }

    fn note_anchor(&mut self, met: Bounds) {
        if self.anchors.back().is_some_and(|last| met.at.since(last.at) < SLOPE_MIN) {
            return;
        }
        if self.anchors.len() == ANCHORS_MAX {
            self.anchors.pop_front();
        }
        self.anchors.push_back(met);
    }
}

impl Bounds {
    /// `None` for what no round trip can be.
    fn of(trip: &RoundTrip) -> Option<Self> {
        let (sent, arrived, broker) = (trip.sent, trip.arrived, trip.broker);
        let held = micros(trip.hold);
        let sane = [sent, arrived, broker].iter().all(|time| time.as_micros() < SANE) && held < SANE;
        let span = distance(sent, arrived);
        if !sane || span < 0 {
            return None;
        }
        let slack = drifted(span, DRIFT_MAX) + RESOLUTION;
        let low = distance(arrived, broker) - slack;
        let high = distance(sent, broker) - held.cast_signed() + slack;
        (low <= high).then_some(Self { at: arrived, low, high })
    }

    const fn middle(&self) -> i64 {
        i64::midpoint(self.low, self.high)
    }

    fn slope_from(&self, then: &Self) -> i64 {
        slope(self.middle() - then.middle(), distance(then.at, self.at))
    }
}

impl Drift {
    const ANY: Self = Self { low: -DRIFT_MAX, likely: 0, high: DRIFT_MAX };

    /// What the slope between two bounds leaves of this.
    fn meet(self, then: &Bounds, now: &Bounds) -> Self {
        let span = distance(then.at, now.at);
        Self {
            low: self.low.max(slope(now.low - then.high, span)),
            high: self.high.min(slope(now.high - then.low, span)),
            ..self
        }
    }

    /// No narrower than what can be known of a drift.
    fn rounded(self, likely: i64) -> Option<Self> {
        (self.low <= self.high).then(|| {
            let likely = likely.clamp(self.low, self.high);
            let (low, high) = (self.low.min(likely - DRIFT_KNOWN), self.high.max(likely + DRIFT_KNOWN));
            Self { low, likely, high }
        })
    }

    /// How far the truth can be from what is likely.
    fn error(self) -> i64 {
        (self.high - self.likely).max(self.likely - self.low)
    }
}

impl Estimate {
    fn of((drift, met): (Drift, Bounds)) -> Self {
        Self {
            at: met.at,
            offset: met.middle(),
            error: (met.high - met.low) / 2,
            drift: drift.likely,
            drift_error: drift.error(),
        }
    }
}

/// A rise over a span of time, parts in 1e9.
fn slope(rise: i64, span: i64) -> i64 {
    i64::try_from(i128::from(rise) * i128::from(BILLION) / i128::from(span.max(1))).unwrap_or(0)
}

/// Microseconds from one time to another, of two sane ones.
const fn distance(from: Time, to: Time) -> i64 {
    to.as_micros().cast_signed().saturating_sub(from.as_micros().cast_signed())
}

#[cfg(test)]
mod tests;
