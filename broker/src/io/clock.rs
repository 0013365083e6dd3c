//! The one clock of all workers.

use std::time::{Duration, Instant};

use protocol::time::{Time, micros};

/// What the clock shows at the start. The engines keep zero for *never*.
const START: Duration = Duration::from_secs(1);

/// A monotonic clock. Its copies share their origin, so that what one worker notes is right for another.
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_starts_above_zero_and_its_copies_agree() {
        let clock = Clock::start();
        let (first, second) = (clock.now(), { clock }.now());
        assert!(first >= Time::from_micros(1_000_000) && second >= first);
    }
}
