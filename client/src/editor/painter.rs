//! The bytes that turn what the terminal shows into what it is to show.
//!
//! Every row is written with automatic wrapping switched off, so that rows stay rows on a terminal that is narrower
//! than the size says: several people may be attached to one, and only the last one's size is known. The cursor
//! stays in the prompt's row and nothing is ever erased above it: after an attach those rows are somebody else's.

use std::fmt::Write;

use super::Look;
use super::cells::{Cell, width};
use super::layout::Frame;

/// Pasted text comes marked as such from here on. Asked for again with each repaint: the terminal may be another.
const MARK_PASTES: &str = "\x1b[?2004h";
const WRAP_OFF: &str = "\x1b[?7l";
const WRAP_ON: &str = "\x1b[?7h";
/// Removes the block: the prompt's row, where the cursor is, and all below.
const ERASE: &str = "\r\x1b[J";
const CLEAR: &str = "\x1b[H\x1b[2J";
const ERASE_REST_OF_ROW: &str = "\x1b[K";
const DIM: &str = "\x1b[2m";
const NOT_DIM: &str = "\x1b[22m";

/// Leaves the terminal to whoever has it next: no block, wrapping, no marks around pastes.
pub const LEAVE: &str = "\r\x1b[J\x1b[?7h\x1b[?2004l";

/// What the terminal shows of the block, and how to change it.
#[derive(Debug)]
pub struct Painter {
    look: Look,
    shown: Frame,
    /// Whether the block is on the screen.
    is_shown: bool,
    is_begun: bool,
}

impl Painter {
    /// A painter of a terminal that shows nothing yet.
    pub fn new(look: Look) -> Self {
        Self { look, shown: Frame::default(), is_shown: false, is_begun: false }
    }

    /// Says whole lines above the block, which gives way.
    pub fn lines(&mut self, lines: &str) -> String {
        let erased = if std::mem::take(&mut self.is_shown) { ERASE } else { "" };
        erased.to_owned() + &self.text(lines)
    }

    /// Whole lines as the terminal takes them.
    pub(crate) fn text(&self, lines: &str) -> String {
        let mut bytes = String::new();
        // The terminal is raw: a line end alone does not go back to the first column.
        for line in lines.split_inclusive('\n') {
            let text = line.strip_suffix('\n').unwrap_or(line);
            if self.look.utf8 {
                bytes.push_str(text);
            } else {
                bytes
                    .extend(text.chars().map(|character| if character.is_ascii() { character } else { '?' }));
            }
            bytes.push_str("\r\n");
        }
        bytes
    }

    /// Shows the block.
    pub fn paint(&mut self, frame: &Frame) -> String {
        let mut bytes = String::new();
        let anew = frame.repaints != self.shown.repaints || !self.is_begun;
        let cleared = frame.clears != self.shown.clears;
        let other_rows = frame.status.is_empty() != self.shown.status.is_empty();
        if anew {
            bytes.push_str(MARK_PASTES);
        }
        if cleared {
            bytes.push_str(CLEAR);
        } else if self.is_shown && (anew || other_rows) {
            bytes.push_str(ERASE);
        }
        if self.is_shown && !anew && !cleared && !other_rows {
            self.change(frame, &mut bytes);
        } else {
            self.write_all(frame, &mut bytes);
        }
        self.shown.clone_from(frame);
        self.is_shown = true;
        self.is_begun = true;
        bytes
    }

    /// The screen was cleared by somebody else, as this frame wants it.
    pub(crate) const fn note_cleared(&mut self, frame: &Frame) {
        self.shown.clears = frame.clears;
        self.is_shown = false;
    }

    /// Whether this frame wants the screen cleared.
    pub(crate) const fn is_to_clear(&self, frame: &Frame) -> bool {
        self.shown.clears != frame.clears
    }

    /// The block is gone with everything that was around it.
    pub(crate) const fn note_gone(&mut self) {
        self.is_shown = false;
    }

    /// Takes the block away and leaves the terminal as it was found.
    pub fn leave(&mut self) -> &'static str {
        self.is_shown = false;
        self.is_begun = false;
        LEAVE
    }

    fn write_all(&self, frame: &Frame, bytes: &mut String) {
        bytes.push_str(WRAP_OFF);
        self.write_cells(&frame.prompt, bytes);
        let mut column = width(&frame.prompt);
        if !frame.status.is_empty() {
            bytes.push_str("\r\n");
            self.write_cells(&frame.status, bytes);
            bytes.push_str("\x1b[A");
            column = width(&frame.status);
        }
        bytes.push_str(WRAP_ON);
        go(column, frame.cursor, bytes);
    }

    /// Writes what differs from what is shown, row by row.
    fn change(&self, frame: &Frame, bytes: &mut String) {
        let mut column = self.shown.cursor;
        if let Some(same) = first_difference(&self.shown.prompt, &frame.prompt) {
            column = self.write_row(&frame.prompt, same, column, bytes);
        }
        if let Some(same) = first_difference(&self.shown.status, &frame.status) {
            bytes.push_str("\r\n");
            column = self.write_row(&frame.status, same, 0, bytes);
            bytes.push_str("\x1b[A");
        }
        go(column, frame.cursor, bytes);
    }

    /// Writes a row from its cell `same` on, the cursor being in `column`. The column where it is then.
    fn write_row(&self, row: &[Cell], same: usize, column: usize, bytes: &mut String) -> usize {
        let (kept, changed) = row.split_at(same);
        go(column, width(kept), bytes);
        bytes.push_str(WRAP_OFF);
        self.write_cells(changed, bytes);
        bytes.push_str(ERASE_REST_OF_ROW);
        bytes.push_str(WRAP_ON);
        width(row)
    }

    fn write_cells(&self, cells: &[Cell], bytes: &mut String) {
        for run in cells.chunk_by(|one, next| one.dim == next.dim) {
            let is_dim = self.look.colour && run.iter().any(|cell| cell.dim);
            bytes.push_str(if is_dim { DIM } else { "" });
            bytes.extend(run.iter().map(|cell| cell.text.as_str()));
            bytes.push_str(if is_dim { NOT_DIM } else { "" });
        }
    }
}

/// The first cell that is not the same in both; `None` where none is.
fn first_difference(shown: &[Cell], wanted: &[Cell]) -> Option<usize> {
    let same = shown.iter().zip(wanted).take_while(|(shown, wanted)| shown == wanted).count();
    (same < shown.len().max(wanted.len())).then_some(same)
}

/// Moves the cursor within its row. Always from the first column on: only there it is certain where it is.
fn go(from: usize, to: usize, bytes: &mut String) {
    if from != to {
        bytes.push('\r');
        if to > 0 {
            // Writing to a string never fails.
            write!(bytes, "\x1b[{to}C").ok();
        }
    }
}
