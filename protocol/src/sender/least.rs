//! The least transit of the last while: what the path takes without a queue.

use std::time::Duration;

use crate::time::Time;

/// The least of 15 to 20 s: two clocks that drift apart by 500 ppm move it by 10 ms, less than counts as a queue.
const BUCKETS: usize = 4;
const BUCKET: Duration = Duration::from_secs(5);

/// A windowed minimum, in microseconds of any origin.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Least {
    buckets: [Option<i64>; BUCKETS],
    since: Time,
}

impl Least {
    /// A look at it; see [`Sender::look`](super::Sender::look).
    pub(super) const fn look(&self) -> u64 {
        self.since.as_micros()
    }

    /// Takes in a transit; how much it is above the least.
    pub(super) fn observe(&mut self, now: Time, transit_us: i64) -> i64 {
        if now.since(self.since) >= BUCKET {
            self.since = now;
            self.buckets.rotate_right(1);
            if let Some(bucket) = self.buckets.first_mut() {
                *bucket = None;
            }
        }
        if let Some(bucket) = self.buckets.first_mut() {
            *bucket = Some(bucket.map_or(transit_us, |least| least.min(transit_us)));
        }
        transit_us - self.buckets.iter().flatten().min().copied().unwrap_or(transit_us)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Time {
        Time::from_micros(ms * 1_000)
    }

    #[test]
    fn what_is_above_the_least_of_the_last_while_is_the_queue() {
        let mut least = Least::default();
        assert_eq!(least.observe(at(10_000), 700), 0);
        assert_eq!(least.observe(at(10_250), 900), 200);
        assert_eq!(least.observe(at(10_500), 600), 0, "a new least");
        assert_eq!(least.observe(at(24_000), 650), 50);
    }

    #[test]
    fn a_drift_of_500_ppm_is_no_queue() {
        let mut least = Least::default();
        let queues =
            (0..2_000_u32).map(|beat| least.observe(at(u64::from(beat) * 250), i64::from(beat) * 125));
        assert!(queues.max() <= Some(10_000));
    }

    #[test]
    fn a_longer_path_is_the_new_measure_after_a_while() {
        let mut least = Least::default();
        least.observe(at(10_000), 0);
        let last = (1..=84).map(|beat| least.observe(at(10_000 + beat * 250), 90_000)).last();
        assert_eq!(last, Some(0));
    }
}
