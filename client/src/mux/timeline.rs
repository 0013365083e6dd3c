//! One time for the whole stream, out of the capture times of one producer life after the other.

use std::cmp::Ordering;
use std::time::Duration;

use protocol::time::{CaptureTime, Time};

/// A point of the stream: nanoseconds since its beginning. What was captured before that is negative.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(crate) struct Position(i64);

impl Position {
    pub(super) const START: Self = Self(0);

    #[cfg(test)]
    pub(super) const fn from_nanos(nanoseconds: i64) -> Self {
        Self(nanoseconds)
    }

    /// A point of the client's clock, where that is the time that counts.
    pub(crate) fn from_time(time: Time) -> Self {
        Self(i64::try_from(time.as_micros()).unwrap_or(i64::MAX).saturating_mul(1_000))
    }

    /// The same back.
    pub(crate) fn to_time(self) -> Time {
        Time::from_micros((self.0 / 1_000).max(0).cast_unsigned())
    }

    pub(super) const fn nanos(self) -> i64 {
        self.0
    }

    #[must_use]
    pub(super) fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(nanos(span)))
    }

    /// How far two are apart, whichever is the earlier.
    pub(super) const fn distance(self, other: Self) -> Duration {
        Duration::from_nanos(self.0.abs_diff(other.0))
    }
}

fn nanos(span: Duration) -> i64 {
    i64::try_from(span.as_nanos()).unwrap_or(i64::MAX)
}

/// Maps capture times to positions. Within a life their distances are kept; a new life goes on where the clock of the
/// client is by then, and never before the end of the former one.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    life: Option<Life>,
}

#[derive(Debug)]
struct Life {
    epoch: u64,
    latest: CaptureTime,
    at: Position,
    /// When the latest came.
    seen: Time,
}

impl Timeline {
    /// The stream begins with the first life, at this capture time.
    pub(super) fn begin(&mut self, now: Time, epoch: u64, first: CaptureTime) {
        self.life = Some(Life { epoch, latest: first, at: Position::START, seen: now });
    }

    /// Where a frame stands; nowhere, if its life was over. `end` is where all that was placed so far ends.
    pub(super) fn place(
        &mut self,
        now: Time,
        epoch: u64,
        capture: CaptureTime,
        end: Position,
    ) -> Option<Position> {
        let life = self.life.get_or_insert(Life { epoch, latest: capture, at: end, seen: now });
        match epoch.cmp(&life.epoch) {
            Ordering::Less => return None,
            Ordering::Equal => {}
            Ordering::Greater => {
                let at = life.at.plus(now.since(life.seen)).max(end);
                *life = Life { epoch, latest: capture, at, seen: now };
                return Some(at);
            }
        }
        let distance = capture.micros_after(life.latest);
        let at = Position(life.at.0.saturating_add(distance.saturating_mul(1_000)));
        if distance > 0 {
            (life.latest, life.at, life.seen) = (capture, at, now);
        }
        Some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;

    fn ms(position: Position) -> i64 {
        position.nanos() / 1_000_000
    }

    #[test]
    fn distances_are_those_of_capture_whenever_the_frames_come() {
        let mut timeline = Timeline::default();
        let now = Time::from_micros(SECOND);
        timeline.begin(now, 7, CaptureTime(u32::MAX - 4_999));
        let late = Time::from_micros(9 * SECOND);
        let mut place =
            |at, capture| ms(timeline.place(at, 7, CaptureTime(capture), Position::START).unwrap());
        assert_eq!(place(now, u32::MAX - 4_999), 0);
        assert_eq!(place(late, 5_000), 1_000, "across the wrap");
        assert_eq!(place(late, 0), 500, "an earlier one of another track");
        assert_eq!(place(now, u32::MAX - 5_999), -100, "before the first");
    }

    #[test]
    fn more_than_one_wrap_is_a_long_stream() {
        let mut timeline = Timeline::default();
        timeline.begin(Time::ZERO, 1, CaptureTime(0));
        let mut last = Position::START;
        for step in 1..=8_u32 {
            let capture = CaptureTime(step.wrapping_mul(0x4000_0000));
            last = timeline.place(Time::ZERO, 1, capture, last).unwrap();
        }
        assert_eq!(ms(last), 8 * 0x4000_0000 / 10);
    }

    #[test]
    fn a_new_life_goes_on_when_it_comes_and_never_before_the_end() {
        let mut timeline = Timeline::default();
        timeline.begin(Time::from_micros(SECOND), 1, CaptureTime(500));
        timeline.place(Time::from_micros(2 * SECOND), 1, CaptureTime(10_500), Position::START);
        let end = Position::START.plus(Duration::from_millis(1_083));
        let on_time = timeline.place(Time::from_micros(5 * SECOND), 2, CaptureTime(77), end);
        assert_eq!(on_time.map(ms), Some(4_000), "three seconds passed");
        let end = end.plus(Duration::from_secs(9));
        assert_eq!(timeline.place(Time::from_micros(5 * SECOND), 3, CaptureTime(9), end), Some(end));
        assert_eq!(timeline.place(Time::from_micros(5 * SECOND), 2, CaptureTime(77), end), None, "over");
    }
}
