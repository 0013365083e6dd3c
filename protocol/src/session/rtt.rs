//! Round-trip time from echoes (RFC 9002 5.3).

use std::time::Duration;

use crate::limits::{FEEDBACK_INTERVAL, HEARTBEAT_INTERVAL};

/// What is assumed before the first sample.
pub const RTT_INITIAL: Duration = Duration::from_millis(100);

/// Smoothed round-trip time, its variation, and the least sample.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Rtt {
    known: Known,
}

/// In microseconds: every viewer has one, and no path is longer than an hour.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Known {
    #[default]
    Nothing,
    /// There is no sample, but no round trip takes longer.
    AtMost(u32),
    Measured(State),
}

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
        self.known = Known::Measured(match self.state() {
            None => State { smoothed: sample, variation: sample / 2, least: sample },
            Some(old) => State {
                smoothed: mean(old.smoothed, 7, sample),
                variation: mean(old.variation, 3, old.smoothed.abs_diff(sample)),
                least: old.least.min(sample),
            },
        });
    }

    /// Something that the peer did at once came within this: until the first sample a round trip takes no longer.
    pub fn assume(&mut self, most: Duration) {
        let most = u32::try_from(most.min(RTT_INITIAL).as_micros()).unwrap_or(u32::MAX);
        if self.state().is_none() {
            self.known = Known::AtMost(most);
        }
    }

    const fn state(&self) -> Option<State> {
        match self.known {
            Known::Measured(state) => Some(state),
            Known::Nothing | Known::AtMost(_) => None,
        }
    }

    fn assumed(&self) -> Duration {
        match self.known {
            Known::AtMost(most) => Duration::from_micros(most.into()),
            Known::Nothing | Known::Measured(_) => RTT_INITIAL,
        }
    }

    /// The smoothed value, if there was a sample.
    pub fn measured(&self) -> Option<Duration> {
        self.state().map(State::smoothed)
    }

    /// The smoothed value, or what is assumed.
    pub fn smoothed(&self) -> Duration {
        self.measured().unwrap_or_else(|| self.assumed())
    }

    /// The least sample, or zero: what an answer needs at the very least.
    pub fn least(&self) -> Duration {
        self.state().map_or(Duration::ZERO, |state| Duration::from_micros(u64::from(state.least)))
    }

    /// When a request can be taken for lost: smoothed + 4 variations.
    pub fn timeout(&self) -> Duration {
        self.state().map_or(RTT_INITIAL * 3, |state| state.smoothed() + state.variation() * 4)
    }

    /// When the next round may ask again: 9/8 of the smoothed value, more where it varies (PROTOCOL 7.2).
    pub fn round(&self) -> Duration {
        let assumed = || (self.assumed() * 3 / 2).min(RTT_INITIAL);
        self.state().map_or_else(assumed, |state| state.smoothed() * 9 / 8 + state.variation())
    }

    /// How often one end reports to the other while there is need to: not again before an answer can have come, so that two ends
    /// with too little of a core do not give each other more to do (PROTOCOL 7.1).
    pub fn report_interval(&self) -> Duration {
        self.measured().unwrap_or_default().clamp(FEEDBACK_INTERVAL, HEARTBEAT_INTERVAL)
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
    fn a_bound_counts_until_there_is_a_sample_and_only_below_what_is_assumed_anyway() {
        let mut rtt = Rtt::default();
        rtt.assume(20 * MS);
        assert_eq!((rtt.smoothed(), rtt.round(), rtt.measured()), (20 * MS, 30 * MS, None));
        rtt.sample(40 * MS);
        assert_eq!((rtt.smoothed(), rtt.round()), (40 * MS, 65 * MS));
        let mut far = Rtt::default();
        far.assume(300 * MS);
        assert_eq!((far.smoothed(), far.round()), (RTT_INITIAL, RTT_INITIAL));
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

    #[test]
    fn reports_are_no_closer_than_a_round_trip_and_no_further_apart_than_a_second() {
        let interval = |ms: u64| {
            let mut rtt = Rtt::default();
            rtt.sample(Duration::from_millis(ms));
            rtt.report_interval().as_millis()
        };
        assert_eq!(Rtt::default().report_interval().as_millis(), 250);
        assert_eq!([1, 250, 600, 5_000].map(interval), [250, 250, 600, 1_000]);
    }
}
