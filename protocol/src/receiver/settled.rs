//! A short memory of settled frames: tells a duplicate from a datagram that came too late.

/// How many settled frames are remembered: 10 s at 50 frames per second.
const MEMORY: u64 = 512;
const WORD_BITS: u64 = 64;

/// For each of the last 512 settled frames, whether it was whole.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SettledFrames {
    whole: [u64; (MEMORY / WORD_BITS) as usize],
}

impl SettledFrames {
    /// Notes the fate of frame `number`. Numbers come in ascending order without a gap.
    pub(super) fn note(&mut self, number: u64, whole: bool) {
        let (word, mask) = Self::place(number);
        if let Some(bits) = self.whole.get_mut(word) {
            *bits = if whole { *bits | mask } else { *bits & !mask };
        }
    }

    /// Forgets everything: the numbers have jumped.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Whether `number`, settled before `next`, was whole. False when that is forgotten.
    pub(super) fn was_whole(&self, next: u64, number: u64) -> bool {
        let (word, mask) = Self::place(number);
        next.saturating_sub(number) <= MEMORY && self.whole.get(word).is_some_and(|bits| bits & mask != 0)
    }

    fn place(number: u64) -> (usize, u64) {
        let slot = number % MEMORY;
        (usize::try_from(slot / WORD_BITS).unwrap_or(0), 1 << (slot % WORD_BITS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_512_fates_are_known() {
        let mut settled = SettledFrames::default();
        for number in 1_000..2_000 {
            settled.note(number, number % 3 == 0);
        }
        assert!(settled.was_whole(2_000, 1_998));
        assert!(!settled.was_whole(2_000, 1_999));
        assert!(!settled.was_whole(2_000, 1_485), "forgotten");
    }
}
