//! A frame's way through the whole broker.

use std::time::Duration;

use broker::io::Running;
use protocol::id::{EpochTag, ProducerId, SessionId, StreamId};
use protocol::limits::{LATENCY, SHARD_LEN, TOKEN_LEN};
use protocol::random::Random;
use protocol::serial::Serial;
use protocol::slab::Slab;
use protocol::time::CaptureTime;
use protocol::wire::{
    Announce, Code, DataFlags, DataHeader, Label, Message, Role, Start, Subscribe, Text, TrackInfo, TrackKind,
};

use crate::broker;
use crate::peer::Peer;

const PRODUCER: ProducerId = ProducerId::from_bytes([0x1A, 0xAA, 0x99]);
/// Bytes: one datagram, a picture, and more than one send with segmentation carries.
const FRAMES: [usize; 3] = [100, 10_000, 100_000];

/// A peer that publishes one track of pictures, and the tag that its DATA carries.
fn producer(broker: &Running) -> (Peer, EpochTag) {
    let peer = Peer::of(broker.local_addr());
    let (session, _) = peer.open_as(Role::Producer);
    let track = TrackInfo {
        stream: StreamId::VIDEO,
        kind: TrackKind::Video,
        codec: Label::new("jpeg").unwrap(),
        extension: Label::new("jpg").unwrap(),
        frame_duration: Duration::from_millis(83),
        sync_group: 0,
        layer: 0,
        next_frame: Serial(1),
    };
    let announce = Announce {
        req: Serial(1),
        epoch: 1,
        identity: [5; TOKEN_LEN],
        rate_kbps: 0,
        latency_min: Duration::ZERO,
        shard_size: SHARD_LEN,
        name: Text::new("camera"),
        tracks: vec![track],
    };
    peer.send_about(PRODUCER, session, 2, &Message::Announce(announce));
    let tag = peer.expect(|message| match message {
        Message::AnnounceAck(ack) => {
            assert_eq!(ack.status, Code::Ok);
            Some(ack.tag)
        }
        _ => None,
    });
    (peer, tag)
}

/// A peer that subscribes, and has the broker's word that frames will come.
fn viewer(broker: &Running) -> (Peer, SessionId) {
    let peer = Peer::of(broker.local_addr());
    let (session, _) = peer.open();
    let subscribe = Subscribe {
        req: Serial(1),
        kinds: 0,
        start: Start::LiveEdge,
        layer_max: u8::MAX,
        parity: 0,
        latency: LATENCY,
        rate_max: 0,
    };
    peer.send_about(PRODUCER, session, 2, &Message::Subscribe(subscribe));
    peer.expect(|message| match message {
        Message::SubscribeAck(ack) => (ack.tag != EpochTag::default()).then_some(()),
        _ => None,
    });
    (peer, session)
}

fn picture(number: u32, len: usize) -> Vec<u8> {
    let mut random = Random::from_seed([u8::try_from(number).unwrap(); 32]);
    let mut bytes: Vec<u8> = (0..len.div_ceil(32)).flat_map(|_| random.block()).collect();
    bytes.truncate(len);
    bytes
}

fn slab(tag: EpochTag, number: u32, picture: &[u8]) -> Slab {
    let header = DataHeader {
        producer: PRODUCER,
        stream: StreamId::VIDEO,
        round: 0,
        flags: DataFlags::KEY,
        pending: 0,
        tag,
        frame: Serial(number),
        group: Serial(number),
        length: 0,
        index: 0,
        shard_size: SHARD_LEN,
        capture: CaptureTime(number * 833),
        crc: 0,
    };
    Slab::pack(header, picture).unwrap()
}

#[tokio::test]
async fn frames_reach_the_viewers_of_all_workers_byte_for_byte() {
    for workers in [1, 3] {
        let broker = broker(workers);
        let (producer, tag) = producer(&broker);
        let viewers: Vec<(Peer, SessionId)> = (0..16).map(|_| viewer(&broker)).collect();
        for (number, len) in (1..).zip(FRAMES) {
            let picture = picture(number, len);
            let slab = slab(tag, number, &picture);
            for datagram in slab.datagrams().chunks(slab.segment()) {
                producer.socket.send(datagram).unwrap();
            }
            for (viewer, session) in &viewers {
                let frame = viewer.frame(Serial(number));
                assert!(frame == picture, "frame {number} at worker {} of {workers}", session.worker());
            }
        }
        broker.stop().await.unwrap();
    }
}

/// No datagram makes the broker send this: it is due by the clock.
#[tokio::test]
async fn a_producer_hears_from_the_broker_although_it_says_nothing() {
    let broker = broker(1);
    let (producer, _) = producer(&broker);
    for _ in 0..2 {
        producer.expect(|message| matches!(message, Message::Feedback(_)).then_some(()));
    }
    broker.stop().await.unwrap();
}
