//! When the units of one track are due.

use std::time::Duration;

use super::FrameRate;

/// A unit overdue by more than this is dropped. A process that was suspended goes on where the clock is now
/// and does not burst what it missed: a second is more than any stall of a healthy machine, and no viewer's
/// deadline is met by sending older pictures faster.
pub const MAX_LAG: Duration = Duration::from_secs(1);

/// A place in the time of a track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    /// Which one, from 0. Goes on in time: a dropped slot keeps its number.
    pub(super) index: u64,
    /// When it is due since the start.
    pub(super) due: Duration,
}

/// The slots of one track, in order: slot i is due at exactly i / rate.
#[derive(Clone, Debug)]
pub(super) struct Schedule {
    rate: FrameRate,
    /// The number of slots; none for a track without an end.
    end: Option<u64>,
    next: u64,
    overdue: u64,
}

impl Schedule {
    pub(super) fn new(rate: FrameRate, end: Option<u64>) -> Self {
        Self { rate, end, next: 0, overdue: 0 }
    }

    pub(super) fn frame_duration(&self) -> Duration {
        self.rate.frame_duration()
    }

    /// When the next slot is due; none after the last.
    pub(super) fn next_due(&self) -> Option<Duration> {
        self.peek().map(|slot| slot.due)
    }

    /// Slots dropped because they were overdue by more than [`MAX_LAG`].
    pub(super) fn overdue(&self) -> u64 {
        self.overdue
    }

    /// Drops and counts what is overdue by more than [`MAX_LAG`] at `now`.
    pub(super) fn skip_to(&mut self, now: Duration) {
        let oldest = self.rate.first_due_from(now.saturating_sub(MAX_LAG));
        let target = self.end.map_or(oldest, |end| oldest.min(end));
        self.overdue += target.saturating_sub(self.next);
        self.next = self.next.max(target);
    }

    /// Takes the next slot, due or not; none after the last.
    pub(super) fn take(&mut self) -> Option<Slot> {
        let slot = self.peek()?;
        self.next += 1;
        Some(slot)
    }

    fn peek(&self) -> Option<Slot> {
        let ended = self.end.is_some_and(|end| self.next >= end);
        (!ended).then(|| Slot { index: self.next, due: self.rate.due(self.next) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    fn twelve(end: Option<u64>) -> Schedule {
        Schedule::new(FrameRate::new(12.0).unwrap(), end)
    }

    #[test]
    fn slots_follow_each_other_at_the_rate() {
        let mut schedule = twelve(None);
        let slots: Vec<Slot> = std::iter::from_fn(|| schedule.take()).take(25).collect();
        assert_eq!(slots[1], Slot { index: 1, due: Duration::from_nanos(83_333_333) });
        assert_eq!(slots[12], Slot { index: 12, due: at(1_000) });
        assert_eq!(slots[24], Slot { index: 24, due: at(2_000) });
    }

    #[test]
    fn a_track_with_an_end_has_no_slot_after_it() {
        let mut schedule = twelve(Some(2));
        assert!(schedule.take().is_some() && schedule.take().is_some());
        assert_eq!((schedule.take(), schedule.next_due()), (None, None));
    }

    #[test]
    fn a_lag_of_up_to_a_second_drops_nothing() {
        let mut schedule = twelve(None);
        schedule.skip_to(at(1_000));
        assert_eq!((schedule.next_due(), schedule.overdue()), (Some(at(0)), 0));
    }

    #[test]
    fn a_longer_lag_drops_what_is_older_than_a_second_and_numbering_goes_on_in_time() {
        let mut schedule = twelve(None);
        schedule.skip_to(at(10_000));
        assert_eq!(schedule.overdue(), 9 * 12);
        assert_eq!(schedule.take(), Some(Slot { index: 9 * 12, due: at(9_000) }));
        schedule.skip_to(at(10_000));
        assert_eq!(schedule.overdue(), 9 * 12, "nothing is dropped twice");
    }

    #[test]
    fn a_lag_beyond_the_end_ends_the_track_and_counts_only_what_it_had() {
        let mut schedule = twelve(Some(5));
        schedule.take();
        schedule.skip_to(at(60_000));
        assert_eq!((schedule.next_due(), schedule.overdue()), (None, 4));
    }

    proptest! {
        #[test]
        fn every_slot_is_taken_or_counted_once(moments in prop::collection::vec(0_u64..100_000, 1..50)) {
            let mut schedule = twelve(None);
            let (mut taken, mut now) = (0, Duration::ZERO);
            for moment in moments {
                now = now.max(at(moment));
                schedule.skip_to(now);
                while schedule.next_due().is_some_and(|due| due <= now) {
                    let slot = schedule.take().unwrap();
                    prop_assert!(slot.due + MAX_LAG >= now);
                    taken += 1;
                    prop_assert_eq!(slot.index + 1, taken + schedule.overdue());
                }
            }
        }
    }
}
