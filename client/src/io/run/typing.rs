//! What is typed, and the picture of it.

use std::time::Duration;

use crossterm::event::Event;
use protocol::time::Time;
use signal_hook::consts::SIGTSTP;
use signal_hook::low_level::emulate_default_handler;

use super::super::error::ShellError;
use super::super::lifetime::End;
use super::super::pictures::World;
use super::super::presence::Presence;
use super::super::screen::{Screen, Typed};
use super::super::terminal::RawMode;
use super::Shell;
use crate::editor::{Action, status};
use crate::shell::command::parse;
use crate::shell::output::Notice;
use crate::view::Wish;
use crate::view::query::PRESENCE;

/// A terminal that takes nothing is not waited for any longer before the process stops.
const STUCK: Duration = Duration::from_millis(150);

impl Shell {
    /// Something came from the terminal.
    pub(super) fn take_typed(&mut self, now: Time, typed: Typed) {
        let Some(screen) = &mut self.screen else { return };
        match typed {
            Typed::Event(event) => {
                screen.note_presence(now, Presence::note_key);
                self.take_key(now, &event);
            }
            Typed::Answer(answer) => {
                screen.note_presence(now, Presence::note_answer);
                self.take_answer(now, &answer);
            }
            Typed::Resized => {
                screen.note_presence(now, Presence::note_size);
                let (columns, rows) = RawMode::columns_and_rows();
                self.take_key(now, &Event::Resize(columns, rows));
                self.ask_newcomer(now);
            }
            Typed::Suspend => screen.editor().suspend(),
            Typed::Continued => {
                if screen.was_stopped_by_others() {
                    RawMode::renew();
                }
                screen.editor().repaint();
                self.pictures.repaint(now);
            }
            Typed::End => {
                self.screen = None;
                self.logbook = None;
                // Nobody is there to see whether it is.
                drop(self.printer.leave_terminal());
                if self.lifetime.quits_at_end_of_input() {
                    self.begin_end(now, End::Done);
                }
            }
        }
    }

    /// A key, a paste or a size: the page's where there is one.
    fn take_key(&mut self, now: Time, event: &Event) {
        let Some(screen) = &mut self.screen else { return };
        let is_size = matches!(event, Event::Resize(..));
        if is_size {
            self.pictures.resize(now);
        }
        if is_size || !self.pictures.handle_event(event) {
            screen.editor().handle_event(now, event);
        }
        self.pictures.touch(now);
    }

    /// Does what the editor wants, or a page. An error where it wants the end a second time.
    pub(super) async fn take_actions(&mut self, now: Time) -> Result<(), ShellError> {
        while let Some(wish) = self.pictures.poll_wish() {
            if wish == Wish::Suspend {
                self.suspend().await;
            } else {
                self.take_wish(now, wish);
            }
        }
        while let Some(action) = self.screen.as_mut().and_then(Screen::poll_action) {
            match action {
                Action::Say(lines) => self.printer.say(lines),
                Action::Enter(text) => self.enter(&text),
                Action::AskCatalog => self.network.client.list(now),
                Action::Suspend => self.suspend().await,
                Action::Quit if self.lifetime.is_ending() => return Err(ShellError::Interrupted),
                Action::Quit => self.begin_end(now, End::Done),
            }
        }
        Ok(())
    }

    pub(super) fn enter(&mut self, text: &str) {
        if self.agenda.is_full() {
            let message =
                "not carried out: too many commands wait for the broker; try again when they are answered";
            self.printer.answer(&Notice::Error(&message));
        } else {
            self.agenda.extend(parse(text, self.neighbours.known()));
        }
    }

    /// Shows what has changed in the prompt's block.
    pub(super) fn show(&mut self, now: Time) {
        let Some(screen) = &mut self.screen else { return };
        if let Some(is_present) = screen.status_due(now) {
            let targets: Vec<_> = self.network.client.targets().collect();
            let status = status(&self.network.client.snapshot(now), &targets, is_present);
            let editor = screen.editor();
            editor.set_status(status);
            editor.set_subscribed(targets);
        }
        let frame = screen.frame();
        self.end_inquiry(now);
        let Some(screen) = &self.screen else { return };
        let is_present = screen.is_present(now);
        self.pictures.play(now, &self.printer, is_present);
        self.printer.divert(self.pictures.has_page());
        for lines in self.printer.diverted() {
            self.pictures.say(now, &lines);
        }
        let asks = self.pictures.is_lost_on_nobody();
        if self.screen.as_mut().is_some_and(|screen| screen.poll_question(now, asks)) {
            self.printer.ask(PRESENCE);
        }
        if self.pictures.wants_catalog(now) {
            self.network.client.list(now);
        }
        let is_due = self.pictures.is_due(now);
        if frame.is_none() && !is_due {
            return;
        }
        let Some(frame) = frame.or_else(|| self.screen.as_mut().map(|screen| screen.editor().frame())) else {
            return;
        };
        let snapshot = self.network.snapshot(now);
        let figures = self.printer.figures();
        let is_recording = self.recording.is_some();
        let world = World { now, snapshot: &snapshot, figures: &figures, is_recording, is_present };
        let view = self.pictures.view(world, &frame);
        self.pictures.rest(is_present);
        self.printer.show(frame, view);
    }

    /// Stops the process, with the terminal as it was found, until it is continued.
    async fn suspend(&mut self) {
        self.leave_terminal().await;
        RawMode::pause();
        let stopped = emulate_default_handler(SIGTSTP);
        RawMode::renew();
        if let Err(error) = &stopped {
            tracing::warn!("the process can't be stopped: {error}; going on");
        }
        if let Some(screen) = &mut self.screen {
            if stopped.is_ok() {
                // Made raw twice, the terminal would be as it was found for a moment, with the prompt on it.
                screen.note_gone_on();
            }
            screen.editor().repaint();
            self.pictures.repaint(self.clock.now());
        }
    }

    /// Takes the block off the terminal, if that takes anything.
    pub(super) async fn leave_terminal(&self) {
        if self.screen.is_some() {
            // Where the time is over, or the output closed, there is nothing to be done for the terminal.
            tokio::time::timeout(STUCK, self.printer.leave_terminal()).await.ok();
        }
    }
}

/// What comes next from the terminal; nothing ever where there is none.
pub(super) async fn next_typed(screen: &mut Option<Screen>) -> Typed {
    match screen {
        Some(screen) => screen.next().await,
        None => std::future::pending().await,
    }
}
