//! The publisher, in a thread of its own: were it in one with viewers, they would keep it from its schedule, and that would be taken for
//! the broker's latency. `framecast bench` has such a thread as well.

use std::convert::Infallible;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use anyhow::{Context as _, anyhow};
use bytes::Bytes;
use tokio::runtime::Builder;
use tokio::sync::oneshot::{self, error::TryRecvError};

use crate::load::Load;
use crate::schedule::{Delay, Schedule};

/// A publisher; its thread ends with this.
pub(crate) struct Publisher {
    /// The thread goes on until this is gone.
    goes_on: Option<oneshot::Sender<Infallible>>,
    thread: Option<JoinHandle<anyhow::Result<Vec<Delay>>>>,
}

impl Publisher {
    /// Hands every frame to `publish`, which does not wait.
    pub(crate) fn start(
        load: Load,
        origin: Instant,
        mut publish: impl FnMut(Bytes) -> anyhow::Result<()> + Send + 'static,
    ) -> anyhow::Result<Self> {
        Self::spawn(move |mut end| {
            let mut schedule = Schedule::new(load, origin);
            while matches!(end.try_recv(), Err(TryRecvError::Empty)) {
                publish(schedule.next())?;
            }
            Ok(schedule.into_delays())
        })
    }

    /// `publish` connects and publishes, in a runtime that is the thread's.
    pub(crate) fn start_runtime(
        load: Load,
        origin: Instant,
        publish: impl AsyncFnOnce(&mut Schedule) -> anyhow::Result<Infallible> + Send + 'static,
    ) -> anyhow::Result<Self> {
        Self::spawn(move |end| {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            let mut schedule = Schedule::new(load, origin);
            runtime.block_on(async {
                // A broker that takes nothing any more keeps `publish` waiting: the end does not wait for it.
                tokio::select! {
                    failed = publish(&mut schedule) => failed.map(drop),
                    _ = end => Ok(()),
                }
            })?;
            Ok(schedule.into_delays())
        })
    }

    /// Whether it has ended by itself, which is a failure.
    pub(crate) fn has_ended(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Ends it; what it was late by, or what it failed for.
    pub(crate) fn end(mut self) -> anyhow::Result<Vec<Delay>> {
        self.join().unwrap_or_else(|| Ok(Vec::new())).context("the publisher")
    }

    fn spawn(
        life: impl FnOnce(oneshot::Receiver<Infallible>) -> anyhow::Result<Vec<Delay>> + Send + 'static,
    ) -> anyhow::Result<Self> {
        let (goes_on, end) = oneshot::channel();
        let thread = thread::Builder::new().name("publisher".to_owned()).spawn(move || life(end))?;
        Ok(Self { goes_on: Some(goes_on), thread: Some(thread) })
    }

    fn join(&mut self) -> Option<anyhow::Result<Vec<Delay>>> {
        self.goes_on = None;
        let ended = self.thread.take()?.join();
        Some(ended.unwrap_or_else(|_| Err(anyhow!("it panicked"))))
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        // Whoever drops it has failed already, and says why.
        self.join();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const LOAD: Load = Load { viewers: 1, rate: 1_000, frame_bytes: 100, window: Duration::ZERO };

    #[test]
    fn a_publisher_tells_of_every_frame_what_it_was_late_by() {
        let (sender, frames) = std::sync::mpsc::channel();
        let publisher = Publisher::start(LOAD, Instant::now(), move |frame| Ok(sender.send(frame)?)).unwrap();
        let first: Vec<_> = frames.iter().take(3).collect();
        let delays = publisher.end();
        // The receiver outlives the thread.
        assert_eq!(first.len() + frames.iter().count(), delays.unwrap().len());
    }

    #[test]
    fn a_publisher_that_waits_for_ever_ends_all_the_same() {
        let publisher = Publisher::start_runtime(LOAD, Instant::now(), async |schedule| {
            schedule.next_beside_tasks().await;
            std::future::pending().await
        });
        publisher.unwrap().end().unwrap();
    }

    #[test]
    fn a_publisher_that_fails_says_why() {
        let publisher = Publisher::start_runtime(LOAD, Instant::now(), async |_| Err(anyhow!("no broker")));
        let publisher = publisher.unwrap();
        while !publisher.has_ended() {
            thread::yield_now();
        }
        let why = publisher.end().map(drop).unwrap_err();
        assert_eq!(format!("{why:#}"), "the publisher: no broker");
    }
}
