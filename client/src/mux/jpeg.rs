//! The size of a JPEG picture, from its markers.

/// Width and height of a picture.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct PictureSize {
    pub(super) width: u16,
    pub(super) height: u16,
}

const START_OF_IMAGE: [u8; 2] = [0xFF, 0xD8];

impl PictureSize {
    /// That of pictures that have not come: a player finds the truth in each.
    pub(super) const USUAL: Self = Self { width: 640, height: 360 };

    /// That of a JPEG picture; none where the bytes are no such picture.
    pub(super) fn of(picture: &[u8]) -> Option<Self> {
        let mut rest = picture.strip_prefix(&START_OF_IMAGE)?;
        loop {
            let (&[mark, kind], behind) = rest.split_first_chunk::<2>()?;
            rest = match (mark, kind) {
                // Any number of these may stand in front of a marker.
                (0xFF, 0xFF) => rest.get(1..)?,
                // TEM and RSTn stand alone.
                (0xFF, 0x01 | 0xD0..=0xD7) => behind,
                // The scan begins or the picture ends, and its size was not said.
                (0xFF, 0xD9 | 0xDA) => return None,
                (0xFF, _) => {
                    let (length, _) = behind.split_first_chunk::<2>()?;
                    let (segment, next) =
                        behind.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
                    if is_frame(kind) {
                        return Self::in_frame(segment);
                    }
                    // A length counts its own two bytes.
                    if segment.len() < 2 {
                        return None;
                    }
                    next
                }
                _ => return None,
            };
        }
    }

    fn in_frame(segment: &[u8]) -> Option<Self> {
        let &[_, _, _, h1, h0, w1, w0, ..] = segment else { return None };
        let size = Self { width: u16::from_be_bytes([w1, w0]), height: u16::from_be_bytes([h1, h0]) };
        (size.width > 0 && size.height > 0).then_some(size)
    }
}

/// SOF0 to SOF15, between which stand DHT, JPG and DAC.
const fn is_frame(kind: u8) -> bool {
    matches!(kind, 0xC0..=0xCF) && !matches!(kind, 0xC4 | 0xC8 | 0xCC)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SAMPLE: &[u8] = include_bytes!("../../../media/1AAA99/frames/frame1.jpg");

    #[test]
    fn a_picture_says_its_size() {
        assert_eq!(PictureSize::of(SAMPLE), Some(PictureSize { width: 640, height: 360 }));
        let minimal = b"\xFF\xD8\xFF\xFF\xFF\xC2\x00\x0B\x08\x00\x10\x00\x20\x01\x01\x11\x00";
        assert_eq!(
            PictureSize::of(minimal),
            Some(PictureSize { width: 32, height: 16 }),
            "progressive, padded"
        );
    }

    #[test]
    fn what_is_no_picture_has_none() {
        for bytes in [
            b"".as_slice(),
            b"\xFF\xD8",
            b"\xFF\xD8\xFF\xD9",
            b"\xFF\xD8\xFF\xE0\x00\x00\xFF\xC0",
            b"\xFF\xD8\xFF\xC0\x00\x0B\x08\x00\x00\x00\x20\x01\x01\x11\x00",
            b"\x89PNG\r\n",
        ] {
            assert_eq!(PictureSize::of(bytes), None, "{bytes:02X?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_is_answered(cut in 0..SAMPLE.len(), at in 0..700_usize, byte in any::<u8>()) {
            let mut bytes = SAMPLE.to_vec();
            bytes[at] = byte;
            PictureSize::of(&bytes[..cut]);
        }
    }
}
