//! The codec: what one datagram costs to read and to write.

use std::hint::black_box;
use std::time::Duration;

use divan::Bencher;
use performance::Stage;
use protocol::id::{EpochTag, ProducerId, StreamId};
use protocol::serial::Serial;
use protocol::slab::Slab;
use protocol::time::CaptureTime;
use protocol::wire::{self, ControlHeader, DataFlags, DataHeader, Feedback, Message, TrackFeedback};

fn main() {
    divan::main();
}

fn header() -> DataHeader {
    DataHeader {
        producer: ProducerId::from_bytes([0x1A, 0xAA, 0x99]),
        stream: StreamId::VIDEO,
        round: 0,
        flags: DataFlags::KEY,
        pending: 0,
        tag: EpochTag(7),
        frame: Serial(1),
        group: Serial(1),
        length: 0,
        index: 0,
        shard_size: 1_164,
        capture: CaptureTime(1),
        crc: 0,
    }
}

#[divan::bench]
fn read_data(bencher: Bencher<'_, '_>) {
    let datagram = Stage::new(0, 10_000).next_frame().into_iter().next().unwrap_or_default();
    bencher.bench(|| black_box(wire::decode(black_box(&datagram))).is_ok());
}

#[divan::bench]
fn cut_a_frame_of_10_kb(bencher: Bencher<'_, '_>) {
    let frame = vec![0xA5; 10_000];
    bencher.bench(|| Slab::pack(header(), black_box(&frame)));
}

fn feedback() -> Message {
    let header = header();
    Message::Feedback(Feedback {
        heartbeat: Serial(3),
        nonce: 4,
        hold: Duration::from_millis(5),
        datagrams: 6,
        bytes: 7,
        duplicates: 0,
        lost: 0,
        runs: 0,
        jitter: Duration::ZERO,
        horizon: Duration::from_millis(500),
        tracks: vec![TrackFeedback {
            track: header.track(),
            done_before: Serial(9),
            newest: Serial(8),
            newest_whole: Some((Serial(8), 1)),
            counters: Some(protocol::receiver::Counters::default().reported()),
            missing: Vec::new(),
        }],
    })
}

#[divan::bench]
fn write_feedback(bencher: Bencher<'_, '_>) {
    let message = feedback();
    bencher.bench(|| wire::encode(&ControlHeader::default(), black_box(&message)));
}

#[divan::bench]
fn read_feedback(bencher: Bencher<'_, '_>) {
    let bytes = wire::encode(&ControlHeader::default(), &feedback());
    bencher.bench(|| black_box(wire::decode(black_box(&bytes))).is_ok());
}
