//! Carrying out one command.

use std::time::Duration;

use protocol::id::Target;
use protocol::time::Time;

use super::super::agenda::Item;
use super::super::lifetime::End;
use super::Shell;
use super::recordings::shown;
use crate::shell::command::Command;
use crate::shell::output::{Notice, Report};

impl Shell {
    pub(super) fn carry_out(&mut self, now: Time, item: Item) {
        match item {
            Ok(Command::Subscribe { targets, latency }) => self.subscribe(now, &targets, latency),
            Ok(Command::Unsubscribe(targets)) => self.unsubscribe(now, &targets),
            Ok(Command::UnsubscribeAll) => {
                let targets: Vec<Target> = self.network.client.targets().collect();
                if targets.is_empty() {
                    self.printer
                        .answer(&Notice::Error(&"nothing is subscribed: 'subscribe ID' starts a stream"));
                }
                self.unsubscribe(now, &targets);
            }
            Ok(Command::List) => {
                self.answers.expect_catalog();
                self.neighbours.note_asked();
                self.network.client.list(now);
                self.note_wanted(now);
            }
            Ok(Command::Status) => self.report(now, Figures::Status),
            Ok(Command::Stats) => self.report(now, Figures::Stats),
            Ok(Command::Watch { targets, latency, renderer }) => self.watch(now, &targets, latency, renderer),
            Ok(Command::Top) => self.show_top(now, false),
            Ok(Command::Grid) => self.show_grid(now),
            Ok(Command::WatchOff) => self.watch_off(now),
            Ok(Command::Snapshot { producer, file }) => self.snapshot(producer, file),
            Ok(Command::Record(folder)) => self.record(folder),
            Ok(Command::RecordOff) => self.stop_recording(),
            Ok(Command::Help(verb)) => self.printer.answer(&Notice::Help(verb)),
            Ok(Command::Quit) => self.begin_end(now, End::Done),
            Err(error) => {
                self.lifetime.note_wrong();
                self.printer.answer(&Notice::Error(&error));
            }
        }
    }

    pub(super) fn subscribe(&mut self, now: Time, targets: &[Target], latency: Option<Duration>) {
        self.answers.expect_subscribed(targets);
        for target in targets {
            self.network.client.subscribe(now, *target, latency.unwrap_or(self.latency));
        }
        self.note_wanted(now);
    }

    /// The answer comes with the next session, if there is none now.
    fn note_wanted(&mut self, now: Time) {
        if !self.network.client.is_up() {
            self.absence.note_wanted(now);
        }
    }

    pub(super) fn unsubscribe(&mut self, now: Time, targets: &[Target]) {
        self.answers.expect_unsubscribed(targets);
        for target in targets {
            self.network.client.unsubscribe(now, *target);
        }
    }

    /// Says how everything stands.
    pub(super) fn report(&mut self, now: Time, figures: Figures) {
        let snapshot = self.network.snapshot(now);
        let report = Report { snapshot: &snapshot, recording: self.recording.as_ref().and_then(shown) };
        self.printer.answer(&match figures {
            Figures::Status => Notice::Status(report),
            Figures::Stats => Notice::Stats(report),
            Figures::Summary => Notice::Summary(report),
        });
    }
}

/// How much of everything is said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Figures {
    Status,
    Stats,
    Summary,
}
