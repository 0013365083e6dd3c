//! The inline pictures of iTerm2, which other terminals take as well: a picture file in one sequence.

use std::fmt::Write;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jpeg_encoder::{ColorType, Encoder};

use super::area::Area;
use super::picture::Picture;

/// Shows a picture in an area of the screen. `quality` is that of JPEG, 1 to 100.
pub(super) fn show(picture: &Picture, area: Area, quality: u8, bytes: &mut String) {
    let mut file = Vec::new();
    let (width, height) = (u16::try_from(picture.width()), u16::try_from(picture.height()));
    let (Ok(width), Ok(height)) = (width, height) else { return };
    let encoder = Encoder::new(&mut file, quality);
    if encoder.encode(picture.bytes(), width, height, ColorType::Rgb).is_err() {
        // Only a size that is no picture's fails.
        return;
    }
    // Writing to a string never fails.
    write!(bytes, "\x1b[{};{}H", area.row + 1, area.column + 1).ok();
    write!(
        bytes,
        "\x1b]1337;File=inline=1;doNotMoveCursor=1;preserveAspectRatio=0;size={};width={};height={}:{}\x07",
        file.len(),
        area.columns,
        area.rows,
        STANDARD.encode(&file)
    )
    .ok();
}
