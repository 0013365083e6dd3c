//! Three times that never mix: an end's own monotonic clock, a datagram's 32-bit stamps of it, and the
//! producer's media time.

use std::fmt;
use std::num::NonZeroU64;
use std::ops::{Add, Sub};
use std::time::Duration;

/// A point on an end's own monotonic clock, microseconds since an origin of its choice.
///
/// Engines never read a clock: every `handle_*` and `poll_*` is told the time. Counted from 1, so that a time that may be
/// missing takes no more room than one that is there: each viewer has many of both.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(NonZeroU64);

impl Time {
    /// The origin.
    pub const ZERO: Self = Self(NonZeroU64::MIN);

    /// The point `us` microseconds after the origin.
    pub const fn from_micros(us: u64) -> Self {
        Self(NonZeroU64::MIN.saturating_add(us))
    }

    /// Microseconds since the origin.
    pub const fn as_micros(self) -> u64 {
        self.0.get() - 1
    }

    /// Time since `earlier`, zero if that is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.get().saturating_sub(earlier.0.get()))
    }

    /// The point `span` earlier, or the origin.
    #[must_use]
    pub fn before(self, span: Duration) -> Self {
        Self::from_micros(self.as_micros().saturating_sub(micros(span)))
    }

    /// The low 32 bits, as the send time of a message (PROTOCOL 2.3). Wraps every 71 minutes.
    pub const fn stamp(self) -> Stamp {
        let [_, _, _, _, a, b, c, d] = self.as_micros().to_be_bytes();
        Stamp(u32::from_be_bytes([a, b, c, d]))
    }
}

impl Default for Time {
    fn default() -> Self {
        Self::ZERO
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Time").field(&self.as_micros()).finish()
    }
}

impl Add<Duration> for Time {
    type Output = Self;

    #[inline]
    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(micros(span)))
    }
}

impl Sub<Time> for Time {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.since(earlier)
    }
}

/// Microseconds of `span`, saturating.
pub const fn micros(span: Duration) -> u64 {
    span.as_secs().saturating_mul(1_000_000).saturating_add(span.subsec_micros() as u64)
}

/// Microseconds of `span` for a 32-bit field, saturating.
pub fn micros32(span: Duration) -> u32 {
    u32::try_from(span.as_micros()).unwrap_or(u32::MAX)
}

/// Milliseconds of `span` for a 32-bit field, saturating.
pub fn millis32(span: Duration) -> u32 {
    u32::try_from(span.as_millis()).unwrap_or(u32::MAX)
}

/// Milliseconds of `span` for a 16-bit field, saturating.
pub fn millis16(span: Duration) -> u16 {
    u16::try_from(span.as_millis()).unwrap_or(u16::MAX)
}

/// A sender's clock in microseconds modulo 2^32, as messages carry it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Stamp(pub u32);

impl Stamp {
    /// The stamp `span` earlier.
    #[must_use]
    pub fn before(self, span: Duration) -> Self {
        Self(self.0.wrapping_sub(micros32(span)))
    }

    /// Time from `earlier` to this stamp of the same clock; right for spans below 71 minutes.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.wrapping_sub(earlier.0) as u64)
    }

    /// The time of this stamp that is next to `near` on the same clock; right within 35 minutes of it.
    pub const fn widen(self, near: Time) -> Time {
        let away = self.0.wrapping_sub(near.stamp().0).cast_signed() as i64;
        Time::from_micros(near.as_micros().saturating_add_signed(away))
    }
}

/// Media time: the producer's clock in units of 100 us modulo 2^32 (PROTOCOL 3). Wraps every 4.97 days.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct CaptureTime(pub u32);

/// One unit of [`CaptureTime`].
pub const CAPTURE_UNIT: Duration = Duration::from_micros(100);

impl CaptureTime {
    /// The capture time of a point on the producer's clock.
    pub const fn from_time(time: Time) -> Self {
        Time::from_micros(time.as_micros() / 100).stamp_units()
    }

    /// Signed distance to `other` in microseconds: positive when this is later.
    pub const fn micros_after(self, other: Self) -> i64 {
        (self.0.wrapping_sub(other.0).cast_signed() as i64) * 100
    }
}

impl Time {
    const fn stamp_units(self) -> CaptureTime {
        CaptureTime(self.stamp().0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_measure_across_their_wrap() {
        let early = Time::from_micros((1 << 32) - 10);
        let late = early + Duration::from_micros(25);
        assert_eq!(late.stamp().since(early.stamp()), Duration::from_micros(25));
    }

    #[test]
    fn a_stamp_is_widened_to_the_time_next_to_another_one() {
        let true_time = Time::from_micros(7 * (1 << 32) + 5);
        for away in [-1_000_000_000, -10, 0, 10, 1_000_000_000_i64] {
            let near = Time::from_micros(true_time.as_micros().saturating_add_signed(away));
            assert_eq!(true_time.stamp().widen(near), true_time);
        }
    }

    #[test]
    fn media_time_measures_both_ways_across_its_wrap() {
        let (a, b) = (CaptureTime(u32::MAX), CaptureTime(1));
        assert_eq!(b.micros_after(a), 200);
        assert_eq!(a.micros_after(b), -200);
        assert_eq!(CaptureTime::from_time(Time::from_micros(1_234_567)).0, 12_345);
    }

    #[test]
    fn a_time_that_may_be_missing_takes_no_more_room() {
        assert_eq!(size_of::<Option<Time>>(), size_of::<Time>());
        assert_eq!(Time::from_micros(7).as_micros(), 7);
        assert_eq!(format!("{:?}", Time::ZERO), "Time(0)");
        assert_eq!(Time::from_micros(u64::MAX) + Duration::MAX, Time::from_micros(u64::MAX));
    }

    #[test]
    fn time_never_goes_below_its_origin() {
        assert_eq!(Time::from_micros(5).before(Duration::from_secs(1)), Time::ZERO);
        assert_eq!(Time::ZERO.since(Time::from_micros(9)), Duration::ZERO);
    }
}
