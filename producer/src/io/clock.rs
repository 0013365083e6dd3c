//! The two clocks: the monotonic one, which paces everything, and the wall clock, which people read.

use std::time::{Duration, SystemTime};

use protocol::time::{Time, micros};
use tokio::time::Instant;

/// What the clock shows at its start, so that "now" is never the origin and "a little earlier" exists.
const LEAD: Duration = Duration::from_secs(1);

/// The monotonic clock of one producer, as its engine counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    started: Instant,
}

impl Clock {
    pub(super) fn start() -> Self {
        Self { started: Instant::now() }
    }

    pub(super) fn now(&self) -> Time {
        Time::from_micros(micros(LEAD + self.started.elapsed()))
    }

    /// The runtime's word for a moment of this clock.
    pub(super) fn instant(&self, time: Time) -> Instant {
        self.started + time.since(Time::ZERO + LEAD)
    }
}

/// Time since 1970 by the wall clock; zero where that is set to an earlier year.
pub(super) fn unix_time() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}
