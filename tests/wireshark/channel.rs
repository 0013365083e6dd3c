//! A channel of the repository as datagrams: an ANNOUNCE, then pictures and sound.

use std::fs;
use std::path::Path;
use std::time::Duration;

use protocol::id::{EpochTag, ProducerId, SessionId, StreamId};
use protocol::serial::Serial;
use protocol::slab::Slab;
use protocol::time::{CaptureTime, Stamp};
use protocol::wire::{
    self, Announce, ControlHeader, DataFlags, DataHeader, Label, Message, Text, TrackInfo, TrackKind,
};

const PRODUCER: ProducerId = ProducerId::from_bytes([0x1A, 0xAA, 0x99]);
/// Frame numbers wrap within the channel.
const FIRST: u32 = u32::MAX - 3;

/// The pictures `frame1.jpg` to `frame<count>.jpg`.
pub(crate) fn pictures(count: usize) -> Vec<Vec<u8>> {
    (1..=count).map(|i| media(&format!("frames/frame{i}.jpg"))).collect()
}

/// A file of `media/1AAA99`.
pub(crate) fn media(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("media/1AAA99").join(name)).unwrap()
}

/// The pictures as slabs, one after the other.
pub(crate) fn video(pictures: &[Vec<u8>]) -> Vec<Slab> {
    (0..).zip(pictures).map(|(i, picture)| slab(StreamId::VIDEO, FIRST.wrapping_add(i), picture)).collect()
}

pub(crate) fn slab(stream: StreamId, number: u32, frame: &[u8]) -> Slab {
    let header = DataHeader {
        producer: PRODUCER,
        stream,
        round: 0,
        flags: DataFlags::KEY,
        pending: 0,
        tag: EpochTag(7),
        frame: Serial(number),
        group: Serial(number),
        length: 0,
        index: 0,
        shard_size: protocol::limits::SHARD_LEN,
        capture: CaptureTime(number),
        crc: 0,
    };
    Slab::pack(header, frame).unwrap()
}

/// Announces the video as `codec`.
pub(crate) fn announce(codec: &str) -> Vec<u8> {
    let track = TrackInfo {
        stream: StreamId::VIDEO,
        kind: TrackKind::Video,
        codec: Label::new(codec).unwrap(),
        extension: Label::new(codec).unwrap(),
        frame_duration: Duration::from_micros(83_333),
        sync_group: 1,
        layer: 0,
        next_frame: Serial(FIRST),
    };
    let announce = Announce {
        req: Serial(1),
        epoch: 1_760_000_000_123,
        identity: [1; 16],
        rate_kbps: 0,
        latency_min: Duration::ZERO,
        shard_size: protocol::limits::SHARD_LEN,
        name: Text::new("test"),
        tracks: vec![track],
    };
    control(PRODUCER, 1, &Message::Announce(announce))
}

/// A CLOCK with this sequence number.
pub(crate) fn clock(seq: u32) -> Vec<u8> {
    control(ProducerId::NONE, seq, &Message::Clock)
}

fn control(producer: ProducerId, seq: u32, message: &Message) -> Vec<u8> {
    let header = ControlHeader {
        producer,
        stream: StreamId::ALL,
        flags: 0,
        session: SessionId(0x0102),
        seq: Serial(seq),
        sent: Stamp(seq),
    };
    wire::encode(&header, message).to_vec()
}
