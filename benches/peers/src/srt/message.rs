//! Frames in messages: SRT's live mode carries messages of one datagram each.

/// What a message may have: the payload of SRT's live mode, seven packets of an MPEG transport stream.
pub(super) const MESSAGE_MAX: usize = 1_316;
/// Number of the frame, number of the part, parts of the frame.
const HEADER_LEN: usize = 3 * FIELD_LEN;
const FIELD_LEN: usize = size_of::<u32>();

/// The messages of a frame.
pub(super) fn cut(number: u32, frame: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let parts = frame.chunks(MESSAGE_MAX - HEADER_LEN);
    let count = parts.len() as u32;
    parts.zip(0_u32..).map(move |(bytes, part)| {
        let header = [number, part, count].map(u32::to_be_bytes);
        [header.as_flattened(), bytes].concat()
    })
}

/// What has come of the frame that is on its way. Messages come in order; some may not come.
#[derive(Default)]
pub(super) struct Assembly {
    number: u32,
    parts: u32,
    frame: Vec<u8>,
}

impl Assembly {
    /// The frame that this message was the last of, if all others came before.
    pub(super) fn take(&mut self, message: &[u8]) -> Option<&[u8]> {
        let (header, bytes) = message.split_at_checked(HEADER_LEN)?;
        let mut fields =
            header.chunks(FIELD_LEN).filter_map(|field| Some(u32::from_be_bytes(field.try_into().ok()?)));
        let (number, part, count) = (fields.next()?, fields.next()?, fields.next()?);
        if part == 0 {
            self.frame.clear();
            (self.number, self.parts) = (number, 0);
        }
        // What follows a gap doesn't go on here: the frame is never whole.
        if (number, part) != (self.number, self.parts) {
            return None;
        }
        self.parts += 1;
        self.frame.extend_from_slice(bytes);
        (self.parts == count).then_some(self.frame.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> Vec<u8> {
        (0..10_000_u32).map(|at| (at % 251) as u8).collect()
    }

    #[test]
    fn a_frame_comes_out_as_it_went_in() {
        let mut assembly = Assembly::default();
        for number in [7, 8] {
            let messages: Vec<_> = cut(number, &frame()).collect();
            assert!(messages.len() == 8 && messages.iter().all(|message| message.len() <= MESSAGE_MAX));
            let (last, others) = messages.split_last().unwrap();
            assert!(others.iter().all(|message| assembly.take(message).is_none()));
            assert_eq!(assembly.take(last), Some(frame().as_slice()));
        }
    }

    #[test]
    fn a_frame_with_a_gap_never_comes_and_the_next_one_does() {
        for missing in 0..8 {
            let mut assembly = Assembly::default();
            let mut rest = cut(1, &frame()).collect::<Vec<_>>();
            rest.remove(missing);
            assert!(rest.iter().all(|message| assembly.take(message).is_none()));
            assert_eq!(cut(2, &frame()).filter(|message| assembly.take(message).is_some()).count(), 1);
        }
    }

    #[test]
    fn a_message_without_a_header_is_nothing() {
        assert_eq!(Assembly::default().take(&[0; HEADER_LEN - 1]), None);
    }
}
