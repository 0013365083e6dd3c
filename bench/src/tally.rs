//! What a thread of the load has counted so far.

use std::time::Duration;

use hdrhistogram::Histogram;
use protocol::receiver::Counters;
use protocol::time::micros;

/// The longest time a histogram tells apart from longer ones, microseconds.
const LONGEST_US: u64 = 60_000_000;
/// Significant digits of a histogram.
const DIGITS: u8 = 3;

/// Counts of a thread; those of several threads add up.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// From the schedule's moment to a viewer that has the frame whole and in order: frames due within the window.
    pub latency: Times,
    /// From a viewer's first HELLO to the answer to its subscription.
    pub join: Times,
    /// From a viewer's first HELLO to its first frame.
    pub first_frame: Times,
    /// From the schedule's moment to the call that sent the frame: what the load itself was late by.
    pub publish_delay: Times,
    /// Viewers that hold a subscription.
    pub joined: u64,
    /// Viewers that left during the run for others to join.
    pub churned: u64,
    /// Subscriptions that the broker refused.
    pub refused: u64,
    /// Sessions that were lost.
    pub disconnects: u64,
    /// Frames that the schedule wanted and the broker's session took.
    pub published: u64,
    /// Frames that the schedule wanted while no session stood.
    pub unsent: u64,
    /// Channels that are announced.
    pub live: u64,
    /// Frames delivered.
    pub delivered: u64,
    /// Frames delivered within the window.
    pub delivered_in_window: u64,
    /// Frames published that a viewer had joined for and did not get.
    pub missing: u64,
    /// Frames delivered twice or after a later one.
    pub misordered: u64,
    /// Frames that are not what was published.
    pub wrong: u64,
    /// What the viewers' engines say became of their frames.
    pub engine: Counters,
    /// What crossed the viewers' sockets within the window.
    pub traffic: Traffic,
}

/// Datagrams of viewers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Traffic {
    /// DATA received.
    pub data: u64,
    /// DATA received that was sent again.
    pub resent: u64,
    /// DATA received that was parity.
    pub parity: u64,
    /// Control messages received.
    pub control_in: u64,
    /// Their bytes.
    pub control_in_bytes: u64,
    /// Control messages sent.
    pub control_out: u64,
    /// Their bytes.
    pub control_out_bytes: u64,
    /// Dropped on purpose, both ways.
    pub impaired: u64,
}

impl Tally {
    /// Adds another thread's.
    pub fn add(&mut self, other: &Self) {
        self.latency.add(&other.latency);
        self.join.add(&other.join);
        self.first_frame.add(&other.first_frame);
        self.publish_delay.add(&other.publish_delay);
        self.joined += other.joined;
        self.churned += other.churned;
        self.refused += other.refused;
        self.disconnects += other.disconnects;
        self.published += other.published;
        self.unsent += other.unsent;
        self.live += other.live;
        self.delivered += other.delivered;
        self.delivered_in_window += other.delivered_in_window;
        self.missing += other.missing;
        self.misordered += other.misordered;
        self.wrong += other.wrong;
        self.engine.add(&other.engine);
        self.traffic.add(&other.traffic);
    }
}

impl Traffic {
    const fn add(&mut self, other: &Self) {
        self.data += other.data;
        self.resent += other.resent;
        self.parity += other.parity;
        self.control_in += other.control_in;
        self.control_in_bytes += other.control_in_bytes;
        self.control_out += other.control_out;
        self.control_out_bytes += other.control_out_bytes;
        self.impaired += other.impaired;
    }
}

/// Times, with their distribution.
#[derive(Clone, Debug)]
pub struct Times(Option<Histogram<u64>>);

impl Default for Times {
    fn default() -> Self {
        // The bounds are constants that the library takes: 1 < 2 * 1 <= LONGEST_US, DIGITS <= 5.
        Self(Histogram::new_with_bounds(1, LONGEST_US, DIGITS).ok())
    }
}

impl Times {
    /// Takes in one; what is longer than a minute counts as a minute.
    pub fn note(&mut self, time: Duration) {
        if let Some(histogram) = &mut self.0 {
            histogram.saturating_record(micros(time).max(1));
        }
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.0.as_ref().map_or(0, Histogram::len)
    }

    /// The time that this share (0 to 1) does not exceed; `None` where there is none at all.
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let histogram = self.0.as_ref().filter(|it| !it.is_empty())?;
        Some(Duration::from_micros(histogram.value_at_quantile(share)))
    }

    /// The longest.
    pub fn max(&self) -> Option<Duration> {
        self.quantile(1.0)
    }

    fn add(&mut self, other: &Self) {
        if let (Some(histogram), Some(other)) = (&mut self.0, &other.0) {
            // Equal bounds always add up.
            histogram.add(other).unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_times_of_two_threads_add_up_to_one_distribution() {
        let (mut one, mut other) = (Tally::default(), Tally::default());
        (1..=50).for_each(|ms| one.latency.note(Duration::from_millis(ms)));
        (51..=100).for_each(|ms| other.latency.note(Duration::from_millis(ms)));
        one.add(&other);
        let median = one.latency.quantile(0.5).unwrap().as_secs_f64();
        assert!((0.0499..0.0501).contains(&median), "{median}");
        assert_eq!(one.latency.count(), 100);
    }

    #[test]
    fn nothing_has_no_quantiles_and_what_is_very_long_is_kept() {
        let mut times = Times::default();
        assert_eq!((times.quantile(0.5), times.max()), (None, None));
        times.note(Duration::from_secs(600));
        assert!(times.max().unwrap() >= Duration::from_secs(60));
    }
}
