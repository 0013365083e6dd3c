//! The numbers of a stream's files.

use protocol::serial::Serial;

/// Numbers from 1 per recording and stream. They advance by the distance of the frame numbers, so that gaps
/// show, and by 1 into another life of the producer, whose frame numbers say nothing of those before.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Numbering {
    last: Option<Last>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Last {
    epoch: u64,
    frame: Serial,
    number: u64,
}

impl Numbering {
    /// The number of the file for this frame; `None` if it does not come after the one before.
    pub(super) fn advance(&mut self, epoch: u64, frame: Serial) -> Option<u64> {
        let number = match self.last {
            None => 1,
            Some(last) if last.epoch != epoch => last.number.saturating_add(1),
            Some(last) => {
                let distance =
                    u64::try_from(frame.distance(last.frame)).ok().filter(|&distance| distance > 0)?;
                last.number.saturating_add(distance)
            }
        };
        self.last = Some(Last { epoch, frame, number });
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_begin_at_one_and_show_gaps_across_the_wrap() {
        let mut numbering = Numbering::default();
        let numbers = [u32::MAX - 1, u32::MAX, 0, 5].map(|frame| numbering.advance(7, Serial(frame)));
        assert_eq!(numbers, [Some(1), Some(2), Some(3), Some(8)]);
    }

    #[test]
    fn another_life_goes_on_at_the_next_number() {
        let mut numbering = Numbering::default();
        let numbers = [(7, 100), (7, 110), (8, 3), (8, 4), (9, 4)]
            .map(|(epoch, frame)| numbering.advance(epoch, Serial(frame)));
        assert_eq!(numbers, [Some(1), Some(11), Some(12), Some(13), Some(14)]);
    }

    #[test]
    fn a_frame_that_does_not_come_after_the_last_has_no_number_and_changes_nothing() {
        let mut numbering = Numbering::default();
        let numbers = [9, 9, 8, 10].map(|frame| numbering.advance(7, Serial(frame)));
        assert_eq!(numbers, [Some(1), None, None, Some(2)]);
    }
}
