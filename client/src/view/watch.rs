//! The page of `framecast watch`: pictures, a bar below them, and keys.

use std::collections::VecDeque;
use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use protocol::id::ProducerId;
use protocol::time::Time;

use super::area::{Area, CellSize};
use super::bar;
use super::cell::{Cell, Style};
use super::facts::Facts;
use super::overlay::{self, KEYS};
use super::scene::{Scene, Tile};

/// How long a message stays in the bar's row.
const MESSAGE: Duration = Duration::from_secs(4);
/// What a newcomer has to know, in the bar's row behind the first messages, until a key is pressed.
const GREETING: &str = "? shows the keys, q leaves";
/// How long after its begin a page greets at most.
const GREETS_FOR: Duration = Duration::from_secs(7);
/// Columns of a tile that has a name below it.
const TILE_COLUMNS_MIN: u16 = 8;

/// What a key of the page asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wish {
    /// The picture of this channel as a file.
    Snapshot(ProducerId),
    /// This channel is subscribed to, or no more.
    Toggle(ProducerId),
    /// Recording begins, or ends.
    Record,
    /// Stop the process until it is continued.
    Suspend,
    /// Leave the page.
    Leave,
}

/// The page.
#[derive(Debug)]
pub struct Watch {
    channels: Vec<ProducerId>,
    current: usize,
    is_grid: bool,
    is_paused: bool,
    overlay: Option<Overlay>,
    message: Option<(Time, String)>,
    /// Until when the page greets.
    greets: Option<Time>,
    size: (u16, u16),
    cell: CellSize,
    repaints: u32,
    wishes: VecDeque<Wish>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Overlay {
    Keys,
    Statistics,
}

impl Watch {
    /// A page of these channels, on a terminal of that size: one alone, several as tiles.
    pub fn new(channels: Vec<ProducerId>, size: (u16, u16), cell: CellSize) -> Self {
        let is_grid = channels.len() > 1;
        Self {
            channels,
            current: 0,
            is_grid,
            is_paused: false,
            overlay: None,
            message: None,
            greets: None,
            size,
            cell,
            repaints: 0,
            wishes: VecDeque::new(),
        }
    }

    /// The channels, in the order of their numbers.
    pub fn channels(&self) -> &[ProducerId] {
        &self.channels
    }

    /// Whether pictures stand still.
    pub const fn is_paused(&self) -> bool {
        self.is_paused
    }

    /// What the keys have asked for.
    pub fn poll_wish(&mut self) -> Option<Wish> {
        self.wishes.pop_front()
    }

    /// Somebody sees the page for the first time.
    pub fn greet(&mut self, now: Time) {
        self.greets = Some(now + GREETS_FOR);
    }

    /// Something was said: it stands in the bar's row for a while.
    pub fn say(&mut self, now: Time, lines: &str) {
        if let Some(line) = lines.lines().last() {
            self.message = Some((now + MESSAGE, line.to_owned()));
        }
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

    /// Takes a key.
    pub fn handle_event(&mut self, event: &Event) {
        if let Event::Key(key) = event
            && key.kind != KeyEventKind::Release
        {
            self.handle_key(*key);
        }
    }

    fn handle_key(&mut self, key: KeyEvent) {
        let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
        (self.message, self.greets) = (None, None);
        match key.code {
            KeyCode::Char('c' | 'd') if is_control => self.wishes.push_back(Wish::Leave),
            KeyCode::Char('z') if is_control => self.wishes.push_back(Wish::Suspend),
            KeyCode::Char('l') if is_control => self.repaint(),
            KeyCode::Char(_) if is_control => {}
            KeyCode::Char('q' | 'Q') => self.wishes.push_back(Wish::Leave),
            KeyCode::Esc if self.overlay.is_some() => self.overlay = None,
            KeyCode::Char(' ') => self.is_paused = !self.is_paused,
            KeyCode::Char('s') => self.wishes.extend(self.producer().map(Wish::Snapshot)),
            KeyCode::Char('r') => self.wishes.push_back(Wish::Record),
            KeyCode::Char('g') => self.is_grid = !self.is_grid && self.channels.len() > 1,
            KeyCode::Char('i') => self.toggle(Overlay::Statistics),
            KeyCode::Char('?' | 'h') => self.toggle(Overlay::Keys),
            KeyCode::Char(digit @ '1'..='9') => {
                let index = digit.to_digit(10).and_then(|digit| usize::try_from(digit).ok()).unwrap_or(1) - 1;
                if index < self.channels.len() {
                    self.current = index;
                    self.is_grid = false;
                }
            }
            KeyCode::Right | KeyCode::Down | KeyCode::Tab => self.step(1),
            KeyCode::Left | KeyCode::Up | KeyCode::BackTab => {
                self.step(self.channels.len().saturating_sub(1));
            }
            _ => {}
        }
    }

    fn toggle(&mut self, overlay: Overlay) {
        self.overlay = if self.overlay == Some(overlay) { None } else { Some(overlay) };
    }

    fn step(&mut self, by: usize) {
        self.current = (self.current + by).checked_rem(self.channels.len()).unwrap_or_default();
    }

    /// The channel that the bar and the keys are about.
    pub fn producer(&self) -> Option<ProducerId> {
        self.channels.get(self.current).copied()
    }

    /// What the page shows.
    pub fn scene(&self, facts: &Facts<'_>) -> Scene {
        let (columns, rows) = self.size;
        let mut scene = Scene::blank(columns, rows, 0, rows);
        (scene.cell, scene.repaints) = (self.cell, self.repaints);
        let room = Area::of_size(columns, rows.saturating_sub(1));
        if self.is_grid {
            self.lay_tiles(room, facts, &mut scene);
        } else if let Some(producer) = self.producer() {
            scene.tiles.push(Tile { producer, area: room, note: facts.note(producer) });
        }
        match (self.overlay, self.producer()) {
            (Some(Overlay::Keys), _) => overlay::write(&mut scene, &KEYS.map(str::to_owned)),
            (Some(Overlay::Statistics), Some(producer)) => {
                overlay::write(&mut scene, &overlay::statistics(facts, producer));
            }
            _ => {}
        }
        let last = rows.saturating_sub(1);
        let message = self.message.as_ref().filter(|(until, _)| facts.now < *until);
        let greeting = self.greets.filter(|until| facts.now < *until).map(|_| GREETING);
        match (message.map(|(_, message)| message.as_str()).or(greeting), self.producer()) {
            (Some(message), _) => {
                scene.write(1, last, columns, message, Cell::styled(' ', Style::Bold));
            }
            (None, Some(producer)) => bar::write(&mut scene, last, facts, producer, self.is_paused),
            (None, None) => {}
        }
        scene
    }

    /// Side by side, each with its name in the last row of its tile.
    fn lay_tiles(&self, room: Area, facts: &Facts<'_>, scene: &mut Scene) {
        let count = u16::try_from(self.channels.len()).unwrap_or(u16::MAX);
        for (index, (producer, tile)) in self.channels.iter().zip(room.tiles(count, self.cell)).enumerate() {
            let has_name = tile.rows > 1 && tile.columns >= TILE_COLUMNS_MIN;
            let rows = tile.rows - u16::from(has_name);
            if has_name {
                let is_current = index == self.current;
                let style = Cell::styled(' ', if is_current { Style::Reverse } else { Style::Dim });
                let rate = facts.rates.shown(*producer);
                let name = format!(" {} {producer} {rate:.1}/s ", index + 1);
                scene.write(tile.column, tile.row + rows, tile.column + tile.columns, &name, style);
            }
            let area = Area { rows, ..tile };
            scene.tiles.push(Tile { producer: *producer, area, note: facts.note(*producer) });
        }
    }
}
