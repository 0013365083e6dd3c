//! The rounds in which a missing frame is asked for (PROTOCOL 7.2).

use std::time::Duration;

use crate::escalation::{COPY_SPACING, LossRuns};
use crate::limits::ROUNDS_MAX;
use crate::session::rtt::Rtt;
use crate::time::Time;

/// Rounds never follow each other faster than this: below it the sender's own turn-around rules.
const ROUND_MIN: Duration = Duration::from_millis(10);
/// After the rounds that a sender answers, the pauses grow up to this (blackouts end some time).
const ROUND_MAX: Duration = Duration::from_millis(250);

/// From this round on nothing more is sent in one.
const ROUND_OF_MOST_COPIES: u8 = 3;

/// How many more rounds after one at `now` can be answered before `deadline`.
fn rounds_after(now: Time, rtt: &Rtt, deadline: Time) -> u8 {
    let last = deadline.before(rtt.least());
    let longest = rtt.round().max(ROUND_MIN) + COPY_SPACING * u32::from(ROUND_OF_MOST_COPIES - 1);
    u8::try_from(last.since(now).as_micros() / longest.as_micros().max(1)).unwrap_or(u8::MAX)
}

/// How often, and when next, a frame is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Ask {
    round: u8,
    due: Time,
}

impl Ask {
    /// Not asked yet: due when reordering can no longer explain the gap.
    pub(super) fn noticed(now: Time, rtt: &Rtt) -> Self {
        Self { round: 0, due: now + rtt.reorder_wait() }
    }

    /// Another shard of the frame came: the rest may still be on its way.
    pub(super) fn put_off(&mut self, now: Time, rtt: &Rtt) {
        if self.round == 0 {
            self.due = now + rtt.reorder_wait();
        }
    }

    /// The present round; 0 before the first.
    pub(super) const fn round(&self) -> u8 {
        self.round
    }

    /// When the next round begins.
    pub(super) const fn due(&self) -> Time {
        self.due
    }

    /// What came was of no use: the next round begins at once. The sender has answered the former ones.
    pub(super) const fn again(&mut self, now: Time) {
        self.due = now;
    }

    /// Begins the next round if it is due. The last ones that can be answered before `deadline` take a number that sends more.
    pub(super) fn fire(&mut self, now: Time, rtt: &Rtt, runs: LossRuns, deadline: Time) -> bool {
        if now < self.due {
            return false;
        }
        let urgent = ROUND_OF_MOST_COPIES.saturating_sub(rounds_after(now, rtt, deadline));
        self.round = self.round.saturating_add(1).max(urgent);
        let copies = runs.copies(self.round);
        let beyond = u32::from(self.round.saturating_sub(ROUNDS_MAX));
        let pause = rtt.round().max(ROUND_MIN) + COPY_SPACING * u32::from(copies.saturating_sub(1));
        let slowed = pause.saturating_mul(1 << beyond.min(8)).min(ROUND_MAX.max(pause));
        self.due = now + slowed;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEVER: Time = Time::from_micros(u64::MAX);

    #[test]
    fn rounds_follow_at_nine_eighths_of_the_rtt_and_slow_down_after_the_eighth() {
        let mut rtt = Rtt::default();
        for _ in 0..40 {
            rtt.sample(Duration::from_millis(40));
        }
        let begun = |runs: LossRuns| {
            let mut ask = Ask::noticed(Time::ZERO, &rtt);
            (0..3_000)
                .filter(|ms| ask.fire(Time::from_micros(ms * 1_000), &rtt, runs, NEVER))
                .collect::<Vec<u64>>()
        };
        assert_eq!(begun(LossRuns::default())[..5], [5, 50, 103, 164, 225], "8 ms more per further copy");
        let mut bursty = LossRuns::default();
        bursty.note(200, 20);
        let begun = begun(bursty);
        assert_eq!(begun[..4], [5, 50, 95, 140], "one copy in each round");
        let pauses: Vec<u64> = begun.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(pauses[7..12].windows(2).all(|pair| pair[1] >= pair[0]));
        assert_eq!(pauses.last(), Some(&250));
    }

    #[test]
    fn a_shard_that_still_arrives_puts_the_first_round_off_and_no_later_one() {
        let rtt = Rtt::default();
        let mut ask = Ask::noticed(Time::ZERO, &rtt);
        let first = ask.due();
        ask.put_off(Time::from_micros(900), &rtt);
        assert!(ask.due() > first);
        assert!(ask.fire(Time::from_micros(100_000), &rtt, LossRuns::default(), NEVER));
        let second = ask.due();
        ask.put_off(Time::from_micros(101_000), &rtt);
        assert_eq!(ask.due(), second);
    }

    #[test]
    fn the_last_rounds_before_the_deadline_take_the_numbers_that_send_more() {
        let mut rtt = Rtt::default();
        (0..40).for_each(|_| rtt.sample(Duration::from_millis(40)));
        let rounds = |deadline_ms: u64| {
            let mut ask = Ask::noticed(Time::ZERO, &rtt);
            let deadline = Time::from_micros(deadline_ms * 1_000);
            let fired = (0..deadline_ms - 40).filter_map(|ms| {
                let now = Time::from_micros(ms * 1_000);
                ask.fire(now, &rtt, LossRuns::default(), deadline).then_some(ask.round())
            });
            fired.collect::<Vec<u8>>()
        };
        assert_eq!(rounds(250), [1, 2, 3, 4]);
        assert_eq!(rounds(150), [2, 3], "5 and 58 ms");
        assert_eq!(rounds(100), [3]);
    }
}
