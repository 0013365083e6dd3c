//! ANNOUNCE, END and their acknowledgements (PROTOCOL 5).

use std::time::Duration;

use protocol::id::{EpochTag, StreamId};
use protocol::serial::Serial;
use protocol::wire::{Announce, AnnounceAck, Code, End, EndAck, Label, Message, Text, TrackInfo, TrackKind};

use super::{EPOCH, Named, about_producer, last_frames};

pub(super) fn messages() -> Vec<Named> {
    let ack = |status, tag, horizon, reason| {
        Message::AnnounceAck(AnnounceAck {
            req: Serial(1),
            status,
            epoch: EPOCH,
            tag: EpochTag(tag),
            horizon: Duration::from_millis(horizon),
            reason: Text::new(reason),
        })
    };
    let end = End { req: Serial(4), reason: Code::ProducerLost, last: last_frames() };
    [
        ("ANNOUNCE", Message::Announce(announce())),
        ("ANNOUNCE_ACK", ack(Code::Ok, 0x0BAD_CAFE, 480, "")),
        ("ANNOUNCE_ACK-refused", ack(Code::DuplicateProducer, 0, 0, "taken")),
        ("END", Message::End(end)),
        ("END_ACK", Message::EndAck(EndAck { req: Serial(4) })),
    ]
    .map(|(name, message)| (name, about_producer(), message))
    .to_vec()
}

fn announce() -> Announce {
    Announce {
        req: Serial(1),
        epoch: EPOCH,
        identity: std::array::from_fn(|i| 0x10 + u8::try_from(i).unwrap()),
        rate_kbps: 2_000,
        latency_min: Duration::from_millis(100),
        shard_size: 1_164,
        name: Text::new("Küche"),
        tracks: tracks(),
    }
}

/// A video track of 12 frames per second and a sound track of one segment per second.
pub(super) fn tracks() -> Vec<TrackInfo> {
    let track = |stream, kind, codec, extension, us, next_frame| TrackInfo {
        stream,
        kind,
        codec: Label::new(codec).unwrap(),
        extension: Label::new(extension).unwrap(),
        frame_duration: Duration::from_micros(us),
        sync_group: 1,
        layer: 0,
        next_frame: Serial(next_frame),
    };
    vec![
        track(StreamId::VIDEO, TrackKind::Video, "jpeg", "jpg", 83_333, 1_001),
        track(StreamId::AUDIO, TrackKind::Audio, "mp3", "mp3", 1_000_000, 84),
    ]
}
