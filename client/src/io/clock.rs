//! The one clock of the process.

use std::future::pending;
use std::time::Duration;

use protocol::time::{Time, micros};
use tokio::time::Instant;

/// The origin of [`Time`] lies this long before the start: no moment of the process is `Time::ZERO`.
const HEAD_START: Duration = Duration::from_secs(1);
/// A timer is never set closer than this: a moment that has passed must not make the loop spin.
const LEAST_SLEEP: Duration = Duration::from_millis(1);

/// The monotonic clock, as the engine counts it.
#[derive(Clone, Copy)]
pub(super) struct Clock {
    origin: Instant,
}

impl Clock {
    pub(super) fn start() -> Self {
        Self { origin: Instant::now() }
    }

    pub(super) fn now(self) -> Time {
        Time::from_micros(micros(HEAD_START + self.origin.elapsed()))
    }

    /// Waits until then; for ever where there is no time.
    pub(super) async fn sleep_until(self, time: Option<Time>) {
        match time {
            Some(time) => tokio::time::sleep(time.since(self.now()).max(LEAST_SLEEP)).await,
            None => pending().await,
        }
    }
}
