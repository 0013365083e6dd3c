//! SUBSCRIBE, UNSUBSCRIBE, CATALOG and their acknowledgements (PROTOCOL 6).

use std::time::Duration;

use protocol::id::{EpochTag, ProducerId, StreamId};
use protocol::serial::Serial;
use protocol::wire::{
    CatalogEntry, CatalogPage, CatalogRequest, CatalogTrack, ClockPoint, Code, ControlHeader, Label, Message,
    Start, Subscribe, SubscribeAck, Text, TrackKind, Unsubscribe, UnsubscribeAck,
};

use super::publish::tracks;
use super::{CLOCK, EPOCH, Named, OTHER_PRODUCER, PRODUCER, TAG, about_producer, last_frames, session_wide};

pub(super) fn messages() -> Vec<Named> {
    let refused = ControlHeader { stream: StreamId(0x11), ..about_producer() };
    let waiting = without_producer(Code::Waiting, Duration::from_millis(500));
    let unsubscribed =
        |status, last| Message::UnsubscribeAck(UnsubscribeAck { req: Serial(3), status, last });
    let page =
        |more, entries| Message::CatalogAck(CatalogPage { req: Serial(2), generation: 9, more, entries });
    vec![
        ("SUBSCRIBE", about_producer(), Message::Subscribe(subscribe())),
        ("SUBSCRIBE_ACK", about_producer(), Message::SubscribeAck(accepted())),
        ("SUBSCRIBE_ACK-waiting", about_producer(), Message::SubscribeAck(waiting)),
        (
            "SUBSCRIBE_ACK-refused",
            refused,
            Message::SubscribeAck(without_producer(Code::Limit, Duration::ZERO)),
        ),
        ("UNSUBSCRIBE", about_producer(), Message::Unsubscribe(Unsubscribe { req: Serial(3) })),
        ("UNSUBSCRIBE_ACK", about_producer(), unsubscribed(Code::Ok, last_frames())),
        ("UNSUBSCRIBE_ACK-refused", about_producer(), unsubscribed(Code::NoSuchStream, vec![])),
        ("CATALOG", session_wide(), catalog(None)),
        ("CATALOG-after", session_wide(), catalog(Some(OTHER_PRODUCER))),
        ("CATALOG_ACK", session_wide(), page(true, entries())),
        ("CATALOG_ACK-empty", session_wide(), page(false, vec![])),
    ]
}

pub(super) const fn subscribe() -> Subscribe {
    Subscribe {
        req: Serial(1),
        kinds: TrackKind::Video.mask() | TrackKind::Audio.mask(),
        start: Start::CurrentGroup,
        layer_max: 255,
        parity: 0,
        latency: Duration::from_millis(500),
        rate_max: 0,
    }
}

fn accepted() -> SubscribeAck {
    SubscribeAck {
        req: Serial(1),
        status: Code::Ok,
        latency: Duration::from_millis(500),
        epoch: EPOCH,
        tag: TAG,
        shard_size: 1_164,
        clock: CLOCK,
        name: Text::new("Küche"),
        tracks: tracks(),
    }
}

fn without_producer(status: Code, latency: Duration) -> SubscribeAck {
    SubscribeAck {
        req: Serial(1),
        status,
        latency,
        epoch: 0,
        tag: EpochTag(0),
        shard_size: 0,
        clock: ClockPoint::default(),
        name: Text::default(),
        tracks: vec![],
    }
}

const fn catalog(after: Option<ProducerId>) -> Message {
    Message::Catalog(CatalogRequest { req: Serial(2), after })
}

fn entries() -> Vec<CatalogEntry> {
    let track = |stream, kind, extension, us| CatalogTrack {
        stream,
        kind,
        extension: Label::new(extension).unwrap(),
        frame_duration: Duration::from_micros(us),
    };
    let tracks = vec![
        track(StreamId::VIDEO, TrackKind::Video, "jpg", 83_333),
        track(StreamId::AUDIO, TrackKind::Audio, "mp3", 1_000_000),
    ];
    let entry = |producer, stalled, viewers, name, tracks| CatalogEntry {
        producer,
        stalled,
        epoch: EPOCH,
        viewers,
        name: Text::new(name),
        tracks,
    };
    vec![entry(PRODUCER, false, 3, "Küche", tracks), entry(OTHER_PRODUCER, true, 0, "", vec![])]
}
