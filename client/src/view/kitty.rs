//! The graphics of the kitty terminal: pixels, packed, in pieces.
//!
//! Two numbers take turns, so that the old picture stays until the new one is whole. Nothing is asked: `q=2` keeps the
//! terminal from answering.

use std::fmt::Write;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use miniz_oxide::deflate::compress_to_vec_zlib;

use super::area::Area;
use super::picture::Picture;

/// Bytes of a piece, a multiple of four: the most that the protocol allows.
const PIECE_MAX: usize = 4_096;
/// The fastest packing: pictures change, and are packed anew.
const PACKING: u8 = 1;
/// Below text.
const DEPTH: i32 = -1;

/// Shows a picture in an area of the screen under one number, and takes away the one under the other.
pub(super) fn show(picture: &Picture, area: Area, number: u32, former: Option<u32>, bytes: &mut String) {
    let packed = STANDARD.encode(compress_to_vec_zlib(picture.bytes(), PACKING));
    let mut rest = packed.as_str();
    // Writing to a string never fails.
    write!(bytes, "\x1b[{};{}H", area.row + 1, area.column + 1).ok();
    let (width, height) = (picture.width(), picture.height());
    let (columns, rows) = (area.columns, area.rows);
    let mut head =
        format!("a=T,f=24,o=z,q=2,C=1,i={number},p=1,s={width},v={height},c={columns},r={rows},z={DEPTH},");
    loop {
        let (piece, more) = rest.split_at_checked(PIECE_MAX).unwrap_or((rest, ""));
        let is_last = more.is_empty();
        write!(bytes, "\x1b_G{head}m={};{piece}\x1b\\", u8::from(!is_last)).ok();
        if is_last {
            break;
        }
        head.clear();
        rest = more;
    }
    if let Some(former) = former {
        remove(former, bytes);
    }
}

/// Takes a picture away and forgets it.
pub(super) fn remove(number: u32, bytes: &mut String) {
    write!(bytes, "\x1b_Ga=d,d=I,q=2,i={number}\x1b\\").ok();
}
