//! The full screen: all channels, the picture of one, how it did over the last minutes, and what was said.

mod channels;
mod history;
mod journal;
mod paint;

use std::collections::VecDeque;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use protocol::id::ProducerId;
use protocol::time::Time;
use protocol::wire::CatalogEntry;

use super::area::CellSize;
use super::facts::Facts;
use super::scene::Scene;
use super::watch::Wish;
use channels::Channels;
use history::History;
use journal::Journal;

/// The full screen.
#[derive(Debug)]
pub struct Top {
    channels: Channels,
    history: History,
    journal: Journal,
    /// What the keys are for.
    keys: Keys,
    is_paused: bool,
    has_help: bool,
    utf8: bool,
    size: (u16, u16),
    cell: CellSize,
    repaints: u32,
    wishes: VecDeque<Wish>,
}

/// What the keys are for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Keys {
    Table,
    Filter,
    /// The command line: the editor has them.
    Command,
}

/// The command line, as the editor shows it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CommandLine {
    /// The row.
    pub text: String,
    /// The cursor's column in it.
    pub cursor: u16,
}

impl Top {
    /// A full screen on a terminal of that size.
    pub fn new(size: (u16, u16), cell: CellSize, utf8: bool) -> Self {
        Self {
            channels: Channels::default(),
            history: History::default(),
            journal: Journal::default(),
            keys: Keys::Table,
            is_paused: false,
            has_help: false,
            utf8,
            size,
            cell,
            repaints: 0,
            wishes: VecDeque::new(),
        }
    }

    /// Whether keys belong to the command line.
    pub const fn is_commanding(&self) -> bool {
        matches!(self.keys, Keys::Command)
    }

    /// Whether the picture stands still.
    pub const fn is_paused(&self) -> bool {
        self.is_paused
    }

    /// The channel whose picture is shown.
    pub fn producer(&self) -> Option<ProducerId> {
        self.channels.selected()
    }

    /// What the keys have asked for.
    pub fn poll_wish(&mut self) -> Option<Wish> {
        self.wishes.pop_front()
    }

    /// The broker's newest catalog.
    pub fn learn(&mut self, catalog: &[CatalogEntry]) {
        self.channels.learn(catalog);
    }

    /// The world has come so far. Call it often: a reading is kept each second.
    pub fn note(&mut self, facts: &Facts<'_>) {
        self.channels.note(facts.snapshot);
        self.history.note(facts.now, facts.snapshot);
    }

    /// Something was said.
    pub fn say(&mut self, now: Time, lines: &str) {
        self.journal.say(now, lines);
    }

    /// Paints everything anew: the terminal may show something else by now.
    pub const fn repaint(&mut self) {
        self.repaints = self.repaints.wrapping_add(1);
    }

    /// The terminal has another size.
    pub const fn resize(&mut self, size: (u16, u16), cell: CellSize) {
        self.size = size;
        self.cell = cell;
        self.repaint();
    }

    /// What the screen shows.
    pub fn scene(&self, facts: &Facts<'_>, line: &CommandLine) -> Scene {
        paint::scene(self, facts, line)
    }

    /// A command was entered, or was not: the keys are the table's again.
    pub const fn end_command(&mut self) {
        self.keys = Keys::Table;
    }

    /// Takes a key.
    pub fn handle_event(&mut self, event: &Event) {
        let Event::Key(key) = event else { return };
        if key.kind == KeyEventKind::Release {
            return;
        }
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            match key.code {
                KeyCode::Char('c' | 'd') => self.wishes.push_back(Wish::Leave),
                KeyCode::Char('z') => self.wishes.push_back(Wish::Suspend),
                KeyCode::Char('l') => self.repaint(),
                _ => {}
            }
        } else if self.keys == Keys::Filter {
            self.filter(*key);
        } else {
            self.steer(*key);
        }
    }

    fn filter(&mut self, key: KeyEvent) {
        match key.code {
            KeyCode::Enter => self.keys = Keys::Table,
            KeyCode::Esc => {
                self.channels.clear_filter();
                self.keys = Keys::Table;
            }
            KeyCode::Backspace => self.channels.shorten_filter(),
            KeyCode::Char(character) => self.channels.extend_filter(character),
            KeyCode::Up => self.channels.step(-1),
            KeyCode::Down => self.channels.step(1),
            _ => {}
        }
    }

    fn steer(&mut self, key: KeyEvent) {
        self.has_help = self.has_help && !matches!(key.code, KeyCode::Esc);
        match key.code {
            KeyCode::Char('q' | 'Q') => self.wishes.push_back(Wish::Leave),
            KeyCode::Char('/') => self.keys = Keys::Filter,
            KeyCode::Char(':') => self.keys = Keys::Command,
            KeyCode::Char('?' | 'h') => self.has_help = !self.has_help,
            KeyCode::Char(' ') => self.is_paused = !self.is_paused,
            KeyCode::Char('o') => self.channels.sort_by_next(),
            KeyCode::Char('O') => self.channels.reverse(),
            KeyCode::Char('s') => self.wishes.extend(self.producer().map(Wish::Snapshot)),
            KeyCode::Char('r') => self.wishes.push_back(Wish::Record),
            KeyCode::Enter => self.wishes.extend(self.producer().map(Wish::Toggle)),
            KeyCode::Up | KeyCode::Char('k') => self.channels.step(-1),
            KeyCode::Down | KeyCode::Char('j') => self.channels.step(1),
            KeyCode::PageUp => self.channels.step(-10),
            KeyCode::PageDown => self.channels.step(10),
            KeyCode::Home => self.channels.step(isize::MIN),
            KeyCode::End => self.channels.step(isize::MAX),
            KeyCode::Esc => self.channels.clear_filter(),
            _ => {}
        }
    }
}
