//! A known picture, rendered and read back from the bytes.
//!
//! The measure is the mean absolute error of all channels of all pixels, 0 to 255, against the picture scaled to what
//! the renderer can show.

use std::sync::Arc;

use protocol::time::Time;

use super::decoder;
use super::theatre::{LOOK, jpeg, producer};
use crate::editor::{Frame, Painter};
use crate::view::{Area, CellSize, Ink, Palette, Picture, Renderer, Scene, Stage, Tile, View, decode, scale};

const COLUMNS: u16 = 80;
const ROWS: u16 = 30;
const CELL: CellSize = CellSize { width: 4, height: 8 };

/// Gradients, an edge and a disc: what pictures are made of.
fn original() -> Picture {
    let pixels = (0..240_usize).flat_map(|y| (0..320_usize).map(move |x| (x, y))).flat_map(|(x, y)| {
        let is_disc = x.abs_diff(160).pow(2) + y.abs_diff(120).pow(2) < 3_600;
        let gradient = |value: usize, of: usize| u8::try_from(value * 255 / of).unwrap();
        match (is_disc, x < 40) {
            (true, _) => [230, 180, 40],
            (_, true) => [10, 60, 30],
            _ => [gradient(x, 320), gradient(y, 240), gradient(320 - x, 320)],
        }
    });
    Picture::new(320, 240, pixels.collect()).unwrap()
}

/// The bytes that show the picture, painted until nothing is left to paint.
fn shown(renderer: Renderer, palette: Palette) -> (String, Picture) {
    let frame = jpeg(&original());
    let mut stage = Stage::new(Painter::new(LOOK));
    stage.choose(renderer, palette);
    stage.take(producer("1AAA99"), &frame);
    let mut scene = Scene::blank(COLUMNS, ROWS, 0, ROWS);
    scene.cell = CELL;
    let area = Area::of_size(COLUMNS, ROWS);
    scene.tiles.push(Tile { producer: producer("1AAA99"), area, note: String::new() });
    let view = View::Page(Arc::new(scene));
    let bytes = (1..30).map(|second| {
        let now = Time::from_micros(second * 1_000_000);
        stage.show(now, &Frame::default(), &view)
    });
    (bytes.collect(), decode(&frame).unwrap())
}

fn mean_error(one: &Picture, two: &Picture) -> f64 {
    assert_eq!((one.width(), one.height()), (two.width(), two.height()));
    let off: u64 = one.bytes().iter().zip(two.bytes()).map(|(one, two)| u64::from(one.abs_diff(*two))).sum();
    off as f64 / one.bytes().len() as f64
}

/// What a terminal shows, `across` by two pixels to a cell.
fn pixels_of(bytes: &str, across: usize) -> Picture {
    let mut terminal = vt100::Parser::new(ROWS, COLUMNS, 0);
    terminal.process(bytes.as_bytes());
    let ink = |colour: vt100::Color| match colour {
        vt100::Color::Default => Ink::Usual,
        vt100::Color::Idx(index) => Ink::Index(index),
        vt100::Color::Rgb(red, green, blue) => Ink::Exact(crate::view::Rgb([red, green, blue])),
    };
    let mut pixels = Vec::new();
    for row in 0..ROWS {
        for down in [0, 2] {
            for column in 0..COLUMNS {
                let cell = terminal.screen().cell(row, column).unwrap();
                let symbol = cell.contents().chars().next().unwrap_or(' ');
                let cell = crate::view::Cell::of_picture(symbol, ink(cell.fgcolor()), ink(cell.bgcolor()));
                let quarters = cell.quarters().unwrap();
                let shown = quarters[down..].iter().take(across).map(|ink| ink.shown().unwrap().0);
                pixels.extend(shown.flatten());
            }
        }
    }
    Picture::new(usize::from(COLUMNS) * across, usize::from(ROWS) * 2, pixels).unwrap()
}

#[test]
fn half_blocks_are_the_picture() {
    for (palette, bound) in [(Palette::FULL, 1.0), (Palette::Indexed, 18.0)] {
        let (bytes, original) = shown(Renderer::Half, palette);
        let error = mean_error(&pixels_of(&bytes, 1), &scale(&original, 80, 60));
        assert!(error <= bound, "{error} with {palette:?}");
    }
}

#[test]
fn quarter_blocks_are_the_picture_in_two_colours_a_cell() {
    for (palette, bound) in [(Palette::FULL, 2.5), (Palette::Indexed, 18.0)] {
        let (bytes, original) = shown(Renderer::Quarter, palette);
        let error = mean_error(&pixels_of(&bytes, 2), &scale(&original, 160, 60));
        assert!(error <= bound, "{error} with {palette:?}");
    }
}

#[test]
fn ascii_has_the_brightness_of_the_picture() {
    let (bytes, original) = shown(Renderer::Ascii, Palette::Grey);
    assert!(!bytes.contains("38;"), "no colours");
    let mut terminal = vt100::Parser::new(ROWS, COLUMNS, 0);
    terminal.process(bytes.as_bytes());
    let wanted = scale(&original, 80, 30);
    let mut off = 0_u64;
    for row in 0..ROWS {
        for column in 0..COLUMNS {
            let symbol = terminal.screen().cell(row, column).unwrap().contents();
            let step = " .:-=+*#%@".find(if symbol.is_empty() { " " } else { symbol }).unwrap();
            let luma = u8::try_from(step * 256 / 10 + 12).unwrap();
            off += u64::from(luma.abs_diff(wanted.pixel(column.into(), row.into()).luma()));
        }
    }
    let error = off as f64 / f64::from(COLUMNS * ROWS);
    assert!(error <= 8.0, "{error}");
}

#[test]
fn kitty_gets_every_pixel() {
    let (bytes, original) = shown(Renderer::Kitty, Palette::FULL);
    let (picture, cells) = decoder::kitty(&bytes);
    assert_eq!((cells, mean_error(&picture, &original)), ((COLUMNS, ROWS), 0.0));
}

#[test]
fn iterm_gets_a_picture_file() {
    let (bytes, original) = shown(Renderer::Iterm, Palette::FULL);
    let (picture, cells) = decoder::iterm(&bytes);
    let error = mean_error(&picture, &original);
    assert!(cells == (COLUMNS, ROWS) && error <= 2.5, "{error} in {cells:?}");
}

#[test]
fn sixel_gets_the_picture_in_256_colours() {
    let (bytes, original) = shown(Renderer::Sixel, Palette::FULL);
    let error = mean_error(&decoder::sixel(&bytes), &original);
    assert!(error <= 14.0, "{error}");
}
