//! A request and its repeats until the answer comes (PROTOCOL 5.1).

use std::time::Duration;

use crate::escalation::COPY_SPACING;
use crate::serial::Serial;
use crate::time::Time;

use super::rtt::Rtt;

/// The first repeat of a request comes after this while the path is not measured.
pub const REPEAT_FIRST: Duration = Duration::from_millis(250);
/// The first repeat never comes sooner: below it the peer's own turn-around rules.
pub const REPEAT_MIN: Duration = Duration::from_millis(50);
/// Repeats never come further apart than this.
pub const REPEAT_MAX: Duration = Duration::from_secs(2);

/// The schedule of a message that is repeated until it is answered: after the path's time-out (50 ms at the least, 250 ms
/// while it is not measured), then x 1.5 up to 2 s. What had to be repeated once may be lost again, and its answer as well, on a
/// path on which a lost round trip costs more than a message: each repeat goes out twice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Repeat {
    due: Time,
    interval: Duration,
    /// The next sending has a copy behind it.
    doubled: bool,
}

impl Repeat {
    /// Due at once, then repeated.
    pub fn start(now: Time, rtt: &Rtt) -> Self {
        let measured = rtt.measured().map(|_| rtt.timeout().clamp(REPEAT_MIN, REPEAT_MAX));
        Self { due: now, interval: measured.unwrap_or(REPEAT_FIRST), doubled: false }
    }

    /// When to send next.
    pub const fn due(&self) -> Time {
        self.due
    }

    /// Whether to send now; if so, the next time is set.
    pub fn fire(&mut self, now: Time) -> bool {
        if now < self.due {
            return false;
        }
        if std::mem::replace(&mut self.doubled, false) {
            self.due = now + COPY_SPACING;
        } else {
            (self.due, self.doubled) = (now + self.interval, true);
            self.interval = (self.interval * 3 / 2).min(REPEAT_MAX);
        }
        true
    }
}

/// The request numbers of a session: each new request gets the next, answers to older ones are ignored.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RequestNumbers {
    last: u32,
}

impl RequestNumbers {
    /// The number of a new request.
    pub fn next_number(&mut self) -> Serial {
        self.last = self.last.wrapping_add(1);
        Serial(self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_come_twice_after_the_time_out_and_then_further_apart() {
        assert_eq!(sent(&Rtt::default()), [0, 250, 258, 633, 641, 1_204, 1_212], "x 1.5 each time");
        let mut near = Rtt::default();
        near.sample(Duration::from_millis(1));
        assert_eq!(sent(&near)[..5], [0, 50, 58, 133, 141]);
    }

    fn sent(rtt: &Rtt) -> Vec<u64> {
        let mut repeat = Repeat::start(Time::ZERO, rtt);
        let mut sent = Vec::new();
        for ms in 0..2_000 {
            if repeat.fire(Time::from_micros(ms * 1_000)) {
                sent.push(ms);
            }
        }
        sent
    }
}
