//! What the prompt's block shows at a given size: cells in at most two rows, none of which ever wraps.
//!
//! A line that is too long scrolls sideways, half a screen at a time, between `<` and `>`. The last column stays
//! free: what a terminal does there is not the same everywhere.

use super::Look;
use super::cells::{Cell, cells, width};

/// The size where none is known: a terminal that nobody looks at has 0 by 0.
const COLUMNS_USUAL: u16 = 80;
const ROWS_USUAL: u16 = 24;
/// Rows below which the status does not show: the last answer is worth more.
const ROWS_FOR_STATUS: u16 = 4;
/// Columns that the typed text has at least; else the prompt is a short one.
const TEXT_COLUMNS_MIN: usize = 16;
const SHORT_PROMPT: &str = "> ";
/// Columns below which the marks of what is cut off would leave too little of it.
const ROOM_FOR_MARKS: usize = 8;

/// The size of a terminal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Size {
    columns: u16,
    rows: u16,
}

impl Size {
    /// A size as the terminal says it, 0 where it does not know.
    pub const fn new(columns: u16, rows: u16) -> Self {
        Self {
            columns: if columns == 0 { COLUMNS_USUAL } else { columns },
            rows: if rows == 0 { ROWS_USUAL } else { rows },
        }
    }
}

/// A picture of the prompt's block.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Frame {
    pub(super) prompt: Vec<Cell>,
    pub(super) status: Vec<Cell>,
    /// The cursor's column in the prompt's row.
    pub(super) cursor: usize,
    /// How often everything was to be painted anew: somebody else may look, or somebody else may have painted.
    pub(super) repaints: u32,
    /// How often the screen was to be cleared.
    pub(super) clears: u32,
}

impl Frame {
    /// The prompt's row without its hint, which could not be told from what is typed; and the cursor's column in it.
    pub fn prompt(&self) -> (String, usize) {
        let mut column = 0;
        let is_typed = |cell: &&Cell| {
            let is_typed = !cell.dim || column < self.cursor;
            column += cell.width;
            is_typed
        };
        (self.prompt.iter().filter(is_typed).map(|cell| cell.text.as_str()).collect(), self.cursor)
    }
}

/// What is to be shown.
pub(super) struct View<'a> {
    pub(super) prompt: &'a str,
    pub(super) text: &'a str,
    /// The cursor's byte index in the text.
    pub(super) cursor: usize,
    pub(super) hint: &'a str,
    pub(super) status: &'a str,
}

impl View<'_> {
    /// The two rows, and the cursor's column.
    pub(super) fn lay_out(&self, size: Size, look: Look) -> Frame {
        let columns = usize::from(size.columns).saturating_sub(1);
        let mut row = cells(self.prompt, false, look);
        if width(&row) + TEXT_COLUMNS_MIN > columns {
            row = cells(SHORT_PROMPT, false, look);
        }
        if width(&row) >= columns {
            row.clear();
        }
        let mut text = cells(self.text, false, look);
        let cursor = width(&cells(self.text.get(..self.cursor).unwrap_or(self.text), false, look));
        text.extend(cells(self.hint, true, look));
        let room = columns - width(&row);
        let start = first_column(cursor, room);
        let cursor = width(&row) + cursor - start;
        row.extend(window(text, start, room));
        let status = if size.rows < ROWS_FOR_STATUS { "" } else { self.status };
        let status = window(cells(status, true, look), 0, columns);
        Frame { prompt: row, status, cursor, ..Frame::default() }
    }
}

/// The column of the text that stands leftmost, such that the cursor is in sight.
fn first_column(cursor: usize, room: usize) -> usize {
    if room < ROOM_FOR_MARKS {
        return (cursor + 1).saturating_sub(room.max(1));
    }
    // A mark at the right end, and a wide character before it.
    let last = room - 3;
    let step = room / 2;
    cursor.saturating_sub(last).div_ceil(step) * step
}

/// The cells from column `start` on that fit into `room` columns, with marks where something is cut off.
fn window(cells: Vec<Cell>, start: usize, room: usize) -> Vec<Cell> {
    let end = start + room;
    let has_marks = room >= ROOM_FOR_MARKS;
    let is_cut = has_marks && width(&cells) > end;
    let mut shown = Vec::new();
    let (mut column, mut filled) = (0, start);
    if start > 0 && has_marks {
        shown.push(Cell::dim('<'));
        filled += 1;
    }
    let last = end - usize::from(is_cut);
    for cell in cells {
        let after = column + cell.width;
        if column >= filled && after <= last {
            // Half a wide character at the left end shows as a blank.
            shown.extend(std::iter::repeat_n(Cell::plain(' '), column - filled));
            filled = after;
            shown.push(cell);
        }
        column = after;
    }
    if is_cut {
        shown.extend(std::iter::repeat_n(Cell::plain(' '), last.saturating_sub(filled)));
        shown.push(Cell::dim('>'));
    }
    shown
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LOOK: Look = Look { utf8: true, colour: true };

    proptest! {
        #[test]
        fn no_row_reaches_the_last_column_and_the_cursor_is_in_sight(
            columns in 0_u16..60,
            rows in 0_u16..6,
            text in "[a-z 放é\u{301}\n]{0,80}",
            at in 0_usize..90,
        ) {
            let cursor = text.char_indices().map(|(index, _)| index).nth(at).unwrap_or(text.len());
            let size = Size::new(columns, rows);
            let view = View { prompt: "framecast> ", text: &text, cursor, hint: "hint", status: "connected 放" };
            let frame = view.lay_out(size, LOOK);
            let room = usize::from(size.columns) - 1;
            prop_assert!(width(&frame.prompt) <= room, "{frame:?}");
            prop_assert!(width(&frame.status) <= room, "{frame:?}");
            prop_assert!(frame.cursor <= room, "{frame:?}");
        }
    }
}
