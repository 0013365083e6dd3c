//! How often something happens in a second.

use std::collections::VecDeque;
use std::time::Duration;

use protocol::time::Time;

/// The rate is the mean over this long.
const WINDOW: Duration = Duration::from_secs(3);
/// Readings that are kept: more come only where keys are pressed wildly.
const READINGS_MAX: usize = 64;

/// The readings of a counter.
#[derive(Clone, Debug, Default)]
pub(super) struct Meter {
    readings: VecDeque<(Time, u64)>,
}

impl Meter {
    /// The counter stands at that.
    pub(super) fn note(&mut self, now: Time, count: u64) {
        while self.readings.len() == READINGS_MAX
            || self.readings.get(1).is_some_and(|(at, _)| now.since(*at) > WINDOW)
        {
            self.readings.pop_front();
        }
        self.readings.push_back((now, count));
    }

    /// Counts per second.
    pub(super) fn rate(&self) -> f64 {
        let (Some((from, first)), Some((to, last))) = (self.readings.front(), self.readings.back()) else {
            return 0.0;
        };
        let span = to.since(*from).as_secs_f64();
        if span > 0.0 { last.saturating_sub(*first) as f64 / span } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_follows_within_seconds() {
        let mut meter = Meter::default();
        assert!(meter.rate().abs() < f64::EPSILON);
        for half in 0..20_u64 {
            let count = if half < 10 { half * 6 } else { 60 + (half - 10) * 3 };
            meter.note(Time::from_micros(half * 500_000), count);
        }
        assert!((5.5..=6.5).contains(&meter.rate()), "{}", meter.rate());
    }
}
