//! A block of the screen made of cells: what it shows, and the bytes that make it show something else.
//!
//! Text is always exact and always first. Cells of a picture that are nearly right stay as they are; where the bytes
//! don't suffice for all that differ, those that are furthest off are written first.

use std::fmt::Write;

use super::area::Area;
use super::cell::{COVERED, Cell, Ink, Style};

/// What a cell costs before anything was measured.
const COST_USUAL: usize = 24;
/// How far the cost of the newest paint moves the mean: an eighth.
const COST_INERTIA: usize = 8;
/// Unchanged cells up to this many are written again where that is shorter than going over them.
const BRIDGE_MAX: usize = 2;

/// A block of the screen.
#[derive(Debug)]
pub struct Canvas {
    columns: usize,
    wanted: Vec<Cell>,
    /// `None` where it is not known.
    shown: Vec<Option<Cell>>,
    /// Bytes that a cell costs, in the mean.
    cost: usize,
}

/// What a paint may cost, and what it has come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Bytes for cells of pictures. Text takes what it needs.
    pub bytes: usize,
    /// Differences up to this are not seen.
    pub tolerance: u8,
}

/// What a paint has come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Painted {
    /// Cells that were written.
    pub cells: usize,
    /// The largest difference that is left, as far as it is more than the tolerance.
    pub left: u8,
}

impl Limits {
    /// Everything, exactly.
    pub const NONE: Self = Self { bytes: usize::MAX, tolerance: 0 };
}

impl Canvas {
    /// A block of that size which shows nobody knows what.
    pub fn new(columns: u16, rows: u16) -> Self {
        let count = usize::from(columns) * usize::from(rows);
        Self {
            columns: usize::from(columns),
            wanted: vec![Cell::BLANK; count],
            shown: vec![None; count],
            cost: COST_USUAL,
        }
    }

    /// Columns and rows.
    pub fn size(&self) -> (u16, u16) {
        let rows = self.wanted.len().checked_div(self.columns).unwrap_or_default();
        (u16::try_from(self.columns).unwrap_or(u16::MAX), u16::try_from(rows).unwrap_or(u16::MAX))
    }

    /// Nobody knows any more what is shown.
    pub fn forget(&mut self) {
        self.shown.fill(None);
    }

    /// Nobody knows any more what is shown in an area.
    pub fn forget_area(&mut self, area: Area) {
        for row in area.row..area.row.saturating_add(area.rows) {
            let start = usize::from(row) * self.columns;
            let columns = usize::from(area.column)..usize::from(area.column.saturating_add(area.columns));
            let end = columns.end.min(self.columns);
            if let Some(cells) = self.shown.get_mut(start + columns.start.min(end)..start + end) {
                cells.fill(None);
            }
        }
    }

    /// Wants this cell there; nothing outside of the block.
    pub fn set(&mut self, column: u16, row: u16, cell: Cell) {
        let (column, row) = (usize::from(column), usize::from(row));
        if column < self.columns
            && let Some(wanted) = self.wanted.get_mut(row * self.columns + column)
        {
            *wanted = cell;
        }
    }

    /// The cell that is wanted there.
    pub fn wanted(&self, column: u16, row: u16) -> Option<&Cell> {
        let (column, row) = (usize::from(column), usize::from(row));
        (column < self.columns).then(|| self.wanted.get(row * self.columns + column)).flatten()
    }

    /// Wants the same cell everywhere in an area.
    pub fn fill(&mut self, area: Area, cell: Cell) {
        for row in area.row..area.row.saturating_add(area.rows) {
            for column in area.column..area.column.saturating_add(area.columns) {
                self.set(column, row, cell);
            }
        }
    }

    /// Wants these cells in an area, row by row.
    pub fn put(&mut self, area: Area, cells: &[Cell]) {
        let rows = cells.chunks(usize::from(area.columns).max(1));
        for (row, cells) in (area.row..).zip(rows) {
            for (column, cell) in (area.column..).zip(cells) {
                self.set(column, row, *cell);
            }
        }
    }

    /// The bytes that show what is wanted, the block's first row being row `top` of the screen. The cursor and its
    /// colours are anywhere afterwards.
    pub fn paint(&mut self, top: u16, limits: Limits, bytes: &mut String) -> Painted {
        let differences: Vec<u8> = self
            .shown
            .iter()
            .zip(&self.wanted)
            .map(|(shown, wanted)| shown.map_or(u8::MAX, |shown| shown.distance(wanted)))
            .collect();
        let (least, left) = self.threshold(&differences, limits);
        let begun = bytes.len();
        let mut pen = Pen { place: None, ink: None };
        let mut cells = 0;
        for index in 0..self.wanted.len() {
            let due = differences.get(index).is_some_and(|difference| *difference >= least);
            let over = bytes.len() - begun > limits.bytes.saturating_mul(2);
            if due && !(over && self.is_picture(index)) {
                self.write(index, top, &mut pen, bytes);
                cells += 1;
            }
        }
        if let Some(cost) = (bytes.len() - begun).checked_div(cells) {
            self.cost = (self.cost * (COST_INERTIA - 1) + cost).div_ceil(COST_INERTIA).max(1);
            bytes.push_str("\x1b[0m");
        }
        Painted { cells, left }
    }

    fn is_picture(&self, index: usize) -> bool {
        self.wanted.get(index).is_some_and(|cell| cell.is_picture)
    }

    /// The difference from which on cells are written, and the largest one that is not.
    fn threshold(&self, differences: &[u8], limits: Limits) -> (u8, u8) {
        let mut counts = [0_usize; 256];
        for (index, difference) in differences.iter().enumerate() {
            // Text is not counted: it is written anyway.
            let counted = *difference > 0 && self.is_picture(index);
            if counted && let Some(count) = counts.get_mut(usize::from(*difference)) {
                *count += 1;
            }
        }
        let mut room = limits.bytes / self.cost.max(1);
        let floor = limits.tolerance.saturating_add(1);
        for difference in (floor..=u8::MAX).rev() {
            let count = counts.get(usize::from(difference)).copied().unwrap_or_default();
            if count > room && difference < u8::MAX {
                return (difference + 1, difference);
            }
            room = room.saturating_sub(count);
        }
        (floor, 0)
    }

    fn write(&mut self, index: usize, top: u16, pen: &mut Pen, bytes: &mut String) {
        let Some(cell) = self.wanted.get(index).copied() else { return };
        if let Some(shown) = self.shown.get_mut(index) {
            *shown = Some(cell);
        }
        if cell.symbol == COVERED {
            return;
        }
        let (column, row) = (index % self.columns, index / self.columns);
        self.go(column, row, top, pen, bytes);
        pen.take(&cell, bytes);
        bytes.push(cell.symbol);
        // What a terminal does behind its last column is not the same everywhere.
        let wide = self.wanted.get(index + 1).is_some_and(|next| next.symbol == COVERED);
        let next = column + 1 + usize::from(wide);
        pen.place = (next < self.columns).then_some((next, row));
    }

    /// Moves the pen, over a few cells by writing them again.
    fn go(&mut self, column: usize, row: usize, top: u16, pen: &mut Pen, bytes: &mut String) {
        if let Some((from, at_row)) = pen.place
            && at_row == row
            && from <= column
        {
            let start = row * self.columns;
            let between = self.shown.get(start + from..start + column).unwrap_or_default();
            let same =
                |cell: &Option<Cell>| cell.is_some_and(|cell| pen.is_of(&cell) && cell.symbol != COVERED);
            if between.len() <= BRIDGE_MAX && between.iter().all(same) {
                bytes.extend(between.iter().flatten().map(|cell| cell.symbol));
            } else if from < column {
                // Writing to a string never fails.
                write!(bytes, "\x1b[{}C", column - from).ok();
            }
            return;
        }
        write!(bytes, "\x1b[{};{}H", usize::from(top) + row + 1, column + 1).ok();
    }
}

/// Where the terminal would write next, and in which colours.
struct Pen {
    place: Option<(usize, usize)>,
    ink: Option<Cell>,
}

impl Pen {
    fn is_of(&self, cell: &Cell) -> bool {
        self.ink.is_some_and(|ink| Cell { symbol: ink.symbol, is_picture: ink.is_picture, ..*cell } == ink)
    }

    /// Changes the colours to those of the cell, as far as these show.
    fn take(&mut self, cell: &Cell, bytes: &mut String) {
        let mut ink = match self.ink {
            Some(ink) if ink.style == cell.style => ink,
            _ => {
                bytes.push_str(match cell.style {
                    Style::Plain => "\x1b[0m",
                    Style::Bold => "\x1b[0;1m",
                    Style::Dim => "\x1b[0;2m",
                    Style::Reverse => "\x1b[0;7m",
                });
                Cell::styled(' ', cell.style)
            }
        };
        let fore_shows = cell.symbol != ' ' || cell.style == Style::Reverse;
        let fore = if fore_shows { cell.fore } else { ink.fore };
        match (ink.fore == fore, ink.back == cell.back) {
            (true, true) => {}
            (false, true) => write!(bytes, "\x1b[{}m", Code(fore, 38)).unwrap_or_default(),
            (true, false) => write!(bytes, "\x1b[{}m", Code(cell.back, 48)).unwrap_or_default(),
            (false, false) => {
                write!(bytes, "\x1b[{};{}m", Code(fore, 38), Code(cell.back, 48)).unwrap_or_default();
            }
        }
        ink.fore = fore;
        ink.back = cell.back;
        self.ink = Some(ink);
    }
}

/// The number that selects a colour, and the one that begins its kind: 38 before, 48 behind.
struct Code(Ink, u8);

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Ink::Usual => write!(f, "{}", self.1 + 1),
            Ink::Index(index) => write!(f, "{};5;{index}", self.1),
            Ink::Exact(colour) => {
                let [red, green, blue] = colour.0;
                write!(f, "{};2;{red};{green};{blue}", self.1)
            }
        }
    }
}
