//! Messages whose fields the script chooses, right ones and forged ones.

use std::time::Duration;

use bytes::Bytes;
use protocol::id::{EpochTag, ProducerId, StreamId, TrackKey};
use protocol::serial::Serial;
use protocol::time::{CaptureTime, Stamp, Time};
use protocol::wire::{
    self, Announce, CatalogRequest, ClockPoint, Close, Code, ControlHeader, DataFlags, DataHeader, End,
    EndAck, Feedback, Heartbeat, Label, LastFrame, Message, Missing, MissingShards, ReportedCounters,
    ShardRange, Skip, SkipItem, SkipRange, SkipReason, Start, Subscribe, Text, Thinning, TrackFeedback,
    TrackHeartbeat, TrackInfo, TrackKind, Unsubscribe,
};

use super::peer::Peer;
use super::script::Script;
use super::{PRODUCERS, STREAMS};

const NOWHERE: ProducerId = ProducerId::NONE;

/// A control message of the peer's session.
pub(super) fn control(now: Time, kind: u8, peer: &mut Peer, script: &mut Script<'_>) -> Bytes {
    let session_wide = (NOWHERE, StreamId::ALL);
    let ((producer, stream), message) = match kind {
        9 => (
            (script.pick(&PRODUCERS), script.pick(&STREAMS)),
            Message::Subscribe(subscribe(peer.req, script)),
        ),
        10 => ((script.pick(&PRODUCERS), script.pick(&STREAMS)), unsubscribe(peer, script)),
        11 => ((script.pick(&PRODUCERS), StreamId::ALL), announce(peer, script)),
        12 => (session_wide, feedback(peer, script)),
        13 => (session_wide, heartbeat(peer, script)),
        14 => ((peer.producer, StreamId::ALL), skip_or_end(peer, script)),
        _ => (session_wide, small(peer, script)),
    };
    // The writer has no opinion on ids that no message of this kind can name.
    let producer = if producer == NOWHERE && kind == 14 { script.pick(&PRODUCERS) } else { producer };
    peer.req = peer.req.wrapping_add(1);
    peer.say(now, producer, stream, &message)
}

/// A SUBSCRIBE inside a HELLO.
pub(super) fn rider(script: &mut Script<'_>) -> Bytes {
    let (producer, stream) = (script.pick(&PRODUCERS), script.pick(&STREAMS));
    let header = ControlHeader { producer, stream, seq: Serial(1), ..ControlHeader::default() };
    wire::encode(&header, &Message::Subscribe(subscribe(0, script)))
}

fn subscribe(req: u32, script: &mut Script<'_>) -> Subscribe {
    Subscribe {
        req: Serial(script.near(req)),
        kinds: script.u8() % 8,
        start: script.pick(&[Start::CurrentGroup, Start::NextGroup, Start::LiveEdge]),
        layer_max: 255,
        parity: 0,
        latency: Duration::from_millis(script.pick(&[500, 0, 100, 10_000, 65_535])),
        rate_max: 0,
    }
}

fn unsubscribe(peer: &Peer, script: &mut Script<'_>) -> Message {
    Message::Unsubscribe(Unsubscribe { req: Serial(script.near(peer.req)) })
}

fn announce(peer: &mut Peer, script: &mut Script<'_>) -> Message {
    let epoch = u64::from(script.u8() % 4);
    let identity = [script.u8() % 2; 16];
    peer.shard_size = script.pick(&[1_164, 256, 1_416, 1_418, 2]);
    let kinds = script.u8();
    let next_frame = Serial(script.near(peer.frame));
    peer.frame = next_frame.0;
    let label = |text| Label::new(text).expect("a label");
    let track = |stream: StreamId, kind| TrackInfo {
        stream,
        kind,
        codec: label("jpeg"),
        extension: label("jpg"),
        frame_duration: Duration::from_millis(40),
        sync_group: 1,
        layer: 0,
        next_frame,
    };
    let all = [
        track(StreamId::VIDEO, TrackKind::Video),
        track(StreamId::AUDIO, TrackKind::Audio),
        track(StreamId(0x11), TrackKind::Video),
    ];
    let chosen = all.into_iter().zip([1, 2, 4]).filter(|(_, bit)| kinds & bit == 0).map(|(track, _)| track);
    Message::Announce(Announce {
        req: Serial(script.near(peer.req)),
        epoch,
        identity,
        rate_kbps: 0,
        latency_min: Duration::from_millis(script.pick(&[0, 2_000, 65_535])),
        shard_size: peer.shard_size,
        name: Text::new("fuzz"),
        tracks: chosen.collect(),
    })
}

/// A track that the peer watches, or one that it makes up.
fn watched(peer: &Peer, script: &mut Script<'_>) -> TrackKey {
    let producer = script.pick(&PRODUCERS);
    let tag = peer.watched.get(&producer).copied();
    let tag = if script.u8() < 0xF0 { tag } else { None }.unwrap_or(EpochTag(script.u32()));
    TrackKey { producer, stream: script.pick(&STREAMS[1..]), tag }
}

fn feedback(peer: &Peer, script: &mut Script<'_>) -> Message {
    let (heartbeat, nonce) = peer.heartbeat;
    let blocks = script.u8() % 3;
    let tracks = (0..blocks).map(|_| feedback_block(peer, script)).collect();
    Message::Feedback(Feedback {
        heartbeat,
        nonce: if script.u8() < 0x80 { nonce } else { script.u32() },
        hold: Duration::from_micros(script.u16().into()),
        datagrams: script.u16().into(),
        bytes: 0,
        duplicates: 0,
        lost: script.u8().into(),
        runs: 0,
        jitter: Duration::ZERO,
        horizon: Duration::from_millis(500),
        tracks,
    })
}

fn feedback_block(peer: &Peer, script: &mut Script<'_>) -> TrackFeedback {
    let (track, newest, crc) = match peer.newest {
        Some(newest) if script.u8() < 0xC0 => newest,
        _ => (watched(peer, script), Serial(script.u32()), script.u32()),
    };
    let counters = script.bit().then(|| ReportedCounters {
        direct: script.u32(),
        lost: script.u32(),
        ..ReportedCounters::default()
    });
    let items = script.u8() % 8;
    TrackFeedback {
        track,
        done_before: Serial(script.near(newest.0)),
        newest: Serial(script.near(newest.0)),
        newest_whole: script.bit().then_some((newest, crc)),
        counters,
        missing: (0..items).map(|_| missing(newest, script)).collect(),
    }
}

fn missing(newest: Serial, script: &mut Script<'_>) -> Missing {
    let frame = Serial(script.near(newest.0));
    let round = script.u8().max(1);
    let shards = match script.u8() % 3 {
        0 => MissingShards::All,
        1 => MissingShards::Bitmap { first: script.u16(), bits: script.bytes().to_vec() },
        _ => {
            MissingShards::Ranges(vec![ShardRange { first: script.u8().into(), count: script.u16().max(1) }])
        }
    };
    Missing { frame, round, shards }
}

fn heartbeat(peer: &Peer, script: &mut Script<'_>) -> Message {
    let blocks = script.u8() % 3;
    let block = |script: &mut Script<'_>| {
        let track = TrackKey { producer: peer.producer, stream: script.pick(&STREAMS[1..]), tag: peer.tag };
        TrackHeartbeat {
            track,
            newest: Serial(script.near(peer.frame)),
            length: script.u16().into(),
            held: 1,
            pending: script.u8(),
            oldest_held: Serial(script.near(peer.frame)),
            thinning: Thinning::Whole,
            clock: clock_point(script),
            skipped: (0..script.u8() % 3).map(|_| skip_range(peer, script)).collect(),
        }
    };
    Message::Heartbeat(Heartbeat {
        nonce: script.u32(),
        datagrams: 0,
        bytes: 0,
        echo: script.bit().then(|| (Stamp(script.u32()), Duration::from_micros(script.u16().into()))),
        catalog: 0,
        asks: script.bit(),
        tracks: (0..blocks).filter(|_| peer.producer != NOWHERE).map(|_| block(script)).collect(),
    })
}

/// Mostly not known, else any: a lie about the clock.
fn clock_point(script: &mut Script<'_>) -> ClockPoint {
    if script.bit() {
        return ClockPoint::default();
    }
    ClockPoint {
        capture: CaptureTime(script.u32()),
        broker: Time::from_micros(u64::from(script.u32()) << (script.u8() % 33)),
        drift: script.u16().cast_signed(),
        error: script.u32(),
    }
}

fn skip_range(peer: &Peer, script: &mut Script<'_>) -> SkipRange {
    let from = Serial(script.near(peer.frame));
    let more = if script.bit() { u32::from(script.u8()) } else { script.u32() / 2 };
    let reason = script.pick(&[SkipReason::Expired, SkipReason::Thinned, SkipReason::TooLarge]);
    SkipRange { from, to: from.plus(more), reason }
}

fn skip_or_end(peer: &Peer, script: &mut Script<'_>) -> Message {
    let items = script.u8() % 4;
    if script.bit() {
        let item = |script: &mut Script<'_>| SkipItem {
            stream: script.pick(&STREAMS[1..]),
            tag: peer.tag,
            range: skip_range(peer, script),
        };
        return Message::Skip(Skip { ranges: (0..items).map(|_| item(script)).collect() });
    }
    let last = |script: &mut Script<'_>| LastFrame {
        stream: script.pick(&STREAMS[1..]),
        tag: peer.tag,
        frame: Serial(script.near(peer.frame)),
    };
    let last = (0..items).map(|_| last(script)).collect();
    Message::End(End { req: Serial(peer.req), reason: Code::Ok, last })
}

fn small(peer: &Peer, script: &mut Script<'_>) -> Message {
    match script.u8() % 6 {
        0 => Message::Catalog(CatalogRequest {
            req: Serial(1),
            after: script.bit().then(|| script.pick(&PRODUCERS)),
        }),
        1 => Message::PathResponse(peer.challenge),
        2 => Message::PathChallenge([script.u8(); 8]),
        3 => Message::EndAck(EndAck { req: peer.end }),
        4 => Message::Clock,
        _ => Message::Close(Close::new(Code::Ok, "")),
    }
}

/// The header of a frame of what the peer publishes.
pub(super) fn data_header(peer: &Peer, script: &mut Script<'_>) -> DataHeader {
    let frame = Serial(script.near(peer.frame));
    DataHeader {
        producer: if peer.producer == NOWHERE { script.pick(&PRODUCERS) } else { peer.producer },
        stream: script.pick(&STREAMS[1..]),
        round: 0,
        flags: DataFlags::KEY,
        pending: script.u8(),
        tag: peer.tag,
        frame,
        group: frame,
        length: 1,
        index: 0,
        shard_size: peer.shard_size,
        capture: CaptureTime(script.near(0)),
        crc: 0,
    }
}

/// A shard that belongs to no whole frame: any length and flags; its CRC is mostly right, since nothing gets past a wrong one.
pub(super) fn stray_shard(peer: &Peer, script: &mut Script<'_>) -> Bytes {
    let header = DataHeader {
        flags: DataFlags(script.u8()),
        length: script.u32() % (4 << 20) + 1,
        index: script.u16(),
        ..data_header(peer, script)
    };
    let k = header.shards().max(1);
    let index = if header.flags.contains(DataFlags::PARITY) { k } else { header.index % k };
    let header = DataHeader { index, ..header };
    let shard = vec![0; header.payload_len()];
    let header = if script.u8() < 0xF0 { header.with_crc(&shard) } else { header };
    [&header.encode()[..], &shard].concat().into()
}
