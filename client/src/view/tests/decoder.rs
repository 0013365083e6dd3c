//! The terminals' side of the pixel protocols, as far as our renderers use them: bytes become pictures again.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use miniz_oxide::inflate::decompress_to_vec_zlib;

use crate::view::{Picture, decode};

/// The last picture in a text of kitty's protocol, and the cells that it was to fill.
pub(super) fn kitty(text: &str) -> (Picture, (u16, u16)) {
    let mut options = BTreeMap::new();
    let mut payload = String::new();
    for sequence in text.split("\x1b_G").skip(1) {
        let body = sequence.split("\x1b\\").next().unwrap();
        let Some((head, piece)) = body.split_once(';') else { continue };
        let pairs: Vec<(&str, &str)> = head.split(',').filter_map(|pair| pair.split_once('=')).collect();
        if pairs.contains(&("a", "T")) {
            options = pairs.iter().copied().collect();
            payload.clear();
        }
        assert!(piece.len() <= 4_096, "a piece that is too long");
        payload.push_str(piece);
    }
    let number = |key: &str| options[key].parse::<usize>().unwrap();
    assert_eq!((options["f"], options["o"]), ("24", "z"));
    let bytes = decompress_to_vec_zlib(&STANDARD.decode(payload).unwrap()).unwrap();
    let cells = (number("c").try_into().unwrap(), number("r").try_into().unwrap());
    (Picture::new(number("s"), number("v"), bytes).unwrap(), cells)
}

/// The last picture in a text of iTerm2's protocol, and the cells that it was to fill.
pub(super) fn iterm(text: &str) -> (Picture, (u16, u16)) {
    let sequence = text.rsplit("\x1b]1337;File=").next().unwrap();
    let (head, file) = sequence.split_once('\x07').unwrap().0.split_once(':').unwrap();
    let options: BTreeMap<&str, &str> = head.split(';').filter_map(|pair| pair.split_once('=')).collect();
    let file = STANDARD.decode(file).unwrap();
    assert_eq!(options["size"], file.len().to_string());
    (decode(&file).unwrap(), (options["width"].parse().unwrap(), options["height"].parse().unwrap()))
}

/// The last picture in a text of sixel graphics.
pub(super) fn sixel(text: &str) -> Picture {
    let body = text.rsplit("\x1bP").next().unwrap().split("\x1b\\").next().unwrap();
    let body = body.split_once('q').unwrap().1;
    let mut reader = Reader { rest: body.as_bytes() };
    assert_eq!(reader.next(), Some(b'"'));
    let raster = reader.numbers();
    let (width, height) = (raster[2], raster[3]);
    let mut colours: BTreeMap<usize, [u8; 3]> = BTreeMap::new();
    let mut pixels = vec![[0; 3]; width * height];
    let (mut colour, mut x, mut band) = ([0; 3], 0, 0);
    while let Some(byte) = reader.next() {
        let run = match byte {
            b'#' => {
                let numbers = reader.numbers();
                if let [index, 2, channels @ ..] = numbers.as_slice() {
                    let channel = |value: usize| u8::try_from((value * 255 + 50) / 100).unwrap();
                    colours
                        .insert(*index, [channel(channels[0]), channel(channels[1]), channel(channels[2])]);
                }
                colour = colours[&numbers[0]];
                continue;
            }
            b'$' => {
                x = 0;
                continue;
            }
            b'-' => {
                (x, band) = (0, band + 1);
                continue;
            }
            b'!' => (reader.numbers()[0], reader.next().unwrap()),
            symbol => (1, symbol),
        };
        for _ in 0..run.0 {
            for bit in (0..6).filter(|bit| (run.1 - b'?') >> bit & 1 == 1) {
                pixels[(band * 6 + bit) * width + x] = colour;
            }
            x += 1;
        }
    }
    Picture::new(width, height, pixels.concat()).unwrap()
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn numbers(&mut self) -> Vec<usize> {
        let end = self.rest.iter().position(|byte| !byte.is_ascii_digit() && *byte != b';');
        let (text, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        str::from_utf8(text).unwrap().split(';').map(|number| number.parse().unwrap()).collect()
    }
}
