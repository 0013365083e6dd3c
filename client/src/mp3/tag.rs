//! What stands in a segment besides sound: ID3 tags, and the frame in which an encoder describes its file.

use super::header::Header;

const ID3V2_HEADER: usize = 10;
const ID3V1_LEN: usize = 128;
/// The decoder's own delay, which the encoder's does not count.
const DECODER_DELAY: u32 = 529;
/// From the encoder's name to the bytes that say its delay and its padding.
const DELAYS_AT: usize = 21;

/// The bytes of an ID3 tag at the beginning.
pub(super) fn leading_tag(bytes: &[u8]) -> usize {
    let Some(&[b'I', b'D', b'3', _, _, flags, a, b, c, d]) = bytes.first_chunk::<ID3V2_HEADER>() else {
        return 0;
    };
    let length = [a, b, c, d].iter().fold(0, |length, byte| length << 7 | usize::from(byte & 0x7F));
    let footer = if flags & 0x10 == 0 { 0 } else { ID3V2_HEADER };
    ID3V2_HEADER + length + footer
}

/// The bytes of an ID3 tag at the end.
pub(super) fn trailing_tag(bytes: &[u8]) -> usize {
    let tail = bytes.len().checked_sub(ID3V1_LEN).and_then(|at| bytes.get(at..));
    if tail.is_some_and(|tail| tail.starts_with(b"TAG")) { ID3V1_LEN } else { 0 }
}

/// What an encoder says of its file, in a frame without sound in front of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Description {
    /// Samples that come out of a decoder before the first one that went into the encoder.
    pub(super) delay: u32,
    /// Samples behind the last one.
    pub(super) padding: u32,
}

impl Description {
    /// That of a frame, if it describes its file.
    pub(super) fn of(header: &Header, frame: &[u8]) -> Option<Self> {
        let text = frame.get(header.description_at()..)?;
        if let Some(xing) = text.strip_prefix(b"Xing").or_else(|| text.strip_prefix(b"Info")) {
            return Some(Self::of_xing(xing).unwrap_or_default());
        }
        // VBRI stands at the same place whatever the number of channels.
        frame.get(4 + 32..)?.starts_with(b"VBRI").then(Self::default)
    }

    /// What the encoder says behind flags, counts and table of contents.
    fn of_xing(xing: &[u8]) -> Option<Self> {
        let (&[_, _, _, flags], rest) = xing.split_first_chunk::<4>()?;
        let lengths = [(1, 4), (2, 4), (4, 100), (8, 4)];
        let counts: usize =
            lengths.iter().filter(|(flag, _)| flags & flag != 0).map(|(_, length)| length).sum();
        let encoder = rest.get(counts..)?;
        let &[a, b, c] = encoder.get(DELAYS_AT..)?.first_chunk::<3>()?;
        let (delay, padding) =
            (u32::from(a) << 4 | u32::from(b) >> 4, u32::from(b & 0x0F) << 8 | u32::from(c));
        // Encoders that know nothing of this leave it empty.
        (encoder.first() != Some(&0) && (delay, padding) != (0, 0))
            .then_some(Self { delay: delay + DECODER_DELAY, padding: padding.saturating_sub(DECODER_DELAY) })
    }
}
