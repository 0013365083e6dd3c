//! The built-in moving test card: a channel that needs no file.
//!
//! One picture shows that the right channel arrives (id and name), how late (the clock is that of the moment
//! of capture), whether frames are missing (the strip moves on by one cell with each) and whether the picture
//! is intact (bars, steps, circle, border).

mod canvas;

use bytes::Bytes;
use jpeg_encoder::{ColorType, Encoder, EncodingError, SamplingFactor};

use self::canvas::{Area, Canvas, Colour, Disc, HEIGHT, WIDTH};
use super::TimeOfDay;

/// The kind of its pictures.
pub(super) const EXTENSION: &str = "jpg";

/// JPEG quality of 100: clean letters at 22 to 24 kB.
const QUALITY: u8 = 60;
/// Room for one encoded picture, bytes, so that the buffer seldom grows.
const TYPICAL_BYTES: usize = 32 * 1024;
/// Longest channel name that fits the circle, characters; the rest is cut off.
const NAME_LENGTH: usize = 17;

/// Side of the background grid, pixels: two blocks of the encoder, so that each line falls into one.
const GRID: usize = 32;
/// Width of the border, pixels: one block of the encoder.
const BORDER: usize = 16;
/// The circle in the middle.
const DIAL: Disc = Disc { x: WIDTH / 2, y: HEIGHT / 2, radius: 210 };
/// The ring around it.
const RIM: Disc = Disc { radius: 214, ..DIAL };
/// The dot that runs around the ring, pixels.
const HAND_RADIUS: usize = 9;
/// Its way around, milliseconds: slow enough for the eye to follow, fast enough to see a delay of 100 ms.
const HAND_TURN: f64 = 4_000.0;
/// Cells of the strip that counts frames.
const STRIP_CELLS: u64 = 24;

const GREY: Colour = [70, 74, 84];
const LINE: Colour = [104, 110, 124];
const WHITE: Colour = [240, 240, 240];
const BLACK: Colour = [12, 12, 16];
const AMBER: Colour = [255, 184, 28];
const DIM: Colour = [48, 50, 60];
/// 75 % colour bars, from the brightest to the darkest.
const BARS: [Colour; 7] =
    [[191, 191, 191], [191, 191, 0], [0, 191, 191], [0, 191, 0], [191, 0, 191], [191, 0, 0], [0, 0, 191]];

/// Draws the pictures of one channel. The same arguments give the same bytes.
#[derive(Debug)]
pub(super) struct TestCard {
    /// All that does not move.
    still: Canvas,
}

impl TestCard {
    /// The card of the channel with this id (`1AAA99`) and name.
    pub(super) fn new(id: &str, name: &str) -> Self {
        let mut still = Canvas::filled(GREY);
        draw_grid(&mut still);
        still.fill_disc(RIM, |_, _| WHITE);
        still.fill_disc(DIAL, dial_colour);
        let name: String = name.chars().take(NAME_LENGTH).collect();
        still.write_centred(DIAL.x, 84, 2, WHITE, &name);
        still.write_centred(DIAL.x, 188, 6, WHITE, id);
        Self { still }
    }

    /// The picture number `number`, captured at `time`, as a JPEG file.
    pub(super) fn picture(&self, number: u64, time: TimeOfDay) -> Result<Bytes, EncodingError> {
        let mut canvas = self.still.clone();
        canvas.write_centred(DIAL.x, 250, 3, AMBER, &time.to_string());
        canvas.write_centred(DIAL.x, 402, 2, BLACK, &format!("{number:09}"));
        draw_strip(&mut canvas, number);
        canvas.fill_disc(hand(time), |_, _| AMBER);
        encode(&canvas)
    }
}

/// A grey field with a grid, and a border of white and black blocks: if one is missing, the edge is cut off.
fn draw_grid(canvas: &mut Canvas) {
    for x in (GRID..WIDTH).step_by(GRID) {
        canvas.fill(Area(x, 0, 2, HEIGHT), LINE);
    }
    for y in (GRID..HEIGHT).step_by(GRID) {
        canvas.fill(Area(0, y, WIDTH, 2), LINE);
    }
    let block = |cell: usize| if cell.is_multiple_of(2) { WHITE } else { BLACK };
    for (cell, x) in (0..WIDTH).step_by(GRID).enumerate() {
        canvas.fill(Area(x, 0, GRID, BORDER), block(cell));
        canvas.fill(Area(x, HEIGHT - BORDER, GRID, BORDER), block(cell + 1));
    }
    for (cell, y) in (0..HEIGHT).step_by(GRID).enumerate() {
        canvas.fill(Area(0, y, BORDER, GRID), block(cell));
        canvas.fill(Area(WIDTH - BORDER, y, BORDER, GRID), block(cell + 1));
    }
}

/// What the dial shows at a place, before the text: from the top a field for the name, the bars, a field for
/// id and clock, grey steps, the strip's field, a field for the frame number.
fn dial_colour(x: usize, y: usize) -> Colour {
    let across = x.saturating_sub(DIAL.x - DIAL.radius);
    let part = |count: usize| across * count / (2 * DIAL.radius);
    match y {
        112..176 => BARS.get(part(BARS.len())).copied().unwrap_or(BLACK),
        288..336 => {
            let level = u8::try_from(part(8) * 255 / 7).unwrap_or(u8::MAX);
            [level; 3]
        }
        384.. => WHITE,
        _ => BLACK,
    }
}

/// The strip of cells of which the one of this frame is lit.
fn draw_strip(canvas: &mut Canvas, number: u64) {
    const CELL: usize = 12;
    let left = DIAL.x - CELL * 12;
    for cell in 0..STRIP_CELLS {
        let colour = if number % STRIP_CELLS == cell { AMBER } else { DIM };
        let x = usize::try_from(cell).unwrap_or(0) * CELL;
        canvas.fill(Area(left + x + 1, 345, CELL - 2, 30), colour);
    }
}

/// Where the dot on the ring is: it starts at the top and runs clockwise.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the ring lies inside the picture: both coordinates are small and positive"
)]
fn hand(time: TimeOfDay) -> Disc {
    let turn = time.since_midnight().as_millis() as f64 / HAND_TURN;
    let (sine, cosine) = (turn.fract() * std::f64::consts::TAU).sin_cos();
    let radius = RIM.radius as f64;
    let x = (DIAL.x as f64 + radius * sine).round() as usize;
    let y = (DIAL.y as f64 - radius * cosine).round() as usize;
    Disc { x, y, radius: HAND_RADIUS }
}

fn encode(canvas: &Canvas) -> Result<Bytes, EncodingError> {
    let mut file = Vec::with_capacity(TYPICAL_BYTES);
    let mut encoder = Encoder::new(&mut file, QUALITY);
    encoder.set_sampling_factor(SamplingFactor::R_4_2_0);
    encoder.set_optimized_huffman_tables(true);
    let (width, height) = canvas::SIZE;
    encoder.encode(canvas.as_bytes(), width, height, ColorType::Rgb)?;
    Ok(file.into())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use super::*;

    fn at(milliseconds: u64) -> TimeOfDay {
        TimeOfDay::from_unix(Duration::from_millis(milliseconds))
    }

    fn card() -> TestCard {
        TestCard::new("1AAA99", "Front door")
    }

    #[test]
    fn the_same_arguments_give_the_same_picture() {
        assert_eq!(card().picture(7, at(5_000)).unwrap(), card().picture(7, at(5_000)).unwrap());
    }

    #[test]
    fn number_time_id_and_name_all_show() {
        let pictures = BTreeSet::from([
            card().picture(7, at(5_000)).unwrap(),
            card().picture(7 + STRIP_CELLS, at(5_000)).unwrap(),
            card().picture(7, at(9_000)).unwrap(),
            TestCard::new("1AAA98", "Front door").picture(7, at(5_000)).unwrap(),
            TestCard::new("1AAA99", "Back door").picture(7, at(5_000)).unwrap(),
        ]);
        assert_eq!(pictures.len(), 5);
    }

    #[test]
    fn a_picture_is_a_jpeg_file_of_moderate_size() {
        for number in 0..30 {
            let picture = card().picture(number, at(number * 83)).unwrap();
            assert!(picture.starts_with(&[0xFF, 0xD8, 0xFF]) && picture.ends_with(&[0xFF, 0xD9]));
            assert!((10_000..25_000).contains(&picture.len()), "{} bytes", picture.len());
        }
    }

    #[test]
    fn the_strip_moves_on_with_each_frame_and_comes_round() {
        let strip = |number| {
            let mut canvas = Canvas::filled(BLACK);
            draw_strip(&mut canvas, number);
            canvas
        };
        for number in 0..STRIP_CELLS {
            assert!((1..STRIP_CELLS).all(|distance| strip(number) != strip(number + distance)));
            assert_eq!(strip(number), strip(number + STRIP_CELLS));
        }
    }

    #[test]
    fn the_hand_turns_clockwise_from_the_top() {
        let place = |milliseconds| {
            let Disc { x, y, .. } = hand(at(milliseconds));
            (x, y)
        };
        assert_eq!(place(0), (320, 26));
        assert_eq!(place(1_000), (534, 240));
        assert_eq!(place(2_000), (320, 454));
        assert_eq!(place(3_000), (106, 240));
        assert_eq!(place(4_000), place(0));
    }

    #[test]
    fn names_of_any_length_and_script_are_drawn() {
        for name in ["", "A name much too long for the circle of the card", "\u{1b}[31m映像\0"] {
            assert!(TestCard::new("FFFFFF", name).picture(u64::MAX, at(0)).is_ok(), "{name:?}");
        }
    }
}
