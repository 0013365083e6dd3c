//! What stands in one place of the screen.

use super::colour::Rgb;

/// The colour of a character or of what is behind it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Ink {
    /// The terminal's own.
    #[default]
    Usual,
    /// One of the 256.
    Index(u8),
    /// Any.
    Exact(Rgb),
}

/// One place of the screen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cell {
    /// What stands there; [`COVERED`] where a wide character reaches over.
    pub symbol: char,
    /// The colour of the symbol.
    pub fore: Ink,
    /// The colour behind it.
    pub back: Ink,
    /// How it is written.
    pub style: Style,
    /// Part of a picture: it may be a little off, and may come later than text.
    pub is_picture: bool,
}

/// How text is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Style {
    /// As usual.
    #[default]
    Plain,
    /// Bright.
    Bold,
    /// Faint.
    Dim,
    /// With both colours exchanged.
    Reverse,
}

/// The right half of a wide character.
pub const COVERED: char = '\0';

impl Cell {
    /// Nothing.
    pub const BLANK: Self = Self::plain(' ');

    /// A character of text.
    pub const fn plain(symbol: char) -> Self {
        Self { symbol, fore: Ink::Usual, back: Ink::Usual, style: Style::Plain, is_picture: false }
    }

    /// A character of text, written like that.
    pub const fn styled(symbol: char, style: Style) -> Self {
        Self { style, ..Self::plain(symbol) }
    }

    /// A part of a picture.
    pub const fn of_picture(symbol: char, fore: Ink, back: Ink) -> Self {
        Self { fore, back, is_picture: true, ..Self::plain(symbol) }
    }

    /// How far it is from looking like the other, 0 to 255.
    pub fn distance(&self, other: &Self) -> u8 {
        if self == other {
            return 0;
        }
        if !(self.is_picture && other.is_picture) {
            return u8::MAX;
        }
        match (self.quarters(), other.quarters()) {
            (Some(ours), Some(theirs)) => {
                let pairs = ours.into_iter().zip(theirs);
                pairs.map(|(one, two)| distance(one, two)).max().unwrap_or_default()
            }
            // Symbols that stand for their own brightness.
            (None, None) => distance(self.fore, other.fore).max(u8::from(self.symbol != other.symbol)),
            _ => u8::MAX,
        }
    }

    /// The colours of the four quarters, from the top left on, where the symbol is made of these.
    pub fn quarters(&self) -> Option<[Ink; 4]> {
        let (fore, back) = (self.fore, self.back);
        let pattern = QUARTERS.iter().position(|symbol| *symbol == self.symbol)?;
        Some([0, 1, 2, 3].map(|quarter| if pattern >> quarter & 1 == 1 { fore } else { back }))
    }
}

impl Default for Cell {
    fn default() -> Self {
        Self::BLANK
    }
}

/// Symbols by the quarters that they fill: bit 0 the top left, 1 the top right, 2 the bottom left, 3 the bottom right.
pub(super) const QUARTERS: [char; 16] =
    [' ', '▘', '▝', '▀', '▖', '▌', '▞', '▛', '▗', '▚', '▐', '▜', '▄', '▙', '▟', '█'];

fn distance(one: Ink, two: Ink) -> u8 {
    match (one.shown(), two.shown()) {
        _ if one == two => 0,
        (Some(one), Some(two)) => one.distance(two),
        _ => u8::MAX,
    }
}

impl Ink {
    /// The colour that shows, where it is known.
    pub fn shown(self) -> Option<Rgb> {
        match self {
            Self::Usual => None,
            Self::Index(index) => Some(Rgb::of_index(index)),
            Self::Exact(colour) => Some(colour),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DARK: Ink = Ink::Exact(Rgb([10; 3]));
    const LIGHT: Ink = Ink::Exact(Rgb([200; 3]));

    #[test]
    fn symbols_that_look_the_same_are_not_apart() {
        let upper = Cell::of_picture('▀', LIGHT, DARK);
        assert_eq!(upper.distance(&Cell::of_picture('▄', DARK, LIGHT)), 0);
        assert_eq!(Cell::of_picture(' ', LIGHT, DARK).distance(&Cell::of_picture('█', DARK, DARK)), 0);
        assert_eq!(upper.distance(&Cell::of_picture('▀', LIGHT, LIGHT)), 190);
    }

    #[test]
    fn text_is_the_same_or_it_is_not() {
        assert_eq!(Cell::plain('a').distance(&Cell::plain('b')), u8::MAX);
        assert_eq!(Cell::plain(' ').distance(&Cell::of_picture(' ', DARK, DARK)), u8::MAX);
    }
}
