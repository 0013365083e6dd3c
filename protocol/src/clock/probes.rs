//! When the broker's clock is asked for (PROTOCOL 7.7).

use std::time::Duration;

use crate::time::Time;

/// So many CLOCKs begin a session at most: one of them finds the path free.
const FIRST_COUNT: u8 = 8;
/// The first ones follow each other after this.
const FIRST_INTERVAL: Duration = Duration::from_millis(100);
/// Then one is sent this often: six in the 30 s that an estimate rests on.
const INTERVAL: Duration = Duration::from_secs(5);
/// A HEARTBEAT that answered at once is as good as a CLOCK and puts the next one off by this: longer than two idle FEEDBACKs
/// are apart, so that a silent channel needs none.
const AFTER_ANSWER: Duration = Duration::from_secs(11);
/// An echo that was held no longer than this was such an answer.
const ANSWER_HOLD: Duration = Duration::from_millis(20);
/// Round trips closer than this tell nothing new: those of HEARTBEATs on a calm path, two seconds apart, all count.
const SPACING: Duration = Duration::from_millis(1_500);
/// Who knows the broker's clock this well does not ask: latencies are 100 ms and more, and sound and picture of one producer
/// share its error.
const ERROR_GOOD: Duration = Duration::from_millis(5);

/// The schedule of CLOCKs in one session.
#[derive(Clone, Copy, Debug)]
pub struct Probes {
    due: Time,
    sent: u8,
    /// The newest round trip that counts.
    sampled: Time,
}

impl Probes {
    /// A session began: the first one is due at once.
    pub const fn start(now: Time) -> Self {
        Self { due: now, sent: 0, sampled: now }
    }

    /// When the next one is due.
    pub const fn due(&self) -> Time {
        self.due
    }

    /// Whether to send one now; if so, or if it is not needed, the next time is set. `error`: how far what is known of the
    /// clock can be from the truth now, if anything is known.
    pub fn fire(&mut self, now: Time, error: Option<Duration>) -> bool {
        if now < self.due {
            return false;
        }
        let begins = self.sent < FIRST_COUNT;
        // What is known gets old: that something came lately has to show that it still holds.
        let recent = begins || now.since(self.sampled) < INTERVAL;
        if recent && error.is_some_and(|error| error <= ERROR_GOOD) {
            if begins {
                (self.sent, self.sampled) = (FIRST_COUNT, now);
            }
            self.due = self.sampled + INTERVAL;
            return false;
        }
        self.sent = self.sent.saturating_add(1);
        self.sampled = now;
        self.due = now + if self.sent < FIRST_COUNT { FIRST_INTERVAL } else { INTERVAL };
        true
    }

    /// A HEARTBEAT echoed something that the broker held for so long: whether it counts as a round trip. Not while the session
    /// begins, whose CLOCKs come closer.
    pub fn admit_answer(&mut self, now: Time, hold: Duration) -> bool {
        let counts = self.sent >= FIRST_COUNT && now.since(self.sampled) >= SPACING;
        if counts {
            self.sampled = now;
            if hold <= ANSWER_HOLD {
                self.due = now + AFTER_ANSWER;
            }
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_come_in_the_first_second_and_then_one_every_five() {
        let mut probes = Probes::start(Time::ZERO);
        let sent: Vec<u64> =
            (0..20_000).filter(|ms| probes.fire(Time::from_micros(ms * 1_000), None)).collect();
        assert_eq!(sent, [0, 100, 200, 300, 400, 500, 600, 700, 5_700, 10_700, 15_700]);
    }

    #[test]
    fn where_something_answers_every_five_seconds_none_is_sent_until_that_ends() {
        let mut probes = Probes::start(Time::ZERO);
        let (mut sent, mut counted) = (Vec::new(), 0);
        for ms in 0..60_000 {
            let now = Time::from_micros(ms * 1_000);
            if ms % 5_000 == 300 && ms < 40_000 {
                counted += u32::from(probes.admit_answer(now, Duration::ZERO));
            }
            if probes.fire(now, None) {
                sent.push(ms);
            }
        }
        assert_eq!(sent.split_off(8), [46_300, 51_300, 56_300]);
        assert_eq!(counted, 7, "the one among the first CLOCKs does not count");
        assert!(!probes.admit_answer(Time::from_micros(57_000_000), Duration::ZERO));
    }

    #[test]
    fn who_knows_the_clock_well_asks_only_where_no_heartbeat_has_come_for_five_seconds() {
        let mut probes = Probes::start(Time::ZERO);
        let (mut sent, mut counted) = (Vec::new(), 0);
        for ms in 0..60_000 {
            let now = Time::from_micros(ms * 1_000);
            if ms % 2_000 == 300 && ms < 30_000 {
                counted += u32::from(probes.admit_answer(now, Duration::from_secs(2)));
            }
            let error = Duration::from_millis(if (13_000..14_000).contains(&ms) { 6 } else { 5 });
            if probes.fire(now, Some(error)) {
                sent.push(ms);
            }
        }
        assert_eq!((counted, sent), (13, vec![13_300, 33_300, 38_300, 43_300, 48_300, 53_300, 58_300]));
    }
}
