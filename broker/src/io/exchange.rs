//! The bounded queues between workers.

use std::io;

use tokio::sync::mpsc;

use crate::engine::Handover;

use super::bell::{Bell, Ringer, bell};

/// Messages that may wait for one worker: about 40 ms of 100 000 datagrams a second, 6 MiB if all are of full size.
/// Frames are shared with the worker that sent them.
const HANDOVERS_WAITING_MAX: usize = 1 << 12;

/// One worker's end of the queues.
pub(super) struct Exchange {
    /// To every worker, by number. The one to itself is never used, but keeps the own queue from closing.
    outlets: Vec<Outlet>,
    inlet: mpsc::Receiver<Handover>,
    bell: Bell,
    /// Rings at this end.
    ringer: Ringer,
}

/// Where messages for a worker go, and what tells it of them.
#[derive(Clone)]
struct Outlet {
    queue: mpsc::Sender<Handover>,
    ringer: Ringer,
}

impl Exchange {
    /// The ends of `workers` workers, by number.
    ///
    /// # Errors
    /// The system has no descriptors left.
    pub(super) fn between(workers: u8) -> io::Result<Vec<Self>> {
        let (mut outlets, mut inlets) = (Vec::new(), Vec::new());
        for _ in 0..workers {
            let (queue, inlet) = mpsc::channel(HANDOVERS_WAITING_MAX);
            let (bell, ringer) = bell()?;
            outlets.push(Outlet { queue, ringer: ringer.clone() });
            inlets.push((inlet, bell, ringer));
        }
        let ends = inlets.into_iter();
        Ok(ends.map(|(inlet, bell, ringer)| Self { outlets: outlets.clone(), inlet, bell, ringer }).collect())
    }

    /// Hands `message` to `worker`; false where its queue is full or the worker is gone.
    pub(super) fn offer(&self, worker: u8, message: Handover) -> bool {
        let Some(outlet) = self.outlets.get(usize::from(worker)) else { return false };
        let taken = outlet.queue.try_send(message).is_ok();
        if taken {
            outlet.ringer.ring();
        }
        taken
    }

    /// What another worker has handed over.
    pub(super) fn try_take(&mut self) -> Option<Handover> {
        self.inlet.try_recv().ok()
    }

    /// Whether another worker has handed something over.
    pub(super) fn has_some(&self) -> bool {
        !self.inlet.is_empty()
    }

    /// Where this worker waits; it is rung for whatever comes in here.
    pub(super) const fn bell(&self) -> &Bell {
        &self.bell
    }

    /// Wakes this worker.
    pub(super) fn ringer(&self) -> Ringer {
        self.ringer.clone()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::engine::Path;

    fn message(number: u8) -> Handover {
        let path = Path { peer: "192.0.2.1:4000".parse().unwrap(), local: None };
        Handover::Datagram { path, bytes: Bytes::copy_from_slice(&[number]) }
    }

    #[test]
    fn a_message_reaches_the_worker_it_is_for_and_no_other() {
        let mut ends = Exchange::between(3).unwrap();
        assert!(ends[0].offer(2, message(1)) && ends[1].offer(2, message(2)));
        assert_eq!(ends[2].try_take(), Some(message(1)));
        assert_eq!(ends[2].try_take(), Some(message(2)));
        assert!(ends.iter_mut().all(|end| end.try_take().is_none()));
    }

    #[test]
    fn a_full_queue_refuses_and_a_worker_that_is_gone_or_never_was_does_too() {
        let mut ends = Exchange::between(2).unwrap();
        let taken = (0..=HANDOVERS_WAITING_MAX).filter(|_| ends[0].offer(1, message(0))).count();
        assert_eq!(taken, HANDOVERS_WAITING_MAX);
        ends.truncate(1);
        assert!(!ends[0].offer(1, message(0)));
        assert!(!ends[0].offer(2, message(0)));
    }
}
