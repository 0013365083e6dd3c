//! Pictures made of characters.

use super::cell::{Cell, Ink, QUARTERS};
use super::colour::Rgb;
use super::palette::Palette;
use super::picture::Picture;
use super::scale::scale;

/// How a cell stands for pixels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mosaic {
    /// Two pixels, one above the other.
    Half,
    /// Two by two pixels in two colours.
    Quarter,
    /// One pixel, by the brightness of a character.
    Ascii,
}

/// Characters from dark to bright.
const RAMP: [char; 10] = [' ', '.', ':', '-', '=', '+', '*', '#', '%', '@'];

impl Mosaic {
    /// The pixels of a cell, across and down.
    pub const fn pixels(self) -> (usize, usize) {
        match self {
            Self::Half => (1, 2),
            Self::Quarter => (2, 2),
            Self::Ascii => (1, 1),
        }
    }

    /// The picture as so many cells across and down, row by row.
    pub fn cells(self, picture: &Picture, columns: u16, rows: u16, palette: Palette) -> Vec<Cell> {
        let (columns, rows) = (usize::from(columns), usize::from(rows));
        let (across, down) = self.pixels();
        let pixels = scale(picture, columns * across, rows * down);
        let places = (0..rows).flat_map(|row| (0..columns).map(move |column| (column, row)));
        let cell = |(column, row): (usize, usize)| {
            let at = |x: usize, y: usize| pixels.pixel(column * across + x, row * down + y);
            match self {
                Self::Half => half(at(0, 0), at(0, 1), palette),
                Self::Quarter => quarter([at(0, 0), at(1, 0), at(0, 1), at(1, 1)], palette),
                Self::Ascii => ascii(at(0, 0), palette),
            }
        };
        places.map(cell).collect()
    }
}

fn half(upper: Rgb, lower: Rgb, palette: Palette) -> Cell {
    let (upper, lower) = (palette.ink(upper), palette.ink(lower));
    let symbol = if upper == lower { ' ' } else { '▀' };
    Cell::of_picture(symbol, upper, lower)
}

/// The pattern of two colours that is least off.
fn quarter(pixels: [Rgb; 4], palette: Palette) -> Cell {
    // A pattern and its opposite are the same with the colours exchanged: eight are enough.
    let best = (0..8_usize).map(|pattern| split(pixels, pattern)).min_by_key(|split| split.off);
    let Some(Split { pattern, fore, back, .. }) = best else { return Cell::BLANK };
    let (fore, back) = (palette.ink(fore), palette.ink(back));
    let symbol = QUARTERS.get(pattern).copied().filter(|_| fore != back).unwrap_or(' ');
    Cell::of_picture(symbol, fore, back)
}

struct Split {
    pattern: usize,
    fore: Rgb,
    back: Rgb,
    off: u32,
}

fn split(pixels: [Rgb; 4], pattern: usize) -> Split {
    let is_fore = |quarter: usize| pattern >> quarter & 1 == 1;
    let side = |wanted: bool| {
        let ours = (0..4).zip(pixels).filter(|(quarter, _)| is_fore(*quarter) == wanted);
        mean(ours.map(|(_, pixel)| pixel))
    };
    let (fore, back) = (side(true), side(false));
    let off = (0..4).zip(pixels).map(|(quarter, pixel)| {
        let off = u32::from(pixel.distance(if is_fore(quarter) { fore } else { back }));
        off * off
    });
    Split { pattern, fore, back, off: off.sum() }
}

fn mean(pixels: impl Iterator<Item = Rgb>) -> Rgb {
    let (sums, count) = pixels.fold(([0_u16; 3], 0_u16), |([red, green, blue], count), Rgb(pixel)| {
        let [r, g, b] = pixel.map(u16::from);
        ([red + r, green + g, blue + b], count + 1)
    });
    let share = |sum: u16| u8::try_from(sum.checked_div(count).unwrap_or_default()).unwrap_or(u8::MAX);
    Rgb(sums.map(share))
}

/// The brightness is in the character, so that the colour is the full one of its hue.
fn ascii(pixel: Rgb, palette: Palette) -> Cell {
    let step = usize::from(pixel.luma()) * RAMP.len() / 256;
    let symbol = RAMP.get(step).copied().unwrap_or(' ');
    let fore = if symbol == ' ' { Ink::Usual } else { palette.ink(pixel) };
    Cell::of_picture(symbol, fore, Ink::Usual)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DARK: Rgb = Rgb([20, 0, 0]);
    const LIGHT: Rgb = Rgb([0, 220, 240]);

    #[test]
    fn a_quarter_finds_every_pattern_of_two_colours() {
        for pattern in 1..15_usize {
            let pixels = [0, 1, 2, 3].map(|quarter| if pattern >> quarter & 1 == 1 { LIGHT } else { DARK });
            let cell = quarter(pixels, Palette::FULL);
            let wanted = pixels.map(|pixel| Palette::FULL.ink(pixel));
            assert_eq!(cell.quarters(), Some(wanted), "{pattern:04b}");
        }
    }

    #[test]
    fn an_even_cell_is_a_blank_on_its_colour() {
        assert_eq!(half(LIGHT, LIGHT, Palette::FULL).symbol, ' ');
        assert_eq!(quarter([LIGHT; 4], Palette::FULL).quarters(), Some([Ink::Exact(LIGHT); 4]));
    }

    #[test]
    fn the_ramp_goes_from_dark_to_bright() {
        let symbols: String =
            (0..=255).step_by(51).map(|value| ascii(Rgb([value; 3]), Palette::Grey).symbol).collect();
        assert_eq!(symbols, " .-+#@");
    }
}
