//! Why a producer ended other than by its own end or on request.

use std::io;
use std::sync::Arc;

use protocol::id::ProducerId;
use thiserror::Error;
use udp::{BindError, ResolveError};

use crate::source::SourceError;

/// Why a producer ended. Each message names the thing, the value and the remedy.
#[derive(Debug, Error)]
pub enum RunError {
    /// The broker's address is none.
    #[error("broker {0}")]
    BadBroker(ResolveError),
    /// The broker's name leads nowhere, now.
    #[error("broker {0}")]
    UnknownBroker(ResolveError),
    /// The socket could not be bound.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The source can't be opened or can't go on.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The pipe broke.
    #[error("the pictures on standard input can't be read: {0}; check the program before the pipe")]
    Pipe(Arc<io::Error>),
    /// The pipe ended and there was no picture in it.
    #[error(
        "no JPEG picture in the {bytes} bytes on standard input: check the program before the pipe, which must \
         write motion JPEG (ffmpeg -f mjpeg -)"
    )]
    NoPicture {
        /// What came instead.
        bytes: u64,
    },
    /// Another identity publishes under this id.
    #[error(
        "the broker refuses {0}: another producer with a different key publishes it; stop that one or give \
         this one its PRODUCER_KEY"
    )]
    IdTaken(ProducerId),
    /// A later life of the same identity took over.
    #[error("a newer producer with the key of this one took over {0}: this one has ended")]
    Superseded(ProducerId),
    /// The system has no random bits.
    #[error("the system gave no random bits: {0}; check that /dev/urandom exists")]
    Random(getrandom::Error),
    /// The system gave no thread, or the runtime ended.
    #[error("the system failed: {0}; check its limits and its log")]
    System(io::Error),
}

impl From<ResolveError> for RunError {
    fn from(error: ResolveError) -> Self {
        match error {
            ResolveError::Unknown { .. } | ResolveError::NoAddress(_) => Self::UnknownBroker(error),
            ResolveError::NoHost(_) | ResolveError::BadPort(_) | ResolveError::BadIpv6(_) => {
                Self::BadBroker(error)
            }
        }
    }
}
