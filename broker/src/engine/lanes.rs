//! Media that waits for the socket: a lane for each channel, and turns between them.
//!
//! Within a lane the order is kept. A channel with large frames or many viewers delays another one's small frame by one run of
//! datagrams for each of that one's own, not by everything that it has queued. What waited until it is of no use is dropped
//! instead of sent: a worker with too little of a core would else send what is late ahead of what is new.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use protocol::id::{ProducerId, SessionId};
use protocol::time::Time;

use super::outbox::Transmit;

/// Bytes that a channel sends before another one has its turn: one full run of the kernel's segmentation.
const TURN_BYTES: usize = 65_000;

/// The lanes that are not empty.
#[derive(Default)]
pub(super) struct Lanes {
    queues: BTreeMap<ProducerId, VecDeque<Waiting>>,
    /// Whose turn it is, and who follows.
    turns: VecDeque<ProducerId>,
    /// What is left of the turn.
    left: usize,
    waiting: usize,
    /// How many sends of which channel come next.
    expected: Option<(ProducerId, usize)>,
    overdue: u64,
    /// Frames that were dropped, or a part of them, until somebody has told their viewers.
    dropped: Vec<Dropped>,
}

/// A send that waits.
pub(super) struct Waiting {
    pub(super) transmit: Transmit,
    /// A HEARTBEAT, which is told when it leaves: in the same send behind one datagram, or behind none.
    pub(super) report: Option<Bytes>,
    /// When it is of no use any more. What was begun to be sent, and reports, wait for ever.
    pub(super) until: Option<Time>,
    /// The frame of which it is the first copy.
    pub(super) frame: Option<OwnedFrame>,
}

/// A send that leaves.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Leaving {
    pub(super) transmit: Transmit,
    /// Behind it, as in [`Waiting`].
    pub(super) report: Option<Bytes>,
}

/// A frame on its way to one viewer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct OwnedFrame {
    pub(super) viewer: SessionId,
    /// Its wide number.
    pub(super) number: u64,
}

/// A frame, or a part of it, that waited until it was of no use.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Dropped {
    pub(super) frame: OwnedFrame,
    pub(super) bytes: Bytes,
}

impl Leaving {
    /// Bytes.
    fn len(&self) -> usize {
        self.transmit.bytes.len() + self.report.as_ref().map_or(0, Bytes::len)
    }
}

impl From<Transmit> for Leaving {
    fn from(transmit: Transmit) -> Self {
        Self { transmit, report: None }
    }
}

impl Waiting {
    /// What is never dropped.
    pub(super) const fn for_good(transmit: Transmit) -> Self {
        Self { transmit, report: None, until: None, frame: None }
    }

    fn is_overdue(&self, now: Time) -> bool {
        self.until.is_some_and(|until| now > until)
    }
}

impl Lanes {
    /// So many sends of a channel come next. A queue that doubles as it grows takes up to twice the memory, and is copied with
    /// each step.
    pub(super) fn expect(&mut self, producer: ProducerId, sends: usize) {
        match self.queues.get_mut(&producer) {
            Some(lane) => lane.reserve_exact(sends),
            None => self.expected = Some((producer, sends)),
        }
    }

    /// Queues datagrams of a channel.
    pub(super) fn push(&mut self, producer: ProducerId, waiting: Waiting) {
        let expected = &mut self.expected;
        let lane = self.queues.entry(producer).or_insert_with(|| {
            let expected = expected.take_if(|(channel, _)| *channel == producer);
            VecDeque::with_capacity(expected.map_or(0, |(_, sends)| sends))
        });
        if lane.is_empty() {
            self.turns.push_back(producer);
        }
        lane.push_back(waiting);
        self.waiting += 1;
    }

    /// The next datagrams: of a large frame one run at a time.
    pub(super) fn pop(&mut self, now: Time) -> Option<Leaving> {
        loop {
            let producer = *self.turns.front()?;
            if let Some(next) = self.take_from(now, producer) {
                return Some(next);
            }
        }
    }

    /// The next datagrams of the channel whose turn it is; `None` where all that it had was overdue.
    fn take_from(&mut self, now: Time, producer: ProducerId) -> Option<Leaving> {
        if self.left == 0 {
            self.left = TURN_BYTES;
        }
        let lane = self.queues.get_mut(&producer)?;
        let overdue = drop_overdue(lane, now, &mut self.dropped);
        self.waiting -= overdue;
        self.overdue += overdue as u64;
        let run = lane.front_mut().and_then(|front| {
            let run = front.transmit.split_run()?;
            (front.until, front.frame) = (None, None);
            Some(Leaving { transmit: run, report: None })
        });
        let next = run.or_else(|| {
            let Waiting { transmit, report, .. } = lane.pop_front()?;
            self.waiting -= 1;
            Some(Leaving { transmit, report })
        });
        self.left = self.left.saturating_sub(next.as_ref().map_or(0, Leaving::len));
        if lane.is_empty() {
            self.queues.remove(&producer);
            self.turns.pop_front();
            self.left = 0;
        } else if self.left == 0 {
            self.turns.rotate_left(1);
        }
        next
    }

    /// Drops what is overdue at the heads of all lanes: for what is new, where there is no room.
    pub(super) fn drop_overdue(&mut self, now: Time) {
        for lane in self.queues.values_mut() {
            let overdue = drop_overdue(lane, now, &mut self.dropped);
            self.waiting -= overdue;
            self.overdue += overdue as u64;
        }
        self.queues.retain(|_, lane| !lane.is_empty());
        let first = self.turns.front().copied();
        self.turns.retain(|producer| self.queues.contains_key(producer));
        if self.turns.front().copied() != first {
            self.left = 0;
        }
    }

    /// The next frame that was dropped since it was asked last.
    pub(super) fn poll_dropped(&mut self) -> Option<Dropped> {
        self.dropped.pop()
    }

    /// Sends that waited until they were of no use.
    pub(super) const fn overdue(&self) -> u64 {
        self.overdue
    }

    /// Of these channels the one with the longest queue, if any has one.
    pub(super) fn longest_of(&self, producers: impl Iterator<Item = ProducerId>) -> Option<ProducerId> {
        let waiting = producers.filter_map(|producer| Some((self.queues.get(&producer)?.len(), producer)));
        waiting.max().map(|(_, producer)| producer)
    }

    /// How many sends wait.
    pub(super) const fn len(&self) -> usize {
        self.waiting
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.waiting == 0
    }
}

/// Drops what is overdue at the head of a lane: how much that was.
fn drop_overdue(lane: &mut VecDeque<Waiting>, now: Time, dropped: &mut Vec<Dropped>) -> usize {
    let mut count = 0;
    while lane.front().is_some_and(|front| front.is_overdue(now))
        && let Some(Waiting { transmit, frame, .. }) = lane.pop_front()
    {
        dropped.extend(frame.map(|frame| Dropped { frame, bytes: transmit.bytes }));
        count += 1;
    }
    count
}

impl Transmit {
    /// Takes a run of whole datagrams from the front; `None` where everything fits into one: then it is one send.
    fn split_run(&mut self) -> Option<Self> {
        if self.bytes.len() <= TURN_BYTES.max(self.segment) {
            return None;
        }
        let datagrams = (TURN_BYTES / self.segment.max(1)).max(1);
        let run = self.bytes.split_to((datagrams * self.segment).min(self.bytes.len()));
        Some(Self { to: self.to, from: self.from, bytes: run, segment: self.segment })
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    const LARGE: ProducerId = ProducerId::from_bytes([1, 0, 0]);
    const SMALL: ProducerId = ProducerId::from_bytes([2, 0, 0]);

    fn frame(len: usize, mark: u8) -> Transmit {
        let to = "192.0.2.1:4000".parse().unwrap();
        Transmit { to, from: None, bytes: Bytes::from(vec![mark; len]), segment: 1_200 }
    }

    /// Is of no use after that.
    fn until(time: Time, transmit: Transmit) -> Waiting {
        Waiting { until: Some(time), ..Waiting::for_good(transmit) }
    }

    fn all(lanes: &mut Lanes) -> Vec<Transmit> {
        std::iter::from_fn(|| lanes.pop(Time::ZERO)).map(|leaving| leaving.transmit).collect()
    }

    #[test]
    fn a_small_frame_waits_for_one_run_of_each_other_channel_and_not_for_what_they_have_queued() {
        let mut lanes = Lanes::default();
        (0..100).for_each(|_| lanes.push(LARGE, Waiting::for_good(frame(1 << 20, 1))));
        lanes.pop(Time::ZERO);
        (0..20).for_each(|_| lanes.push(SMALL, Waiting::for_good(frame(10_000, 2))));
        let sent = all(&mut lanes);
        let last = sent.iter().rposition(|transmit| transmit.bytes[0] == 2).unwrap();
        let before: usize = sent[..last].iter().map(|transmit| transmit.bytes.len()).sum();
        assert!(before <= 20 * 10_000 + 5 * TURN_BYTES, "{before} bytes");
        let total: usize = sent.iter().map(|transmit| transmit.bytes.len()).sum();
        assert_eq!(total + 64_800, 100 * (1 << 20) + 20 * 10_000, "nothing is lost on the way");
        assert!(lanes.is_empty() && lanes.turns.is_empty() && lanes.queues.is_empty());
    }

    #[test]
    fn a_large_frame_is_cut_between_datagrams_and_keeps_its_order() {
        let mut lanes = Lanes::default();
        let bytes: Vec<u8> = (0..=250).cycle().take(200_000).collect();
        lanes.push(LARGE, Waiting::for_good(Transmit { bytes: Bytes::from(bytes.clone()), ..frame(1, 0) }));
        lanes.push(LARGE, Waiting::for_good(frame(100, 9)));
        let sent = all(&mut lanes);
        let (last, runs) = sent.split_last().unwrap();
        assert_eq!(last.bytes, frame(100, 9).bytes);
        let (tail, full) = runs.split_last().unwrap();
        assert!(full.iter().all(|run| run.bytes.len() % 1_200 == 0 && run.bytes.len() <= TURN_BYTES));
        assert!(tail.bytes.len() <= TURN_BYTES);
        assert_eq!(runs.iter().flat_map(|run| run.bytes.to_vec()).collect::<Vec<_>>(), bytes);
    }

    #[test]
    fn what_is_overdue_is_dropped_before_what_is_new_and_what_was_begun_is_finished() {
        let at = |ms: u64| Time::from_micros(ms * 1_000);
        let mut lanes = Lanes::default();
        lanes.push(LARGE, until(at(100), frame(200_000, 1)));
        lanes.push(LARGE, until(at(100), frame(100, 2)));
        lanes.push(LARGE, Waiting::for_good(frame(100, 3)));
        lanes.push(LARGE, until(at(300), frame(100, 4)));
        lanes.push(SMALL, until(at(100), frame(100, 5)));
        assert_eq!(lanes.pop(at(100)).map(|run| run.transmit.bytes.len()), Some(64_800));
        let sent: Vec<u8> =
            std::iter::from_fn(|| lanes.pop(at(200))).map(|sent| sent.transmit.bytes[0]).collect();
        assert_eq!(sent, [1, 1, 1, 3, 4]);
        assert_eq!((lanes.overdue(), lanes.len()), (2, 0));
        assert!(lanes.turns.is_empty() && lanes.queues.is_empty());
    }

    #[test]
    fn room_is_made_of_what_is_overdue_in_any_lane() {
        let at = |ms: u64| Time::from_micros(ms * 1_000);
        let mut lanes = Lanes::default();
        (0..3).for_each(|_| lanes.push(LARGE, until(at(100), frame(100, 1))));
        lanes.push(SMALL, until(at(200), frame(100, 2)));
        lanes.drop_overdue(at(150));
        assert_eq!((lanes.overdue(), lanes.len()), (3, 1));
        assert_eq!(lanes.pop(at(150)).map(|sent| sent.transmit.bytes[0]), Some(2));
        assert!(lanes.pop(at(150)).is_none() && lanes.turns.is_empty());
    }

    #[test]
    fn who_waits_for_a_frame_that_was_dropped_is_told_and_what_was_begun_or_sent_is_nobodys_loss() {
        let at = |ms: u64| Time::from_micros(ms * 1_000);
        let of = |number, transmit| {
            let frame = OwnedFrame { viewer: SessionId(9), number };
            Waiting { frame: Some(frame), ..until(at(100), transmit) }
        };
        let mut lanes = Lanes::default();
        lanes.push(LARGE, of(1, frame(200_000, 1)));
        lanes.push(LARGE, of(2, frame(100, 2)));
        lanes.push(LARGE, of(3, frame(100, 3)));
        assert_eq!(lanes.pop(at(50)).map(|run| run.transmit.bytes.len()), Some(64_800));
        (0..3).for_each(|_| assert_eq!(lanes.pop(at(101)).map(|run| run.transmit.bytes[0]), Some(1)));
        assert!(lanes.pop(at(101)).is_none());
        let told: Vec<u64> = std::iter::from_fn(|| lanes.poll_dropped()).map(|it| it.frame.number).collect();
        assert_eq!((told, lanes.overdue()), (vec![3, 2], 2));
    }

    #[test]
    fn a_queue_for_as_many_as_are_expected_takes_no_more_memory_than_they_need() {
        let mut lanes = Lanes::default();
        let capacity = |lanes: &Lanes| lanes.queues.get(&SMALL).map(VecDeque::capacity);
        for round in 1..=2 {
            lanes.expect(SMALL, 1_100);
            (0..1_100).for_each(|_| lanes.push(SMALL, Waiting::for_good(frame(100, 1))));
            assert_eq!(capacity(&lanes), Some(1_100 * round));
        }
        all(&mut lanes);
        lanes.expect(SMALL, 1_100);
        lanes.push(LARGE, Waiting::for_good(frame(100, 1)));
        lanes.push(SMALL, Waiting::for_good(frame(100, 1)));
        assert_eq!(capacity(&lanes), Some(1_100));
        all(&mut lanes);
        lanes.push(SMALL, Waiting::for_good(frame(100, 1)));
        assert!(capacity(&lanes) < Some(100), "nothing more was expected");
    }

    #[test]
    fn the_longest_queue_of_those_named_is_found() {
        let mut lanes = Lanes::default();
        lanes.push(SMALL, Waiting::for_good(frame(100, 1)));
        lanes.push(LARGE, Waiting::for_good(frame(100, 1)));
        lanes.push(LARGE, Waiting::for_good(frame(100, 1)));
        assert_eq!(lanes.longest_of([SMALL, LARGE].into_iter()), Some(LARGE));
        assert_eq!(lanes.longest_of([SMALL].into_iter()), Some(SMALL));
        assert_eq!(lanes.longest_of([ProducerId::NONE].into_iter()), None);
        assert_eq!(lanes.len(), 3);
    }
}
