//! What may be sent at a rate, for those who want their broker to spread its sends (`--egress-rate`).

use std::time::Duration;

use protocol::time::{Time, micros};

/// What was not sent in time is made up for within this: a worker that was late does not fall behind the rate, and the
/// queue of a switch never sees more than that at once.
const BURST: Duration = Duration::from_millis(5);
/// A send is as large as this: one run of datagrams. What it exceeds the allowance by is paid before the next one.
const RUN_BYTES: u64 = udp::MAX_RUN_BYTES as u64;
const BITS: u128 = 8 * 1_000_000;

/// UDP payload that may be sent now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowance {
    bits_per_second: u64,
    /// Bytes; below zero where a send took more than there was.
    left: i64,
    at: Time,
}

impl Allowance {
    /// Nothing was sent so far.
    pub(super) const fn new(bits_per_second: u64) -> Self {
        Self { bits_per_second, left: 0, at: Time::ZERO }
    }

    /// Time passes: whether anything may be sent now.
    pub(super) fn allows(&mut self, now: Time) -> bool {
        let earned = self.bytes_in(now.since(self.at));
        // What is less than a byte goes on counting.
        if earned > 0 {
            let most = self.bytes_in(BURST).max(RUN_BYTES);
            self.left = self.left.saturating_add(signed(earned)).min(signed(most));
            self.at = now;
        }
        self.left > 0
    }

    /// Something was sent.
    pub(super) fn spend(&mut self, bytes: usize) {
        self.left = self.left.saturating_sub(signed(bytes as u64));
    }

    /// When something may be sent again.
    pub(super) fn due(&self) -> Time {
        let missing = u128::try_from(1 - self.left).unwrap_or_default();
        let wait = (missing * BITS).div_ceil(u128::from(self.bits_per_second.max(1)));
        self.at + Duration::from_micros(u64::try_from(wait).unwrap_or(u64::MAX))
    }

    fn bytes_in(&self, span: Duration) -> u64 {
        let bytes = u128::from(micros(span)) * u128::from(self.bits_per_second) / BITS;
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }
}

fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_a_second_the_rate_is_kept_whatever_the_size_of_the_sends() {
        for (rate, size) in [(8_000_000, 10_000), (1_000_000_000, 65_000), (80_000, 100)] {
            let mut allowance = Allowance::new(rate);
            let mut now = Time::from_micros(5_000_000);
            allowance.allows(now);
            let (start, mut sent) = (now, 0_u64);
            while now.since(start) < Duration::from_secs(1) {
                if allowance.allows(now) {
                    allowance.spend(size);
                    sent += size as u64;
                } else {
                    now = allowance.due().max(now + Duration::from_micros(1));
                }
            }
            let wanted = rate / 8;
            let burst = RUN_BYTES.max(wanted / 200) + size as u64;
            assert!((wanted - size as u64..=wanted + burst).contains(&sent), "{sent} of {wanted} at {rate}");
        }
    }

    #[test]
    fn who_was_late_makes_up_for_five_milliseconds_and_no_more() {
        let mut allowance = Allowance::new(800_000_000);
        assert!(allowance.allows(Time::from_micros(60_000_000)));
        let mut sent = 0;
        while allowance.allows(Time::from_micros(60_000_000)) {
            allowance.spend(10_000);
            sent += 10_000;
        }
        assert_eq!(sent, 500_000);
        assert!(allowance.due() > Time::from_micros(60_000_000));
    }
}
