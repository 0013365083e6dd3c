//! What a page of the screen is to show: text, and where the pictures are.

use protocol::id::ProducerId;

use super::area::{Area, CellSize};
use super::cell::Cell;

/// A page, or the block of pictures above the prompt.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Scene {
    /// The size of the whole terminal.
    pub columns: u16,
    /// The same downwards.
    pub rows: u16,
    /// The first row of the block on the screen.
    pub top: u16,
    /// Pixels of a cell.
    pub cell: CellSize,
    /// The block's text, row by row. What is not blank stands before the pictures.
    pub text: Vec<Cell>,
    /// Where the pictures are.
    pub tiles: Vec<Tile>,
    /// How often everything was to be painted anew.
    pub repaints: u32,
}

/// The place of one channel's picture.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tile {
    /// The channel.
    pub producer: ProducerId,
    /// Its place in the block.
    pub area: Area,
    /// What stands there while there is no picture.
    pub note: String,
}

impl Scene {
    /// A block from row `top` to the end of a terminal of that size, without any text.
    pub fn blank(columns: u16, rows: u16, top: u16, height: u16) -> Self {
        Self {
            columns,
            rows,
            top,
            text: vec![Cell::BLANK; usize::from(columns) * usize::from(height)],
            ..Self::default()
        }
    }

    /// Rows of the block.
    pub fn height(&self) -> u16 {
        let rows = self.text.len().checked_div(usize::from(self.columns)).unwrap_or_default();
        u16::try_from(rows).unwrap_or(u16::MAX)
    }

    /// Puts a cell into the text.
    pub fn set(&mut self, column: u16, row: u16, cell: Cell) {
        let index = usize::from(row) * usize::from(self.columns) + usize::from(column);
        if column < self.columns
            && let Some(place) = self.text.get_mut(index)
        {
            *place = cell;
        }
    }

    /// Writes text from there on, cut off at the column `end`. The column behind it.
    pub fn write(&mut self, column: u16, row: u16, end: u16, text: &str, style: Cell) -> u16 {
        let mut column = column;
        for symbol in text.chars() {
            let width = unicode_width::UnicodeWidthChar::width(symbol).unwrap_or(0);
            let width = u16::try_from(width).unwrap_or(0);
            if width == 0 {
                continue;
            }
            if column + width > end.min(self.columns) {
                break;
            }
            self.set(column, row, Cell { symbol, ..style });
            if width == 2 {
                self.set(column + 1, row, Cell { symbol: super::cell::COVERED, ..style });
            }
            column += width;
        }
        column
    }

    /// The same cell all over an area.
    pub fn fill(&mut self, area: Area, cell: Cell) {
        for row in area.row..area.row + area.rows {
            for column in area.column..area.column + area.columns {
                self.set(column, row, cell);
            }
        }
    }
}
