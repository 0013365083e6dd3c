//! The latency that a viewer is granted: what it asked for, and at least what its path can do (PROTOCOL 6.2).

use std::time::Duration;

use protocol::limits::{LATENCY_MAX, LATENCY_MIN};
use protocol::session::rtt::Rtt;
use protocol::time::{Time, micros};

/// What a path needs is rounded up to this, so that a round trip that wavers does not move it.
const STEP: Duration = Duration::from_millis(50);
/// A path that got slower for this long stays so: a queue that empties again raises nobody's latency.
const RAISE_AFTER: Duration = Duration::from_secs(5);

/// One subscription's latency. It only grows while the subscription is the same: lowering it would throw away frames that
/// are on their way in time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grant {
    granted: Duration,
    /// The path was measured.
    measured: bool,
    /// Since when the path needs more.
    short_since: Option<Time>,
}

impl Grant {
    /// Zero, or 100 ms to 10 s; at least the channel's `floor`, and what the path needs if that is known.
    pub(super) fn new(asked: Duration, floor: Duration, needed: Option<Duration>) -> Self {
        let granted = if asked.is_zero() { floor } else { asked.clamp(LATENCY_MIN, LATENCY_MAX).max(floor) };
        let mut grant = Self { granted, measured: false, short_since: None };
        grant.review(Time::ZERO, needed);
        grant
    }

    pub(super) const fn granted(&self) -> Duration {
        self.granted
    }

    /// Another life of the channel asks for at least `floor`.
    pub(super) fn raise(&mut self, floor: Duration) {
        self.granted = self.granted.max(floor);
    }

    /// Compares it with what the path needs now; true where it grew. The first measurement counts at once, a later one when
    /// it has lasted.
    pub(super) fn review(&mut self, now: Time, needed: Option<Duration>) -> bool {
        let Some(needed) = needed else { return false };
        let first = !std::mem::replace(&mut self.measured, true);
        if self.granted.is_zero() || needed <= self.granted {
            self.short_since = None;
            return false;
        }
        let since = *self.short_since.get_or_insert(now);
        let grows = first || now.since(since) >= RAISE_AFTER;
        if grows {
            (self.granted, self.short_since) = (needed, None);
        }
        grows
    }
}

/// What the path from capture to viewer needs: the way to the broker, the way on, and one repair: the wait for what may only
/// be reordered, and a round trip. `None` while it is not measured.
pub(super) fn needed(rtt: &Rtt, transit: Duration) -> Option<Duration> {
    let round_trip = rtt.measured()?;
    let least = transit + round_trip / 2 + rtt.reorder_wait() + round_trip;
    let steps = micros(least).div_ceil(micros(STEP));
    Some((STEP * u32::try_from(steps).unwrap_or(u32::MAX)).min(LATENCY_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn measured(ms: u32) -> Rtt {
        let mut rtt = Rtt::default();
        rtt.sample(ms * MS);
        rtt
    }

    #[test]
    fn a_near_viewer_gets_what_it_asks_for_and_a_far_one_what_its_path_can_do() {
        for (asked, rtt, granted) in
            [(100, 40, 100), (100, 200, 350), (500, 200, 500), (100, 8_000, 10_000), (0, 200, 0)]
        {
            let needed = needed(&measured(rtt), 2 * MS);
            let grant = Grant::new(asked * MS, Duration::ZERO, needed);
            assert_eq!(grant.granted(), granted * MS, "{asked} ms over a round trip of {rtt} ms");
        }
        assert_eq!(Grant::new(Duration::ZERO, 250 * MS, None).granted(), 250 * MS, "the channel's minimum");
    }

    #[test]
    fn a_path_that_gets_slower_raises_it_after_five_seconds_and_a_queue_does_not() {
        let at = |ms: u64| Time::from_micros(ms * 1_000);
        let (fast, slow) = (needed(&measured(20), MS), needed(&measured(150), MS));
        let mut grant = Grant::new(100 * MS, Duration::ZERO, fast);
        assert!(!grant.review(at(1_000), slow) && !grant.review(at(5_900), slow));
        assert!(!grant.review(at(5_950), fast));
        assert!(!grant.review(at(6_000), slow) && !grant.review(at(10_900), slow));
        assert!(grant.review(at(11_000), slow));
        assert_eq!(grant.granted(), 250 * MS);
        assert!(!grant.review(at(30_000), fast));
        assert_eq!(grant.granted(), 250 * MS, "it never shrinks");
    }

    #[test]
    fn the_first_measurement_counts_at_once() {
        let mut grant = Grant::new(100 * MS, Duration::ZERO, None);
        assert_eq!(grant.granted(), 100 * MS);
        assert!(grant.review(Time::from_micros(1), needed(&measured(100), Duration::ZERO)));
        assert_eq!(grant.granted(), 200 * MS);
    }
}
