//! The workers' threads: all begin together, all end together, and none ends unnoticed.

use std::any::Any;
use std::collections::BTreeMap;
use std::io;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::bell::Ringer;
use super::error::WorkerLost;
use super::orders::{Command, Orders};

/// The threads of a broker.
pub(super) struct Crew {
    command: Command,
    threads: BTreeMap<u8, JoinHandle<io::Result<()>>>,
    ended: mpsc::Receiver<u8>,
    ends: mpsc::Sender<u8>,
}

impl Crew {
    /// Room for `size` workers.
    pub(super) fn new(size: u8) -> Self {
        // Each says its last word once: the queue is never full.
        let (ends, ended) = mpsc::channel(usize::from(size.max(1)));
        Self { command: Command::default(), threads: BTreeMap::new(), ended, ends }
    }

    /// Starts a thread that does `work`, and is woken by `ringer` where it has to hear of something.
    pub(super) fn spawn(
        &mut self,
        worker: u8,
        ringer: Ringer,
        work: impl FnOnce(Orders) -> io::Result<()> + Send + 'static,
    ) -> io::Result<()> {
        let orders = self.command.orders(ringer);
        let last_word = LastWord { worker, ends: self.ends.clone() };
        let thread = thread::Builder::new().name(format!("worker-{worker}")).spawn(move || {
            let _last_word = last_word;
            work(orders)
        })?;
        self.threads.insert(worker, thread);
        Ok(())
    }

    /// All are bound: go.
    pub(super) fn serve(&self) {
        self.command.serve();
    }

    /// Somebody is not bound: all end before they have served.
    pub(super) fn call_off(self) {
        drop(self.command);
        for (worker, thread) in self.threads {
            if let Err(lost) = farewell(worker, thread) {
                tracing::error!(worker, %lost, "a worker ended while the broker started");
            }
        }
    }

    /// Waits for a worker that ends though nobody asked it to. Safe to cancel.
    pub(super) async fn lost(&mut self) -> WorkerLost {
        loop {
            let Some(worker) = self.ended.recv().await else { continue };
            let Some(thread) = self.threads.remove(&worker) else { continue };
            return farewell(worker, thread).err().unwrap_or(WorkerLost::Ended { worker });
        }
    }

    /// Has all workers end; gives the first that did not do so in peace and within `patience`.
    pub(super) async fn stop(mut self, patience: Duration) -> Result<(), WorkerLost> {
        self.command.stop();
        let deadline = Instant::now() + patience;
        let mut outcome = Ok(());
        while let Some(&first) = self.threads.keys().next() {
            let Ok(Some(worker)) = timeout_at(deadline, self.ended.recv()).await else {
                return outcome.and(Err(WorkerLost::Stuck { worker: first, patience }));
            };
            if let Some(thread) = self.threads.remove(&worker) {
                outcome = outcome.and(farewell(worker, thread));
            }
        }
        outcome
    }
}

/// Tells that a thread ends, by whatever way it does.
struct LastWord {
    worker: u8,
    ends: mpsc::Sender<u8>,
}

impl Drop for LastWord {
    fn drop(&mut self) {
        // Where nobody listens any more, nobody waits for it either.
        self.ends.try_send(self.worker).unwrap_or_default();
    }
}

/// How a thread that said its last word has ended.
fn farewell(worker: u8, thread: JoinHandle<io::Result<()>>) -> Result<(), WorkerLost> {
    match thread.join() {
        Ok(Ok(())) => Ok(()),
        Ok(Err(cause)) => Err(WorkerLost::Failed { worker, cause }),
        Err(panic) => Err(WorkerLost::Panicked { worker, message: message_of(panic.as_ref()) }),
    }
}

fn message_of(panic: &(dyn Any + Send)) -> String {
    let literal = panic.downcast_ref::<&str>().map(ToString::to_string);
    let formatted = || panic.downcast_ref::<String>().cloned();
    literal.or_else(formatted).unwrap_or_else(|| "no message".to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::super::bell::bell;
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(5);

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
    }

    fn obedient(orders: &Orders) -> io::Result<()> {
        if !orders.until_serving() {
            return Err(io::Error::other("called off"));
        }
        while !orders.is_stopping() {
            thread::yield_now();
        }
        Ok(())
    }

    fn ringer() -> Ringer {
        bell().unwrap().1
    }

    fn crew(of: [fn(&Orders) -> io::Result<()>; 2]) -> Crew {
        let mut crew = Crew::new(2);
        for (worker, work) in (0..).zip(of) {
            crew.spawn(worker, ringer(), move |orders| work(&orders)).unwrap();
        }
        crew
    }

    #[test]
    fn a_worker_that_panics_is_noticed_while_the_others_can_still_stop() {
        let mut crew = crew([obedient, |_| panic!("no room for frame {}", 7)]);
        crew.serve();
        let lost = block_on(crew.lost()).to_string();
        assert!(lost.contains("worker 1") && lost.contains("no room for frame 7"), "{lost}");
        block_on(crew.stop(PATIENCE)).unwrap();
    }

    #[test]
    fn a_worker_that_ends_by_itself_is_noticed_with_its_reason() {
        let mut ends = crew([obedient, |_| Ok(())]);
        ends.serve();
        assert!(matches!(block_on(ends.lost()), WorkerLost::Ended { worker: 1 }));
        let mut fails = crew([obedient, |_| Err(io::Error::other("pulled"))]);
        fails.serve();
        let lost = block_on(fails.lost()).to_string();
        assert!(lost.contains("lost its socket: pulled"), "{lost}");
    }

    #[test]
    fn nobody_serves_when_the_start_is_called_off() {
        let (served, report) = channel();
        let mut crew = Crew::new(1);
        crew.spawn(0, ringer(), move |orders| {
            served.send(orders.until_serving()).unwrap();
            Ok(())
        })
        .unwrap();
        crew.call_off();
        assert!(!report.recv().unwrap());
    }

    #[test]
    fn a_stop_that_comes_before_a_worker_woke_up_does_not_call_off_its_start() {
        let (wake, asleep) = channel::<()>();
        let (served, report) = channel();
        let mut crew = Crew::new(1);
        crew.spawn(0, ringer(), move |orders| {
            asleep.recv().unwrap();
            served.send(orders.until_serving()).unwrap();
            obedient(&orders)
        })
        .unwrap();
        crew.serve();
        crew.command.stop();
        wake.send(()).unwrap();
        block_on(crew.stop(PATIENCE)).unwrap();
        assert!(report.recv().unwrap());
    }

    #[test]
    fn a_crew_that_is_dropped_ends() {
        let (done, report) = channel::<()>();
        let mut crew = Crew::new(1);
        crew.spawn(0, ringer(), move |orders| {
            let _done = done;
            obedient(&orders)
        })
        .unwrap();
        crew.serve();
        drop(crew);
        assert!(report.recv().is_err(), "the thread has let go of its sender");
    }

    #[test]
    fn a_worker_that_does_not_stop_is_named_and_left_behind() {
        let (release, held) = channel::<()>();
        let mut crew = Crew::new(1);
        crew.spawn(0, ringer(), move |_| held.recv().map_err(io::Error::other)).unwrap();
        crew.serve();
        let stuck = block_on(crew.stop(Duration::from_millis(1))).unwrap_err();
        assert!(matches!(stuck, WorkerLost::Stuck { worker: 0, .. }), "{stuck}");
        release.send(()).unwrap();
    }
}
