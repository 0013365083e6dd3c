//! What a worker has to send: control and repairs first, then media, the channels by turns.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use protocol::id::{ProducerId, SessionId};
use protocol::sender::Run;
use protocol::slab::Slab;
use protocol::time::Time;

use super::channel::Channels;
use super::fan::{Fan, Frame, Group};
use super::handover::Path;
use super::lane::{Dropped, Leaving, OwnedFrame, Waiting};
use super::lanes::{Lanes, Next};

/// Sends of media that may wait: one frame for every session that a worker grants.
const MEDIA_MAX: usize = 1 << 16;
/// Control messages and repairs that may wait; beyond it they are lost like on the network.
const URGENT_MAX: usize = 1 << 16;

/// Datagrams to one peer, one behind the other.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Transmit {
    /// Where to.
    pub to: SocketAddr,
    /// The address of this host to send from, where known.
    pub from: Option<IpAddr>,
    /// One or more datagrams.
    pub bytes: Bytes,
    /// Bytes of each datagram but the last, which may be shorter.
    pub segment: usize,
}

/// A send counts as this many bytes at least: a kernel call takes about as long as copying them.
const SEND_COST_MIN: usize = 1 << 12;

impl Transmit {
    /// What it takes of a share of bytes.
    pub fn cost(&self) -> usize {
        self.bytes.len().max(SEND_COST_MIN)
    }
}

/// The queues towards the socket.
#[derive(Default)]
pub(super) struct Outbox {
    urgent: VecDeque<Transmit>,
    media: Lanes,
    /// When room was last looked for.
    searched: Option<Time>,
    dropped_urgent: u64,
}

impl Outbox {
    /// A control message.
    pub(super) fn control(&mut self, path: Path, bytes: Bytes) {
        let segment = bytes.len();
        self.urgent(path, bytes, segment);
    }

    /// What speaks of what was sent of these channels: it never overtakes it, or its reader would miss what is still in the
    /// queue and ask for it.
    pub(super) fn behind(&mut self, path: Path, bytes: Bytes, about: impl Iterator<Item = ProducerId>) {
        if let Some(producer) = self.media.longest_of(about) {
            let segment = bytes.len();
            let transmit = Transmit { to: path.peer, from: path.local, bytes, segment };
            self.push_for_good(producer, Waiting::for_good(transmit));
        } else {
            self.control(path, bytes);
        }
    }

    /// A HEARTBEAT, in the same place; of who has just had its `turn` in a frame for all viewers of a channel, behind that frame.
    pub(super) fn report(
        &mut self,
        (path, bytes): (Path, Bytes),
        turn: Option<ProducerId>,
        about: impl Iterator<Item = ProducerId>,
    ) {
        let report = |bytes| Waiting::report(path, bytes);
        match (self.media.longest_of(about), turn) {
            (Some(longest), Some(turn)) if longest == turn && self.has_room() => {
                self.media.push_behind(turn, report(bytes));
            }
            (Some(longest), _) => self.push_for_good(longest, report(bytes)),
            (None, _) => self.control(path, bytes),
        }
    }

    fn push_for_good(&mut self, producer: ProducerId, waiting: Waiting) {
        if self.has_room() {
            self.media.push(producer, waiting);
        } else {
            self.dropped_urgent += 1;
        }
    }

    const fn has_room(&self) -> bool {
        self.media.load().made < MEDIA_MAX
    }

    /// Datagrams that are sent again.
    pub(super) fn urgent(&mut self, path: Path, bytes: Bytes, segment: usize) {
        if self.urgent.len() >= URGENT_MAX {
            self.dropped_urgent += 1;
        } else {
            self.urgent.push_back(Transmit { to: path.peer, from: path.local, bytes, segment });
        }
    }

    /// A frame for all viewers of its channel, made as it leaves, or given back: where there is no room for all of them, or much
    /// of the channel waits ahead of it. Behind that each viewer's would not know in time how long it may wait.
    pub(super) fn fan(&mut self, fan: Fan) -> Option<Fan> {
        if self.media.load().total() + fan.left() > MEDIA_MAX {
            return Some(fan);
        }
        self.media.push_fan(fan)
    }

    /// Whether a frame for so many viewers that comes `at` is not given back.
    pub(super) fn has_room_for_fan(&self, producer: ProducerId, at: Time, viewers: usize) -> bool {
        let room = self.media.load().total() + viewers <= MEDIA_MAX;
        room && self.media.has_room_for_fan(producer, at)
    }

    /// The channels with frames that have not left for everybody.
    pub(super) fn fanning(&self) -> Vec<ProducerId> {
        self.media.fanning()
    }

    /// Those frames, in order.
    pub(super) fn frames_of(&self, producer: ProducerId) -> impl Iterator<Item = &Frame> {
        self.media.frames_of(producer)
    }

    /// All their sends were made.
    pub(super) fn close_fans(&mut self, producer: ProducerId) {
        self.media.close_fans(producer);
    }

    /// The next viewers that the first of them is for.
    pub(super) fn next_group(&mut self, producer: ProducerId, channels: &Channels) -> Option<Group> {
        self.media.next_group(producer, channels)
    }

    /// A frame for a viewer, which is of no use after `until`; false where the queue is full. `frame`: who is to hear of it where
    /// it waits for longer than that. `report`: a HEARTBEAT that leaves in the same send.
    pub(super) fn media(
        &mut self,
        (now, until): (Time, Time),
        path: Path,
        (slab, frame, report): (&Slab, Option<OwnedFrame>, Option<Bytes>),
    ) -> bool {
        let (bytes, segment) = (slab.datagrams().clone(), slab.segment());
        let transmit = Transmit { to: path.peer, from: path.local, bytes, segment };
        let leaving = Leaving { transmit, report };
        let waiting = Waiting { leaving, until: Some(until), frame };
        self.put(now, slab.header().producer, waiting)
    }

    /// A part of a frame, or parity, for a viewer: of no use after `until`; false where the queue is full.
    pub(super) fn run(
        &mut self,
        (now, until): (Time, Time),
        (viewer, path): (SessionId, Path),
        run: Run,
    ) -> bool {
        let Run { bytes, segment, frame } = run;
        let transmit = Transmit { to: path.peer, from: path.local, bytes, segment };
        let channel = channel_of(&transmit.bytes);
        let frame = frame.map(|number| OwnedFrame { viewer, number });
        self.put(now, channel, Waiting { leaving: Leaving::from(transmit), until: Some(until), frame })
    }

    fn put(&mut self, now: Time, channel: ProducerId, waiting: Waiting) -> bool {
        let room = self.makes_room(now);
        if room {
            self.media.push(channel, waiting);
        }
        room
    }

    /// Whether there is room for media, if need be that of what is of no use any more. The heads of a queue that has just
    /// been searched are looked at again when time has passed.
    fn makes_room(&mut self, now: Time) -> bool {
        if self.media.load().made >= MEDIA_MAX && self.searched != Some(now) {
            self.searched = Some(now);
            self.media.drop_overdue(now);
        }
        self.media.load().made < MEDIA_MAX
    }

    /// The next frame, or part of one, that was not sent, since it waited until it was of no use.
    pub(super) fn poll_dropped(&mut self) -> Option<Dropped> {
        self.media.poll_dropped()
    }

    /// Sends of media that waited until they were of no use, and what needed them.
    pub(super) const fn dropped_overdue(&self) -> u64 {
        self.media.overdue()
    }

    /// Control messages and repairs that found the queue full.
    pub(super) const fn dropped_urgent(&self) -> u64 {
        self.dropped_urgent
    }

    /// What comes next. `is_orphan`: whether a frame is of no use to its viewer any more.
    pub(super) fn pop(&mut self, now: Time, is_orphan: impl Fn(OwnedFrame, &Bytes) -> bool) -> Option<Next> {
        let urgent = self.urgent.pop_front().map(|urgent| Next::Leaving(Leaving::from(urgent)));
        urgent.or_else(|| self.media.pop(now, is_orphan))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.urgent.is_empty() && self.media.load().total() == 0
    }
}

/// The channel that a datagram of DATA belongs to (PROTOCOL 3).
fn channel_of(datagram: &[u8]) -> ProducerId {
    let id = datagram.get(1..).and_then(|rest| rest.first_chunk());
    id.map_or(ProducerId::NONE, |id| ProducerId::from_bytes(*id))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::engine::fan::tests::frame;

    const CHANNEL: ProducerId = ProducerId::from_bytes([1, 2, 3]);
    const LATER: Time = Time::from_micros(1_000_000);

    fn slab() -> Slab {
        frame(CHANNEL).slab
    }

    fn path() -> Path {
        Path { peer: SocketAddr::from(([127, 0, 0, 1], 4_000)), local: None }
    }

    /// A frame that is of use until later.
    fn media(outbox: &mut Outbox, now: Time, until: Time) -> bool {
        outbox.media((now, until), path(), (&slab(), None, None))
    }

    /// What leaves: no frame for everybody is in it.
    fn pop(outbox: &mut Outbox, now: Time) -> Option<Bytes> {
        loop {
            match outbox.pop(now, |_, _| false)? {
                Next::Leaving(leaving) => return Some(leaving.report.unwrap_or(leaving.transmit.bytes)),
                Next::Group(_) => panic!("nothing was for everybody"),
                Next::Dropped => {}
            }
        }
    }

    #[test]
    fn a_report_overtakes_nothing_that_it_speaks_of_and_control_does() {
        let mut outbox = Outbox::default();
        let report = |outbox: &mut Outbox, text: &'static [u8]| {
            outbox.report((path(), Bytes::from_static(text)), None, [CHANNEL].into_iter());
        };
        report(&mut outbox, b"before any frame");
        assert!(media(&mut outbox, Time::ZERO, LATER));
        report(&mut outbox, b"the report");
        outbox.control(path(), Bytes::from_static(b"control"));
        let order: Vec<Bytes> = std::iter::from_fn(|| pop(&mut outbox, Time::ZERO)).collect();
        assert_eq!(
            order,
            [
                Bytes::from_static(b"before any frame"),
                Bytes::from_static(b"control"),
                slab().datagrams().clone(),
                Bytes::from_static(b"the report"),
            ]
        );
    }

    #[test]
    fn what_finds_the_urgent_queue_full_is_counted() {
        let mut outbox = Outbox::default();
        for _ in 0..URGENT_MAX + 3 {
            outbox.control(path(), Bytes::from_static(b"message"));
        }
        assert_eq!(outbox.dropped_urgent(), 3);
        assert_eq!(std::iter::from_fn(|| pop(&mut outbox, Time::ZERO)).count(), URGENT_MAX);
    }

    #[test]
    fn a_full_queue_takes_what_is_new_in_the_place_of_what_is_overdue() {
        let patience = Duration::from_millis(250);
        let mut outbox = Outbox::default();
        let until = Time::ZERO + patience;
        let taken = (0..=MEDIA_MAX).filter(|_| media(&mut outbox, Time::ZERO, until)).count();
        assert_eq!((taken, outbox.dropped_overdue()), (MEDIA_MAX, 0));
        let later = Time::ZERO + patience * 2;
        assert!(media(&mut outbox, later, later + patience));
        assert_eq!(outbox.dropped_overdue(), MEDIA_MAX as u64);
        assert_eq!(std::iter::from_fn(|| pop(&mut outbox, later)).count(), 1);
    }

    #[test]
    fn a_frame_for_everybody_needs_room_for_all_of_them_and_a_channel_of_which_little_waits() {
        let mut outbox = Outbox::default();
        let behind = 100;
        assert_eq!((0..behind).filter(|_| media(&mut outbox, Time::ZERO, LATER)).count(), behind);
        let other = ProducerId::from_bytes([3, 2, 1]);
        let mut takes = |channel, viewers| {
            outbox.fan(Fan::new(frame(channel), SessionId(1), viewers)).map(|fan| fan.left())
        };
        assert_eq!(takes(CHANNEL, 1), Some(1), "much waits ahead of it");
        assert_eq!(takes(other, MEDIA_MAX - behind + 1), Some(MEDIA_MAX - behind + 1));
        assert_eq!(takes(other, MEDIA_MAX - behind - 1), None);
        assert_eq!(takes(ProducerId::NONE, 2), Some(2));
        assert_eq!(takes(ProducerId::NONE, 1), None);
    }
}
