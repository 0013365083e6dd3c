//! The tracks of a publication: numbering, cutting, and what can still be asked for.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use protocol::id::{EpochTag, ProducerId, StreamId, TrackKey};
use protocol::limits::HISTORY_BYTES_MAX;
use protocol::receiver::Counters;
use protocol::sender::{Histories, History};
use protocol::serial::Serial;
use protocol::slab::Slab;
use protocol::time::{CaptureTime, Time};
use protocol::wire::{ClockPoint, DataHeader, LastFrame, TrackInfo, TrackKind};

use super::announcement::{Plan, PlannedTrack};
use super::dependence::Dependence;
use super::event::{Published, TrackStatus};

/// Frames that wait for the answer to an ANNOUNCE: 2 s at 30 frames per second.
const HELD_MAX: usize = 60;

/// All tracks.
pub(super) struct Tracks {
    producer: ProducerId,
    shard_size: u16,
    tag: EpochTag,
    table: BTreeMap<StreamId, Track>,
    held: VecDeque<Held>,
    clock: ClockPoint,
}

/// A frame that waits for the answer to an ANNOUNCE.
pub(super) struct Held {
    pub(super) stream: StreamId,
    pub(super) capture: CaptureTime,
    pub(super) dependence: Dependence,
    pub(super) frame: Bytes,
}

struct Track {
    plan: PlannedTrack,
    next: Serial,
    /// Number of the frame that opened the group.
    group: Serial,
    history: History,
    published: u64,
    unsent: u64,
    left_out: u64,
    refused: u64,
    bytes: u64,
    /// What the broker said last, in a session that is over.
    former: Option<Counters>,
}

impl Tracks {
    pub(super) fn new(plan: &Plan) -> Self {
        let track = |planned: &PlannedTrack| Track {
            plan: planned.clone(),
            next: plan.first_frame,
            group: plan.first_frame,
            history: History::beginning_at(plan.first_frame),
            published: 0,
            unsent: 0,
            left_out: 0,
            former: None,
            refused: 0,
            bytes: 0,
        };
        Self {
            producer: plan.producer,
            shard_size: plan.shard_size,
            tag: EpochTag::default(),
            table: plan.tracks.iter().map(|planned| (planned.stream, track(planned))).collect(),
            held: VecDeque::new(),
            clock: ClockPoint::default(),
        }
    }

    /// What HEARTBEATs say of the clock from now on.
    pub(super) const fn set_clock(&mut self, clock: ClockPoint) {
        self.clock = clock;
    }

    pub(super) const fn producer(&self) -> ProducerId {
        self.producer
    }

    pub(super) const fn key(&self, stream: StreamId, tag: EpochTag) -> TrackKey {
        TrackKey { producer: self.producer, stream, tag }
    }

    /// The tracks as an ANNOUNCE names them now.
    pub(super) fn infos(&self) -> Vec<TrackInfo> {
        self.table
            .values()
            .map(|track| TrackInfo {
                stream: track.plan.stream,
                kind: track.plan.kind,
                codec: track.plan.codec,
                extension: track.plan.extension,
                frame_duration: track.plan.frame_duration,
                sync_group: 1,
                layer: 0,
                next_frame: track.next,
            })
            .collect()
    }

    /// The nominal duration of a track's frames, zero if unknown.
    pub(super) fn frame_duration(&self, stream: StreamId) -> Duration {
        self.table.get(&stream).map_or(Duration::ZERO, |track| track.plan.frame_duration)
    }

    /// A session begins with frame `first`: its wide number. What former sessions sent can't be asked for in it.
    pub(super) fn begin(&mut self, stream: StreamId, first: Serial) -> u64 {
        self.table.get_mut(&stream).map_or(0, |track| {
            track.history = History::beginning_at(first);
            track.history.widen(first)
        })
    }

    /// Cuts a frame into datagrams and keeps them; `None` where it can't be a frame of this track.
    pub(super) fn pack(
        &mut self,
        now: Time,
        tag: EpochTag,
        stream: StreamId,
        (capture, dependence, frame): (CaptureTime, Dependence, &[u8]),
        keep: Duration,
    ) -> Option<(TrackKey, u64, Slab)> {
        self.tag = tag;
        let key = self.key(stream, tag);
        let track = self.table.get_mut(&stream)?;
        let group = if dependence.opens() { track.next } else { track.group };
        let header = DataHeader {
            producer: self.producer,
            stream,
            round: 0,
            flags: dependence.flags(),
            pending: 0,
            tag,
            frame: track.next,
            group,
            length: 0,
            index: 0,
            shard_size: self.shard_size,
            capture,
            crc: 0,
        };
        let slab = Slab::pack(header, frame)?;
        track.history.expire(now, keep);
        let number = track.history.insert(now, slab.clone())?;
        track.history.keep_within(HISTORY_BYTES_MAX);
        track.group = group;
        track.next = track.next.plus(1);
        track.published += 1;
        track.bytes += frame.len() as u64;
        Some((key, number, slab))
    }

    /// Keeps a frame for the answer to the ANNOUNCE; the oldest one gives way and takes its number with it.
    pub(super) fn hold(
        &mut self,
        stream: StreamId,
        (capture, dependence, frame): (CaptureTime, Dependence, &[u8]),
    ) -> Published {
        if self.held.len() == HELD_MAX
            && let Some(oldest) = self.held.pop_front()
        {
            self.pass_over(oldest.stream, oldest.dependence);
        }
        self.held.push_back(Held { stream, capture, dependence, frame: Bytes::copy_from_slice(frame) });
        Published::Held
    }

    pub(super) fn take_held(&mut self) -> VecDeque<Held> {
        std::mem::take(&mut self.held)
    }

    /// The frames that waited find no session.
    pub(super) fn drop_held(&mut self) {
        for held in self.take_held() {
            self.pass_over(held.stream, held.dependence);
        }
    }

    /// A frame takes its number and is not sent: viewers see the gap in time.
    pub(super) fn pass_over(&mut self, stream: StreamId, dependence: Dependence) -> Published {
        let Some(track) = self.table.get_mut(&stream) else { return Published::Refused };
        if dependence.opens() {
            track.group = track.next;
        }
        track.next = track.next.plus(1);
        track.published += 1;
        track.unsent += 1;
        Published::Unsent
    }

    /// A frame of `len` bytes that was packed is not sent: the path is too slow for it.
    pub(super) fn leave_out(&mut self, stream: StreamId, len: usize) -> Published {
        if let Some(track) = self.table.get_mut(&stream) {
            track.left_out += 1;
            track.bytes = track.bytes.saturating_sub(len as u64);
        }
        Published::LeftOut
    }

    /// The tracks as the broker of this session knows them, and what they carry.
    pub(super) fn kinds(&self, tag: EpochTag) -> impl Iterator<Item = (TrackKey, TrackKind)> {
        self.table.iter().map(move |(stream, track)| (self.key(*stream, tag), track.plan.kind))
    }

    /// A frame can't be one of this track. It takes no number, so those that need it are of a group that nobody opened.
    pub(super) fn refuse(&mut self, stream: StreamId, dependence: Dependence) -> Published {
        if let Some(track) = self.table.get_mut(&stream) {
            track.refused += 1;
            if dependence.is_needed() {
                track.group = track.next;
            }
        }
        Published::Refused
    }

    /// The last frame of every track.
    pub(super) fn last_frames(&self, tag: EpochTag) -> Vec<LastFrame> {
        self.table
            .iter()
            .map(|(stream, track)| LastFrame { stream: *stream, tag, frame: track.next.plus(u32::MAX) })
            .collect()
    }

    /// Keeps what the broker has said of each track.
    pub(super) fn keep_counters(&mut self, broker: impl Fn(&TrackKey) -> Option<Counters>) {
        let (producer, tag) = (self.producer, self.tag);
        for (stream, track) in &mut self.table {
            track.former = broker(&TrackKey { producer, stream: *stream, tag }).or(track.former);
        }
    }

    pub(super) fn statuses(&self, broker: impl Fn(StreamId) -> Option<Counters>) -> Vec<TrackStatus> {
        self.table
            .iter()
            .map(|(stream, track)| TrackStatus {
                stream: *stream,
                published: track.published,
                unsent: track.unsent,
                left_out: track.left_out,
                refused: track.refused,
                bytes: track.bytes,
                broker: broker(*stream).or(track.former),
            })
            .collect()
    }
}

impl Histories for Tracks {
    fn history(&self, key: &TrackKey) -> Option<&History> {
        let same_life = key.producer == self.producer && key.tag == self.tag;
        same_life.then(|| self.table.get(&key.stream).map(|track| &track.history)).flatten()
    }

    fn clock(&self, _: &TrackKey) -> ClockPoint {
        self.clock
    }
}

#[cfg(test)]
mod tests {
    use protocol::limits::{LATENCY, TOKEN_LEN};
    use protocol::wire::{Label, Text};

    use super::*;

    fn tracks() -> Tracks {
        let video = PlannedTrack {
            stream: StreamId::VIDEO,
            kind: TrackKind::Video,
            codec: Label::new("h264").unwrap(),
            extension: Label::new("h264").unwrap(),
            frame_duration: Duration::from_millis(40),
        };
        Tracks::new(&Plan {
            producer: ProducerId::from_bytes([0x1A, 0xAA, 0x99]),
            identity: [0; TOKEN_LEN],
            epoch: 1,
            name: Text::default(),
            shard_size: 1_164,
            latency_min: Duration::ZERO,
            first_frame: Serial(u32::MAX),
            thins: true,
            tracks: vec![video],
        })
    }

    /// Frames wait longer for the answer to an ANNOUNCE than there is room: the key frame is the one that gives way.
    #[test]
    fn the_oldest_frame_that_waits_gives_way_and_the_others_keep_their_numbers_and_their_group() {
        let mut tracks = tracks();
        let hold = |tracks: &mut Tracks, dependence, content: u8| {
            tracks.hold(StreamId::VIDEO, (CaptureTime(0), dependence, &[content]))
        };
        hold(&mut tracks, Dependence::Key, 0);
        for content in 1..=60 {
            assert_eq!(hold(&mut tracks, Dependence::Delta, content), Published::Held);
        }
        let held = tracks.take_held();
        assert_eq!((held.len(), held.front().map(|oldest| oldest.frame[0])), (HELD_MAX, Some(1)));
        let sent = held.iter().filter_map(|one| {
            let frame = (one.capture, one.dependence, &one.frame[..]);
            tracks.pack(Time::ZERO, EpochTag(1), one.stream, frame, LATENCY)
        });
        let named: Vec<_> = sent.map(|(.., slab)| (slab.header().frame, slab.header().group)).collect();
        let expected: Vec<_> = (0..60).map(|number| (Serial(number), Serial(u32::MAX))).collect();
        assert_eq!(named, expected, "behind the number that the key frame took with it, and of its group");
        let status = tracks.statuses(|_| None).remove(0);
        assert_eq!((status.published, status.unsent), (61, 1));
    }
}
