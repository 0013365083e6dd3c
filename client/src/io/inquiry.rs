//! A question to the terminal that is on its way, and its answers.

use std::time::Duration;

use protocol::time::Time;

use crate::view::query::Answers;

/// How long a picture waits for the answers of the terminal. One that is there needs a round trip.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(200);

/// What the terminal was asked, and what it has said to it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Inquiry {
    answers: Answers,
    /// A picture waits until then.
    until: Option<Time>,
}

impl Inquiry {
    /// The terminal is asked anew. False where that goes on already.
    pub(super) fn begin(&mut self, now: Time) -> bool {
        if self.until.is_some() {
            return false;
        }
        *self = Self { answers: Answers::default(), until: Some(now + ANSWER_TIMEOUT) };
        true
    }

    /// The terminal has said something. All of it, once the last answer is among it: also what comes late.
    pub(super) fn take(&mut self, answer: &str) -> Option<Answers> {
        self.answers.take(answer);
        self.answers.is_there.then(|| {
            self.until = None;
            self.answers
        })
    }

    /// When nothing is waited for any more.
    pub(super) const fn poll_timeout(&self) -> Option<Time> {
        self.until
    }

    /// What was said until now, where the time is over.
    pub(super) fn poll_end(&mut self, now: Time) -> Option<Answers> {
        self.until.take_if(|until| now >= *until).map(|_| self.answers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Renderer;

    const START: Time = Time::from_micros(1_000_000);

    #[test]
    fn the_last_answer_ends_the_wait_and_one_that_is_late_counts_all_the_same() {
        let mut inquiry = Inquiry::default();
        assert!(inquiry.begin(START));
        assert!(!inquiry.begin(START), "one question at a time");
        assert_eq!(inquiry.take("\x1b_Gi=4607;OK\x1b\\"), None);
        assert_eq!(inquiry.take("\x1b[?62;c").map(|answers| answers.renderer()), Some(Renderer::Kitty));
        assert_eq!(inquiry.poll_timeout(), None);

        let again = START + Duration::from_secs(1);
        assert!(inquiry.begin(again));
        assert_eq!(inquiry.poll_end(again), None);
        let nothing = inquiry.poll_end(again + ANSWER_TIMEOUT).unwrap();
        assert_eq!(
            (nothing.is_there, nothing.renderer()),
            (false, Renderer::Half),
            "another terminal, unknown yet"
        );
        assert_eq!(inquiry.poll_end(again + ANSWER_TIMEOUT), None);
        assert_eq!(inquiry.take("\x1b[?62;4c").map(|answers| answers.renderer()), Some(Renderer::Sixel));
    }
}
