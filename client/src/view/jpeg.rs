//! JPEG pictures, within limits: what comes from the network is nobody's friend.

use std::io::Cursor;

use thiserror::Error;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use super::picture::Picture;
use crate::shell::echo::Echo;

/// Pixels of a picture: 4096 by 2304. More would be a bomb: a few bytes of JPEG can stand for gigabytes.
pub const PIXELS_MAX: usize = 4_096 * 2_304;
/// Pixels of a side.
pub const SIDE_MAX: usize = 8_192;
/// Scans of a progressive picture. Each costs as much as a whole picture; what encoders write has about ten.
const SCANS_MAX: usize = 32;

/// Why a frame shows nothing.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum PictureError {
    /// It has more pixels than [`PIXELS_MAX`] or a longer side than [`SIDE_MAX`].
    #[error(
        "a picture of {width}x{height} pixels is larger than {PIXELS_MAX} pixels or {SIDE_MAX} at a side: publish a smaller one"
    )]
    Large {
        /// Pixels of a row.
        width: usize,
        /// Rows.
        height: usize,
    },
    /// It is no JPEG, or a damaged one.
    #[error("not a JPEG picture that can be shown: {0}")]
    Broken(String),
}

/// Decodes a JPEG picture.
///
/// # Errors
///
/// [`PictureError`]. Nothing is allocated for a picture that is too large.
pub fn decode(bytes: &[u8]) -> Result<Picture, PictureError> {
    let options = DecoderOptions::default()
        .set_max_width(SIDE_MAX)
        .set_max_height(SIDE_MAX)
        .set_strict_mode(true)
        .jpeg_set_max_scans(SCANS_MAX)
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(Cursor::new(bytes), options);
    decoder.decode_headers().map_err(broken)?;
    let size = decoder.info().map(|info| (usize::from(info.width), usize::from(info.height)));
    let (width, height) = size.ok_or_else(|| PictureError::Broken("it has no size".to_owned()))?;
    if width * height > PIXELS_MAX {
        return Err(PictureError::Large { width, height });
    }
    let pixels = decoder.decode().map_err(broken)?;
    Picture::new(width, height, pixels)
        .ok_or_else(|| PictureError::Broken("its pixels don't fit its size".to_owned()))
}

/// The decoder repeats bytes of the frame.
fn broken(error: impl std::fmt::Debug) -> PictureError {
    PictureError::Broken(Echo(&format!("{error:?}")).to_string())
}

#[cfg(test)]
mod tests {
    use jpeg_encoder::{ColorType, Encoder};

    use super::*;

    fn encoded(width: u16, height: u16) -> Vec<u8> {
        let pixels: Vec<u8> =
            (0..=250_u8).cycle().take(usize::from(width) * usize::from(height) * 3).collect();
        let mut bytes = Vec::new();
        Encoder::new(&mut bytes, 90).encode(&pixels, width, height, ColorType::Rgb).unwrap();
        bytes
    }

    #[test]
    fn a_picture_has_its_size() {
        let picture = decode(&encoded(64, 48)).unwrap();
        assert_eq!((picture.width(), picture.height()), (64, 48));
    }

    #[test]
    fn a_bomb_is_refused_by_its_header() {
        let mut bytes = encoded(64, 48);
        let frame = bytes.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
        bytes[frame + 5..frame + 9].copy_from_slice(&[0x1f, 0xff, 0x1f, 0xff]);
        assert_eq!(decode(&bytes), Err(PictureError::Large { width: 8_191, height: 8_191 }));
        bytes[frame + 5..frame + 9].copy_from_slice(&[0xff; 4]);
        assert!(decode(&bytes).is_err());
    }

    #[test]
    fn what_is_cut_off_or_foreign_is_an_error_and_no_panic() {
        let bytes = encoded(64, 48);
        for length in 0..bytes.len() - 2 {
            decode(&bytes[..length]).ok();
        }
        assert!(decode(&bytes[..bytes.len() / 2]).is_err());
        assert!(decode(b"").is_err());
        assert!(decode(&[0; 4_096]).is_err());
    }
}
