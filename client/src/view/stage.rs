//! The whole terminal: lines and a prompt, a block of pictures above the prompt, or a page of its own.
//!
//! The block is at the bottom of the screen, and what is said scrolls in the rows above it: these are the terminal's
//! scroll region while lines are written, so that neither moves the other, and at no other time: whoever detaches from a
//! container while pictures are shown keeps a terminal that scrolls as a whole. Where the block begins is known because
//! the screen's size is.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use protocol::id::ProducerId;
use protocol::time::Time;

use super::palette::Palette;
use super::projector::{Figures, Projector};
use super::renderer::Renderer;
use super::scene::Scene;
use crate::editor::{Frame, Painter};

/// The prompt and the status below it.
const PROMPT_ROWS: u16 = 2;
/// What was said and is kept, for a screen that has to be made anew: more lines than stand above any block, in bytes.
const SAID_LEN_MAX: usize = 16 << 10;
const BEGIN_UPDATE: &str = "\x1b[?2026h";
const END_UPDATE: &str = "\x1b[?2026l";
const OPEN_PAGE: &str = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
const CLOSE_PAGE: &str = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";
const NO_MARGINS: &str = "\x1b[r";

/// Leaves the terminal as it was found, whatever it showed: for a panic, which can't ask.
pub const LEAVE_PAGE: &str = "\x1b[?2026l\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l\x1b[?2004l";
/// The same, where a block of pictures was above the prompt: the cursor stays where it is.
pub const LEAVE_BLOCK: &str = "\x1b[?2026l\x1b[0m\x1b7\x1b[r\x1b8\x1b[?25h\r\x1b[J\x1b[?7h\x1b[?2004l";

/// What is to be shown besides the lines.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum View {
    /// The prompt.
    #[default]
    Line,
    /// Pictures above the prompt.
    Block(Arc<Scene>),
    /// A page on a screen of its own.
    Page(Arc<Scene>),
}

/// Which of them is on the screen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// The prompt.
    Line,
    /// Pictures above the prompt.
    Block {
        /// Columns and rows of the terminal.
        size: (u16, u16),
        /// Rows above the block.
        top: u16,
    },
    /// A page.
    Page,
}

/// What the terminal shows.
#[derive(Debug)]
pub struct Stage {
    painter: Painter,
    projector: Projector,
    mode: Mode,
    repaints: u32,
    /// What was said while a page had the screen: it is shown when that goes.
    held: String,
    /// The newest of what was said.
    said: String,
}

impl Stage {
    /// A terminal that shows nothing yet.
    pub fn new(painter: Painter) -> Self {
        let projector = Projector::new(Renderer::Half, Palette::Indexed);
        Self { painter, projector, mode: Mode::Line, repaints: 0, held: String::new(), said: String::new() }
    }

    /// What is on the screen.
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// What was shown so far.
    pub fn figures(&self) -> Figures {
        self.projector.figures()
    }

    /// How pictures are shown from now on.
    pub fn choose(&mut self, renderer: Renderer, palette: Palette) -> String {
        let mut bytes = String::new();
        self.projector.choose(renderer, palette, &mut bytes);
        bytes
    }

    /// Takes in the newest frame of a channel.
    pub fn take(&mut self, producer: ProducerId, frame: &[u8]) {
        self.projector.take(producer, frame);
    }

    /// The newest picture of a channel was written so long after its capture.
    pub fn note_lag(&mut self, producer: ProducerId, lag: Duration) {
        self.projector.note_lag(producer, lag);
    }

    /// When a picture may be painted, if not now.
    pub fn poll_timeout(&mut self, now: Time) -> Option<Time> {
        self.projector.poll_timeout(now)
    }

    /// Whether another paint makes the picture better.
    pub const fn is_unfinished(&self) -> bool {
        self.projector.is_unfinished()
    }

    /// Says whole lines.
    pub fn lines(&mut self, lines: &str) -> String {
        self.keep(lines);
        let top = match self.mode {
            Mode::Line => return self.painter.lines(lines),
            Mode::Block { top, .. } => top,
            Mode::Page => {
                self.held.push_str(lines);
                return String::new();
            }
        };
        format!("\x1b7{}\x1b8", self.above(top, lines))
    }

    /// Lines in the rows above the block: what is there already moves up. The cursor is anywhere afterwards.
    fn above(&self, top: u16, lines: &str) -> String {
        let said = self.painter.text(lines);
        let said = said.strip_suffix("\r\n").unwrap_or(&said);
        format!("\x1b[1;{top}r\x1b[{top};1H\r\n{said}{NO_MARGINS}")
    }

    fn keep(&mut self, lines: &str) {
        self.said.push_str(lines);
        if self.said.len() > SAID_LEN_MAX {
            // Whole lines, and so many of them that the next ones have room.
            let cut = self.said.len() - SAID_LEN_MAX / 2;
            let line = self.said.bytes().skip(cut).position(|byte| byte == b'\n').map(|end| cut + end + 1);
            self.said.drain(..line.unwrap_or(self.said.len()));
        }
    }

    /// Shows the prompt and the pictures.
    pub fn show(&mut self, now: Time, frame: &Frame, view: &View) -> String {
        let mut bytes = String::new();
        match view {
            View::Line => {
                self.close(&mut bytes);
                bytes.push_str(&self.painter.paint(frame));
            }
            View::Block(scene) => self.show_block(now, frame, scene, &mut bytes),
            View::Page(scene) => {
                self.open_page(&mut bytes);
                self.project(now, scene, &mut bytes);
            }
        }
        bytes
    }

    /// Leaves the terminal as it was found.
    pub fn leave(&mut self) -> String {
        let mut bytes = String::new();
        self.close(&mut bytes);
        bytes.push_str(self.painter.leave());
        bytes
    }

    fn show_block(&mut self, now: Time, frame: &Frame, scene: &Scene, bytes: &mut String) {
        let wanted = Mode::Block { size: (scene.columns, scene.rows), top: scene.top };
        let is_to_clear = self.painter.is_to_clear(frame);
        if self.mode != wanted || scene.repaints != self.repaints || is_to_clear {
            self.build_block(scene, wanted, is_to_clear, bytes);
            self.painter.note_cleared(frame);
        }
        bytes.push_str(&self.painter.paint(frame));
        let mut picture = String::new();
        self.projector.paint(now, scene, &mut picture);
        if !picture.is_empty() {
            bytes.push_str(BEGIN_UPDATE);
            bytes.push_str("\x1b7\x1b[?25l\x1b[?7l");
            bytes.push_str(&picture);
            bytes.push_str("\x1b[?7h\x1b8\x1b[?25h");
            bytes.push_str(END_UPDATE);
        }
    }

    /// Makes room at the bottom of the screen.
    fn build_block(&mut self, scene: &Scene, wanted: Mode, is_to_clear: bool, bytes: &mut String) {
        if is_to_clear {
            self.said.clear();
        }
        if matches!(self.mode, Mode::Block { .. }) || is_to_clear {
            // Nobody knows what a new size has made of the rows, or whose they are.
            bytes.push_str("\x1b[0m\x1b[2J");
        } else {
            self.close(bytes);
            // Everything moves up and out, to where the terminal keeps it. Writing to a string never fails.
            write!(bytes, "\r\x1b[J\x1b[{};1H", scene.rows).ok();
            bytes.extend(std::iter::repeat_n("\r\n", scene.rows.into()));
        }
        // What was said last stands directly above the block.
        if !self.said.is_empty() {
            bytes.push_str(&self.above(scene.top, &self.said));
        }
        write!(bytes, "\x1b[{};1H", scene.rows + 1 - PROMPT_ROWS).ok();
        self.projector.remove(bytes);
        self.mode = wanted;
        self.repaints = scene.repaints;
    }

    fn open_page(&mut self, bytes: &mut String) {
        if self.mode == Mode::Page {
            return;
        }
        self.close(bytes);
        bytes.push_str(self.painter.leave());
        bytes.push_str(OPEN_PAGE);
        self.mode = Mode::Page;
    }

    fn close(&mut self, bytes: &mut String) {
        match self.mode {
            Mode::Line => return,
            Mode::Block { top, .. } => {
                self.projector.remove(bytes);
                write!(bytes, "\x1b[0m\x1b[{};1H\x1b[J", top + 1).ok();
            }
            Mode::Page => {
                self.projector.remove(bytes);
                bytes.push_str(CLOSE_PAGE);
                bytes.push_str(&self.painter.text(&std::mem::take(&mut self.held)));
            }
        }
        self.painter.note_gone();
        self.mode = Mode::Line;
    }

    fn project(&mut self, now: Time, scene: &Scene, bytes: &mut String) {
        let mut picture = String::new();
        self.projector.paint(now, scene, &mut picture);
        if !picture.is_empty() {
            bytes.push_str(BEGIN_UPDATE);
            bytes.push_str(&picture);
            bytes.push_str(END_UPDATE);
        }
    }
}
