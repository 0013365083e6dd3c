//! How much a round sends, told alike by both ends: more copies the later the round, one where losses come in bursts
//! (PROTOCOL 7.2).

use std::time::Duration;

/// Copies of one shard, and of one FEEDBACK, are this far apart: further than most of what takes several datagrams at
/// once, short enough for three of them to fit a round.
pub(crate) const COPY_SPACING: Duration = Duration::from_millis(8);
/// Copies of a shard in one round at the most.
const COPIES_OF_ROUND_MAX: u8 = 3;
/// Copies of a FEEDBACK of one round at the most.
const FEEDBACK_COPIES_MAX: u8 = 4;
/// A mean is taken for true from this many loss runs on.
const RUNS_MIN: u32 = 20;
/// At this many, what was seen so far counts half: the figure follows the path.
const RUNS_MAX: u32 = 200;

/// How often the FEEDBACK of `round` is sent.
pub(crate) fn feedback_copies(round: u8) -> u8 {
    round.saturating_add(1).min(FEEDBACK_COPIES_MAX)
}

/// Lengths of the runs in which first-sent datagrams were lost lately.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct LossRuns {
    lost: u32,
    runs: u32,
}

impl LossRuns {
    /// `lost` more datagrams in `runs` more runs did not come.
    pub(crate) fn note(&mut self, lost: u32, runs: u32) {
        self.lost = self.lost.saturating_add(lost);
        self.runs = self.runs.saturating_add(runs);
        while self.runs > RUNS_MAX {
            (self.lost, self.runs) = (self.lost / 2, self.runs / 2);
        }
    }

    /// Their mean length, once there were enough of them.
    pub(crate) fn mean(self) -> Option<f64> {
        (self.runs >= RUNS_MIN).then(|| f64::from(self.lost) / f64::from(self.runs))
    }

    /// Whether losses come in bursts (a mean above 2.5): a burst takes the copies of a shard together.
    pub(crate) const fn is_bursty(self) -> bool {
        self.runs >= RUNS_MIN && self.lost as u64 * 2 > self.runs as u64 * 5
    }

    /// How often a shard that is asked for in `round` is sent.
    pub(crate) fn copies(self, round: u8) -> u8 {
        if self.is_bursty() { 1 } else { round.clamp(1, COPIES_OF_ROUND_MAX) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_sends_as_many_copies_as_its_number_up_to_three() {
        let runs = LossRuns::default();
        assert_eq!([1, 2, 3, 4, 255].map(|round| runs.copies(round)), [1, 2, 3, 3, 3]);
        assert_eq!([1, 2, 3, 4, 255].map(feedback_copies), [2, 3, 4, 4, 4]);
    }

    #[test]
    fn one_copy_where_losses_come_in_runs_of_more_than_two_and_a_half() {
        let mut runs = LossRuns::default();
        runs.note(9 * 19, 19);
        assert_eq!((runs.copies(3), runs.mean()), (3, None), "not enough of them to tell");
        runs.note(9, 1);
        assert_eq!((runs.copies(3), runs.mean()), (1, Some(9.0)));
        let mut short = LossRuns::default();
        short.note(50, 20);
        assert_eq!(short.copies(3), 3, "two and a half is not above it");
    }

    #[test]
    fn what_was_long_ago_fades() {
        let mut runs = LossRuns::default();
        runs.note(900, 100);
        for _ in 0..1_000 {
            runs.note(1, 1);
        }
        assert!(!runs.is_bursty(), "{runs:?}");
    }
}
