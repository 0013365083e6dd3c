//! Round-trip time from echoes (RFC 9002 5.3).

use std::time::Duration;

/// What is assumed before the first sample.
pub const RTT_INITIAL: Duration = Duration::from_millis(100);

/// Smoothed round-trip time, its variation, and the least sample.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Rtt {
    state: Option<State>,
}

/// In microseconds: every viewer has one, and no path is longer than an hour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct State {
    smoothed: u32,
    variation: u32,
    least: u32,
}

impl State {
    const fn smoothed(self) -> Duration {
        Duration::from_micros(self.smoothed as u64)
    }

    const fn variation(self) -> Duration {
        Duration::from_micros(self.variation as u64)
    }
}

impl Rtt {
    /// Takes in one sample.
    pub fn sample(&mut self, sample: Duration) {
        let sample = u32::try_from(sample.as_micros()).unwrap_or(u32::MAX);
        let mean = |old: u32, times: u64, new: u32| {
            let sum = u64::from(old) * times + u64::from(new);
            u32::try_from(sum / (times + 1)).unwrap_or(u32::MAX)
        };
        self.state = Some(match self.state {
            None => State { smoothed: sample, variation: sample / 2, least: sample },
            Some(old) => State {
                smoothed: mean(old.smoothed, 7, sample),
                variation: mean(old.variation, 3, old.smoothed.abs_diff(sample)),
                least: old.least.min(sample),
            },
        });
    }

    /// The smoothed value, if there was a sample.
    pub fn measured(&self) -> Option<Duration> {
        self.state.map(State::smoothed)
    }

    /// The smoothed value, or [`RTT_INITIAL`].
    pub fn smoothed(&self) -> Duration {
        self.measured().unwrap_or(RTT_INITIAL)
    }

    /// The least sample, or zero: what an answer needs at the very least.
    pub fn least(&self) -> Duration {
        self.state.map_or(Duration::ZERO, |state| Duration::from_micros(u64::from(state.least)))
    }

    /// When a request can be taken for lost: smoothed + 4 variations.
    pub fn timeout(&self) -> Duration {
        self.state.map_or(RTT_INITIAL * 3, |state| state.smoothed() + state.variation() * 4)
    }

    /// When the next round may ask again: 9/8 of the smoothed value, more where it varies (PROTOCOL 7.2).
    pub fn round(&self) -> Duration {
        self.state.map_or(RTT_INITIAL, |state| state.smoothed() * 9 / 8 + state.variation())
    }

    /// How long reordering is waited for: an eighth of the smoothed value, 2 to 20 ms (PROTOCOL 7.1).
    pub fn reorder_wait(&self) -> Duration {
        (self.smoothed() / 8).clamp(Duration::from_millis(2), Duration::from_millis(20))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn the_first_sample_counts_whole_and_later_ones_an_eighth() {
        let mut rtt = Rtt::default();
        assert_eq!((rtt.smoothed(), rtt.measured()), (RTT_INITIAL, None));
        rtt.sample(40 * MS);
        assert_eq!((rtt.smoothed(), rtt.timeout()), (40 * MS, 120 * MS));
        rtt.sample(48 * MS);
        assert_eq!((rtt.smoothed(), rtt.least()), (41 * MS, 40 * MS));
    }

    #[test]
    fn the_reorder_wait_stays_within_its_bounds() {
        let mut rtt = Rtt::default();
        rtt.sample(MS);
        assert_eq!(rtt.reorder_wait(), 2 * MS);
        let mut far = Rtt::default();
        far.sample(600 * MS);
        assert_eq!(far.reorder_wait(), 20 * MS);
    }
}
