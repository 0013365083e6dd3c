//! Sixel graphics: six rows at a time, colour by colour.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::area::Area;
use super::picture::Picture;

/// Rows of one band.
const BAND: usize = 6;
/// The symbol without a pixel; the six bits are added to it.
const EMPTY: u8 = b'?';
/// Repeats below which writing them out is shorter.
const RUN_MIN: usize = 4;
/// The largest step of a channel in this notation.
const CHANNEL_MAX: u16 = 100;
/// Steps of red, green and blue: together 252 colours, evenly spread, most where the eye sees most.
const STEPS: [u16; 3] = [6, 7, 6];

/// Shows a picture at the top left of an area of the screen, in 252 colours.
pub(super) fn show(picture: &Picture, area: Area, bytes: &mut String) {
    let indexes: Vec<u8> = picture.bytes().as_chunks::<3>().0.iter().map(|pixel| index_of(*pixel)).collect();
    // Writing to a string never fails.
    write!(bytes, "\x1b[{};{}H", area.row + 1, area.column + 1).ok();
    write!(bytes, "\x1bP0;1;0q\"1;1;{};{}", picture.width(), picture.height()).ok();
    define(&indexes, bytes);
    for (number, band) in indexes.chunks(picture.width() * BAND).enumerate() {
        // Behind the last band a new one would scroll a screen that ends there.
        bytes.push_str(if number > 0 { "-" } else { "" });
        write_band(band, picture.width(), bytes);
    }
    bytes.push_str("\x1b\\");
}

/// The number of the nearest colour.
fn index_of([red, green, blue]: [u8; 3]) -> u8 {
    let [reds, greens, blues] = STEPS;
    let step = |channel: u8, steps: u16| (u16::from(channel) * (steps - 1) + 127) / 255;
    let index = (step(red, reds) * greens + step(green, greens)) * blues + step(blue, blues);
    u8::try_from(index).unwrap_or(u8::MAX)
}

/// The colour with that number, in hundredths.
fn channels_of(index: u8) -> [u16; 3] {
    let [reds, greens, blues] = STEPS;
    let index = u16::from(index);
    let share = |step: u16, steps: u16| step.min(steps - 1) * CHANNEL_MAX / (steps - 1);
    [share(index / blues / greens, reds), share(index / blues % greens, greens), share(index % blues, blues)]
}

/// Says what the numbers of the used colours mean.
fn define(indexes: &[u8], bytes: &mut String) {
    let mut used = [false; 256];
    for index in indexes {
        if let Some(used) = used.get_mut(usize::from(*index)) {
            *used = true;
        }
    }
    for (index, _) in (0..=u8::MAX).zip(used).filter(|(_, used)| *used) {
        let [red, green, blue] = channels_of(index);
        write!(bytes, "#{index};2;{red};{green};{blue}").ok();
    }
}

fn write_band(band: &[u8], width: usize, bytes: &mut String) {
    let mut layers: BTreeMap<u8, Vec<u8>> = BTreeMap::new();
    for (bit, row) in band.chunks(width).enumerate() {
        for (column, index) in row.iter().enumerate() {
            let layer = layers.entry(*index).or_insert_with(|| vec![0; width]);
            if let Some(bits) = layer.get_mut(column) {
                *bits |= 1 << bit;
            }
        }
    }
    let mut is_first = true;
    for (index, layer) in layers {
        if !std::mem::take(&mut is_first) {
            bytes.push('$');
        }
        write!(bytes, "#{index}").ok();
        write_layer(&layer, bytes);
    }
}

/// The pixels of one colour; what follows the last one is left out.
fn write_layer(layer: &[u8], bytes: &mut String) {
    let end = layer.iter().rposition(|bits| *bits != 0).map_or(0, |last| last + 1);
    for run in layer.get(..end).unwrap_or_default().chunk_by(|one, next| one == next) {
        let Some(bits) = run.first() else { continue };
        let symbol = char::from(EMPTY + bits);
        if run.len() < RUN_MIN {
            bytes.extend(std::iter::repeat_n(symbol, run.len()));
        } else {
            write!(bytes, "!{}{symbol}", run.len()).ok();
        }
    }
}
