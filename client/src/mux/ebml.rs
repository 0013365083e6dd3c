//! EBML, the notation of Matroska: an identity, a size, and then data or further elements (RFC 8794).

use bytes::{BufMut as _, BytesMut};

/// The size of an element whose end is not known yet, in eight bytes.
pub(super) const SIZE_UNKNOWN: [u8; 8] = [0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];
/// The marker in front of a size of eight bytes.
const SIZE_MARKER: u64 = 1 << 56;

/// The identity of an element, with the bits that say how long it is.
pub(super) type Identity = u32;

/// The identity of what says nothing and only takes room.
pub(super) const VOID: Identity = 0xEC;

/// Elements, one behind the other.
#[derive(Clone, Default, Debug)]
pub(super) struct Elements(BytesMut);

impl Elements {
    /// How many bytes there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn into_bytes(self) -> BytesMut {
        self.0
    }

    /// An element that holds others.
    #[must_use]
    pub(super) fn group(self, id: Identity, inner: &Self) -> Self {
        self.data(id, &inner.0)
    }

    /// The beginning of an element whose end is not known yet: what follows is in it.
    #[must_use]
    pub(super) fn open(mut self, id: Identity) -> Self {
        self.identity(id);
        self.0.put_slice(&SIZE_UNKNOWN);
        self
    }

    /// Bytes.
    #[must_use]
    pub(super) fn data(self, id: Identity, data: &[u8]) -> Self {
        self.data_in_two(id, data, &[])
    }

    /// Bytes that stand in two places.
    #[must_use]
    pub(super) fn data_in_two(mut self, id: Identity, head: &[u8], tail: &[u8]) -> Self {
        self.identity(id);
        self.0.put_slice(&size(head.len() + tail.len()));
        self.0.put_slice(head);
        self.0.put_slice(tail);
        self
    }

    /// A whole number, in as many bytes as it needs.
    #[must_use]
    pub(super) fn number(self, id: Identity, number: u64) -> Self {
        let bytes = number.to_be_bytes();
        let zeroes = usize::try_from(number.leading_zeros() / 8).unwrap_or(0).min(bytes.len() - 1);
        self.data(id, bytes.get(zeroes..).unwrap_or(&bytes))
    }

    /// A number with a fraction.
    #[must_use]
    pub(super) fn real(self, id: Identity, number: f64) -> Self {
        self.data(id, &number.to_be_bytes())
    }

    #[must_use]
    pub(super) fn text(self, id: Identity, text: &str) -> Self {
        self.data(id, text.as_bytes())
    }

    /// Room of this many bytes, its own two or nine included; what is shorter than two is none.
    #[must_use]
    pub(super) fn void(mut self, length: usize) -> Self {
        let data = match length {
            0..2 => return self,
            2..=127 => {
                self.0.put_slice(&[0xEC, 0x80 | u8::try_from(length - 2).unwrap_or(0)]);
                length - 2
            }
            _ => {
                self.identity(VOID);
                self.0.put_slice(&long_size(length as u64 - 9));
                length - 9
            }
        };
        self.0.put_bytes(0, data);
        self
    }

    fn identity(&mut self, id: Identity) {
        let bytes = id.to_be_bytes();
        let zeroes = usize::try_from(id.leading_zeros() / 8).unwrap_or(0);
        self.0.put_slice(bytes.get(zeroes..).unwrap_or_default());
    }
}

/// A size in eight bytes: where it is written before or after it is known.
pub(super) fn long_size(size: u64) -> [u8; 8] {
    (size.min(SIZE_MARKER - 2) | SIZE_MARKER).to_be_bytes()
}

/// A size in four bytes where it fits: below 256 MiB, as everything that this program writes.
fn size(length: usize) -> Vec<u8> {
    match u32::try_from(length) {
        Ok(short @ 0..0x7F) => vec![0x80 | short.to_be_bytes()[3]],
        Ok(short @ 0x7F..0x0FFF_FFFF) => (short | 0x1000_0000).to_be_bytes().to_vec(),
        _ => long_size(length as u64).to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(elements: Elements) -> Vec<u8> {
        elements.into_bytes().to_vec()
    }

    #[test]
    fn numbers_take_as_many_bytes_as_they_need() {
        assert_eq!(written(Elements::default().number(0xD7, 1)), [0xD7, 0x81, 1]);
        assert_eq!(written(Elements::default().number(0xE7, 0)), [0xE7, 0x81, 0]);
        assert_eq!(
            written(Elements::default().number(0x2A_D7B1, 100_000)),
            [0x2A, 0xD7, 0xB1, 0x83, 0x01, 0x86, 0xA0]
        );
    }

    #[test]
    fn sizes_are_never_taken_for_the_unknown_one() {
        // All bits set means unknown, in every width.
        assert_eq!(size(126), [0xFE]);
        assert_eq!(size(127), [0x10, 0, 0, 127]);
        assert_eq!(size(0x0FFF_FFFE), [0x1F, 0xFF, 0xFF, 0xFE]);
        assert_eq!(size(0x0FFF_FFFF), [1, 0, 0, 0, 0x0F, 0xFF, 0xFF, 0xFF]);
        assert_ne!(long_size(u64::MAX), SIZE_UNKNOWN);
    }

    #[test]
    fn room_is_exactly_as_long_as_asked_for() {
        for length in [2, 3, 126, 127, 128, 129, 1_000] {
            assert_eq!(written(Elements::default().void(length)).len(), length);
        }
        assert_eq!(written(Elements::default().void(5)), [0xEC, 0x83, 0, 0, 0]);
    }
}
