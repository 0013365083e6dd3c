//! Whether somebody looks at the terminal of a container.
//!
//! `docker attach` tells a container that somebody has come (a new size), and never that they have gone: everything
//! that is written goes to the log then, and to nobody. What tells is the terminal itself, which answers a question
//! without anybody's doing. While pictures are shown it is asked every few seconds; one that has answered before and
//! does so no more is gone.

use std::time::Duration;

use protocol::time::Time;

/// Whoever has pressed no key for this long is taken to have gone, where the terminal does not answer.
const KEYS_FOR: Duration = Duration::from_secs(60);
/// How often the terminal is asked while pictures are shown.
const ASK_EVERY: Duration = Duration::from_secs(3);
/// How long an answer may take: behind a slow link it waits for the pictures that were written before the question.
const PATIENCE: Duration = Duration::from_secs(4);

/// Whether somebody looks at the terminal of a container.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Presence {
    /// Somebody has given a sign then: a key, a size, an answer.
    sign: Option<Time>,
    asked: Option<Time>,
    /// Whoever looks now has a terminal that answers.
    answers: bool,
    /// Pictures are shown, so that it is worth asking.
    is_asking: bool,
}

impl Presence {
    /// Nobody was seen yet, or somebody has just started the process.
    pub(super) const fn new(sign: Option<Time>) -> Self {
        Self { sign, asked: None, answers: false, is_asking: false }
    }

    /// A key.
    pub(super) const fn note_key(&mut self, now: Time) {
        self.sign = Some(now);
    }

    /// A new size: somebody has come, with a terminal of which nothing is known.
    pub(super) const fn note_size(&mut self, now: Time) {
        self.note_key(now);
        self.answers = false;
        self.asked = None;
    }

    /// The terminal has answered.
    pub(super) const fn note_answer(&mut self, now: Time) {
        self.note_key(now);
        self.answers = true;
    }

    /// Whether pictures are shown, so that it is worth asking.
    pub(super) const fn set_asking(&mut self, is_asking: bool) {
        if is_asking && !self.is_asking {
            self.asked = None;
        }
        self.is_asking = is_asking;
    }

    /// Whether somebody seems to be there.
    pub(super) fn is_present(&self, now: Time) -> bool {
        self.until().is_some_and(|until| now < until)
    }

    /// Whether the terminal is to be asked now.
    pub(super) fn poll_question(&mut self, now: Time) -> bool {
        let is_due = self.is_asking && self.is_present(now) && self.next_question() <= Some(now);
        if is_due {
            self.asked = Some(now);
        }
        is_due
    }

    /// When there is something new: a question, or that nobody is there any more.
    pub(super) fn poll_timeout(&self, now: Time) -> Option<Time> {
        let until = self.until().filter(|until| now < *until)?;
        let question = self.is_asking.then(|| self.next_question().unwrap_or(now));
        Some(question.map_or(until, |question| question.min(until)))
    }

    fn next_question(&self) -> Option<Time> {
        self.asked.map(|asked| asked + ASK_EVERY)
    }

    fn until(&self) -> Option<Time> {
        let span = if self.answers && self.is_asking { ASK_EVERY + PATIENCE } else { KEYS_FOR };
        self.sign.map(|sign| sign + span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;

    fn at(seconds: u64) -> Time {
        Time::from_micros(seconds * SECOND)
    }

    /// Somebody at a terminal that answers, for so long: the questions that it was asked.
    fn look(presence: &mut Presence, seconds: std::ops::Range<u64>, answers: bool) -> usize {
        seconds
            .filter(|second| {
                let asked = presence.poll_question(at(*second));
                if asked && answers {
                    presence.note_answer(at(*second));
                }
                asked
            })
            .count()
    }

    #[test]
    fn a_terminal_that_answers_is_there_as_long_as_it_does() {
        let mut presence = Presence::new(Some(at(0)));
        presence.set_asking(true);
        assert_eq!(look(&mut presence, 0..600, true), 200);
        assert!(presence.is_present(at(600)));
        assert_eq!(look(&mut presence, 600..700, false), 2);
        assert!(!presence.is_present(at(605)), "seconds after it was left, not minutes");
        assert_eq!(presence.poll_timeout(at(605)), None, "nobody is asked for whom nobody answers");
    }

    #[test]
    fn a_terminal_that_never_answers_is_there_for_a_minute_after_a_key() {
        let mut presence = Presence::new(Some(at(0)));
        presence.set_asking(true);
        look(&mut presence, 0..30, false);
        presence.note_key(at(30));
        assert!(presence.is_present(at(89)));
        assert!(!presence.is_present(at(90)));
    }

    #[test]
    fn whoever_comes_is_asked_at_once_and_is_nobody_who_has_answered_before() {
        let mut presence = Presence::new(None);
        presence.set_asking(true);
        assert!(!presence.is_present(at(0)));
        assert_eq!(look(&mut presence, 0..10, true), 0);
        presence.note_size(at(10));
        assert_eq!(look(&mut presence, 10..11, true), 1);
        presence.note_size(at(12));
        assert_eq!(look(&mut presence, 12..50, false), 13);
        assert!(presence.is_present(at(50)), "another terminal, which does not answer");
    }

    #[test]
    fn where_nothing_is_shown_nothing_is_asked() {
        let mut presence = Presence::new(Some(at(0)));
        presence.set_asking(true);
        look(&mut presence, 0..3, true);
        presence.set_asking(false);
        assert_eq!(look(&mut presence, 3..50, true), 0);
        assert!(presence.is_present(at(50)), "the key counts for a minute again");
        presence.set_asking(true);
        presence.note_key(at(50));
        assert_eq!(look(&mut presence, 50..51, true), 1, "and with the next picture it is asked at once");
    }

    #[test]
    fn the_time_of_a_change_is_known_before() {
        let mut presence = Presence::new(Some(at(0)));
        assert_eq!(presence.poll_timeout(at(0)), Some(at(60)));
        presence.set_asking(true);
        assert_eq!(presence.poll_timeout(at(0)), Some(at(0)));
        assert!(presence.poll_question(at(0)));
        assert_eq!(presence.poll_timeout(at(0)), Some(at(3)));
        presence.note_answer(at(0));
        assert!(presence.poll_question(at(3)));
        assert_eq!(presence.poll_timeout(at(5)), Some(at(6)));
        assert!(presence.poll_question(at(6)));
        assert_eq!(presence.poll_timeout(at(6)), Some(at(7)), "when nobody is there any more");
    }
}
