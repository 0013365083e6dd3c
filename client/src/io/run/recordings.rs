//! Beginning, ending and filling recordings.

use std::path::PathBuf;

use super::super::recording::{News, Recording};
use super::Shell;
use crate::engine::event::Frame;
use crate::shell::output::{self, Notice};

impl Shell {
    /// `record DIR`: after the recording that goes on, if there is one.
    pub(super) fn record(&mut self, folder: PathBuf) {
        if let Some(recording) = &mut self.recording {
            recording.finish();
            self.next_folder = Some(folder);
            return;
        }
        match Recording::open(folder) {
            Ok(recording) => self.recording = Some(recording),
            Err(error) => {
                self.refuse(&format!("the recorder can't start: {error}; raise the limit of processes"));
            }
        }
    }

    /// `record off`.
    pub(super) fn stop_recording(&mut self) {
        match &mut self.recording {
            Some(recording) => recording.finish(),
            None => {
                self.printer.answer(&Notice::Error(&"nothing is recorded: 'record DIR' starts a recording"));
            }
        }
    }

    pub(super) fn record_frame(&mut self, frame: Frame) {
        if let Some(news) = self.recording.as_mut().and_then(|recording| recording.take(frame)) {
            self.take_news(news);
        }
    }

    /// What the recorder has to say.
    pub(super) fn take_news(&mut self, news: News) {
        let Some(recording) = &self.recording else { return };
        let not_written = recording.counters().not_written;
        match news {
            News::Started => self.printer.answer(&Notice::RecordingStarted(recording.folder())),
            News::Failed(fault) => self.printer.event(&Notice::RecordError { fault: &fault, not_written }),
            News::Resumed { missed } => {
                if let Some(recording) = shown(recording) {
                    self.printer.event(&Notice::RecordingResumed { recording, missed });
                }
            }
            News::NotStarted(fault) => {
                self.printer.answer(&Notice::RecordError { fault: &fault, not_written });
                self.lifetime.note_refused();
                self.recording = None;
            }
            News::Finished => {
                if let Some(recording) = shown(recording) {
                    self.printer.answer(&Notice::RecordingStopped(recording));
                }
                self.recording = None;
                if let Some(folder) = self.next_folder.take() {
                    self.record(folder);
                }
            }
        }
    }

    pub(super) fn refuse(&mut self, why: &dyn std::fmt::Display) {
        self.lifetime.note_refused();
        self.printer.answer(&Notice::Error(why));
    }
}

/// The recording as it is said, once it has begun.
pub(super) fn shown(recording: &Recording) -> Option<output::Recording<'_>> {
    let shown = output::Recording { folder: recording.folder(), counters: recording.counters() };
    recording.is_started().then_some(shown)
}
