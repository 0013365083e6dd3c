//! A small RGB picture and what is needed to draw a test card on it.

use font8x8::legacy::BASIC_LEGACY;

/// Width and height of the picture as the encoder wants them, pixels.
pub(super) const SIZE: (u16, u16) = (640, 480);
/// Width of the picture, pixels.
pub(super) const WIDTH: usize = SIZE.0 as usize;
/// Height of the picture, pixels.
pub(super) const HEIGHT: usize = SIZE.1 as usize;
/// Side of a character cell of the font, in its own dots.
pub(super) const GLYPH: usize = 8;

/// Bytes of a pixel: red, green, blue.
const DEPTH: usize = 3;
/// Each pixel at the edge of a disc is looked at in this many rows and columns, to smooth the edge.
const SUBPIXELS: usize = 4;

/// Red, green, blue.
pub(super) type Colour = [u8; DEPTH];

/// Left, top, width and height, pixels. What lies outside the canvas is not drawn.
#[derive(Clone, Copy)]
pub(super) struct Area(pub(super) usize, pub(super) usize, pub(super) usize, pub(super) usize);

/// Centre and radius, pixels.
#[derive(Clone, Copy)]
pub(super) struct Disc {
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) radius: usize,
}

/// A picture, row by row from the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Canvas {
    pixels: Vec<u8>,
}

impl Canvas {
    pub(super) fn filled(colour: Colour) -> Self {
        Self { pixels: colour.repeat(WIDTH * HEIGHT) }
    }

    /// The bytes of the picture: red, green, blue of each pixel.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.pixels
    }

    pub(super) fn fill(&mut self, area: Area, colour: Colour) {
        self.paint(area, |_, _, _| colour);
    }

    /// Draws `face`, which knows the colour of each pixel, inside a disc with a smooth edge.
    pub(super) fn fill_disc(&mut self, disc: Disc, face: impl Fn(usize, usize) -> Colour) {
        let Disc { x, y, radius } = disc;
        let area = Area(x.saturating_sub(radius), y.saturating_sub(radius), 2 * radius, 2 * radius);
        self.paint(area, |x, y, below| blend(below, face(x, y), coverage(disc, x, y)));
    }

    /// Writes a line of text, `scale` pixels for each dot of the font. Other characters than those of ASCII
    /// show as a question mark.
    pub(super) fn write(&mut self, left: usize, top: usize, scale: usize, colour: Colour, text: &str) {
        for (column, character) in text.chars().enumerate() {
            let left = left + column * GLYPH * scale;
            for (row, dots) in glyph(character).into_iter().enumerate() {
                for dot in (0..GLYPH).filter(|dot| dots >> dot & 1 == 1) {
                    self.fill(Area(left + dot * scale, top + row * scale, scale, scale), colour);
                }
            }
        }
    }

    /// Writes a line of text with its middle at `centre`.
    pub(super) fn write_centred(
        &mut self,
        centre: usize,
        top: usize,
        scale: usize,
        colour: Colour,
        text: &str,
    ) {
        let half = text.chars().count() * GLYPH * scale / 2;
        self.write(centre.saturating_sub(half), top, scale, colour, text);
    }

    /// Gives each pixel of `area` the colour that `face` makes of its place and its colour so far.
    fn paint(&mut self, area: Area, face: impl Fn(usize, usize, Colour) -> Colour) {
        let Area(left, top, width, height) = area;
        let rows = self.pixels.chunks_exact_mut(WIDTH * DEPTH).enumerate();
        for (y, row) in rows.skip(top).take(height) {
            let (pixels, _) = row.as_chunks_mut::<DEPTH>();
            for (x, pixel) in pixels.iter_mut().enumerate().skip(left).take(width) {
                *pixel = face(x, y, *pixel);
            }
        }
    }
}

fn glyph(character: char) -> [u8; GLYPH] {
    let index = if character.is_ascii_graphic() || character == ' ' { character } else { '?' };
    BASIC_LEGACY.get(index as usize).copied().unwrap_or_default()
}

/// How many of the subpixels of a pixel lie in the disc.
fn coverage(disc: Disc, x: usize, y: usize) -> usize {
    // In units of half a subpixel, so that the middle of each is a whole number.
    let unit = 2 * SUBPIXELS;
    let middle = |pixel: usize, sub: usize| pixel * unit + 2 * sub + 1;
    let radius = disc.radius * unit;
    let inside = |row: usize, column: usize| {
        let across = middle(x, column).abs_diff(disc.x * unit);
        let down = middle(y, row).abs_diff(disc.y * unit);
        across * across + down * down <= radius * radius
    };
    (0..SUBPIXELS)
        .flat_map(|row| (0..SUBPIXELS).map(move |column| (row, column)))
        .filter(|(row, column)| inside(*row, *column))
        .count()
}

fn blend(below: Colour, above: Colour, coverage: usize) -> Colour {
    let whole = SUBPIXELS * SUBPIXELS;
    std::array::from_fn(|channel| {
        let part =
            |colour: Colour, weight: usize| usize::from(colour.get(channel).copied().unwrap_or(0)) * weight;
        let mixed = (part(below, whole - coverage) + part(above, coverage)) / whole;
        u8::try_from(mixed).unwrap_or(u8::MAX)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLACK: Colour = [0, 0, 0];
    const WHITE: Colour = [255, 255, 255];

    fn lit(canvas: &Canvas) -> usize {
        canvas.as_bytes().chunks_exact(DEPTH).filter(|pixel| *pixel != BLACK).count()
    }

    #[test]
    fn what_lies_outside_is_not_drawn() {
        let mut canvas = Canvas::filled(BLACK);
        canvas.fill(Area(WIDTH - 2, HEIGHT - 3, 100, 100), WHITE);
        assert_eq!(lit(&canvas), 2 * 3);
        canvas.fill(Area(WIDTH, 0, 5, 5), WHITE);
        canvas.write(WIDTH + 8, 0, 1, WHITE, "X");
        canvas.fill_disc(Disc { x: WIDTH + 40, y: HEIGHT + 40, radius: 30 }, |_, _| WHITE);
        assert_eq!(lit(&canvas), 2 * 3);
    }

    #[test]
    fn a_disc_has_the_area_of_a_circle() {
        let mut canvas = Canvas::filled(BLACK);
        canvas.fill_disc(Disc { x: 320, y: 240, radius: 100 }, |_, _| WHITE);
        let light: usize = canvas.as_bytes().iter().map(|byte| usize::from(*byte)).sum();
        let area = light as f64 / 765.0;
        assert!((area - 31_416.0).abs() < 30.0, "{area}");
    }

    #[test]
    fn text_is_drawn_dot_by_dot() {
        let mut canvas = Canvas::filled(BLACK);
        canvas.write(0, 0, 1, WHITE, "I");
        let dots: u32 = BASIC_LEGACY[b'I' as usize].iter().map(|row| row.count_ones()).sum();
        assert_eq!(lit(&canvas), dots as usize);
        let mut larger = Canvas::filled(BLACK);
        larger.write(0, 0, 3, WHITE, "I");
        assert_eq!(lit(&larger), 9 * dots as usize);
    }

    #[test]
    fn characters_without_a_shape_show_as_a_question_mark() {
        assert!(['\u{1b}', '\n', 'é', '\u{202e}'].into_iter().all(|other| glyph(other) == glyph('?')));
        assert_ne!(glyph('?'), glyph(' '));
    }
}
