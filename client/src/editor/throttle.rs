//! Events that come faster than anybody reads.

use std::time::Duration;

use protocol::time::Time;

/// Events that are shown in one window: what a person takes in beside typing.
const LINES_MAX: u32 = 4;
/// How long a window is.
const WINDOW: Duration = Duration::from_secs(1);

/// Lets the first events of each second through and counts the others. Answers do not come this way.
#[derive(Debug, Default)]
pub struct Throttle {
    /// When the window ends, if one is open.
    window: Option<Time>,
    shown: u32,
    withheld: u64,
}

impl Throttle {
    /// Whether an event is shown.
    pub fn admit(&mut self, now: Time) -> bool {
        if self.window.is_none_or(|end| now >= end && self.withheld == 0) {
            *self = Self { window: Some(now + WINDOW), ..Self::default() };
        }
        let shown = self.shown < LINES_MAX;
        if shown {
            self.shown += 1;
        } else {
            self.withheld += 1;
        }
        shown
    }

    /// The line that stands for the events that were not shown, when their window is over.
    pub fn poll_line(&mut self, now: Time) -> Option<String> {
        if self.poll_timeout().is_none_or(|due| now < due) {
            return None;
        }
        let withheld = self.withheld;
        *self = Self { window: Some(now + WINDOW), ..Self::default() };
        Some(format!("... {withheld} similar\n"))
    }

    /// When [`Throttle::poll_line`] has something to say.
    pub fn poll_timeout(&self) -> Option<Time> {
        self.window.filter(|_| self.withheld > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Time = Time::from_micros(7);

    #[test]
    fn the_first_of_a_second_are_shown_and_the_others_are_counted() {
        let mut throttle = Throttle::default();
        let shown = (0..300).filter(|_| throttle.admit(START)).count();
        assert_eq!(shown, LINES_MAX as usize);
        assert_eq!(throttle.poll_line(START), None);
        assert_eq!(throttle.poll_timeout(), Some(START + WINDOW));
        assert_eq!(throttle.poll_line(START + WINDOW).as_deref(), Some("... 296 similar\n"));
        assert_eq!(throttle.poll_timeout(), None);
        assert!(throttle.admit(START + WINDOW));
    }

    #[test]
    fn rare_events_are_all_shown() {
        let mut throttle = Throttle::default();
        for second in 0..50 {
            let now = START + WINDOW * second;
            assert!(throttle.admit(now) && throttle.admit(now));
            assert_eq!(throttle.poll_line(now), None);
        }
    }
}
