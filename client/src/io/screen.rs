//! The terminal at which somebody types: keys and signals in, frames out.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crossterm::event::Event;
use protocol::time::Time;
use signal_hook::consts::{SIGCONT, SIGTSTP};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::history;
use super::keyboard::Keyboard;
use super::presence::Presence;
use super::terminal::{self, RawMode, Terminal};
use crate::editor::{Action, Editor, Frame, History, Manners};
use crate::keyboard::Token;

/// How often the status is brought up to date for somebody who is there.
const STATUS_EVERY: Duration = Duration::from_secs(1);

/// The terminal at which somebody types.
pub(super) struct Screen {
    editor: Editor,
    /// The editor may have a new frame.
    is_touched: bool,
    keyboard: Keyboard,
    sizes: Signal,
    stops: Signal,
    continues: Signal,
    /// The next SIGCONT ends a stop of our own, after which the mode is already raw again.
    has_gone_on: bool,
    history: Option<PathBuf>,
    /// `None` where whoever has started the process has the terminal, and no log.
    presence: Option<Presence>,
    /// When the status is to be looked at again.
    status_due: Option<Time>,
    /// `None` once it is given back.
    mode: Option<RawMode>,
}

/// What came from the terminal.
pub(super) enum Typed {
    Event(Event),
    /// An answer to a question.
    Answer(String),
    /// It has another size, or somebody else looks at it.
    Resized,
    /// It is gone.
    End,
    /// Somebody has asked for the process to stop (SIGTSTP).
    Suspend,
    /// The process goes on after a stop (SIGCONT).
    Continued,
}

impl Screen {
    /// Begins to read keys. Needs a runtime.
    pub(super) fn start(now: Time, terminal: Terminal, quits_at_end: bool) -> io::Result<Self> {
        let mode = RawMode::enter()?;
        // From here on no change of the size is missed.
        let sizes = signal(SignalKind::window_change())?;
        let keyboard = Keyboard::start()?;
        let manners = Manners {
            look: terminal.look,
            contained: terminal.contained,
            eof_quits: terminal.eof_quits && quits_at_end,
        };
        let before = terminal.history.as_deref().map_or_else(History::default, history::load);
        Ok(Self {
            editor: Editor::new(manners, RawMode::size(), before),
            is_touched: true,
            keyboard,
            sizes,
            stops: signal(SignalKind::from_raw(SIGTSTP))?,
            continues: signal(SignalKind::from_raw(SIGCONT))?,
            has_gone_on: false,
            history: terminal.history,
            // Process 1 of a container was started by no person; any other was.
            presence: terminal.contained.then(|| Presence::new((!terminal::is_init()).then_some(now))),
            status_due: Some(now),
            mode: Some(mode),
        })
    }

    /// The process has stopped itself and goes on: the SIGCONT for that is still to be told.
    pub(super) const fn note_gone_on(&mut self) {
        self.has_gone_on = true;
    }

    /// Whether a SIGCONT ends a stop that was not ours, after which the mode may be any.
    pub(super) fn was_stopped_by_others(&mut self) -> bool {
        !std::mem::take(&mut self.has_gone_on)
    }

    /// The editor, to be changed.
    pub(super) const fn editor(&mut self) -> &mut Editor {
        self.is_touched = true;
        &mut self.editor
    }

    /// What the editor wants to be done.
    pub(super) fn poll_action(&mut self) -> Option<Action> {
        self.editor.poll_action()
    }

    /// The editor's frame, if there is a new one.
    pub(super) fn frame(&mut self) -> Option<Frame> {
        std::mem::take(&mut self.is_touched).then(|| self.editor.frame())
    }

    /// The next thing from the terminal. Safe to cancel.
    pub(super) async fn next(&mut self) -> Typed {
        tokio::select! {
            token = self.keyboard.next() => match token {
                Some(Token::Event(event)) => Typed::Event(event),
                Some(Token::Answer(answer)) => Typed::Answer(answer),
                None => Typed::End,
            },
            _ = self.sizes.recv() => Typed::Resized,
            _ = self.stops.recv() => Typed::Suspend,
            _ = self.continues.recv() => Typed::Continued,
        }
    }

    /// Whether somebody seems to be there.
    pub(super) fn is_present(&self, now: Time) -> bool {
        self.presence.as_ref().is_none_or(|presence| presence.is_present(now))
    }

    /// Whether the terminal is to be asked now if somebody is there. `is_asking` while pictures are shown.
    pub(super) fn poll_question(&mut self, now: Time, is_asking: bool) -> bool {
        self.presence.as_mut().is_some_and(|presence| {
            presence.set_asking(is_asking);
            presence.poll_question(now)
        })
    }

    /// Somebody is there.
    pub(super) fn note_presence(&mut self, now: Time, note: impl FnOnce(&mut Presence, Time)) {
        if let Some(presence) = &mut self.presence {
            note(presence, now);
        }
        let next = now + STATUS_EVERY;
        self.status_due = Some(self.status_due.map_or(now, |due| due.min(next)));
    }

    /// What the status says has changed.
    pub(super) const fn note_change(&mut self, now: Time) {
        self.status_due = Some(now);
    }

    /// Whether the status is to be looked at now, and if so whether for somebody who is there.
    pub(super) fn status_due(&mut self, now: Time) -> Option<bool> {
        self.status_due.filter(|due| now >= *due)?;
        let is_present = self.is_present(now);
        self.status_due = is_present.then(|| now + STATUS_EVERY);
        Some(is_present)
    }

    /// When [`Screen::status_due`] has something new, or a question is due.
    pub(super) fn poll_timeout(&self, now: Time) -> Option<Time> {
        let presence = self.presence.as_ref().and_then(|presence| presence.poll_timeout(now));
        self.status_due.into_iter().chain(presence).min()
    }

    /// The terminal is as it was found.
    pub(super) fn give_back(&mut self) {
        self.mode = None;
    }

    /// Keeps the lines that were entered. Resolves when that is done.
    pub(super) async fn save_history(&mut self) {
        if let Some(path) = self.history.take() {
            // An error means that there was no thread for it.
            history::save(path, self.editor.history()).await.ok();
        }
    }
}
