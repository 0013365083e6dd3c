//! The ways to show a picture in a terminal.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::mosaic::Mosaic;

/// A way to show a picture.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Renderer {
    /// Pixels, as kitty and its like take them.
    Kitty,
    /// Pixels, as DEC's terminals and their heirs take them.
    Sixel,
    /// Picture files, as iTerm2 and its like take them.
    Iterm,
    /// Half blocks: two pixels to a cell.
    Half,
    /// Quarter blocks: four pixels in two colours to a cell.
    Quarter,
    /// Characters by their brightness.
    Ascii,
}

/// A word that names no renderer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("no renderer: write kitty, sixel, iterm, half, quarter or ascii")]
pub struct RendererError;

impl Renderer {
    /// All, from the finest on.
    pub const ALL: [Self; 6] =
        [Self::Kitty, Self::Sixel, Self::Iterm, Self::Half, Self::Quarter, Self::Ascii];

    /// Its name, as it is chosen.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kitty => "kitty",
            Self::Sixel => "sixel",
            Self::Iterm => "iterm",
            Self::Half => "half",
            Self::Quarter => "quarter",
            Self::Ascii => "ascii",
        }
    }

    /// The kind of characters that it writes; `None` where it writes pixels.
    pub const fn mosaic(self) -> Option<Mosaic> {
        match self {
            Self::Kitty | Self::Sixel | Self::Iterm => None,
            Self::Half => Some(Mosaic::Half),
            Self::Quarter => Some(Mosaic::Quarter),
            Self::Ascii => Some(Mosaic::Ascii),
        }
    }
}

impl FromStr for Renderer {
    type Err = RendererError;

    fn from_str(text: &str) -> Result<Self, RendererError> {
        let named = |renderer: &Self| renderer.name().eq_ignore_ascii_case(text);
        Self::ALL.into_iter().find(named).ok_or(RendererError)
    }
}

impl fmt::Display for Renderer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
