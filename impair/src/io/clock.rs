//! The relay's clock.

use std::time::Instant;

use protocol::time::{Time, micros};

/// A monotonic clock that starts with the relay.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    origin: Instant,
}

impl Clock {
    pub(super) fn start() -> Self {
        Self { origin: Instant::now() }
    }

    pub(super) fn now(self) -> Time {
        Time::from_micros(micros(self.origin.elapsed()))
    }
}
