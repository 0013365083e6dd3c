//! How often a worker without media wakes up.
//!
//! Ten thousand viewers of silent channels say two thousand things a second, each worth less than the wake-up that it
//! costs. While no media moves and things come close together, a worker takes a short rest before it waits for the next
//! one: what came meanwhile is done at once, in one receive and with warm memory. What comes after a pause is served at
//! once.

use std::time::Duration;

use protocol::time::Time;

/// So long without media is quiet.
const QUIET_AFTER: Duration = Duration::from_secs(1);
/// A rest. It is what the first frame after a silence, or a step of a handshake among thousands, can be late by: the two
/// steps of a join stay within the 10 ms that it may take beyond its round trips.
const REST: Duration = Duration::from_millis(4);
/// Things that come within this of each other come close together.
const CLOSE: Duration = Duration::from_millis(8);

/// How close together things come.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Moderation {
    came: Time,
    close: bool,
}

impl Moderation {
    /// Something came at `now`.
    pub(super) fn note(&mut self, now: Time) {
        self.close = now.since(self.came) < CLOSE;
        self.came = now;
    }

    /// The worker has nothing to do at `now`, and the last media came at `media_at`: how long to rest before it waits.
    pub(super) fn rest(&self, now: Time, media_at: Time) -> Duration {
        let crowded = self.close && now.since(self.came) < CLOSE;
        let quiet = now.since(media_at) >= QUIET_AFTER;
        if crowded && quiet { REST } else { Duration::ZERO }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Time = Time::from_micros(10_000_000);
    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn what_comes_after_a_pause_is_served_at_once_and_a_crowd_in_batches() {
        let mut moderation = Moderation::default();
        moderation.note(START);
        assert_eq!(moderation.rest(START, Time::ZERO), Duration::ZERO);
        moderation.note(START + MS);
        assert_eq!(moderation.rest(START + MS, Time::ZERO), REST);
        assert_eq!(moderation.rest(START + MS + CLOSE, Time::ZERO), Duration::ZERO, "the crowd has gone");
        moderation.note(START + 100 * MS);
        assert_eq!(moderation.rest(START + 100 * MS, Time::ZERO), Duration::ZERO);
    }

    #[test]
    fn where_media_moves_nobody_rests() {
        let mut moderation = Moderation::default();
        for n in 0..100 {
            moderation.note(START + MS * n / 10);
            assert_eq!(moderation.rest(START + MS * n / 10, START), Duration::ZERO);
        }
    }
}
