//! When frames are due: fixed at the start, whatever becomes of the ones before (an open loop).

use protocol::time::Time;

use crate::act::Pace;

/// The frames of one producer. They are due at `start`, `start + 1/rate`, ..; who is late publishes what is overdue at
/// once, and its viewers' latency counts from when it was due.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schedule {
    start: Time,
    pace: Pace,
    next: u64,
}

impl Schedule {
    /// Producer `number` of `count`, each with `rate` frames per second: their frames are spread evenly over time. `None`
    /// where there are no frames.
    pub(crate) fn new(origin: Time, rate: f64, number: usize, count: usize) -> Option<Self> {
        if rate <= 0.0 {
            return None;
        }
        let phase = Pace::per_second(rate * count.max(1) as f64).after(number as u64);
        Some(Self { start: origin + phase, pace: Pace::per_second(rate), next: 0 })
    }

    /// When the next frame is due.
    pub(crate) fn due(&self) -> Time {
        self.start + self.pace.after(self.next)
    }

    /// The next frame if it is due: its moment.
    pub(crate) fn fire(&mut self, now: Time) -> Option<Time> {
        let due = self.due();
        (due <= now).then(|| {
            self.next += 1;
            due
        })
    }

    /// What was due before `time` is left out: the producer was not ready for it.
    pub(crate) fn skip_before(&mut self, time: Time) {
        while self.due() < time {
            self.next += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn who_is_late_publishes_everything_that_is_overdue_with_the_time_it_was_due() {
        let mut schedule = Schedule::new(Time::ZERO, 10.0, 0, 1).unwrap();
        assert_eq!(schedule.fire(Time::ZERO), Some(Time::ZERO));
        assert_eq!(schedule.fire(Time::from_micros(99_999)), None);
        let late = Time::from_micros(350_000);
        let due: Vec<u64> =
            std::iter::from_fn(|| schedule.fire(late)).map(|due| due.as_micros() / 1_000).collect();
        assert_eq!(due, [100, 200, 300]);
        schedule.skip_before(Time::from_micros(900_000));
        assert_eq!(schedule.due(), Time::from_micros(900_000));
    }

    #[test]
    fn the_producers_take_turns() {
        let due = |number| Schedule::new(Time::ZERO, 10.0, number, 4).unwrap().due().since(Time::ZERO);
        assert_eq!([0, 1, 2, 3].map(due), [0, 25, 50, 75].map(Duration::from_millis));
        assert!(Schedule::new(Time::ZERO, 0.0, 0, 1).is_none(), "a silent channel");
    }
}
