//! When frames are due, and how late the publisher was for each.

use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::load::{Load, STAMP_LEN};

/// The runtime's timer counts milliseconds: it wakes the thread this much earlier, which then sleeps itself. `framecast bench` does the same.
const TIMER_SLACK: Duration = Duration::from_millis(2);

/// The schedule: frames are due at fixed moments, whatever became of those before. The first is the next that is due when a frame is asked for:
/// a burst of what was due while viewers and publisher connected would be another load.
pub(crate) struct Schedule {
    origin: Instant,
    interval: Duration,
    next: Option<u32>,
    frame: Vec<u8>,
    delays: Vec<Delay>,
}

/// What the publisher itself was late by, with one frame.
#[derive(Clone, Copy)]
pub(crate) struct Delay {
    /// Since the origin.
    pub(crate) due: Duration,
    /// From then until the publisher had it to hand over.
    pub(crate) late: Duration,
}

impl Schedule {
    pub(crate) fn new(load: Load, origin: Instant) -> Self {
        let frame = (0..load.frame_bytes.max(STAMP_LEN)).map(|at| (at % 251) as u8).collect();
        let interval = Duration::from_secs(1) / load.rate.max(1);
        Self { origin, interval, next: None, frame, delays: Vec::new() }
    }

    /// The next frame, once it is due: the thread sleeps until then.
    pub(crate) fn next(&mut self) -> Bytes {
        let due = self.advance();
        self.finish(due)
    }

    /// The same where a client library has tasks on this thread: they run until shortly before.
    pub(crate) async fn next_beside_tasks(&mut self) -> Bytes {
        let due = self.advance();
        let early = self.left(due).saturating_sub(TIMER_SLACK);
        if early.is_zero() {
            // Who publishes five hundred frames a second never waits for longer, and what was published has to leave.
            tokio::task::yield_now().await;
        } else {
            tokio::time::sleep(early).await;
        }
        self.finish(due)
    }

    /// What the publisher was late by, with every frame so far.
    pub(crate) fn into_delays(self) -> Vec<Delay> {
        self.delays
    }

    /// When the next frame is due.
    fn advance(&mut self) -> Duration {
        let past = self.origin.elapsed().as_nanos() / self.interval.as_nanos().max(1);
        let number = self.next.unwrap_or(past as u32 + 1);
        self.next = Some(number + 1);
        self.interval * number
    }

    fn left(&self, due: Duration) -> Duration {
        due.saturating_sub(self.origin.elapsed())
    }

    /// Sleeps for what is left.
    fn finish(&mut self, due: Duration) -> Bytes {
        let left = self.left(due);
        if !left.is_zero() {
            std::thread::sleep(left);
        }
        self.delays.push(Delay { due, late: self.origin.elapsed().saturating_sub(due) });
        self.frame[..STAMP_LEN].copy_from_slice(&(due.as_nanos() as u64).to_be_bytes());
        Bytes::copy_from_slice(&self.frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule() -> Schedule {
        let load = Load { viewers: 1, rate: 1_000, frame_bytes: 100, window: Duration::ZERO };
        Schedule::new(load, Instant::now())
    }

    fn stamps(frames: &[Bytes]) -> Vec<u64> {
        frames.iter().map(|frame| u64::from_be_bytes(*frame.first_chunk().unwrap())).collect()
    }

    #[test]
    fn no_frame_leaves_early_and_each_is_stamped_with_its_moment() {
        let mut schedule = schedule();
        let frames = [schedule.next(), schedule.next(), schedule.next()];
        let stamps = stamps(&frames);
        assert!(stamps[0] > 0 && stamps.is_sorted_by(|a, b| a + 1_000_000 == *b), "{stamps:?}");
        let last = *schedule.delays.last().unwrap();
        assert!(last.due.as_nanos() as u64 == stamps[2] && schedule.origin.elapsed() >= last.due + last.late);
        assert_eq!(schedule.into_delays().len(), 3);
    }

    #[test]
    fn tasks_of_the_thread_have_their_turn_between_frames_that_are_close() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let mut schedule = schedule();
        let ran = runtime.block_on(async {
            let task = tokio::spawn(async {});
            schedule.next_beside_tasks().await;
            task.is_finished()
        });
        assert!(ran, "nobody else had a turn");
    }
}
