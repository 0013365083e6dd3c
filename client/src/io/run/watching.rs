//! Beginning and ending pictures, and what the keys of their page ask for.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use protocol::id::{ProducerId, StreamId, Target};
use protocol::time::Time;

use super::super::lifetime::End;
use super::super::snapshot::Snapshot;
use super::Shell;
use crate::view::query::{Answers, QUESTIONS};
use crate::view::{Renderer, Wish};

impl Shell {
    /// `watch ID ..`: pictures above the prompt.
    pub(super) fn watch(
        &mut self,
        now: Time,
        targets: &[Target],
        latency: Option<Duration>,
        renderer: Option<Renderer>,
    ) {
        if self.screen.is_none() {
            return self
                .refuse(&"no terminal that shows pictures: this is a pipe, or TERM is 'dumb' or not set");
        }
        if let Some(renderer) = renderer {
            self.pictures.choose(renderer);
        }
        self.subscribe_for_pictures(now, targets, latency);
        self.show_channels(now, producers(targets), false);
        let names: Vec<_> = targets.iter().map(ToString::to_string).collect();
        self.printer.say(format!("watching {}: 'watch off' stops it\n", names.join(" ")));
    }

    /// `framecast watch`: a page of pictures, and nothing else.
    pub(super) fn watch_alone(&mut self, now: Time, targets: &[Target]) {
        self.subscribe_for_pictures(now, targets, None);
        self.printer.divert(true);
        let is_unknown = self.pictures.begin_alone(now, producers(targets));
        self.choose_renderer();
        if is_unknown {
            self.ask_terminal(now);
        }
    }

    /// `top`: the full screen.
    pub(super) fn show_top(&mut self, now: Time, is_alone: bool) {
        if self.screen.is_none() {
            return self
                .refuse(&"no terminal for a full screen: this is a pipe, or TERM is 'dumb' or not set");
        }
        self.printer.divert(true);
        if self.pictures.begin_top(now, is_alone) {
            self.ask_terminal(now);
        } else {
            self.choose_renderer();
        }
    }

    /// `grid`: everything that is subscribed.
    pub(super) fn show_grid(&mut self, now: Time) {
        let targets: Vec<Target> = self.network.client.targets().collect();
        if targets.is_empty() {
            return self.refuse(&"nothing is subscribed: 'watch ID ID' shows pictures side by side");
        }
        self.watch(now, &targets, None, None);
    }

    /// `watch off`.
    pub(super) fn watch_off(&mut self, now: Time) {
        if !self.pictures.is_shown() {
            return self.refuse(&"nothing is shown: 'watch ID' shows pictures");
        }
        if self.pictures.has_page() {
            self.printer.divert(false);
        } else {
            self.printer.say("no pictures any more\n".to_owned());
        }
        let subscribed = self.pictures.end();
        let standing: BTreeSet<Target> = self.network.client.targets().collect();
        let ours: Vec<Target> = subscribed.into_iter().filter(|one| standing.contains(one)).collect();
        self.unsubscribe(now, &ours);
        if let Some(screen) = &mut self.screen {
            screen.editor();
        }
    }

    /// `snapshot ID`.
    pub(super) fn snapshot(&mut self, producer: ProducerId, file: Option<PathBuf>) {
        if self.snapshot.is_some() {
            return self.refuse(&"a picture is being written: try again in a moment");
        }
        match self.pictures.newest(producer) {
            Some(frame) => self.snapshot = Some(Snapshot::start(frame.clone(), file)),
            None => self.refuse(&format!("no picture of {producer} is shown: 'watch {producer}' shows it")),
        }
    }

    fn subscribe_for_pictures(&mut self, now: Time, targets: &[Target], latency: Option<Duration>) {
        let standing: BTreeSet<Target> = self.network.client.targets().collect();
        let new: Vec<Target> = targets.iter().copied().filter(|target| !covers(&standing, *target)).collect();
        self.pictures.subscribed.extend(&new);
        if !new.is_empty() {
            self.subscribe(now, &new, latency);
        }
    }

    fn show_channels(&mut self, now: Time, channels: Vec<ProducerId>, on_page: bool) {
        if self.pictures.begin(now, channels, on_page) {
            self.ask_terminal(now);
        } else {
            self.choose_renderer();
        }
    }

    /// Asks the terminal what it can show, unless it is being asked.
    fn ask_terminal(&mut self, now: Time) {
        if self.pictures.inquiry.begin(now) {
            self.printer.ask(QUESTIONS);
        }
    }

    /// Behind an attach there may be another terminal than before.
    pub(super) fn ask_newcomer(&mut self, now: Time) {
        if self.pictures.is_lost_on_nobody() && !self.pictures.is_chosen() {
            self.ask_terminal(now);
        }
    }

    /// The terminal has said something.
    pub(super) fn take_answer(&mut self, now: Time, answer: &str) {
        if let Some(answers) = self.pictures.inquiry.take(answer) {
            self.learn(now, answers);
        }
        self.pictures.touch_idle(now);
    }

    /// Nothing more is waited for, where it is time.
    pub(super) fn end_inquiry(&mut self, now: Time) {
        if let Some(answers) = self.pictures.inquiry.poll_end(now) {
            self.learn(now, answers);
        }
    }

    fn learn(&mut self, now: Time, answers: Answers) {
        if self.pictures.learn(answers) {
            self.pictures.touch(now);
            self.choose_renderer();
        }
    }

    fn choose_renderer(&self) {
        let (renderer, palette) = self.pictures.choice();
        self.printer.choose(renderer, palette);
    }

    /// Does what the keys of a page want. The process is to be stopped where this says so.
    pub(super) fn take_wish(&mut self, now: Time, wish: Wish) {
        match wish {
            Wish::Snapshot(producer) => self.snapshot(producer, None),
            Wish::Record if self.recording.is_some() => self.stop_recording(),
            Wish::Record => self.record(PathBuf::from(format!("recording-{}", seconds()))),
            Wish::Toggle(producer) => {
                let target = Target { producer, stream: StreamId::ALL };
                let is_subscribed = self.network.client.targets().any(|one| one == target);
                let verb = if is_subscribed { "unsubscribe" } else { "subscribe" };
                self.enter(&format!("{verb} {producer}"));
            }
            Wish::Leave if self.pictures.is_alone() => self.begin_end(now, End::Done),
            Wish::Leave => self.watch_off(now),
            Wish::Suspend => {}
        }
    }
}

/// Whether a subscription stands that has these pictures among others.
fn covers(standing: &BTreeSet<Target>, target: Target) -> bool {
    standing.iter().any(|one| {
        one.producer == target.producer && (one.stream == target.stream || one.stream == StreamId::ALL)
    })
}

/// The producers, each once, in their order.
fn producers(targets: &[Target]) -> Vec<ProducerId> {
    let mut producers = Vec::new();
    for target in targets {
        if !producers.contains(&target.producer) {
            producers.push(target.producer);
        }
    }
    producers
}

/// Seconds since 1970, for a name that is new.
fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
