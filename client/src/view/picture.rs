//! A decoded picture: rows of red, green and blue bytes.

use super::colour::Rgb;

/// Bytes of a pixel.
const CHANNELS: usize = 3;

/// A picture of at least one pixel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Picture {
    width: usize,
    height: usize,
    bytes: Vec<u8>,
}

impl Picture {
    /// A picture of these bytes, three for each pixel, row by row; `None` where their number does not fit the size.
    pub fn new(width: usize, height: usize, bytes: Vec<u8>) -> Option<Self> {
        let fits = width > 0 && height > 0 && bytes.len() == width * height * CHANNELS;
        fits.then_some(Self { width, height, bytes })
    }

    /// Pixels of a row.
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub const fn height(&self) -> usize {
        self.height
    }

    /// All pixels, three bytes each.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes of a row; empty beyond the last one.
    pub fn row(&self, y: usize) -> &[u8] {
        let length = self.width * CHANNELS;
        self.bytes.get(y * length..(y + 1) * length).unwrap_or_default()
    }

    /// The pixel there; black outside.
    pub fn pixel(&self, x: usize, y: usize) -> Rgb {
        match self.row(y).get(x * CHANNELS..) {
            Some([red, green, blue, ..]) => Rgb([*red, *green, *blue]),
            _ => Rgb::BLACK,
        }
    }

    /// The same size in other colours.
    #[must_use]
    pub fn map(&self, colour: impl Fn(Rgb) -> Rgb) -> Self {
        let pixels = self.bytes.as_chunks::<CHANNELS>().0.iter();
        Self { bytes: pixels.flat_map(|pixel| colour(Rgb(*pixel)).0).collect(), ..*self }
    }
}
