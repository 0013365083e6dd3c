//! Whether what is lost of frames that leave at once is their ends: a queue that was full (PROTOCOL 7.8).
//!
//! A queue without room takes the first datagrams of a burst and none of the rest. Random loss takes any of them: of nine
//! datagrams it takes the last ones alone, two or more, in one of 80 frames at 30 %, and bursts of loss take all or none.

use crate::spread::run_of;

/// Frames of fewer datagrams say nothing.
const SHARDS_MIN: u16 = 4;
/// Fewer missing ones may be chance.
const MISSING_MIN: usize = 2;
/// The share of such frames is a mean over the last ones.
const FRAMES: f64 = 16.0;
/// Above this it is a queue: fifteen in a row at the least.
const SHARE: f64 = 0.6;

/// The share of incomplete frames that lack their ends alone.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cuts {
    share: f64,
}

impl Cuts {
    /// A frame of `k` datagrams, which left without a pace, lacks these, ascending.
    pub(super) fn note(&mut self, k: u16, missing: &[u16]) {
        let run = run_of(k).max(1);
        for first in (0..k).step_by(usize::from(run)) {
            let end = first.saturating_add(run).min(k);
            let of_run = missing.iter().filter(|index| (first..end).contains(index));
            let from_end: Vec<u16> = of_run.map(|index| end - index).collect();
            self.note_run(end - first, &from_end);
        }
    }

    /// Datagrams that left in one go: which of them are missing, counted from the last one (1), descending.
    fn note_run(&mut self, count: u16, missing: &[u16]) {
        if count < SHARDS_MIN || missing.is_empty() {
            return;
        }
        let end = (1..).zip(missing.iter().rev()).all(|(place, from_end)| place == *from_end);
        // What is lost whole was lost in a burst of loss.
        let cut = end && (MISSING_MIN..usize::from(count)).contains(&missing.len());
        self.share += (f64::from(u8::from(cut)) - self.share) / FRAMES;
    }

    /// Whether the ends of bursts are lost, and little else.
    pub(super) fn are_rule(self) -> bool {
        self.share > SHARE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Xorshift: as random as this needs it.
    fn draw(state: &mut u64) -> u64 {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        *state >> 11
    }

    fn rule(frames: impl IntoIterator<Item = (u16, Vec<u16>)>) -> bool {
        let mut cuts = Cuts::default();
        frames.into_iter().for_each(|(k, missing)| cuts.note(k, &missing));
        cuts.are_rule()
    }

    #[test]
    fn a_queue_that_takes_the_first_datagrams_of_each_frame_is_known_within_two_seconds() {
        assert!(rule((0..20).map(|count: u16| (9, (3 + count % 4..9).collect()))));
        assert!(!rule((0..10).map(|_| (9, (3..9).collect()))), "too few to tell");
        let runs = || (0..40_u16).filter(|index| index % 10 >= 6).collect();
        assert!(rule((0..5).map(|_| (40, runs()))), "each run of a large frame counts");
    }

    #[test]
    fn random_loss_and_frames_that_are_lost_whole_are_no_queue() {
        for percent in [5, 20, 30, 50] {
            for seed in 0..20 {
                let mut state = seed + 1;
                let mut cuts = Cuts::default();
                for _ in 0..5_000 {
                    let missing: Vec<u16> = (0..9).filter(|_| draw(&mut state) % 100 < percent).collect();
                    cuts.note(9, &missing);
                    assert!(!cuts.are_rule(), "{percent} %, seed {seed}");
                }
            }
        }
        assert!(!rule((0..100).map(|count| (9, if count % 2 == 0 { (0..9).collect() } else { vec![7, 8] }))));
        assert!(!rule((0..100).map(|_| (3, vec![1, 2]))), "small frames don't tell");
    }
}
