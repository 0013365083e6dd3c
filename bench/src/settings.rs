//! What the load is told.

use std::net::SocketAddr;
use std::num::NonZeroU8;
use std::path::PathBuf;
use std::time::Duration;

use protocol::limits::LATENCY;

use crate::stamp::STAMP_LEN;
use crate::threshold::Threshold;

/// Producers that one load has: more ids than that are not set aside for it.
pub const PRODUCERS_MAX: usize = 1 << 16;
/// Viewers that one load has: a worker grants that many sessions.
pub const VIEWERS_MAX: usize = 1 << 20;
/// The longest round trip that a load makes: what viewers say is held for that long, and a longer one is nobody's.
pub const DELAY_MAX: Duration = Duration::from_secs(2);
/// Bytes of the smallest frame: number and time stand in it.
pub const FRAME_BYTES_MIN: usize = STAMP_LEN;

/// Which broker is loaded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BrokerChoice {
    /// One that runs.
    At {
        /// Its address.
        address: SocketAddr,
        /// Its process on this machine, where its CPU time and memory are to be reported.
        pid: Option<u32>,
    },
    /// One that is started for the run, on a free port of loopback.
    Child {
        /// The `framecast` program.
        program: PathBuf,
        /// Its workers; `None` for one per core.
        workers: Option<NonZeroU8>,
    },
}

/// What the load is told.
#[derive(Clone, PartialEq, Debug)]
pub struct Settings {
    /// Which broker is loaded.
    pub broker: BrokerChoice,
    /// Channels, up to [`PRODUCERS_MAX`].
    pub producers: usize,
    /// Channels of these that publish frames; the others are announced and silent. Viewers watch the former.
    pub publishing: usize,
    /// Viewers, up to [`VIEWERS_MAX`]; viewer `n` watches channel `n` modulo the channels that publish.
    pub viewers: usize,
    /// Frames per second and channel; 0 for silent channels.
    pub rate: f64,
    /// Bytes of a frame, at least [`FRAME_BYTES_MIN`].
    pub frame_bytes: usize,
    /// How long is measured.
    pub run_for: Duration,
    /// How long everything runs, complete, before it is measured.
    pub warm_up: Duration,
    /// Viewers that join in a second.
    pub ramp: f64,
    /// Share of datagrams that is lost on the way to a viewer, and from it, 0 to 1.
    pub loss: f64,
    /// How long what a viewer says takes to the broker, up to [`DELAY_MAX`]: its round trip.
    pub delay: Duration,
    /// Viewers that leave, and as many that join, in a second.
    pub churn: f64,
    /// What viewers subscribe with.
    pub latency: Duration,
    /// Receive runs of datagrams (GRO).
    pub coalescing: bool,
    /// Threads that carry the viewers.
    pub threads: usize,
    /// Whether a line on stderr shows how it goes.
    pub progress: bool,
    /// What must not be.
    pub fail_if: Vec<Threshold>,
}

impl Settings {
    /// A load on this broker with the defaults of everything else.
    pub const fn new(broker: BrokerChoice) -> Self {
        Self {
            broker,
            producers: 1,
            publishing: usize::MAX,
            viewers: 100,
            rate: 12.0,
            frame_bytes: 10_000,
            run_for: Duration::from_secs(10),
            warm_up: Duration::from_secs(1),
            ramp: 1_000.0,
            loss: 0.0,
            delay: Duration::ZERO,
            churn: 0.0,
            latency: LATENCY,
            coalescing: true,
            threads: 1,
            progress: false,
            fail_if: Vec::new(),
        }
    }

    /// Channels that publish frames.
    pub fn channels_watched(&self) -> usize {
        self.publishing.clamp(1, self.producers.max(1))
    }
}
