//! What every broker is loaded with, and what its viewers see of it.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::schedule::Delay;

/// The topic.
pub(crate) const TOPIC: &str = "1AAA99";
/// Every viewer has its first frame by then.
pub(crate) const JOINED_WITHIN: Duration = Duration::from_secs(60);
/// From the last viewer's first frame to the window.
pub(crate) const WARM_UP: Duration = Duration::from_secs(4);
/// After the window: what is on its way arrives.
pub(crate) const DRAIN: Duration = Duration::from_secs(1);
/// A frame begins with the moment that it was due, nanoseconds since the origin.
pub(crate) const STAMP_LEN: usize = size_of::<u64>();

/// A load.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    pub(crate) viewers: usize,
    /// Frames per second.
    pub(crate) rate: u32,
    pub(crate) frame_bytes: usize,
    /// What is measured.
    pub(crate) window: Duration,
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} viewers, {} frames a second of {} bytes", self.viewers, self.rate, self.frame_bytes)
    }
}

/// What all viewers saw.
#[derive(Clone)]
pub(crate) struct Seen(Arc<Mutex<Tally>>);

struct Tally {
    origin: Instant,
    joined: usize,
    /// Due times that count.
    window: (Duration, Duration),
    latency_us: Histogram<u64>,
}

impl Seen {
    pub(crate) fn new(origin: Instant) -> anyhow::Result<Self> {
        let latency_us = histogram()?;
        let window = (Duration::MAX, Duration::MAX);
        Ok(Self(Arc::new(Mutex::new(Tally { origin, joined: 0, window, latency_us }))))
    }

    /// A viewer has got a frame; `is_first`: its first one.
    pub(crate) fn note(&self, frame: &[u8], is_first: bool) {
        let mut tally = self.tally();
        tally.joined += usize::from(is_first);
        let Some(stamp) = frame.first_chunk::<STAMP_LEN>() else { return };
        let due = Duration::from_nanos(u64::from_be_bytes(*stamp));
        if tally.window.0 <= due && due < tally.window.1 {
            let took = tally.origin.elapsed().saturating_sub(due);
            tally.latency_us.saturating_record(took.as_micros() as u64);
        }
    }

    /// Viewers that have got a frame.
    pub(crate) fn joined(&self) -> usize {
        self.tally().joined
    }

    /// What is due from now on for so long counts.
    pub(crate) fn open_window(&self, length: Duration) {
        let mut tally = self.tally();
        let begin = tally.origin.elapsed();
        tally.window = (begin, begin + length);
    }

    /// How long the frames of the window took.
    pub(crate) fn latency(&self) -> Times {
        Times::of(&self.tally().latency_us)
    }

    /// What the publisher was late by with the frames of the window.
    pub(crate) fn lateness(&self, delays: &[Delay]) -> anyhow::Result<Times> {
        let (begin, end) = self.tally().window;
        let mut late_us = histogram()?;
        for delay in delays.iter().filter(|delay| begin <= delay.due && delay.due < end) {
            late_us.saturating_record(delay.late.as_micros() as u64);
        }
        Ok(Times::of(&late_us))
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A distribution, as far as the table has it.
pub(crate) struct Times {
    pub(crate) count: u64,
    /// Milliseconds; not a number where there is nothing.
    pub(crate) median_ms: f64,
    pub(crate) p99_ms: f64,
}

impl Times {
    fn of(times_us: &Histogram<u64>) -> Self {
        let at = |share| match times_us.len() {
            0 => f64::NAN,
            _ => times_us.value_at_quantile(share) as f64 / 1e3,
        };
        Self { count: times_us.len(), median_ms: at(0.5), p99_ms: at(0.99) }
    }
}

/// Up to a minute, in microseconds.
fn histogram() -> anyhow::Result<Histogram<u64>> {
    Ok(Histogram::new_with_max(60_000_000, 3)?)
}
