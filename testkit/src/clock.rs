//! A node's own clock.

use std::time::Duration;

use protocol::time::{Time, micros};

/// What a node reads while the simulation's time passes: another origin, a rate a little off.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Clock {
    ahead: Duration,
    parts_per_million: i64,
}

/// Parts per million that a clock may be off at the most; real ones are below 500.
const RATE_MAX: i64 = 10_000;

impl Clock {
    /// A clock that is `ahead` of the simulation's at its start, and gains (or loses) these parts per million.
    ///
    /// # Panics
    /// If it is off by more than a hundredth.
    pub const fn new(ahead: Duration, parts_per_million: i64) -> Self {
        assert!(parts_per_million.abs() <= RATE_MAX, "no clock is that bad");
        Self { ahead, parts_per_million }
    }

    /// What it reads at a time of the simulation.
    pub fn read(&self, now: Time) -> Time {
        let micros = i128::from(now.as_micros());
        let gained = micros * i128::from(self.parts_per_million) / 1_000_000;
        Time::from_micros(u64::try_from(micros + gained).unwrap_or(0)) + self.ahead
    }

    /// The first time of the simulation at which it reads at least `local`.
    pub fn when(&self, local: Time) -> Time {
        let shown = i128::from(local.as_micros().saturating_sub(micros(self.ahead)));
        let guess = shown * 1_000_000 / (1_000_000 + i128::from(self.parts_per_million));
        let mut at = Time::from_micros(u64::try_from(guess - 1).unwrap_or(0));
        while self.read(at) < local {
            at = at + Duration::from_micros(1);
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_says_when_it_will_show_a_time() {
        for parts_per_million in [-500, 0, 1, 500] {
            for ahead in [Duration::ZERO, Duration::from_secs(3_600)] {
                let clock = Clock::new(ahead, parts_per_million);
                for micros in [1_000_000, 1_234_567, 3_600_000_001] {
                    let now = Time::from_micros(micros);
                    let local = clock.read(now);
                    let at = clock.when(local);
                    assert!(at <= now && clock.read(at) >= local, "{clock:?} {now:?}");
                    assert!(clock.read(at.before(Duration::from_micros(1))) < local, "{clock:?} {now:?}");
                }
            }
        }
    }

    #[test]
    fn a_clock_that_gains_500_ppm_is_1_8_seconds_ahead_after_an_hour() {
        let clock = Clock::new(Duration::ZERO, 500);
        assert_eq!(clock.read(Time::from_micros(3_600_000_000)), Time::from_micros(3_601_800_000));
    }
}
