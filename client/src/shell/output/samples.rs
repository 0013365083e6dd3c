//! One thing of each kind to say, as `docs/SCRIPTING.md` shows them.

use std::io;

use protocol::id::StreamId;
use protocol::serial::Serial;
use protocol::wire::{CatalogEntry, CatalogTrack, Code, Label, Text, Thinning, TrackInfo, TrackKind};

use super::*;
use crate::engine::event::{StreamCounters, StreamStatus, Subscribed};

pub(super) const NAME: &str = "Aurora";
const EPOCH: u64 = 1_767_225_600_000;

pub(super) fn events() -> Vec<(Event, Hints)> {
    let target = |id: &str| id.parse().unwrap();
    let hints = Hints { rtt: Some(Duration::from_micros(412)), nearest: None };
    vec![
        (
            Event::Connected {
                broker: "127.0.0.1:5000".parse().unwrap(),
                rtt: Duration::from_micros(412),
                again: false,
            },
            hints,
        ),
        (Event::Disconnected { reason: "nothing heard for 15 s".to_owned() }, hints),
        (Event::Subscribed(subscribed(NAME, false)), hints),
        (
            Event::LatencyRaised {
                target: target("1AAA99"),
                wanted: Duration::from_millis(100),
                before: Duration::from_millis(100),
                latency: Duration::from_millis(350),
            },
            hints,
        ),
        (
            Event::Waiting { target: target("9DDD99") },
            Hints { nearest: Some("3DDD99".parse().unwrap()), ..hints },
        ),
        (Event::Refused { target: target("2BBB9902"), status: Code::Limit }, hints),
        (Event::Unsubscribed { target: target("1AAA99"), status: Code::Ok }, hints),
        (Event::Ended { target: target("1AAA99"), reason: Code::ProducerLost }, hints),
        (
            Event::Thinned {
                producer: "1AAA99".parse().unwrap(),
                stream: StreamId::VIDEO,
                thinning: Thinning::Every2nd,
            },
            hints,
        ),
        (Event::Catalog(catalog(NAME)), hints),
    ]
}

pub(super) fn subscribed(name: &str, again: bool) -> Subscribed {
    let track = |stream, kind, codec, extension, micros| TrackInfo {
        stream,
        kind,
        codec: Label::new(codec).unwrap(),
        extension: Label::new(extension).unwrap(),
        frame_duration: Duration::from_micros(micros),
        sync_group: 1,
        layer: 0,
        next_frame: Serial(0),
    };
    Subscribed {
        target: "1AAA99".parse().unwrap(),
        epoch: EPOCH,
        name: Text::new(name),
        wanted: Duration::from_millis(500),
        latency: Duration::from_millis(500),
        tracks: vec![
            track(StreamId::VIDEO, TrackKind::Video, "jpeg", "jpg", 83_333),
            track(StreamId::AUDIO, TrackKind::Audio, "mp3", "mp3", 1_000_000),
        ],
        again,
    }
}

pub(super) fn catalog(name: &str) -> Vec<CatalogEntry> {
    let entry = |producer: &str, name, viewers, stalled, tracks| CatalogEntry {
        producer: producer.parse().unwrap(),
        stalled,
        epoch: EPOCH,
        viewers,
        name: Text::new(name),
        tracks,
    };
    let track = |stream, kind, extension, micros| CatalogTrack {
        stream,
        kind,
        extension: Label::new(extension).unwrap(),
        frame_duration: Duration::from_micros(micros),
    };
    vec![
        entry(
            "1AAA99",
            name,
            12,
            false,
            vec![
                track(StreamId::VIDEO, TrackKind::Video, "jpg", 83_333),
                track(StreamId::AUDIO, TrackKind::Audio, "mp3", 1_000_000),
            ],
        ),
        entry("2BBB99", "", 0, true, vec![track(StreamId::DATA, TrackKind::Data, "json", 0)]),
    ]
}

pub(super) fn snapshot(name: &str) -> Snapshot {
    Snapshot {
        broker: "127.0.0.1:5000".parse().unwrap(),
        connected: true,
        rtt: Some(Duration::from_micros(412)),
        jitter: Duration::from_micros(96),
        loss: 0.002_3,
        loss_run: Some(1.25),
        streams: vec![
            StreamStatus {
                producer: "1AAA99".parse().unwrap(),
                stream: StreamId::VIDEO,
                kind: TrackKind::Video,
                name: Text::new(name),
                live: true,
                counters: StreamCounters {
                    expected: 126,
                    direct: 118,
                    repaired_arq: 4,
                    repaired_fec: 1,
                    late: 1,
                    lost: 2,
                    skipped: 0,
                    duplicates: 3,
                    parity: 18,
                    parity_bytes: 21_600,
                    bytes: 1_253_904,
                },
                frames_per_second: 11.983_7,
                bits_per_second: 981_704.4,
                loss: 0.002_3,
                delay: Duration::from_micros(3_300),
                thinning: Thinning::Every2nd,
                age: Some(Duration::from_micros(31_240)),
                age_error: Some(Duration::from_micros(312)),
                latency: Duration::from_millis(500),
                first_frame: Some(Duration::from_micros(23_418)),
            },
            StreamStatus {
                producer: "1AAA99".parse().unwrap(),
                stream: StreamId::AUDIO,
                kind: TrackKind::Audio,
                name: Text::new(name),
                live: false,
                counters: StreamCounters::default(),
                frames_per_second: 0.0,
                bits_per_second: 0.0,
                loss: 0.0,
                delay: Duration::ZERO,
                thinning: Thinning::Whole,
                age: None,
                age_error: None,
                latency: Duration::from_millis(500),
                first_frame: None,
            },
        ],
        waiting: vec!["9DDD99".parse().unwrap()],
        datagrams_received: 1_312,
        datagrams_sent: 97,
        drops: vec![("crc", 0), ("unknown_tag", 2), ("replay", 1)],
    }
}

pub(super) fn recording() -> Recording<'static> {
    Recording {
        folder: Path::new("clips"),
        counters: RecordCounters { written: 123, bytes: 1_253_904, not_written: 3 },
    }
}

pub(super) fn fault() -> RecordFault {
    let source = io::Error::new(io::ErrorKind::StorageFull, "No space left on device (os error 28)");
    RecordFault::Write { folder: "clips/1AAA99/01".into(), source }
}

/// Everything that can be said, in the order of `docs/SCRIPTING.md`.
pub(super) fn with_all<T>(name: &str, say: impl Fn(&Notice<'_>) -> T) -> Vec<T> {
    let (events, snapshot, fault) = (events(), snapshot(name), fault());
    let idle = Report { snapshot: &snapshot, recording: None };
    let report = Report { recording: Some(recording()), ..idle };
    let mut said: Vec<T> = events.iter().map(|(event, hints)| say(&Notice::Event(event, *hints))).collect();
    said.extend(
        [
            Notice::Status(idle),
            Notice::Stats(idle),
            Notice::RecordingStarted(Path::new("clips")),
            Notice::RecordingResumed { recording: recording(), missed: 3 },
            Notice::RecordingStopped(recording()),
            Notice::RecordError { fault: &fault, not_written: 1 },
            Notice::Error(&"unknown command 'lst': did you mean 'list'?"),
            Notice::Help(Some(Verb::List)),
            Notice::Summary(report),
        ]
        .iter()
        .map(say),
    );
    said
}
