//! How a large frame is spread over time: the sender's rule, which the receiver knows as well (PROTOCOL 7.9).

use std::time::Duration;

/// Datagrams of a run at least: the initial window of RFC 9002 7.2.
pub(crate) const AT_ONCE_MAX: u16 = 10;
/// Frames up to this many datagrams leave at once all the same: spread over 40 ms, pictures and sound of 15 kB had no time
/// left for a repair at a latency of 100 ms.
const SPREAD_ABOVE: u16 = 32;
/// A larger frame leaves within half its duration, and within this.
const SPREAD_MAX: Duration = Duration::from_millis(40);
/// It leaves in at most this many runs: each is one send.
const RUNS_MAX: u16 = 8;

/// The runs of a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Spread {
    /// Datagrams of a run.
    pub(crate) run: u16,
    /// From one run to the next.
    pub(crate) gap: Duration,
    /// From the first run to the time when all have left.
    pub(crate) whole: Duration,
}

/// Datagrams of a frame of `count` that leave in one go.
pub(crate) fn run_of(count: u16) -> u16 {
    if count <= SPREAD_ABOVE { count } else { AT_ONCE_MAX.max(count.div_ceil(RUNS_MAX)) }
}

impl Spread {
    /// The runs of a frame of `count` datagrams that comes each `interval` (zero: not known); `None` where it leaves at
    /// once.
    pub(crate) fn of(count: u16, interval: Duration) -> Option<Self> {
        if count <= SPREAD_ABOVE {
            return None;
        }
        let whole = if interval.is_zero() { SPREAD_MAX } else { (interval / 2).min(SPREAD_MAX) };
        let run = run_of(count);
        let gap = whole / u32::from(count.div_ceil(run));
        Some(Self { run, gap, whole })
    }
}
