//! A broker that does not answer is worth a line, once.

use std::time::Duration;

use protocol::time::Time;

/// Silence of the broker before the first line: on most paths it has answered long before.
const WORTH_A_LINE: Duration = Duration::from_secs(1);

/// The broker's absence: since when, and whether it was told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Absence {
    since: Option<Time>,
    told: bool,
}

impl Absence {
    /// There is no session yet.
    pub(super) const fn since(now: Time) -> Self {
        Self { since: Some(now), told: false }
    }

    /// A session stands, or its loss has been told already.
    pub(super) const fn over() -> Self {
        Self { since: None, told: false }
    }

    /// Somebody wants something while there is no session.
    pub(super) fn note_wanted(&mut self, now: Time) {
        self.since.get_or_insert(now);
    }

    /// Whether to say so now.
    pub(super) fn tell(&mut self, now: Time) -> bool {
        let tell = self.poll_timeout().is_some_and(|due| now >= due);
        self.told |= tell;
        tell
    }

    /// When [`Absence::tell`] has something to say.
    pub(super) fn poll_timeout(&self) -> Option<Time> {
        self.since.filter(|_| !self.told).map(|since| since + WORTH_A_LINE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_absence_is_told_once_and_a_short_one_never() {
        let start = Time::from_micros(5);
        let mut absence = Absence::since(start);
        assert!(!absence.tell(start + WORTH_A_LINE / 2));
        assert!(absence.tell(start + WORTH_A_LINE));
        assert!(!absence.tell(start + WORTH_A_LINE * 9));
        assert_eq!(absence.poll_timeout(), None);
    }

    #[test]
    fn a_lost_session_is_worth_a_line_to_whoever_asks_for_something() {
        let start = Time::from_micros(5);
        let mut absence = Absence::over();
        assert!(!absence.tell(start + WORTH_A_LINE * 9));
        absence.note_wanted(start);
        absence.note_wanted(start + WORTH_A_LINE);
        assert!(absence.tell(start + WORTH_A_LINE));
    }
}
