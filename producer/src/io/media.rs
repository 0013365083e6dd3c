//! The media of a producer, whatever it comes from: what is due now, and when the next is due.

use std::io::Read;
use std::time::Duration;

use bytes::Bytes;
use protocol::id::StreamId;
use protocol::limits::FRAME_LEN_MAX;
use protocol::time::Time;

use super::clock::{self, Clock};
use super::error::RunError;
use super::pipe::{Pipe, PipeCounters};
use super::plan::stream;
use super::settings::Input;
use crate::source::{Source, SourceCounters, TimeOfDay, TrackInfo, TrackRole};

/// What a source or a pipe has left out so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MediaCounters {
    /// Files, and the test card.
    pub source: SourceCounters,
    /// The pipe.
    pub pipe: PipeCounters,
}

/// A frame that is due.
pub(super) struct Frame {
    pub(super) stream: StreamId,
    pub(super) capture: Time,
    pub(super) data: Bytes,
}

/// The media of a producer. Nothing is due before [`Media::begin`].
pub(super) struct Media {
    clock: Clock,
    feed: Feed,
}

enum Feed {
    Source {
        source: Source,
        start: Option<Time>,
    },
    /// Not read before the start: what waits in it is the writer's to drop.
    ClosedPipe(Option<Box<dyn Read + Send>>),
    Pipe(Pipe),
}

impl Media {
    /// Opens the folders.
    pub(super) fn open(input: Input, clock: Clock) -> Result<Self, RunError> {
        let feed = match input {
            Input::Source(options) => Feed::Source { source: Source::open(&options)?, start: None },
            Input::Mjpeg(input) => Feed::ClosedPipe(Some(input)),
        };
        Ok(Self { clock, feed })
    }

    /// What there will be.
    pub(super) fn tracks(&self) -> impl Iterator<Item = TrackInfo> {
        let (source, pipe) = match &self.feed {
            Feed::Source { source, .. } => (Some(source), None),
            Feed::ClosedPipe(_) | Feed::Pipe(_) => (None, Some(pipe_track())),
        };
        source.into_iter().flat_map(Source::tracks).chain(pipe)
    }

    /// The publication starts.
    pub(super) fn begin(&mut self, now: Time) -> Result<(), RunError> {
        match &mut self.feed {
            Feed::Source { start, .. } => *start = Some(now),
            Feed::ClosedPipe(input) => {
                if let Some(input) = input.take() {
                    let pipe = Pipe::open(input, self.clock, FRAME_LEN_MAX as usize);
                    self.feed = Feed::Pipe(pipe.map_err(RunError::System)?);
                }
            }
            Feed::Pipe(_) => {}
        }
        Ok(())
    }

    /// When [`Media::poll`] has something, where that is known.
    pub(super) fn next_due(&self) -> Option<Time> {
        match &self.feed {
            Feed::Source { source, start: Some(start) } => source.next_due().map(|due| *start + due),
            Feed::Source { .. } | Feed::ClosedPipe(_) | Feed::Pipe(_) => None,
        }
    }

    /// Waits until [`Media::poll`] has something, where that is not known. Safe to cancel.
    pub(super) async fn ready(&mut self) {
        match &mut self.feed {
            Feed::Pipe(pipe) => pipe.ready().await,
            Feed::Source { .. } | Feed::ClosedPipe(_) => std::future::pending().await,
        }
    }

    /// The next frame that is due.
    pub(super) fn poll(&mut self, now: Time) -> Result<Option<Frame>, RunError> {
        match &mut self.feed {
            Feed::Source { source, start: Some(start) } => {
                let time_of_day = TimeOfDay::from_unix(clock::unix_time());
                let unit = source.poll_unit(now.since(*start), time_of_day)?;
                Ok(unit.map(|unit| Frame {
                    stream: stream(unit.track),
                    capture: *start + unit.capture_offset,
                    data: unit.data,
                }))
            }
            Feed::Pipe(pipe) => Ok(pipe.take().map(|picture| Frame {
                stream: StreamId::VIDEO,
                capture: picture.arrival,
                data: picture.data,
            })),
            Feed::Source { start: None, .. } | Feed::ClosedPipe(_) => Ok(None),
        }
    }

    /// How it ended, once it has and every frame was taken.
    pub(super) fn end(&self) -> Option<Result<(), RunError>> {
        match &self.feed {
            Feed::Source { source, .. } => source.next_due().is_none().then_some(Ok(())),
            Feed::ClosedPipe(_) => None,
            Feed::Pipe(pipe) => pipe.end().map(|end| {
                let counters = pipe.counters().stream;
                end.clone().map_err(RunError::Pipe)?;
                if counters.pictures == 0 {
                    return Err(RunError::NoPicture { bytes: counters.garbage_bytes });
                }
                Ok(())
            }),
        }
    }

    pub(super) fn counters(&self) -> MediaCounters {
        match &self.feed {
            Feed::Source { source, .. } => {
                MediaCounters { source: source.counters(), ..MediaCounters::default() }
            }
            Feed::Pipe(pipe) => MediaCounters { pipe: pipe.counters(), ..MediaCounters::default() },
            Feed::ClosedPipe(_) => MediaCounters::default(),
        }
    }
}

/// Nobody knows how often the pictures of a pipe come.
fn pipe_track() -> TrackInfo {
    TrackInfo { role: TrackRole::Video, extension: "jpg".to_owned(), frame_duration: Duration::ZERO }
}
