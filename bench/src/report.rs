//! What a run showed: for a person, as JSON, and figure by figure for thresholds.

mod figures;
mod json;
mod text;

use std::time::Duration;

pub(crate) use figures::{Metric, Unit};

use crate::tally::Tally;
use crate::usage::Usage;

/// What a run showed.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Channels, viewers, frames per second and channel, bytes of a frame: what was asked for.
    pub asked: Asked,
    /// How long was measured. Shorter than asked for where the run was interrupted.
    pub measured: Duration,
    /// Whether it was ended before its time.
    pub interrupted: bool,
    /// What was counted.
    pub tally: Tally,
    /// The broker's process, where it is known.
    pub broker: Option<BrokerFigures>,
    /// The load's own process.
    pub load: LoadFigures,
}

/// What was asked for.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Asked {
    /// Channels.
    pub producers: usize,
    /// Viewers.
    pub viewers: usize,
    /// Frames per second and channel.
    pub rate: f64,
    /// Bytes of a frame.
    pub frame_bytes: usize,
    /// Share of datagrams lost on purpose.
    pub loss: f64,
    /// How long what viewers said took to the broker.
    pub delay: Duration,
    /// Viewers replaced in a second.
    pub churn: f64,
    /// Whether runs of datagrams were received at once.
    pub coalescing: bool,
}

/// The broker's process.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct BrokerFigures {
    /// Its number.
    pub pid: u32,
    /// What it used within the window.
    pub used: Usage,
    /// Resident memory before the first viewer came, bytes.
    pub rss_before: u64,
    /// Resident memory at the end of the window, bytes.
    pub rss: u64,
    /// Resident memory when all viewers had left, bytes.
    pub rss_after: u64,
}

/// The load's own process.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct LoadFigures {
    /// What it used within the window.
    pub used: Usage,
    /// Datagrams that its own sockets dropped, since it was too slow: those are not the broker's.
    pub dropped: u64,
}

/// A thread of the load that is busier than this measures itself.
pub(crate) const LOAD_BOUND: f64 = 0.9;

impl Report {
    /// Share of a core that the load's busiest thread used, 0 to 1.
    pub fn load_share(&self) -> f64 {
        share(self.load.used.cpu.busiest, self.measured)
    }

    /// Whether the load was the limit: then the figures are not the broker's.
    pub fn is_load_bound(&self) -> bool {
        self.load_share() > LOAD_BOUND || self.load.dropped > 0
    }
}

/// `part` of `whole`, 0 where that is nothing.
fn share(part: Duration, whole: Duration) -> f64 {
    if whole.is_zero() { 0.0 } else { part.as_secs_f64() / whole.as_secs_f64() }
}
