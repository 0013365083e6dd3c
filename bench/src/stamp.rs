//! What a frame of the load says of itself: its number, and when the schedule wanted it.

use protocol::time::Time;

/// Bytes of a stamp, at the beginning of each frame.
pub(crate) const STAMP_LEN: usize = 20;
/// Tells a frame of the load from anything else.
const MARK: u32 = 0xFC_BE_9C_01;

/// The beginning of a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Stamp {
    /// Frames of this producer before it.
    pub(crate) number: u64,
    /// When it was due, on the clock of the load.
    pub(crate) due: Time,
}

impl Stamp {
    /// Writes it over the beginning of a frame, which has the room.
    pub(crate) fn write(self, frame: &mut [u8]) {
        let bytes = MARK
            .to_be_bytes()
            .into_iter()
            .chain(self.number.to_be_bytes())
            .chain(self.due.as_micros().to_be_bytes());
        for (place, byte) in frame.iter_mut().zip(bytes) {
            *place = byte;
        }
    }

    /// Reads it back; `None` where it is none.
    pub(crate) fn read(frame: &[u8]) -> Option<Self> {
        let (mark, rest) = frame.split_first_chunk()?;
        let (number, rest) = rest.split_first_chunk()?;
        let due = rest.first_chunk()?;
        (u32::from_be_bytes(*mark) == MARK).then(|| Self {
            number: u64::from_be_bytes(*number),
            due: Time::from_micros(u64::from_be_bytes(*due)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_read_back_and_nothing_else_is_one() {
        let stamp = Stamp { number: 1 << 40, due: Time::from_micros(u64::MAX - 1) };
        let mut frame = [0xA5; STAMP_LEN + 3];
        stamp.write(&mut frame);
        assert_eq!(Stamp::read(&frame), Some(stamp));
        assert_eq!(frame[STAMP_LEN..], [0xA5; 3]);
        assert_eq!(Stamp::read(&frame[..STAMP_LEN - 1]), None);
        assert_eq!(Stamp::read(&[0xA5; 40]), None);
    }
}
