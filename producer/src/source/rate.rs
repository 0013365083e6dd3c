//! The frame rate: exact, so that a schedule computed from it never drifts.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::SourceError;

/// Nanoseconds in a second.
const NANOS: u128 = 1_000_000_000;

/// Nanoseconds in the gigasecond (32 years) that the rate is counted over.
const GIGASECOND_NANOS: u128 = NANOS * NANOS;

/// Frames per second, from [`MIN`](Self::MIN) to [`MAX`](Self::MAX).
///
/// Held as whole frames per gigasecond: decimal rates such as 29.97 are exact, and the moment of a frame is
/// integer arithmetic on its number, right to the nanosecond in the first second and after a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FrameRate {
    per_gigasecond: u64,
}

impl FrameRate {
    /// Slowest rate, frames per second: a picture every ten seconds, a slide show.
    pub const MIN: f64 = 0.1;
    /// Fastest rate, frames per second: the fastest cameras and screens in common use.
    pub const MAX: f64 = 240.0;
    /// One unit per second.
    pub const ONE: Self = Self { per_gigasecond: 1_000_000_000 };

    /// The rate of `per_second` frames per second.
    ///
    /// # Errors
    ///
    /// [`SourceError::Rate`] outside [`MIN`](Self::MIN) to [`MAX`](Self::MAX) and for what is no number.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the range check leaves 1e8 to 2.4e11, which fits"
    )]
    pub fn new(per_second: f64) -> Result<Self, SourceError> {
        if (Self::MIN..=Self::MAX).contains(&per_second) {
            Ok(Self { per_gigasecond: (per_second * 1e9).round() as u64 })
        } else {
            Err(SourceError::Rate { value: per_second.to_string() })
        }
    }

    /// Nominal time from one frame to the next, rounded down to the nanosecond.
    pub fn frame_duration(self) -> Duration {
        self.due(1)
    }

    /// When frame `index` (from 0) is due since the start: exactly `index` / rate, rounded down to the nanosecond.
    pub(super) fn due(self, index: u64) -> Duration {
        duration_of_nanos(u128::from(index) * GIGASECOND_NANOS / u128::from(self.per_gigasecond))
    }

    /// The first frame that is due at `moment` or later.
    pub(super) fn first_due_from(self, moment: Duration) -> u64 {
        // Beyond the range of u128 lie only moments further off than the age of the universe.
        let scaled = moment.as_nanos().saturating_mul(u128::from(self.per_gigasecond));
        u64::try_from(scaled.div_ceil(GIGASECOND_NANOS)).unwrap_or(u64::MAX)
    }
}

impl fmt::Display for FrameRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.per_gigasecond as f64 / 1e9)
    }
}

impl FromStr for FrameRate {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<Self, SourceError> {
        let refused = || SourceError::Rate { value: text.to_owned() };
        text.trim().parse().map_err(|_| refused()).and_then(|rate| Self::new(rate).map_err(|_| refused()))
    }
}

fn duration_of_nanos(nanos: u128) -> Duration {
    let seconds = u64::try_from(nanos / NANOS).unwrap_or(u64::MAX);
    let rest = u32::try_from(nanos % NANOS).unwrap_or(0);
    Duration::new(seconds, rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn whole_rates_meet_every_second_exactly() {
        for rate in [1_u32, 12, 24, 25, 30, 60, 240] {
            let frame_rate = FrameRate::new(f64::from(rate)).unwrap();
            for second in [0, 1, 59, 3_600, 31_536_000] {
                assert_eq!(
                    frame_rate.due(second * u64::from(rate)),
                    Duration::from_secs(second),
                    "rate {rate}"
                );
            }
        }
    }

    #[test]
    fn a_frame_of_a_third_of_a_second_loses_nothing_in_a_year() {
        let rate = FrameRate::new(3.0).unwrap();
        assert_eq!(rate.due(1), Duration::from_nanos(333_333_333));
        assert_eq!(rate.due(3 * 31_536_000 + 2), Duration::new(31_536_000, 666_666_666));
    }

    #[test]
    fn rates_outside_the_range_are_refused_with_their_value() {
        for text in ["0", "0.0999", "240.001", "-12", "NaN", "inf", "twelve", ""] {
            let message = text.parse::<FrameRate>().unwrap_err().to_string();
            assert!(
                message.starts_with(&format!("frame rate {text:?} is not a number from 0.1 to 240")),
                "{message}"
            );
            assert!(message.contains("--rate"), "{message}");
        }
        for text in ["0.1", "240", " 29.97 "] {
            assert_eq!(text.parse::<FrameRate>().unwrap().to_string(), text.trim());
        }
    }

    #[test]
    fn the_frame_duration_is_the_inverse_of_the_rate() {
        assert_eq!(FrameRate::ONE.frame_duration(), Duration::from_secs(1));
        assert_eq!(FrameRate::new(12.0).unwrap().frame_duration(), Duration::from_nanos(83_333_333));
        assert_eq!(FrameRate::new(0.1).unwrap().frame_duration(), Duration::from_secs(10));
    }

    proptest! {
        #[test]
        fn the_first_frame_due_from_a_moment_is_the_first(
            rate in FrameRate::MIN..=FrameRate::MAX,
            moment in any::<u64>().prop_map(Duration::from_nanos),
        ) {
            let rate = FrameRate::new(rate).unwrap();
            let first = rate.first_due_from(moment);
            prop_assert!(rate.due(first) >= moment);
            if let Some(earlier) = first.checked_sub(1) {
                prop_assert!(rate.due(earlier) < moment);
            }
        }

        #[test]
        fn the_largest_moments_and_numbers_do_not_overflow(rate in FrameRate::MIN..=FrameRate::MAX) {
            let rate = FrameRate::new(rate).unwrap();
            prop_assert!(rate.due(u64::MAX) > rate.due(1));
            prop_assert!(rate.first_due_from(Duration::MAX) > 1_000_000);
        }
    }
}
