//! Places on the screen, and what fits into them.

/// Pixels of a cell where the terminal does not say: most fonts are twice as high as wide.
const CELL_USUAL: CellSize = CellSize { width: 10, height: 20 };
/// Pixels of a cell's side that are believed: a terminal that says more has its units wrong.
const CELL_SIDE_MAX: u16 = 128;

/// A rectangle of cells; the first row and column are 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Area {
    /// The leftmost column.
    pub column: u16,
    /// The topmost row.
    pub row: u16,
    /// Width.
    pub columns: u16,
    /// Height.
    pub rows: u16,
}

/// Pixels of one cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CellSize {
    /// Pixels across.
    pub width: u16,
    /// Pixels down.
    pub height: u16,
}

impl CellSize {
    /// Of a terminal of that many cells and pixels; the usual where the pixels are not known.
    pub fn of(columns: u16, rows: u16, width: u16, height: u16) -> Self {
        let size = Self {
            width: width.checked_div(columns).unwrap_or_default(),
            height: height.checked_div(rows).unwrap_or_default(),
        };
        let known = 1..=CELL_SIDE_MAX;
        if known.contains(&size.width) && known.contains(&size.height) { size } else { CELL_USUAL }
    }
}

impl Default for CellSize {
    fn default() -> Self {
        CELL_USUAL
    }
}

impl Area {
    /// A rectangle at the top left.
    pub const fn of_size(columns: u16, rows: u16) -> Self {
        Self { column: 0, row: 0, columns, rows }
    }

    /// Whether it has no cell.
    pub const fn is_empty(self) -> bool {
        self.columns == 0 || self.rows == 0
    }

    /// Its middle, each side being divided.
    #[must_use]
    pub fn shrunk(self, divisor: usize) -> Self {
        let divisor = u16::try_from(divisor).unwrap_or(u16::MAX).max(1);
        let (columns, rows) = ((self.columns / divisor).max(1), (self.rows / divisor).max(1));
        if self.is_empty() {
            return self;
        }
        Self {
            column: self.column + (self.columns - columns) / 2,
            row: self.row + (self.rows - rows) / 2,
            columns,
            rows,
        }
    }

    /// The largest part of it, in its middle, that has the shape of a picture of `width` by `height` pixels.
    #[must_use]
    pub fn letterbox(self, width: usize, height: usize, cell: CellSize) -> Self {
        if self.is_empty() || width == 0 || height == 0 {
            return Self { columns: 0, rows: 0, ..self };
        }
        let (cell_width, cell_height) = (usize::from(cell.width), usize::from(cell.height));
        let (room_across, room_down) =
            (usize::from(self.columns) * cell_width, usize::from(self.rows) * cell_height);
        // Compared crosswise: no fractions.
        let (columns, rows) = if width * room_down >= height * room_across {
            (usize::from(self.columns), rounded(room_across * height, width * cell_height))
        } else {
            (rounded(room_down * width, height * cell_width), usize::from(self.rows))
        };
        let columns = u16::try_from(columns).unwrap_or(u16::MAX).clamp(1, self.columns);
        let rows = u16::try_from(rows).unwrap_or(u16::MAX).clamp(1, self.rows);
        Self {
            column: self.column + (self.columns - columns) / 2,
            row: self.row + (self.rows - rows) / 2,
            columns,
            rows,
        }
    }

    /// `count` tiles of the same size, row by row, in the arrangement that leaves pictures of 4:3 largest.
    pub fn tiles(self, count: u16, cell: CellSize) -> Vec<Self> {
        let visible = |across: u16| {
            let tile = self.tile(count, across, 0);
            let picture = tile.letterbox(4, 3, cell);
            u32::from(picture.columns) * u32::from(picture.rows)
        };
        // Of equals the one with more across: screens are wide.
        let across = (1..=count).max_by_key(|across| (visible(*across), *across)).unwrap_or(1);
        (0..count).map(|index| self.tile(count, across, index)).collect()
    }

    fn tile(self, count: u16, across: u16, index: u16) -> Self {
        let down = count.div_ceil(across).max(1);
        let (columns, rows) = (self.columns / across, self.rows / down);
        Self {
            column: self.column + index % across * columns,
            row: self.row + index / across * rows,
            columns,
            rows,
        }
    }
}

const fn rounded(value: usize, divisor: usize) -> usize {
    (value + divisor / 2) / divisor
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_wide_picture_has_bars_above_and_below_and_a_tall_one_at_the_sides() {
        let area = Area { column: 4, row: 2, columns: 80, rows: 24 };
        let wide = area.letterbox(1_280, 320, CELL_USUAL);
        assert_eq!(wide, Area { column: 4, row: 9, columns: 80, rows: 10 });
        let tall = area.letterbox(480, 480, CELL_USUAL);
        assert_eq!(tall, Area { column: 20, row: 2, columns: 48, rows: 24 });
    }

    #[test]
    fn the_size_of_the_cells_counts_where_the_terminal_says_it() {
        assert_eq!(CellSize::of(80, 24, 0, 0), CELL_USUAL);
        assert_eq!(CellSize::of(0, 0, 640, 480), CELL_USUAL);
        assert_eq!(CellSize::of(80, 24, 800, 240), CellSize { width: 10, height: 10 });
        let square = Area::of_size(80, 24).letterbox(100, 100, CellSize { width: 10, height: 10 });
        assert_eq!((square.columns, square.rows), (24, 24));
    }

    #[test]
    fn four_channels_stand_two_by_two() {
        let tiles = Area::of_size(80, 24).tiles(4, CELL_USUAL);
        let places: Vec<_> = tiles.iter().map(|tile| (tile.column, tile.row)).collect();
        assert_eq!(places, [(0, 0), (40, 0), (0, 12), (40, 12)]);
    }

    proptest! {
        #[test]
        fn what_is_fitted_stays_inside_and_keeps_its_shape(
            columns in 1_u16..400,
            rows in 1_u16..200,
            width in 1_usize..4_096,
            height in 1_usize..4_096,
            count in 1_u16..20,
        ) {
            let area = Area { column: 3, row: 5, columns, rows };
            let fitted = area.letterbox(width, height, CELL_USUAL);
            prop_assert!(fitted.column >= 3 && fitted.column + fitted.columns <= 3 + columns);
            prop_assert!(fitted.row >= 5 && fitted.row + fitted.rows <= 5 + rows);
            prop_assert!(!fitted.is_empty());
            // One side is full, the other within a cell of the picture's shape.
            prop_assert!(fitted.columns == columns || fitted.rows == rows);
            for tile in area.tiles(count, CELL_USUAL) {
                prop_assert!(tile.column + tile.columns <= 3 + columns);
                prop_assert!(tile.row + tile.rows <= 5 + rows);
            }
        }
    }
}
