//! The longest of every message fits a datagram, and what a list may not hold is left out of it.

use std::time::Duration;

use bytes::Bytes;
use protocol::id::{EpochTag, ProducerId, StreamId, TrackKey};
use protocol::limits::DATAGRAM_LEN;
use protocol::serial::Serial;
use protocol::time::Stamp;
use protocol::wire::{
    self, Announce, AnnounceAck, CatalogEntry, CatalogPage, Close, Code, Control, ControlHeader, Datagram,
    End, Heartbeat, Hello, Label, LastFrame, Message, Role, SessionLast, Skip, SkipItem, SkipRange,
    SkipReason, SubscribeAck, Text, TrackHeartbeat, TrackInfo, TrackKind, UnsubscribeAck,
};

const PRODUCER: ProducerId = ProducerId::from_bytes([0x1A, 0xAA, 0x99]);
const TAG: EpochTag = EpochTag(7);
/// More items than any list may hold.
const TOO_MANY: u8 = 200;

#[test]
fn the_longest_messages_have_the_lengths_that_the_specification_gives_them() {
    let longest = [
        (1_200, Message::Hello(hello())),
        (866, Message::Announce(announce())),
        (115, Message::AnnounceAck(announce_ack())),
        (179, Message::End(End { req: Serial(1), reason: Code::Ok, last: last_frames() })),
        (870, Message::SubscribeAck(subscribe_ack())),
        (
            179,
            Message::UnsubscribeAck(UnsubscribeAck { req: Serial(1), status: Code::Ok, last: last_frames() }),
        ),
        (1_056, Message::Close(close())),
        (925, Message::Skip(Skip { ranges: skip_items() })),
        (37, Message::Versions((0..TOO_MANY).collect())),
    ];
    for (len, message) in longest {
        let bytes = encode(&message);
        assert_eq!(bytes.len(), len, "{:?}", message.event());
        assert_eq!(decode(&bytes).event(), message.event());
    }
}

#[test]
fn lists_are_cut_where_the_specification_ends_them() {
    let Message::Announce(announce) = decode(&encode(&Message::Announce(announce()))) else { panic!() };
    assert_eq!(announce.tracks, tracks()[..16]);
    let Message::Close(close) = decode(&encode(&Message::Close(close()))) else { panic!() };
    assert_eq!(close.last.len(), Close::LAST_MAX);
    let Message::Skip(skip) = decode(&encode(&Message::Skip(Skip { ranges: skip_items() }))) else {
        panic!()
    };
    assert_eq!(skip.ranges, skip_items()[..Skip::RANGES_MAX]);
}

#[test]
fn a_heartbeat_names_as_many_tracks_as_fit() {
    let block = TrackHeartbeat {
        track: TrackKey { producer: PRODUCER, stream: StreamId::VIDEO, tag: TAG },
        newest: Serial(1),
        length: 1,
        held: 1,
        pending: 0,
        oldest_held: Serial(0),
        thinning: wire::Thinning::Whole,
        clock: wire::ClockPoint::default(),
        skipped: vec![],
    };
    let tracks = vec![block; usize::from(TOO_MANY)];
    let heartbeat =
        Heartbeat { nonce: 1, datagrams: 0, bytes: 0, echo: None, catalog: 0, asks: true, tracks };
    let bytes = encode(&Message::Heartbeat(heartbeat));
    let Message::Heartbeat(heartbeat) = decode(&bytes) else { panic!() };
    assert_eq!(heartbeat.tracks.len(), (DATAGRAM_LEN - wire::HEARTBEAT_FIXED_LEN) / 43);
    assert!(bytes.len() <= DATAGRAM_LEN);
}

#[test]
fn a_catalog_that_does_not_fit_one_page_says_that_there_is_more() {
    let page = |entries: u8| {
        let entries = (1..=entries).map(entry).collect();
        CatalogPage { req: Serial(1), generation: 1, more: false, entries }
    };
    let Message::CatalogAck(first) = decode(&encode(&Message::CatalogAck(page(TOO_MANY)))) else { panic!() };
    assert!(first.more);
    assert_eq!(first.entries, page(TOO_MANY).entries[..(DATAGRAM_LEN - wire::CATALOG_FIXED_LEN) / 82]);
    let Message::CatalogAck(only) = decode(&encode(&Message::CatalogAck(page(3)))) else { panic!() };
    assert_eq!(only, page(3));
}

#[test]
fn a_hold_too_long_for_its_field_is_not_taken_for_none() {
    let hold = Duration::from_secs(3_600 * 24);
    let echo = Some((Stamp(5), hold));
    let heartbeat =
        Heartbeat { nonce: 1, datagrams: 0, bytes: 0, echo, catalog: 0, asks: true, tracks: vec![] };
    let Message::Heartbeat(heartbeat) = decode(&encode(&Message::Heartbeat(heartbeat))) else { panic!() };
    let longest = Duration::from_micros(u64::from(u32::MAX) - 1);
    assert_eq!(heartbeat.echo, Some((Stamp(5), longest)));
}

#[cfg(test)]
fn encode(message: &Message) -> Bytes {
    wire::encode(&ControlHeader { producer: PRODUCER, ..ControlHeader::default() }, message)
}

#[cfg(test)]
fn decode(bytes: &[u8]) -> Message {
    match wire::decode(bytes) {
        Ok(Datagram::Control(Control { message, .. })) => message,
        other => panic!("{other:?}"),
    }
}

fn long_text() -> Text {
    Text::new(&"x".repeat(100))
}

fn hello() -> Hello {
    Hello {
        role: Role::Viewer,
        versions: (1..=TOO_MANY).collect(),
        nonce: [1; 16],
        cookie: Some([2; 21]),
        rider: Bytes::from(vec![3; 1_024]),
    }
}

#[cfg(test)]
fn tracks() -> Vec<TrackInfo> {
    let longest = Label::new("abcdefghijklmnop").unwrap();
    let track = |stream| TrackInfo {
        stream: StreamId(stream),
        kind: TrackKind::Data,
        codec: longest,
        extension: longest,
        frame_duration: Duration::from_secs(1),
        sync_group: 1,
        layer: 0,
        next_frame: Serial(u32::MAX),
    };
    (1..=TOO_MANY).map(track).collect()
}

fn announce() -> Announce {
    Announce {
        req: Serial(1),
        epoch: 1,
        identity: [4; 16],
        rate_kbps: 1,
        latency_min: Duration::ZERO,
        shard_size: 1_164,
        name: long_text(),
        tracks: tracks(),
    }
}

fn announce_ack() -> AnnounceAck {
    AnnounceAck {
        req: Serial(1),
        status: Code::Limit,
        epoch: 1,
        tag: TAG,
        horizon: Duration::MAX,
        reason: long_text(),
    }
}

fn subscribe_ack() -> SubscribeAck {
    SubscribeAck {
        req: Serial(1),
        status: Code::Ok,
        latency: Duration::MAX,
        epoch: 1,
        tag: TAG,
        shard_size: 1_164,
        clock: wire::ClockPoint::default(),
        name: long_text(),
        tracks: tracks(),
    }
}

fn last_frames() -> Vec<LastFrame> {
    vec![LastFrame { stream: StreamId::VIDEO, tag: TAG, frame: Serial(9) }; TOO_MANY.into()]
}

fn close() -> Close {
    let last = last_frames().into_iter().map(|last| SessionLast { producer: PRODUCER, last }).collect();
    Close { code: Code::Ok, reason: long_text(), last }
}

fn skip_items() -> Vec<SkipItem> {
    let range = |from| SkipRange { from: Serial(from), to: Serial(from), reason: SkipReason::Expired };
    let item = |from: u8| SkipItem { stream: StreamId::VIDEO, tag: TAG, range: range(from.into()) };
    (0..TOO_MANY).map(item).collect()
}

fn entry(id: u8) -> CatalogEntry {
    CatalogEntry {
        producer: ProducerId::from_bytes([0, 0, id]),
        stalled: false,
        epoch: 1,
        viewers: 1,
        name: long_text(),
        tracks: vec![],
    }
}
