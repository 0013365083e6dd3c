//! How many colours are written.

use super::cell::Ink;
use super::colour::Rgb;

/// The colours that a terminal takes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Palette {
    /// None: brightness alone.
    Grey,
    /// The 256 that all have.
    Indexed,
    /// Any, with so many bits for a channel.
    Exact {
        /// 1 to 8.
        bits: u8,
    },
}

impl Palette {
    /// Any colour.
    pub const FULL: Self = Self::Exact { bits: 8 };

    /// The ink that is nearest to a colour.
    pub fn ink(self, colour: Rgb) -> Ink {
        match self {
            Self::Grey => Ink::Usual,
            Self::Indexed => Ink::Index(colour.index()),
            Self::Exact { bits } => Ink::Exact(colour.coarse(bits)),
        }
    }

    /// What a pixel of a picture becomes.
    pub fn pixel(self, colour: Rgb) -> Rgb {
        match self {
            Self::Grey => Rgb([colour.luma(); 3]),
            Self::Indexed => Rgb::of_index(colour.index()),
            Self::Exact { bits } => colour.coarse(bits),
        }
    }
}
