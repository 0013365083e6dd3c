//! What the engine tells, said or written.

use protocol::id::Target;
use protocol::time::Time;

use super::super::absence::Absence;
use super::Shell;
use crate::engine::event::{Event, Frame, Subscribed};
use crate::shell::output::{Hints, Notice};

impl Shell {
    pub(super) fn take_events(&mut self, now: Time) {
        while let Some(event) = self.network.client.poll_event() {
            self.take_event(now, event);
        }
    }

    fn take_event(&mut self, now: Time, event: Event) {
        self.note_news(now, &event);
        match &event {
            Event::Frame(_) | Event::LatencyRaised { .. } | Event::Thinned { .. } => {}
            Event::Connected { .. } => {
                self.lifetime.note_met(now);
                self.absence = Absence::over();
            }
            Event::Disconnected { .. } => {
                // The line of the event itself tells the absence, but to those who wait for an answer.
                self.absence = Absence::over();
                if self.answers.are_owed() {
                    self.absence.note_wanted(now);
                }
                self.say_waiting_all(now);
            }
            Event::Waiting { target } if !self.lifetime.is_ending() => {
                if self.neighbours.hold(*target) {
                    self.network.client.list(now);
                }
                return;
            }
            Event::Subscribed(Subscribed { target, .. })
            | Event::Refused { target, .. }
            | Event::Unsubscribed { target, .. }
            | Event::Ended { target, .. }
            | Event::Waiting { target } => self.say_waiting(now, *target),
            Event::Catalog(entries) => {
                self.neighbours.learn(entries);
                self.say_waiting_all(now);
            }
        }
        match event {
            Event::Frame(frame) => {
                self.hear_frame(&frame);
                self.pictures.take(&frame);
                self.record_frame(frame);
            }
            event => self.say(now, &event),
        }
    }

    /// Where one channel is chosen, it is heard, else the first that comes.
    fn hear_frame(&mut self, frame: &Frame) {
        let chosen = self.pictures.chosen();
        if let Some(sound) = self.sound.as_mut().filter(|_| chosen.is_none_or(|one| one == frame.producer)) {
            sound.take(frame, chosen.is_some());
        }
    }

    /// What the editor makes of it.
    fn note_news(&mut self, now: Time, event: &Event) {
        let Some(screen) = &mut self.screen else { return };
        match event {
            Event::Frame(_) => {}
            Event::Catalog(entries) => {
                screen.editor().learn(entries);
                self.pictures.learn_catalog(now, entries);
            }
            Event::Connected { .. } => {
                // For the first Tab, quietly.
                self.network.client.list(now);
                screen.note_change(now);
            }
            _ => screen.note_change(now),
        }
    }

    /// Says an event, first of all if it is an answer.
    fn say(&mut self, now: Time, event: &Event) {
        if matches!(event, Event::Refused { .. }) {
            self.lifetime.note_refused();
        }
        let answer = self.answers.note(event);
        let unasked = match event {
            Event::Catalog(_) => true,
            Event::Unsubscribed { .. } => self.lifetime.is_ending(),
            _ => false,
        };
        if unasked && !answer {
            return;
        }
        let hints = Hints { rtt: self.rtt_of(now, event), nearest: self.nearest_of(event) };
        let notice = Notice::Event(event, hints);
        if answer { self.printer.answer(&notice) } else { self.printer.event(&notice) }
    }

    fn rtt_of(&self, now: Time, event: &Event) -> Option<std::time::Duration> {
        matches!(event, Event::Subscribed(_)).then(|| self.network.client.snapshot(now).rtt).flatten()
    }

    fn nearest_of(&self, event: &Event) -> Option<protocol::id::ProducerId> {
        match event {
            Event::Waiting { target } => self.neighbours.nearest(*target),
            _ => None,
        }
    }

    /// The answer for this one was held, and something newer is known.
    fn say_waiting(&mut self, now: Time, target: Target) {
        if self.neighbours.release(target) {
            self.say(now, &Event::Waiting { target });
        }
    }

    /// Nothing more will be known of them.
    fn say_waiting_all(&mut self, now: Time) {
        for target in self.neighbours.release_all() {
            self.say(now, &Event::Waiting { target });
        }
    }
}
