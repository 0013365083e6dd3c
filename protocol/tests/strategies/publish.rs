//! ANNOUNCE, END and their acknowledgements.

use std::collections::BTreeSet;

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use protocol::id::StreamId;
use protocol::wire::{Announce, AnnounceAck, End, EndAck, Message, TrackInfo};

use super::{code, kind, label, last_frames, micros32, millis16, millis32, serial, tag, text};

pub(super) fn message() -> impl Strategy<Value = Message> {
    prop_oneof![
        announce().prop_map(Message::Announce),
        announce_ack().prop_map(Message::AnnounceAck),
        (serial(), code(), last_frames()).prop_map(|(req, reason, last)| Message::End(End {
            req,
            reason,
            last
        })),
        serial().prop_map(|req| Message::EndAck(EndAck { req })),
    ]
}

fn announce() -> impl Strategy<Value = Announce> {
    let publication = (any::<u64>(), any::<[u8; 16]>(), any::<u32>(), millis16(), any::<u16>());
    (serial(), publication, text(), tracks(1)).prop_map(|(req, publication, name, tracks)| {
        let (epoch, identity, rate_kbps, latency_min, shard_size) = publication;
        Announce { req, epoch, identity, rate_kbps, latency_min, shard_size, name, tracks }
    })
}

fn announce_ack() -> impl Strategy<Value = AnnounceAck> {
    (serial(), code(), any::<u64>(), tag(), millis32(), text()).prop_map(
        |(req, status, epoch, tag, horizon, reason)| AnnounceAck { req, status, epoch, tag, horizon, reason },
    )
}

/// Up to 16 tracks of different streams, at least `least`.
pub(super) fn tracks(least: usize) -> impl Strategy<Value = Vec<TrackInfo>> {
    (btree_set(1..=u8::MAX, least..=16), vec(track(), 16)).prop_map(
        |(streams, tracks): (BTreeSet<u8>, Vec<TrackInfo>)| {
            let named = |(stream, track)| TrackInfo { stream: StreamId(stream), ..track };
            streams.into_iter().zip(tracks).map(named).collect()
        },
    )
}

fn track() -> impl Strategy<Value = TrackInfo> {
    (kind(), label(), label(), micros32(), any::<u8>(), any::<u8>(), serial()).prop_map(
        |(kind, codec, extension, frame_duration, sync_group, layer, next_frame)| TrackInfo {
            stream: StreamId::VIDEO,
            kind,
            codec,
            extension,
            frame_duration,
            sync_group,
            layer,
            next_frame,
        },
    )
}
