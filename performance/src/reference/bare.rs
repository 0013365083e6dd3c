//! One segmented send for each viewer, and nothing else: datagrams of a frame into a buffer, the buffer to everybody.
//!
//! Not the least that could be done: one call for several viewers, as the broker makes, is cheaper.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use protocol::id::{EpochTag, ProducerId, TrackKey};
use protocol::limits::DATA_HEADER_LEN;
use protocol::serial::Serial;
use protocol::time::{Time, micros};
use protocol::wire::{self, ControlHeader, DataHeader, Datagram, Feedback, Message, TrackFeedback};

use super::wire::{Way, Wire};

/// Numbers of the messages to producers: above all those of the engine that they met first.
const FIRST_NUMBER: u32 = 1 << 24;
/// Where the epoch tag stands in a datagram (PROTOCOL 3).
const TAG_AT: usize = 8;
/// Offset of the CRC in the header of DATA.
const CRC_AT: usize = DATA_HEADER_LEN - 4;

/// Who is sent what.
#[derive(Default)]
pub(super) struct Audience {
    channels: BTreeMap<ProducerId, Channel>,
}

/// A channel, its producer and its viewers.
#[derive(Default)]
struct Channel {
    producer: Option<(Way, EpochTag)>,
    /// The tag that viewers know.
    tag: EpochTag,
    known: BTreeSet<(std::net::SocketAddr, Option<std::net::IpAddr>)>,
    viewers: Vec<Way>,
    frame: Frame,
}

/// The frame that comes in.
#[derive(Default)]
struct Frame {
    number: Option<Serial>,
    header: Option<DataHeader>,
    came: usize,
    bytes: Vec<u8>,
}

impl Frame {
    /// CRC-32C over the CRCs of its shards: proof of receipt.
    fn digest(&self) -> u32 {
        let segment = self.header.map_or(1, |header| DATA_HEADER_LEN + usize::from(header.shard_size));
        let crcs = self.bytes.chunks(segment).filter_map(|datagram| datagram.get(CRC_AT..DATA_HEADER_LEN));
        crcs.fold(0, crc32c::crc32c_append)
    }
}

impl Audience {
    pub(super) fn note_producer(&mut self, way: Way, header: &DataHeader) {
        self.channels.entry(header.producer).or_default().producer = Some((way, header.tag));
    }

    pub(super) fn note_viewer(&mut self, way: Way, header: &DataHeader) {
        let channel = self.channels.entry(header.producer).or_default();
        channel.tag = header.tag;
        if channel.known.insert((way.peer, way.local)) {
            channel.viewers.push(way);
        }
    }
}

/// Serves until it is killed.
pub(super) fn serve(wire: &mut Wire, mut audience: Audience) -> Result<()> {
    let start = Instant::now();
    let mut number = FIRST_NUMBER;
    loop {
        wire.wait(None).context("waiting for datagrams")?;
        let mut sent = Ok(());
        wire.receive(|wire, way, datagram| {
            if let Some((header, payload)) = data(datagram) {
                let channel = audience.channels.get_mut(&header.producer);
                if let Some(channel) = channel.filter(|it| it.producer.is_some_and(|(from, _)| from == way)) {
                    sent = channel.take_in(wire, &header, payload);
                }
            } else if let Some(channel) = audience.of_producer(way) {
                let now = Time::from_micros(micros(start.elapsed() + Duration::from_secs(1)));
                number += 1;
                sent = channel.answer(wire, now, number, datagram);
            }
        })?;
        sent?;
    }
}

/// A datagram of a frame. What viewers say begins otherwise, and is looked at no further.
fn data(datagram: &[u8]) -> Option<(DataHeader, &[u8])> {
    (datagram.first() == Some(&0)).then(|| DataHeader::decode(datagram).ok())?
}

impl Audience {
    fn of_producer(&self, way: Way) -> Option<&Channel> {
        // Few producers: viewers, of whom there are many, pay for a look at each.
        self.channels.values().find(|channel| channel.producer.is_some_and(|(from, _)| from == way))
    }
}

impl Channel {
    fn take_in(&mut self, wire: &Wire, header: &DataHeader, payload: &[u8]) -> Result<()> {
        let segment = DATA_HEADER_LEN + usize::from(header.shard_size);
        let frame = &mut self.frame;
        if frame.number != Some(header.frame) {
            let len = usize::from(header.shards()) * DATA_HEADER_LEN + header.length as usize;
            frame.bytes.resize(len, 0);
            (frame.number, frame.header, frame.came) = (Some(header.frame), Some(*header), 0);
        }
        let start = usize::from(header.index) * segment;
        let head = DataHeader { tag: self.tag, ..*header }.encode();
        let whole = start + DATA_HEADER_LEN + payload.len();
        if let Some(place) = frame.bytes.get_mut(start..whole) {
            let (head_place, payload_place) = place.split_at_mut(DATA_HEADER_LEN);
            head_place.copy_from_slice(&head);
            payload_place.copy_from_slice(payload);
            frame.came += 1;
        }
        debug_assert_eq!(head.get(TAG_AT..TAG_AT + 4), Some(&self.tag.0.to_be_bytes()[..]));
        if frame.came == usize::from(header.shards()) {
            for viewer in &self.viewers {
                wire.send(*viewer, &frame.bytes, segment)?;
            }
        }
        Ok(())
    }

    /// A word for the producer: everything came.
    fn answer(&self, wire: &Wire, now: Time, number: u32, datagram: &[u8]) -> Result<()> {
        let Ok(Datagram::Control(control)) = wire::decode(datagram) else { return Ok(()) };
        let (Message::Heartbeat(heartbeat), Some((way, tag))) = (&control.message, self.producer) else {
            return Ok(());
        };
        let track = self.frame.header.map(|header| TrackFeedback {
            track: TrackKey { producer: header.producer, stream: header.stream, tag },
            done_before: header.frame.plus(1),
            newest: header.frame,
            newest_whole: Some((header.frame, self.frame.digest())),
            counters: None,
            missing: Vec::new(),
        });
        let feedback = Feedback {
            heartbeat: control.header.seq,
            nonce: heartbeat.nonce,
            hold: Duration::ZERO,
            datagrams: heartbeat.datagrams,
            bytes: heartbeat.bytes,
            duplicates: 0,
            lost: 0,
            runs: 0,
            jitter: Duration::ZERO,
            horizon: Duration::from_secs(1),
            tracks: track.into_iter().collect(),
        };
        let header = ControlHeader { seq: Serial(number), sent: now.stamp(), ..control.header };
        let bytes = wire::encode(&header, &Message::Feedback(feedback));
        Ok(wire.send(way, &bytes, bytes.len())?)
    }
}
