//! How much may be sent again: to one peer 80 % of what it was first sent, to all of them 40 % (PROTOCOL 7.2).

use std::time::Duration;

use crate::time::{Time, micros};

/// Share of the bytes first sent to a peer that may be sent again to it, in percent: the capacity bound at 30 % loss
/// each way is 43 %, and copies cost on top.
const PEER_PERCENT: u64 = 80;
/// Share of everything first sent that may be sent again, in percent: a network that loses more for all at once is full, and
/// repairs would fill it further.
const COMMON_PERCENT: u64 = 40;
/// The least depth in bytes: a slow channel can still repair a large frame at once.
const PEER_DEPTH_MIN: u64 = 256 << 10;
/// What everybody together may always be sent again in a second, in bytes: 30 viewers of 1 Mbit/s at 30 % loss. A small
/// audience behind one bad path needs more than the common share.
const COMMON_PER_SECOND_MIN: u64 = 2 << 20;
const SECOND: Duration = Duration::from_secs(1);

/// What fills a budget, and how deep it is.
#[derive(Debug)]
struct Terms {
    percent: u64,
    /// Bytes that each second earns without media.
    per_second_min: u64,
    /// The least depth in bytes.
    depth_min: u64,
}

const OF_PEER: Terms = Terms { percent: PEER_PERCENT, per_second_min: 0, depth_min: PEER_DEPTH_MIN };
const OF_ALL: Terms = Terms {
    percent: COMMON_PERCENT,
    per_second_min: COMMON_PER_SECOND_MIN,
    depth_min: COMMON_PER_SECOND_MIN,
};

/// A token bucket in bytes that first-sent media fills: one second deep.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    terms: &'static Terms,
    credit: u64,
    /// Until when the seconds have earned.
    earned: Time,
    second: Time,
    sent_in_second: u64,
    sent_before: u64,
}

impl Budget {
    /// For one peer: 80 % of what it was first sent.
    pub(super) const fn of_peer(now: Time) -> Self {
        Self::new(now, &OF_PEER)
    }

    /// For all peers of a sender together: 40 % of what they were first sent, and always 2 MiB a second.
    pub const fn of_all(now: Time) -> Self {
        Self::new(now, &OF_ALL)
    }

    const fn new(now: Time, terms: &'static Terms) -> Self {
        Self { terms, credit: terms.depth_min, earned: now, second: now, sent_in_second: 0, sent_before: 0 }
    }

    /// First-sent media earns credit.
    pub fn earn(&mut self, now: Time, bytes: u64) {
        if now >= self.second + SECOND {
            self.sent_before = if now < self.second + SECOND * 2 { self.sent_in_second } else { 0 };
            (self.second, self.sent_in_second) = (now, 0);
        }
        self.sent_in_second += bytes;
        self.refill(now);
        self.credit = (self.credit + bytes * self.terms.percent / 100).min(self.depth());
    }

    fn depth(&self) -> u64 {
        (self.sent_in_second.max(self.sent_before) * self.terms.percent / 100).max(self.terms.depth_min)
    }

    /// The seconds that passed earn their share.
    fn refill(&mut self, now: Time) {
        if self.terms.per_second_min == 0 {
            return;
        }
        let elapsed = micros(now.since(self.earned).min(SECOND));
        let gain = self.terms.per_second_min * elapsed / micros(SECOND);
        if gain > 0 {
            self.earned = now;
            self.credit = (self.credit + gain).min(self.depth().max(self.credit));
        }
    }

    /// Spends `bytes` at `now`, or nothing at all if there is less credit.
    pub fn spend_at(&mut self, now: Time, bytes: u64) -> bool {
        self.refill(now);
        self.spend(bytes)
    }

    /// Spends `bytes`, or nothing at all if there is less credit.
    pub(super) const fn spend(&mut self, bytes: u64) -> bool {
        match self.credit.checked_sub(bytes) {
            Some(left) => {
                self.credit = left;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_that_asks_for_everything_gets_at_most_four_fifths_more() {
        let mut budget = Budget::of_peer(Time::ZERO);
        let (mut first_sent, mut resent) = (0, 0);
        for tick in 0..10_000_u64 {
            budget.earn(Time::from_micros(tick * 10_000), 10_000);
            first_sent += 10_000;
            while budget.spend(1_200) {
                resent += 1_200;
            }
        }
        assert!(resent <= first_sent * 4 / 5 + PEER_DEPTH_MIN, "{resent} of {first_sent}");
        assert!(resent >= first_sent * 3 / 4);
    }

    #[test]
    fn it_is_one_second_deep() {
        let mut budget = Budget::of_peer(Time::ZERO);
        for tick in 0..5_000_u64 {
            budget.earn(Time::from_micros(tick * 1_000), 1_000);
        }
        let mut spent = 0;
        while budget.spend(1_000) {
            spent += 1_000;
        }
        assert!((790_000..=810_000).contains(&spent), "{spent}");
    }
    #[test]
    fn all_peers_together_get_two_fifths_more_or_2_mib_a_second() {
        let mut quiet = Budget::of_all(Time::ZERO);
        let spent =
            (0..10_000_u64).filter(|ms| quiet.spend_at(Time::from_micros(ms * 1_000), 10_000)).count();
        let expected = (COMMON_PER_SECOND_MIN * 11 / 10_000) as usize;
        assert!(spent.abs_diff(expected) <= 2, "{spent} of {expected}");
        let mut busy = Budget::of_all(Time::ZERO);
        let mut resent = 0_u64;
        for ms in 0..10_000_u64 {
            let now = Time::from_micros(ms * 1_000);
            busy.earn(now, 1_000_000);
            while busy.spend_at(now, 1_200) {
                resent += 1_200;
            }
        }
        let share = 10_000 * 1_000_000 * 2 / 5;
        assert!((share..share + share / 50).contains(&resent), "{resent} of {share}");
    }
}
