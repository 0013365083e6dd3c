//! A producer's capture times on one's own clock.

use std::time::Duration;

use crate::time::{CaptureTime, Time};
use crate::wire::ClockPoint;

use super::offset::Estimate;
use super::{DRIFT_MAX, drifted};

/// Parts in 1e9 of one unit of a drift on the wire (0.1 ppm).
const DRIFT_UNIT: i64 = 100;
/// The error that says: not known.
const UNKNOWN: u32 = u32::MAX;
/// Broker times beyond this (36 000 years) are no times.
const SANE: u64 = 1 << 60;

/// This capture time was that moment of one's own clock, and what the two drift apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MediaClock {
    pub(crate) capture: CaptureTime,
    /// On one's own clock; below zero before its origin.
    at_us: i64,
    drift: i64,
    error_us: u32,
}

impl MediaClock {
    /// At the broker, whose clock the point names. `None` where it is not known.
    pub fn at_broker(point: &ClockPoint) -> Option<Self> {
        let known = point.error != UNKNOWN && point.broker.as_micros() < SANE;
        known.then(|| Self {
            capture: point.capture,
            at_us: point.broker.as_micros().cast_signed(),
            drift: i64::from(point.drift) * DRIFT_UNIT,
            error_us: point.error,
        })
    }

    /// At a viewer that measured the broker's clock.
    pub fn at_viewer(point: &ClockPoint, now: Time, broker: &Estimate) -> Option<Self> {
        let there = Self::at_broker(point)?;
        let error = u32::try_from(broker.error(now).as_micros()).unwrap_or(UNKNOWN);
        Some(Self {
            at_us: there.at_us - broker.offset_us(now),
            drift: there.drift - broker.drift,
            error_us: there.error_us.saturating_add(error),
            ..there
        })
    }

    /// At the producer, for the broker: what the broker's clock shows at `now`.
    pub fn point(now: Time, broker: Option<&Estimate>) -> ClockPoint {
        let Some(broker) = broker else { return ClockPoint::default() };
        let capture = CaptureTime::from_time(now);
        // The moment that the capture time names exactly, a fraction of 100 us ago.
        let named = now.as_micros() - now.as_micros() % 100;
        let Ok(there) = u64::try_from(named.cast_signed().saturating_add(broker.offset_us(now))) else {
            return ClockPoint::default();
        };
        ClockPoint {
            capture,
            broker: Time::from_micros(there),
            drift: i16::try_from(broker.drift / DRIFT_UNIT).unwrap_or_default(),
            error: u32::try_from(broker.error(now).as_micros()).unwrap_or(UNKNOWN),
        }
    }

    /// The moment of the media that lies `span` microseconds of media behind the point, on one's own clock.
    pub(crate) fn at(&self, span: i64) -> i64 {
        self.at_us.saturating_add(span).saturating_add(drifted(span, self.drift))
    }

    /// How far [`MediaClock::at`] can be from the truth.
    pub(crate) fn error(&self, span: i64) -> Duration {
        let grown = drifted(span, DRIFT_MAX).unsigned_abs();
        Duration::from_micros(u64::from(self.error_us).saturating_add(grown))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{BrokerClock, RoundTrip};

    /// A clock that is `offset` ahead, measured over a path of 10 ms each way.
    fn ahead(now: Time, offset: Duration) -> BrokerClock {
        let mut clock = BrokerClock::default();
        clock.sample(&RoundTrip {
            sent: now.before(Duration::from_millis(20)),
            arrived: now,
            broker: now.before(Duration::from_millis(10)) + offset,
            hold: Duration::ZERO,
        });
        clock
    }

    #[test]
    fn the_offsets_of_both_hops_add_up() {
        let now = Time::from_micros(5_000_000_042);
        let producer = ahead(now, Duration::from_secs(7_200));
        let point = MediaClock::point(now, producer.estimate());
        assert_eq!(point.capture, CaptureTime(50_000_000));
        let there = now + Duration::from_secs(7_200);
        assert!(there.since(point.broker) <= Duration::from_micros(42));
        // The viewer's clock shows an hour less than the broker's.
        let here = there.before(Duration::from_secs(3_600));
        let viewer = ahead(here, Duration::from_secs(3_600));
        let media = MediaClock::at_viewer(&point, here, viewer.estimate().unwrap()).unwrap();
        assert_eq!(media.at(42) - here.as_micros().cast_signed(), 0);
        assert!((20_000..20_200).contains(&media.error(0).as_micros()), "{:?}", media.error(0));
    }

    #[test]
    fn a_point_that_is_not_known_or_no_time_is_none() {
        assert_eq!(MediaClock::at_broker(&ClockPoint::default()), None);
        let absurd = ClockPoint { broker: Time::from_micros(u64::MAX), error: 0, ..ClockPoint::default() };
        assert_eq!(MediaClock::at_broker(&absurd), None);
        assert_eq!(MediaClock::point(Time::ZERO, None), ClockPoint::default());
    }
}
