//! Why a frame, or a whole recording, is not written.

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::PathBuf;

use protocol::id::{ProducerId, StreamId};
use protocol::serial::Serial;
use thiserror::Error;

use crate::shell::echo::Clean;

/// Why a frame, or a whole recording, is not written: one line with the folder and the remedy.
#[derive(Debug, Error)]
pub enum RecordFault {
    /// The recording doesn't begin.
    #[error("cannot record to {}: {source}: {}", Shown(folder), at_start(source))]
    Start {
        /// The recording's folder.
        folder: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A stream's folder holds frames already.
    #[error("{} already holds a recording: choose an empty folder", Shown(folder))]
    Occupied {
        /// The stream's folder.
        folder: PathBuf,
    },
    /// A frame isn't written; later ones are tried.
    #[error(
        "cannot record to {}: {source}: {}, recording goes on by itself",
        Shown(folder),
        meanwhile(source)
    )]
    Write {
        /// The stream's folder.
        folder: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Frames come faster than they are written, and no more of them can be held.
    #[error(
        "cannot record to {}: it is written more slowly than frames come: they are left out, recording goes on \
         by itself",
        Shown(folder)
    )]
    Behind {
        /// The recording's folder.
        folder: PathBuf,
    },
    /// A frame that doesn't come after the one before: its number is not known.
    #[error("frame {number} of {producer}{stream} came out of order: it is left out of the recording")]
    OutOfOrder {
        /// The producer.
        producer: ProducerId,
        /// The stream.
        stream: StreamId,
        /// The frame's number on the wire.
        number: Serial,
    },
}

impl RecordFault {
    /// What kind of trouble it is: each is told once.
    pub(super) fn kind(&self) -> ErrorKind {
        match self {
            Self::Start { source, .. } | Self::Write { source, .. } => source.kind(),
            Self::Occupied { .. } => ErrorKind::AlreadyExists,
            Self::Behind { .. } => ErrorKind::TimedOut,
            Self::OutOfOrder { .. } => ErrorKind::InvalidData,
        }
    }
}

fn at_start(source: &io::Error) -> &'static str {
    if is_full(source.kind()) {
        "make room, or choose another folder"
    } else {
        "choose a folder that takes files"
    }
}

fn meanwhile(source: &io::Error) -> &'static str {
    let kind = source.kind();
    if is_full(kind) {
        "make room"
    } else if kind == ErrorKind::NotFound {
        "create the recording's folder again"
    } else if matches!(kind, ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) {
        "make it writable"
    } else if kind == ErrorKind::AlreadyExists {
        "take away what is in its place"
    } else {
        "once this is over"
    }
}

fn is_full(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
}

struct Shown<'a>(&'a PathBuf);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Clean(&self.0.to_string_lossy()).fmt(f)
    }
}
