//! The time of day that the test card shows.

use std::fmt;
use std::time::Duration;

/// One day. Leap seconds don't exist in Unix time.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Time since the last midnight, below 24 hours. For people to read; nothing is timed by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay(Duration);

impl TimeOfDay {
    /// Midnight.
    pub const MIDNIGHT: Self = Self(Duration::ZERO);

    /// The time of day in UTC, `since_epoch` after the start of 1970.
    pub fn from_unix(since_epoch: Duration) -> Self {
        let seconds = since_epoch.as_secs() % DAY.as_secs();
        Self(Duration::new(seconds, since_epoch.subsec_nanos()))
    }

    /// The time of day `earlier` before this one; before midnight comes yesterday's evening.
    #[must_use]
    pub fn before(self, earlier: Duration) -> Self {
        let Self(earlier) = Self::from_unix(earlier);
        Self::from_unix((self.0 + DAY).saturating_sub(earlier))
    }

    /// Time since midnight.
    pub fn since_midnight(self) -> Duration {
        self.0
    }
}

/// `HH:MM:SS.mmm`
impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
        write!(f, "{hours:02}:{minutes:02}:{:02}.{:03}", seconds % 60, self.0.subsec_millis())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_as_hours_minutes_seconds_and_milliseconds() {
        assert_eq!(TimeOfDay::MIDNIGHT.to_string(), "00:00:00.000");
        // 2009-02-13 23:31:30.123 UTC
        assert_eq!(
            TimeOfDay::from_unix(Duration::from_millis(1_234_567_890_123)).to_string(),
            "23:31:30.123"
        );
        assert_eq!(
            TimeOfDay::from_unix(Duration::from_nanos(86_399_999_999_999)).to_string(),
            "23:59:59.999"
        );
    }

    #[test]
    fn earlier_than_midnight_is_yesterday() {
        let early = TimeOfDay::from_unix(Duration::from_millis(250));
        assert_eq!(early.before(Duration::from_millis(250)), TimeOfDay::MIDNIGHT);
        assert_eq!(early.before(Duration::from_millis(500)).to_string(), "23:59:59.750");
        assert_eq!(early.before(3 * DAY), early);
    }
}
