//! How far the broker's clock is from one's own, and how sure that is.
//!
//! A round trip bounds the offset from both sides, whatever share of it each way took: the question came after it was sent,
//! the answer was given before it came. However long the question lay in between, each is a bound of its own moment. The
//! bounds of the last 30 s, each widened by what the clocks may have drifted since, are intersected: the fastest way there and
//! the fastest way back count, the middle is the offset, half the width its error: at most half of the least round trip, and
//! what drifted.

use std::collections::VecDeque;
use std::time::Duration;

use crate::time::{Time, micros};

use super::{BILLION, DRIFT_MAX, drifted};

/// Round trips of this long count.
const WINDOW: Duration = Duration::from_secs(30);
/// Round trips that are kept: 8 at the start, 15 HEARTBEATs in 30 s, and those of a session that followed another.
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
    samples: VecDeque<Sample>,
    anchors: VecDeque<Bounds>,
    estimate: Option<Estimate>,
}

/// What one round trip says of the offset, microseconds.
#[derive(Clone, Copy, Debug)]
struct Sample {
    /// When the question was sent the offset was at most `high`.
    asked: Time,
    high: i64,
    /// When the answer came it was at least `low`.
    answered: Time,
    low: i64,
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
        let Some(sample) = Sample::of(trip) else { return };
        let now = sample.answered;
        self.samples.retain(|former| now.since(former.answered) <= WINDOW);
        if self.samples.len() == SAMPLES_MAX {
            self.samples.pop_front();
        }
        self.samples.push_back(sample);
        let drift = self.drift(now);
        let drift = match drift.and_then(|drift| Some((drift, self.intersection(now, drift)?))) {
            Some((drift, meeting)) => {
                self.note_anchor(meeting);
                (drift, meeting)
            }
            None => self.begin_anew(sample),
        };
        self.estimate = Some(Estimate::of(drift));
    }

    /// What is known, if anything.
    pub const fn estimate(&self) -> Option<&Estimate> {
        self.estimate.as_ref()
    }

    fn begin_anew(&mut self, sample: Sample) -> (Drift, Bounds) {
        let bounds = sample.bounds(sample.answered, Drift::ANY);
        self.samples.clear();
        self.anchors.clear();
        self.samples.push_back(sample);
        self.anchors.push_back(bounds);
        (Drift::ANY, bounds)
    }

    /// Where all round trips of the window meet.
    fn intersection(&self, at: Time, drift: Drift) -> Option<Bounds> {
        let whole = Bounds { at, low: i64::MIN, high: i64::MAX };
        let met = self.samples.iter().fold(whole, |met, sample| met.meet(sample.bounds(at, drift)));
        (met.low <= met.high).then_some(met)
    }

    /// What the slopes from former estimates to this round trip leave of the drift.
    fn drift(&self, now: Time) -> Option<Drift> {
        let met = self.intersection(now, Drift::ANY)?;
        let mut far = self.anchors.iter().filter(|anchor| now.since(anchor.at) >= SLOPE_MIN).peekable();
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

impl Sample {
    /// `None` for what no round trip can be.
    fn of(trip: &RoundTrip) -> Option<Self> {
        let (sent, arrived, broker) = (trip.sent, trip.arrived, trip.broker);
        let held = micros(trip.hold);
        let sane = [sent, arrived, broker].iter().all(|time| time.as_micros() < SANE) && held < SANE;
        if !sane || arrived < sent {
            return None;
        }
        let low = distance(arrived, broker) - RESOLUTION;
        let high = distance(sent, broker) - held.cast_signed() + RESOLUTION;
        let sample = Self { asked: sent, high, answered: arrived, low };
        let bounds = sample.bounds(arrived, Drift::ANY);
        (bounds.low <= bounds.high).then_some(sample)
    }

    /// What it says of a later moment.
    const fn bounds(&self, at: Time, drift: Drift) -> Bounds {
        Bounds {
            at,
            low: self.low + drifted(distance(self.answered, at), drift.low),
            high: self.high + drifted(distance(self.asked, at), drift.high),
        }
    }
}

impl Bounds {
    /// What both say of the same moment.
    fn meet(self, other: Self) -> Self {
        Self { low: self.low.max(other.low), high: self.high.min(other.high), ..self }
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
