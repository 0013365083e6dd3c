//! Times in which nothing passes.

use std::time::Duration;

use protocol::time::Time;

/// When a path is dark, counted from its origin.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Blackout {
    /// Once, `at` this time, for this long.
    Once {
        /// Since the origin.
        at: Duration,
        /// How long.
        lasts: Duration,
    },
    /// For this long at each multiple of the period, the first time one period after the origin.
    Every {
        /// From the start of one to the start of the next.
        period: Duration,
        /// How long each is; one as long as the period leaves nothing between them.
        lasts: Duration,
    },
}

impl Blackout {
    /// Whether the path is dark at `now`.
    pub fn covers(&self, origin: Time, now: Time) -> bool {
        let age = now.since(origin);
        match *self {
            Self::Once { at, lasts } => age.checked_sub(at).is_some_and(|since| since < lasts),
            Self::Every { period, lasts } => {
                let into = age.as_micros().checked_rem(period.as_micros());
                age >= period && into.is_some_and(|into| into < lasts.as_micros())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const ORIGIN: Time = Time::from_micros(7_000_000);

    fn dark(blackout: Blackout) -> Vec<u32> {
        (0..45).filter(|&second| blackout.covers(ORIGIN, ORIGIN + SECOND * second)).collect()
    }

    #[test]
    fn two_seconds_every_ten_start_with_the_tenth() {
        let blackout = Blackout::Every { period: 10 * SECOND, lasts: 2 * SECOND };
        assert_eq!(dark(blackout), [10, 11, 20, 21, 30, 31, 40, 41]);
    }

    #[test]
    fn two_seconds_once_at_the_tenth_never_come_again() {
        assert_eq!(dark(Blackout::Once { at: 10 * SECOND, lasts: 2 * SECOND }), [10, 11]);
        assert_eq!(dark(Blackout::Once { at: Duration::ZERO, lasts: SECOND }), [0]);
    }

    #[test]
    fn a_period_of_nothing_is_never_dark() {
        assert!(dark(Blackout::Every { period: Duration::ZERO, lasts: SECOND }).is_empty());
    }
}
