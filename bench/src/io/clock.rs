//! The one clock of all threads.

use std::time::{Duration, Instant};

use protocol::time::{Time, micros};

/// What the clock shows at the start: the engines keep zero for *never*.
const START: Duration = Duration::from_secs(1);
/// The runtime's timer counts milliseconds: what is to be exact is woken this much earlier,
const TIMER_SLACK: Duration = Duration::from_millis(2);
/// and where less than that is left the thread sleeps itself.
const OWN_SLEEP_MIN: Duration = Duration::from_micros(5);

/// A monotonic clock whose copies agree.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    origin: Instant,
}

impl Clock {
    pub(super) fn start() -> Self {
        Self { origin: Instant::now() }
    }

    pub(super) fn now(self) -> Time {
        Time::from_micros(micros(self.origin.elapsed() + START))
    }

    /// Waits until then, for ever where there is no time. A millisecond late at worst.
    pub(super) async fn sleep_until(self, time: Option<Time>) {
        match time {
            Some(time) => tokio::time::sleep(time.since(self.now())).await,
            None => std::future::pending().await,
        }
    }

    /// Waits until a little before then: [`Clock::finish_sleep`] waits for the rest.
    pub(super) async fn sleep_nearly_until(self, time: Option<Time>) {
        match time {
            Some(time) => {
                let early = time.since(self.now()).saturating_sub(TIMER_SLACK);
                if early.is_zero() {
                    // Who sends five hundred frames a second never waits for longer, and others of the thread have their turn, too.
                    tokio::task::yield_now().await;
                } else {
                    tokio::time::sleep(early).await;
                }
            }
            None => std::future::pending().await,
        }
    }

    /// Waits for what [`Clock::sleep_nearly_until`] left: the whole thread does, so the time is that of whoever of it is due first.
    pub(super) fn finish_sleep(self, time: Option<Time>) {
        let left = time.map_or(Duration::ZERO, |time| time.since(self.now()));
        if (OWN_SLEEP_MIN..=TIMER_SLACK).contains(&left) {
            std::thread::sleep(left);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn a_short_wait_lets_others_of_the_thread_run() {
        let clock = Clock::start();
        let ran = Cell::new(false);
        let wait = async {
            clock.sleep_nearly_until(Some(clock.now())).await;
            ran.get()
        };
        let (seen, ()) = tokio::join!(biased; wait, async { ran.set(true) });
        assert!(seen, "nobody else had a turn");
    }
}
