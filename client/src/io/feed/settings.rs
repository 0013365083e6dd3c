//! What a feed is asked to do.

use std::net::SocketAddr;
use std::time::Duration;

use protocol::id::Target;

use super::super::outlet::Destination;
use super::super::settings::AtEnd;
use super::super::stops::Stops;
use crate::mux::Form;

/// What a feed is asked to do.
#[derive(Debug)]
pub struct FeedSettings {
    /// The broker.
    pub broker: SocketAddr,
    /// The local address to bind; else every address of the broker's kind of IP, and a port of the system's choice.
    pub local: Option<SocketAddr>,
    /// The channel.
    pub target: Target,
    /// Its latency: zero, or 100 ms to 10 s.
    pub latency: Duration,
    /// Where the stream goes.
    pub out: Destination,
    /// How it is written.
    pub form: Form,
    /// When it ends by itself. There are no commands that could be done.
    pub at_end: AtEnd,
    /// Where requests to end come from; `None` stands for SIGINT, SIGTERM and SIGHUP.
    pub stops: Option<Stops>,
}
