//! Why a load could not be put on a broker.

use std::io;
use std::net::SocketAddr;

use thiserror::Error;
use udp::BindError;

/// Why a load could not be put on a broker.
#[derive(Debug, Error)]
pub enum BenchError {
    /// A socket could not be bound.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The system gives no random bytes.
    #[error("the system gave no random bytes: {0}; check that getrandom(2) is allowed")]
    Randomness(getrandom::Error),
    /// More sockets than the process may open.
    #[error(
        "{needed} sockets are more than this process may open ({allowed}): `ulimit -n {needed}` raises that"
    )]
    OpenFiles {
        /// Sockets, and some room.
        needed: u64,
        /// Open files allowed.
        allowed: u64,
    },
    /// The broker's process could not be started.
    #[error("the broker could not be started: {0}")]
    Child(io::Error),
    /// The broker's process ended.
    #[error("the broker that was started has ended ({0}): its last words are above")]
    ChildEnded(String),
    /// No broker answers.
    #[error(
        "no broker answers at {0}: start one (`framecast broker`), or leave --broker out to have one started"
    )]
    Unreachable(SocketAddr),
    /// The broker took only some of the channels.
    #[error(
        "only {live} of {asked} channels were announced within {seconds} s: the broker refused or lost the others"
    )]
    NotLive {
        /// Channels that are announced.
        live: u64,
        /// Channels asked for.
        asked: u64,
        /// How long was waited.
        seconds: u64,
    },
    /// A thread could not be started or has ended in a defect.
    #[error("a thread of the load could not go on: {0}")]
    Thread(String),
}
