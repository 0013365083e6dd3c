//! What can go wrong around the engine. What comes in from the network is never among it.

use std::io;
use std::time::Duration;

use thiserror::Error;
use udp::BindError;

use super::settings::WORKERS_MAX;
use super::state::StateError;

/// Why the broker did not start. Nothing is left of it then.
#[derive(Debug, Error)]
pub enum StartError {
    /// More workers than the broker can have.
    #[error("{asked} workers are too many: a broker on this system has at most {WORKERS_MAX}; ask for fewer")]
    Workers {
        /// The number asked for.
        asked: u8,
    },
    /// The address is not to be had.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The state directory can't be used.
    #[error(transparent)]
    State(#[from] StateError),
    /// The system gives no random bytes.
    #[error("the system gave no random bytes for the broker's keys: {0}; check that getrandom(2) is allowed")]
    Randomness(getrandom::Error),
    /// The system refused a thread or its event queue.
    #[error(
        "worker {worker} of the broker could not be started: {cause}; raise the limits on threads and open \
         files (`ulimit -u`, `ulimit -n`) or ask for fewer workers"
    )]
    System {
        /// The worker's number, from 0.
        worker: u8,
        /// The system's error.
        cause: io::Error,
    },
    /// A worker ended before it was bound.
    #[error("a worker of the broker ended while it started: its panic is in the log; please report it")]
    Silent,
}

/// A worker that is gone though nobody asked it to end: a broker must not live on without it.
#[derive(Debug, Error)]
pub enum WorkerLost {
    /// A defect of the broker.
    #[error("worker {worker} of the broker panicked: {message}; please report it and start the broker again")]
    Panicked {
        /// The worker's number, from 0.
        worker: u8,
        /// What the panic said.
        message: String,
    },
    /// The system took its socket.
    #[error("worker {worker} of the broker lost its socket: {cause}; start the broker again")]
    Failed {
        /// The worker's number, from 0.
        worker: u8,
        /// The system's error.
        cause: io::Error,
    },
    /// It ended in peace, but too early.
    #[error("worker {worker} of the broker ended by itself; please report it and start the broker again")]
    Ended {
        /// The worker's number, from 0.
        worker: u8,
    },
    /// It was asked to end and did not.
    #[error("worker {worker} of the broker did not stop within {patience:?} and was left behind")]
    Stuck {
        /// The worker's number, from 0.
        worker: u8,
        /// How long it was waited for.
        patience: Duration,
    },
}

/// Why [`run`](super::run) ended other than asked.
#[derive(Debug, Error)]
pub enum RunError {
    /// It did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// It lost a worker. The other ones have said goodbye to their peers.
    #[error(transparent)]
    Worker(#[from] WorkerLost),
}
