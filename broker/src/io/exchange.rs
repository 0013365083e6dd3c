//! The bounded queues between workers.

use std::collections::VecDeque;
use std::io;

use tokio::sync::mpsc;

use crate::engine::{Handover, Worth};

use super::bell::{Bell, Ringer, bell};

/// Messages that may wait for one worker: about 40 ms of 100 000 datagrams a second, 6 MiB if all are of full size.
/// Frames are shared with the worker that sent them.
const HANDOVERS_WAITING_MAX: usize = 1 << 12;
/// Of these so many may be datagrams: anybody can send what names a session of another worker, as fast as one worker receives.
const DATAGRAMS_WAITING_MAX: usize = HANDOVERS_WAITING_MAX / 2;
/// Messages of lasting worth that may wait at their sender for one worker: some for every channel that a broker may have.
const HELD_MAX: usize = 1 << 18;

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
    /// What found no room and is not lost, in order.
    held: VecDeque<Handover>,
}

impl Outlet {
    /// Hands over what was held, as far as there is room.
    fn flush(&mut self) {
        while let Some(message) = self.held.pop_front() {
            if let Err(refused) = self.queue.try_send(message) {
                if let mpsc::error::TrySendError::Full(message) = refused {
                    self.held.push_front(message);
                }
                break;
            }
            self.ringer.ring();
        }
    }

    /// Nothing overtakes what is held: a frame would come before its channel.
    fn offer(&mut self, message: Handover) -> bool {
        self.flush();
        let worth = message.worth();
        let crowded = self.queue.capacity() <= HANDOVERS_WAITING_MAX - DATAGRAMS_WAITING_MAX;
        if !self.held.is_empty() || (worth == Worth::Foreign && crowded) {
            return self.hold(message, worth);
        }
        match self.queue.try_send(message) {
            Ok(()) => {
                self.ringer.ring();
                true
            }
            Err(mpsc::error::TrySendError::Full(message)) => self.hold(message, worth),
            Err(mpsc::error::TrySendError::Closed(_)) => false,
        }
    }

    fn hold(&mut self, message: Handover, worth: Worth) -> bool {
        let lasts = worth == Worth::Lasting && self.held.len() < HELD_MAX;
        if lasts {
            self.held.push_back(message);
        }
        lasts
    }
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
            outlets.push(Outlet { queue, ringer: ringer.clone(), held: VecDeque::new() });
            inlets.push((inlet, bell, ringer));
        }
        let ends = inlets.into_iter();
        Ok(ends.map(|(inlet, bell, ringer)| Self { outlets: outlets.clone(), inlet, bell, ringer }).collect())
    }

    /// Hands `message` to `worker`; false where its queue is full or the worker is gone. What is of lasting worth is held here until
    /// there is room.
    pub(super) fn offer(&mut self, worker: u8, message: Handover) -> bool {
        self.outlets.get_mut(usize::from(worker)).is_some_and(|outlet| outlet.offer(message))
    }

    /// Hands over what was held, as far as there is room by now. True where something is held still.
    pub(super) fn flush(&mut self) -> bool {
        let holding = self.outlets.iter_mut().filter(|outlet| !outlet.held.is_empty());
        holding.fold(false, |held, outlet| {
            outlet.flush();
            held || !outlet.held.is_empty()
        })
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

    use protocol::id::{EpochTag, ProducerId};
    use protocol::wire::Code;

    use super::*;
    use crate::engine::{Path, Timing};

    fn message(number: u8) -> Handover {
        let path = Path { peer: "192.0.2.1:4000".parse().unwrap(), local: None };
        Handover::Datagram { path, bytes: Bytes::copy_from_slice(&[number]) }
    }

    /// What the next one of its kind replaces.
    fn timing(number: u32) -> Handover {
        Handover::Timing { producer: ProducerId::NONE, tag: EpochTag(number), timing: Timing::default() }
    }

    /// What nobody says again.
    fn over(number: u32) -> Handover {
        Handover::Down { producer: ProducerId::NONE, tag: EpochTag(number), reason: Code::Ok }
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
        let taken = (0..=HANDOVERS_WAITING_MAX).filter(|_| ends[0].offer(1, timing(0))).count();
        assert_eq!(taken, HANDOVERS_WAITING_MAX);
        ends.truncate(1);
        assert!(!ends[0].offer(1, timing(0)));
        assert!(!ends[0].offer(2, timing(0)));
    }

    #[test]
    fn what_anybody_may_send_leaves_room_for_what_the_broker_says_itself() {
        let mut ends = Exchange::between(2).unwrap();
        let taken = (0..=HANDOVERS_WAITING_MAX).filter(|_| ends[0].offer(1, message(0))).count();
        assert_eq!(taken, DATAGRAMS_WAITING_MAX);
        assert!(ends[0].offer(1, timing(0)) && !ends[0].offer(1, message(0)));
    }

    #[test]
    fn what_is_of_lasting_worth_waits_for_room_and_nothing_overtakes_it() {
        let mut ends = Exchange::between(2).unwrap();
        while ends[0].offer(1, timing(0)) {}
        assert!(ends[0].offer(1, over(1)) && ends[0].flush());
        ends[1].try_take().unwrap();
        assert!(ends[0].offer(1, over(2)) && ends[0].flush(), "there was room for the first one");
        assert!(!ends[0].offer(1, timing(0)), "a second one waits");
        let taken = |ends: &mut Vec<Exchange>| -> Vec<Handover> {
            std::iter::from_fn(|| ends[1].try_take()).filter(|one| one.worth() == Worth::Lasting).collect()
        };
        assert_eq!(taken(&mut ends), [over(1)]);
        assert!(!ends[0].flush());
        assert_eq!(taken(&mut ends), [over(2)]);
        assert!(ends[0].offer(1, timing(0)));
    }
}
