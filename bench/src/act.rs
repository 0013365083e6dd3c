//! What the whole load does when: the one piece of state that all threads follow.

use std::time::Duration;

use protocol::time::Time;

/// The plan so far. What is not known yet is `None`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Act {
    /// What happens between these two is measured.
    pub(crate) window: Option<(Time, Time)>,
    /// No frame is published from here on.
    pub(crate) publish_until: Option<Time>,
    /// When the viewers begin to leave.
    pub(crate) leave_from: Option<Time>,
    /// When the producers say goodbye.
    pub(crate) finish_at: Option<Time>,
}

impl Act {
    /// Whether `time` is measured.
    pub(crate) fn measures(&self, time: Time) -> bool {
        self.window.is_some_and(|(from, until)| from <= time && time < until)
    }

    /// Whether a frame that is due at `time` is published.
    pub(crate) fn publishes(&self, time: Time) -> bool {
        self.publish_until.is_none_or(|until| time < until)
    }
}

/// Things that happen at a steady rate, and when the n-th of them does.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Pace {
    per_second: f64,
}

impl Pace {
    /// So many a second; more than none.
    pub(crate) const fn per_second(per_second: f64) -> Self {
        Self { per_second }
    }

    /// How long after the first one the one with this number comes.
    pub(crate) fn after(self, number: u64) -> Duration {
        Duration::try_from_secs_f64(number as f64 / self.per_second).unwrap_or(Duration::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_does_not_drift() {
        let pace = Pace::per_second(12.0);
        assert_eq!(pace.after(0), Duration::ZERO);
        assert_eq!(pace.after(12_000_000), Duration::from_secs(1_000_000));
        assert_eq!(Pace::per_second(1_000.0).after(1_500), Duration::from_millis(1_500));
    }

    #[test]
    fn the_window_holds_its_first_moment_and_not_its_last() {
        let at = Time::from_micros;
        let act = Act { window: Some((at(10), at(20))), ..Act::default() };
        assert_eq!([9, 10, 19, 20].map(|us| act.measures(at(us))), [false, true, true, false]);
        assert!(!Act::default().measures(at(10)) && Act::default().publishes(at(10)));
    }
}
