//! Media time on the receiver's clock by the clock chain (PROTOCOL 7.7), without a jump.

use std::collections::VecDeque;
use std::time::Duration;

use crate::clock::MediaClock;

/// What a new point changes comes in bit by bit: at most one part in this of the media time that passes. Deadlines keep their
/// order, and none moves before its frame's repair had its time.
const SLEW: i64 = 20;
/// A change beyond this is no correction: one of the clocks was stopped. It comes at once, microseconds.
const STEP: i64 = 2_000_000;
/// Deadlines that are too early by more than this are put right with the next frame, microseconds: bit by bit, everything would come
/// too late for them meanwhile. Such a thing is known late where one end was stopped while it measured the other one's clock.
const EARLY_MAX: i64 = 100_000;

/// Bends of the mapping that are remembered: two for each point, four points a second, 10 s; three where one jumps.
const BENDS_MAX: usize = 80;

/// Media time to one's own clock: a line that bends where a new point came, and where what that changed is worn off.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    clock: MediaClock,
    /// Media time of the newest point, microseconds.
    media_us: i64,
    /// How much later than by the point the media at `from_us` is still played.
    residue_us: i64,
    from_us: i64,
    /// The bends up to `from_us`, the oldest first: media time and the moment of it. What is on its way keeps its deadline.
    bends: VecDeque<(i64, i64)>,
}

impl Chain {
    /// Begins with a point at media time `media_us`.
    pub(super) const fn begin(clock: MediaClock, media_us: i64) -> Self {
        Self { clock, media_us, residue_us: 0, from_us: media_us, bends: VecDeque::new() }
    }

    /// The mapping up to `frontier_us` was another one, whose end was mapped to `end_us`: goes on from there.
    pub(super) fn joining(mut self, frontier_us: i64, end_us: i64) -> Self {
        let residue_us = end_us.saturating_sub(self.target(frontier_us));
        if residue_us.saturating_abs() > STEP {
            return self;
        }
        self.bends.push_back((frontier_us, end_us));
        (self.residue_us, self.from_us) = (residue_us, frontier_us);
        if residue_us < -EARLY_MAX {
            (self.residue_us, self.from_us) = (0, frontier_us.saturating_add(1));
            self.bends.push_back((self.from_us, self.target(self.from_us)));
        }
        self
    }

    /// Another point came when the media was known up to `frontier_us`.
    pub(super) fn follow(&mut self, clock: MediaClock, media_us: i64, frontier_us: i64) {
        let worn_off = self.from_us.saturating_add(self.residue_us.saturating_abs().saturating_mul(SLEW));
        let bends = [worn_off, frontier_us].map(|bend| (bend, self.at(bend)));
        let next = Self::begin(clock, media_us).joining(frontier_us, self.at(frontier_us));
        if next.bends.is_empty() {
            *self = next;
            return;
        }
        for bend in bends {
            if (self.from_us..=frontier_us).contains(&bend.0) {
                self.note_bend(bend);
            }
        }
        next.bends.iter().for_each(|bend| self.note_bend(*bend));
        let bends = std::mem::take(&mut self.bends);
        *self = Self { bends, ..next };
    }

    fn note_bend(&mut self, (media_us, own_us): (i64, i64)) {
        if self.bends.back().is_some_and(|(last, _)| *last >= media_us) {
            return;
        }
        if self.bends.len() == BENDS_MAX {
            self.bends.pop_front();
        }
        self.bends.push_back((media_us, own_us));
    }

    /// The moment of a media time on the receiver's clock, microseconds; below zero before its origin.
    pub(super) fn at(&self, media_us: i64) -> i64 {
        if media_us < self.from_us && !self.bends.is_empty() {
            return self.at_former(media_us);
        }
        self.target(media_us).saturating_add(self.residue(media_us))
    }

    /// How far that can be from the truth.
    pub(super) fn error(&self, media_us: i64) -> Duration {
        let residue = self.at(media_us).saturating_sub(self.target(media_us));
        let drift = self.clock.error(media_us.saturating_sub(self.media_us));
        drift.saturating_add(Duration::from_micros(residue.unsigned_abs()))
    }

    /// By the newest point alone.
    pub(super) fn target(&self, media_us: i64) -> i64 {
        self.clock.at(media_us.saturating_sub(self.media_us))
    }

    fn residue(&self, media_us: i64) -> i64 {
        let worn = media_us.saturating_sub(self.from_us).max(0) / SLEW;
        let left = self.residue_us.saturating_abs().saturating_sub(worn).max(0);
        left * self.residue_us.signum()
    }

    /// Between the bends, and as steadily as the media before the first one.
    fn at_former(&self, media_us: i64) -> i64 {
        let place = self.bends.partition_point(|(bend, _)| *bend <= media_us);
        let Some(&(to_media, to)) = self.bends.get(place) else { return self.target(media_us) };
        let Some(&(from_media, from)) = place.checked_sub(1).and_then(|before| self.bends.get(before)) else {
            return to.saturating_sub(to_media.saturating_sub(media_us));
        };
        let share = i128::from(media_us - from_media) * i128::from(to - from);
        let span = i128::from(to_media - from_media).max(1);
        from.saturating_add(i64::try_from(share / span).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::{CaptureTime, Time};
    use crate::wire::ClockPoint;

    fn point(at_us: u64) -> MediaClock {
        let broker = Time::from_micros(at_us);
        let point = ClockPoint { capture: CaptureTime(0), broker, drift: 0, error: 500 };
        MediaClock::at_broker(&point).unwrap()
    }

    #[test]
    fn a_correction_of_100_ms_takes_two_seconds_of_media() {
        let chain = Chain::begin(point(5_000_000), 0).joining(1_000_000, 6_100_000);
        assert_eq!(chain.at(1_000_000), 6_100_000, "goes on where it was");
        assert_eq!(chain.at(500_000), 5_600_000, "and what came before stays where it is");
        assert_eq!(chain.at(2_000_000), 7_050_000);
        assert_eq!(chain.at(3_000_000), 8_000_000);
        assert_eq!(chain.error(1_000_000), Duration::from_micros(500 + 100_000 + 1_000));
        assert_eq!(chain.error(3_000_000), Duration::from_micros(500 + 3_000));
    }

    #[test]
    fn deadlines_that_are_far_too_early_are_right_for_the_next_frame_and_what_is_on_its_way_keeps_its_own() {
        let mut chain = Chain::begin(point(5_000_000), 0);
        chain.follow(point(6_950_000), 0, 1_000_000);
        assert_eq!([999_000, 1_000_000].map(|media| chain.at(media)), [5_999_000, 6_000_000]);
        assert_eq!([1_000_001, 1_020_000].map(|media| chain.at(media)), [7_950_001, 7_970_000]);
        chain.follow(point(6_950_000), 0, 1_500_000);
        assert_eq!([1_000_000, 1_000_001].map(|media| chain.at(media)), [6_000_000, 7_950_001]);
        chain.follow(point(5_000_000), 0, 1_500_000);
        assert_eq!(chain.at(1_520_000), 8_469_000, "later than need be harms nobody");
    }

    #[test]
    fn a_clock_that_stood_still_is_followed_at_once() {
        let mut chain = Chain::begin(point(5_000), 0);
        chain.follow(point(3_600_000_000), 0, 1_000);
        assert_eq!(chain.at(0), 3_600_000_000);
    }

    proptest! {
        #[test]
        fn later_media_never_plays_earlier_and_what_is_known_keeps_its_deadline(
            points in proptest::collection::vec((8_000_000..10_000_000_u64, 1..20_i64), 1..20),
            step in 1_000..50_000_i64,
        ) {
            let mut chain = Chain::begin(point(9_000_000), 0);
            let (mut media, mut last) = (0, chain.at(0));
            for (at, steps) in points {
                let before = chain.clone();
                chain.follow(point(at), 0, media);
                for back in 0..20 {
                    let moved = chain.at(media - back * step) - before.at(media - back * step);
                    prop_assert!(moved.abs() <= 1, "{moved} us at {back} steps before the end");
                }
                for _ in 0..steps {
                    media += step;
                    let next = chain.at(media);
                    prop_assert!(next > last, "{last} then {next}");
                    last = next;
                }
            }
        }
    }
}
