//! Text as the terminal lays it out: characters with the marks on them, each one or two columns wide.

use unicode_width::UnicodeWidthChar;

use super::Look;

/// How a line end within the line is shown.
const LINE_END: [char; 2] = ['\\', 'n'];

/// One character and its marks, as they stand on the screen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Cell {
    pub(super) text: String,
    /// Columns: 1 or 2, or 0 for a mark that stands on nothing.
    pub(super) width: usize,
    pub(super) dim: bool,
}

impl Cell {
    pub(super) fn plain(character: char) -> Self {
        Self { text: character.into(), width: 1, dim: false }
    }

    pub(super) fn dim(character: char) -> Self {
        Self { dim: true, ..Self::plain(character) }
    }
}

/// Whether a character stands on the one before it. Terminals count columns character by character, so that this,
/// and not the clusters of Unicode, says where a cursor can stand.
pub(super) fn is_mark(character: char) -> bool {
    character.width() == Some(0)
}

/// The cells of a text.
pub(super) fn cells(text: &str, dim: bool, look: Look) -> Vec<Cell> {
    let mut cells: Vec<Cell> = Vec::with_capacity(text.len());
    for character in text.chars() {
        match (character, cells.last_mut()) {
            ('\n', _) => cells.extend(LINE_END.map(Cell::dim)),
            _ if !look.utf8 && !character.is_ascii() => cells.push(Cell { dim, ..Cell::plain('?') }),
            (_, Some(last)) if is_mark(character) => last.text.push(character),
            _ => cells.push(Cell { text: character.into(), width: character.width().unwrap_or(0), dim }),
        }
    }
    cells
}

/// The columns that these take.
pub(super) fn width(cells: &[Cell]) -> usize {
    cells.iter().map(|cell| cell.width).sum()
}
