//! What the client says on standard output: lines for people, or one JSON object per line for programs.

mod json;
mod object;
#[cfg(test)]
mod samples;
mod table;
#[cfg(test)]
mod tests;
mod text;
pub(crate) mod units;

use std::fmt;
use std::path::Path;
use std::time::Duration;

use protocol::id::ProducerId;

use super::recorder::{RecordCounters, RecordFault};
use super::verb::Verb;
use crate::engine::event::{Event, Snapshot};

/// One thing to say: an event, or the answer to a command.
#[derive(Clone, Copy)]
pub enum Notice<'a> {
    /// Something that the engine told; frames are not said.
    Event(&'a Event, Hints),
    /// The answer to `status`.
    Status(Report<'a>),
    /// The answer to `stats`.
    Stats(Report<'a>),
    /// The last word of the process.
    Summary(Report<'a>),
    /// Frames are written below this folder from now on.
    RecordingStarted(&'a Path),
    /// Frames are written again, and so many are missing.
    RecordingResumed {
        /// The folder, and what was written so far.
        recording: Recording<'a>,
        /// Frames that the trouble cost.
        missed: u64,
    },
    /// No more frames are written.
    RecordingStopped(Recording<'a>),
    /// Frames can't be written, or a recording doesn't begin.
    RecordError {
        /// Why.
        fault: &'a RecordFault,
        /// Frames that were delivered and are no files, so far.
        not_written: u64,
    },
    /// A command was wrong or can't be done. The message steers no terminal.
    Error(&'a dyn fmt::Display),
    /// The answer to `help`, for all commands or one.
    Help(Option<Verb>),
}

/// What is known beside an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Hints {
    /// The round-trip time to the broker, for `subscribed`.
    pub rtt: Option<Duration>,
    /// The known producer that was perhaps meant, for `waiting`.
    pub nearest: Option<ProducerId>,
}

/// The state of the client and of its recording, if there is one.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Report<'a> {
    /// The state of the engine.
    pub snapshot: &'a Snapshot,
    /// The recording that goes on.
    pub recording: Option<Recording<'a>>,
}

/// A recording and what it has done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Recording<'a> {
    /// Its folder.
    pub folder: &'a Path,
    /// What was written so far.
    pub counters: RecordCounters,
}

/// How things are said.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Format {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object per line, as `docs/SCRIPTING.md` lists them.
    Json,
}

impl Format {
    /// The lines that say it, each with its line end; `None` for a frame.
    ///
    /// Names and reasons from the wire can't steer the terminal in either format.
    pub fn render(self, notice: &Notice<'_>) -> Option<String> {
        match self {
            Self::Text => text::render(notice),
            Self::Json => json::render(notice),
        }
    }
}
