//! What every broker is loaded with, and what its viewers see of it.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use hdrhistogram::Histogram;

/// The topic.
pub(crate) const TOPIC: &str = "1AAA99";
/// Every viewer has its first frame by then.
pub(crate) const JOINED_WITHIN: Duration = Duration::from_secs(60);
/// From the last viewer's first frame to the window.
pub(crate) const WARM_UP: Duration = Duration::from_secs(4);
/// After the window: what is on its way arrives.
pub(crate) const DRAIN: Duration = Duration::from_secs(1);
const STAMP_LEN: usize = size_of::<u64>();

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

/// The schedule: frames are due at fixed moments, whatever became of those before. The first is the next that is due: a burst of what
/// was due while viewers connected would be another load.
pub(crate) struct Schedule {
    origin: Instant,
    interval: Duration,
    next: u32,
    frame: Vec<u8>,
}

impl Schedule {
    pub(crate) fn new(load: Load, origin: Instant) -> Self {
        let frame = (0..load.frame_bytes.max(STAMP_LEN)).map(|at| (at % 251) as u8).collect();
        let interval = Duration::from_secs(1) / load.rate.max(1);
        let past = origin.elapsed().as_nanos() / interval.as_nanos().max(1);
        Self { origin, interval, next: past as u32 + 1, frame }
    }

    /// The next frame, once it is due.
    pub(crate) async fn next(&mut self) -> Bytes {
        let due = self.interval * self.next;
        self.next += 1;
        tokio::time::sleep_until((self.origin + due).into()).await;
        self.frame[..STAMP_LEN].copy_from_slice(&(due.as_nanos() as u64).to_be_bytes());
        Bytes::copy_from_slice(&self.frame)
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
        let latency_us = Histogram::new_with_max(60_000_000, 3)?;
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

    /// Frames of the window, and how long the median and the 99th percentile of them took.
    pub(crate) fn result(&self) -> (u64, Duration, Duration) {
        let tally = self.tally();
        let at = |quantile| Duration::from_micros(tally.latency_us.value_at_quantile(quantile));
        (tally.latency_us.len(), at(0.5), at(0.99))
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
