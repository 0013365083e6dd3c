//! When the broker's clock is asked for (PROTOCOL 7.7).

use std::time::Duration;

use crate::time::Time;

/// So many CLOCKs begin a session: one of them finds the path free.
const FIRST_COUNT: u8 = 8;
/// The first ones follow each other after this.
const FIRST_INTERVAL: Duration = Duration::from_millis(100);
/// Then one is sent this often: six in the 30 s that an estimate rests on.
const INTERVAL: Duration = Duration::from_secs(5);
/// A HEARTBEAT that answered at once is as good as a CLOCK and puts the next one off by this: longer than two idle FEEDBACKs
/// are apart, so that a silent channel needs none.
const AFTER_ANSWER: Duration = Duration::from_secs(11);
/// Round trips closer than this tell nothing new.
const SPACING: Duration = Duration::from_millis(2_500);

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

    /// Whether to send one now; if so, the next time is set.
    pub fn fire(&mut self, now: Time) -> bool {
        let fire = now >= self.due;
        if fire {
            self.sent = self.sent.saturating_add(1);
            self.sampled = now;
            self.due = now + if self.sent < FIRST_COUNT { FIRST_INTERVAL } else { INTERVAL };
        }
        fire
    }

    /// A HEARTBEAT answered something at once: whether it counts as a round trip. Not while the session begins, whose CLOCKs
    /// come closer.
    pub fn admit_answer(&mut self, now: Time) -> bool {
        let counts = self.sent >= FIRST_COUNT && now.since(self.sampled) >= SPACING;
        if counts {
            (self.sampled, self.due) = (now, now + AFTER_ANSWER);
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
        let sent: Vec<u64> = (0..20_000).filter(|ms| probes.fire(Time::from_micros(ms * 1_000))).collect();
        assert_eq!(sent, [0, 100, 200, 300, 400, 500, 600, 700, 5_700, 10_700, 15_700]);
    }

    #[test]
    fn where_something_answers_every_five_seconds_none_is_sent_until_that_ends() {
        let mut probes = Probes::start(Time::ZERO);
        let (mut sent, mut counted) = (Vec::new(), 0);
        for ms in 0..60_000 {
            let now = Time::from_micros(ms * 1_000);
            if ms % 5_000 == 300 && ms < 40_000 {
                counted += u32::from(probes.admit_answer(now));
            }
            if probes.fire(now) {
                sent.push(ms);
            }
        }
        assert_eq!(sent.split_off(8), [46_300, 51_300, 56_300]);
        assert_eq!(counted, 7, "the one among the first CLOCKs does not count");
        assert!(!probes.admit_answer(Time::from_micros(58_000_000)));
    }
}
