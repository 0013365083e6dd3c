//! What a worker has to send: control and repairs first, then media, the channels by turns.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use protocol::id::{ProducerId, SessionId};
use protocol::sender::Run;
use protocol::slab::Slab;
use protocol::time::Time;

use super::handover::Path;
use super::lanes::{Dropped, Lanes, Leaving, OwnedFrame, Waiting};

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

    /// A HEARTBEAT, in the same place.
    pub(super) fn report(&mut self, path: Path, bytes: Bytes, about: impl Iterator<Item = ProducerId>) {
        if let Some(producer) = self.media.longest_of(about) {
            let transmit = Transmit { to: path.peer, from: path.local, bytes: Bytes::new(), segment: 0 };
            self.push_for_good(producer, Waiting { report: Some(bytes), ..Waiting::for_good(transmit) });
        } else {
            self.control(path, bytes);
        }
    }

    fn push_for_good(&mut self, producer: ProducerId, waiting: Waiting) {
        if self.media.len() >= MEDIA_MAX {
            self.dropped_urgent += 1;
        } else {
            self.media.push(producer, waiting);
        }
    }

    /// Datagrams that are sent again.
    pub(super) fn urgent(&mut self, path: Path, bytes: Bytes, segment: usize) {
        if self.urgent.len() >= URGENT_MAX {
            self.dropped_urgent += 1;
        } else {
            self.urgent.push_back(Transmit { to: path.peer, from: path.local, bytes, segment });
        }
    }

    /// A frame of this channel comes for so many viewers.
    pub(super) fn expect(&mut self, channel: ProducerId, viewers: usize) {
        self.media.expect(channel, viewers.min(MEDIA_MAX.saturating_sub(self.media.len())));
    }

    /// A frame for a viewer, which may wait for `patience`; false where the queue is full. `frame`: who is to hear of it where
    /// it waits for longer than that. `report`: a HEARTBEAT that leaves in the same send.
    pub(super) fn media(
        &mut self,
        now: Time,
        path: Path,
        (slab, frame, report): (&Slab, Option<OwnedFrame>, Option<Bytes>),
        patience: Duration,
    ) -> bool {
        let room = self.makes_room(now);
        if room {
            let (bytes, segment) = (slab.datagrams().clone(), slab.segment());
            let transmit = Transmit { to: path.peer, from: path.local, bytes, segment };
            let waiting = Waiting { transmit, report, until: Some(now + patience), frame };
            self.media.push(slab.header().producer, waiting);
        }
        room
    }

    /// A part of a frame, or parity, for a viewer: it may wait for `patience`; false where the queue is full.
    pub(super) fn run(
        &mut self,
        now: Time,
        (viewer, path): (SessionId, Path),
        run: Run,
        patience: Duration,
    ) -> bool {
        let room = self.makes_room(now);
        if room {
            let Run { bytes, segment, frame } = run;
            let transmit = Transmit { to: path.peer, from: path.local, bytes, segment };
            let channel = channel_of(&transmit.bytes);
            let frame = frame.map(|number| OwnedFrame { viewer, number });
            self.media.push(channel, Waiting { transmit, report: None, until: Some(now + patience), frame });
        }
        room
    }

    /// Whether there is room for media, if need be that of what is of no use any more. The heads of a queue that has just
    /// been searched are looked at again when time has passed.
    fn makes_room(&mut self, now: Time) -> bool {
        if self.media.len() >= MEDIA_MAX && self.searched != Some(now) {
            self.searched = Some(now);
            self.media.drop_overdue(now);
        }
        self.media.len() < MEDIA_MAX
    }

    /// The next frame, or part of one, that was not sent, since it waited until it was of no use.
    pub(super) fn poll_dropped(&mut self) -> Option<Dropped> {
        self.media.poll_dropped()
    }

    /// Sends of media that waited until they were of no use.
    pub(super) const fn dropped_overdue(&self) -> u64 {
        self.media.overdue()
    }

    /// Control messages and repairs that found the queue full.
    pub(super) const fn dropped_urgent(&self) -> u64 {
        self.dropped_urgent
    }

    pub(super) fn pop(&mut self, now: Time) -> Option<Leaving> {
        self.urgent.pop_front().map(Leaving::from).or_else(|| self.media.pop(now))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.urgent.is_empty() && self.media.is_empty()
    }
}

/// The channel that a datagram of DATA belongs to (PROTOCOL 3).
fn channel_of(datagram: &[u8]) -> ProducerId {
    let id = datagram.get(1..).and_then(|rest| rest.first_chunk());
    id.map_or(ProducerId::NONE, |id| ProducerId::from_bytes(*id))
}

#[cfg(test)]
mod tests {
    use protocol::id::{EpochTag, StreamId};
    use protocol::serial::Serial;
    use protocol::time::CaptureTime;
    use protocol::wire::{DataFlags, DataHeader};

    use super::*;

    fn slab() -> Slab {
        let header = DataHeader {
            producer: ProducerId::from_bytes([1, 2, 3]),
            stream: StreamId::VIDEO,
            round: 0,
            flags: DataFlags::default(),
            pending: 0,
            tag: EpochTag(1),
            frame: Serial(1),
            group: Serial(1),
            length: 0,
            index: 0,
            shard_size: 1_164,
            capture: CaptureTime::from_time(Time::ZERO + Duration::from_secs(1)),
            crc: 0,
        };
        Slab::pack(header, b"frame").unwrap()
    }

    #[test]
    fn a_report_overtakes_nothing_that_it_speaks_of_and_control_does() {
        let path = Path { peer: SocketAddr::from(([127, 0, 0, 1], 4_000)), local: None };
        let mut outbox = Outbox::default();
        let about = slab().header().producer;
        let report = |outbox: &mut Outbox, text: &'static [u8]| {
            outbox.report(path, Bytes::from_static(text), [about].into_iter());
        };
        report(&mut outbox, b"before any frame");
        assert!(outbox.media(Time::ZERO, path, (&slab(), None, None), Duration::from_secs(1)));
        report(&mut outbox, b"the report");
        outbox.control(path, Bytes::from_static(b"control"));
        let order: Vec<Bytes> = std::iter::from_fn(|| outbox.pop(Time::ZERO))
            .map(|leaving| leaving.report.unwrap_or(leaving.transmit.bytes))
            .collect();
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
        let path = Path { peer: SocketAddr::from(([127, 0, 0, 1], 4_000)), local: None };
        let mut outbox = Outbox::default();
        for _ in 0..URGENT_MAX + 3 {
            outbox.control(path, Bytes::from_static(b"message"));
        }
        assert_eq!(outbox.dropped_urgent(), 3);
        assert_eq!(std::iter::from_fn(|| outbox.pop(Time::ZERO)).count(), URGENT_MAX);
    }

    #[test]
    fn a_full_queue_takes_what_is_new_in_the_place_of_what_is_overdue() {
        let path = Path { peer: SocketAddr::from(([127, 0, 0, 1], 4_000)), local: None };
        let patience = Duration::from_millis(250);
        let mut outbox = Outbox::default();
        let taken = (0..=MEDIA_MAX)
            .filter(|_| outbox.media(Time::ZERO, path, (&slab(), None, None), patience))
            .count();
        assert_eq!((taken, outbox.dropped_overdue()), (MEDIA_MAX, 0));
        let later = Time::ZERO + patience * 2;
        assert!(outbox.media(later, path, (&slab(), None, None), patience));
        assert_eq!(outbox.dropped_overdue(), MEDIA_MAX as u64);
        assert_eq!(std::iter::from_fn(|| outbox.pop(later)).count(), 1);
    }
}
