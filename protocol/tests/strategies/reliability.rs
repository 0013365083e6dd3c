//! FEEDBACK, HEARTBEAT, SKIP.

use std::time::Duration;

use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use protocol::limits::DATAGRAM_LEN;
use protocol::time::Stamp;
use protocol::wire::{
    FEEDBACK_FIXED_LEN, Feedback, HEARTBEAT_FIXED_LEN, Heartbeat, Message, Missing, MissingShards,
    ReportedCounters, ShardRange, Skip, SkipItem, SkipRange, SkipReason, Thinning, TrackFeedback,
    TrackHeartbeat,
};

use super::subscribe::clock_point;
use super::{fitting, micros32, millis32, serial, stream, tag, track_key};

pub(super) fn message() -> impl Strategy<Value = Message> {
    prop_oneof![
        feedback_of_any_length().prop_map(|feedback| {
            let room = DATAGRAM_LEN - FEEDBACK_FIXED_LEN;
            let tracks = fitting(feedback.tracks, room, TrackFeedback::encoded_len);
            Message::Feedback(Feedback { tracks, ..feedback })
        }),
        heartbeat().prop_map(Message::Heartbeat),
        skip().prop_map(Message::Skip),
    ]
}

/// A FEEDBACK that may have more to say than a datagram holds.
pub(crate) fn feedback_of_any_length() -> impl Strategy<Value = Feedback> {
    let heard = (serial(), any::<u32>(), micros32(), any::<u32>(), any::<u64>());
    let path = (any::<u32>(), any::<u32>(), any::<u32>(), micros32(), millis32());
    (heard, path, vec(track_feedback(), 0..8)).prop_map(|(heard, path, tracks)| {
        let (heartbeat, nonce, hold, datagrams, bytes) = heard;
        let (duplicates, lost, runs, jitter, horizon) = path;
        Feedback { heartbeat, nonce, hold, datagrams, bytes, duplicates, lost, runs, jitter, horizon, tracks }
    })
}

fn track_feedback() -> impl Strategy<Value = TrackFeedback> {
    let counters = any::<[u32; 6]>().prop_map(|[direct, repaired_arq, repaired_fec, late, lost, skipped]| {
        ReportedCounters { direct, repaired_arq, repaired_fec, late, lost, skipped }
    });
    let whole = option::of((serial(), any::<u32>()));
    let missing = (serial(), 1..=u8::MAX, missing_shards()).prop_map(|(frame, round, shards)| Missing {
        frame,
        round,
        shards,
    });
    (track_key(), serial(), serial(), whole, option::of(counters), vec(missing, 0..4)).prop_map(
        |(track, done_before, newest, newest_whole, counters, missing)| TrackFeedback {
            track,
            done_before,
            newest,
            newest_whole,
            counters,
            missing,
        },
    )
}

fn missing_shards() -> impl Strategy<Value = MissingShards> {
    prop_oneof![
        Just(MissingShards::All),
        (any::<u16>(), vec(any::<u8>(), 0..=255))
            .prop_map(|(first, bits)| MissingShards::Bitmap { first, bits }),
        btree_set(any::<u16>(), 0..=128).prop_map(|bounds| MissingShards::Ranges(ranges_between(&bounds))),
    ]
}

/// Ranges from every other bound to the next.
fn ranges_between(bounds: &std::collections::BTreeSet<u16>) -> Vec<ShardRange> {
    let bounds: Vec<u16> = bounds.iter().copied().collect();
    bounds.chunks_exact(2).map(|pair| ShardRange { first: pair[0], count: pair[1] - pair[0] }).collect()
}

/// k of a frame and, ascending, some of its shards: few, scattered, most, or all.
pub(crate) fn missing_indices() -> impl Strategy<Value = (u16, Vec<u16>)> {
    (1..=4_000_u16, 0..=100_u8, any::<u64>()).prop_map(|(k, percent, seed)| {
        let mut state = seed | 1;
        let mut roll = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % 100
        };
        (k, (0..k).filter(|_| roll() < u64::from(percent)).collect())
    })
}

fn heartbeat() -> impl Strategy<Value = Heartbeat> {
    let echo = (any::<u32>(), 0..u32::MAX)
        .prop_map(|(stamp, hold)| (Stamp(stamp), Duration::from_micros(hold.into())));
    let sent = (any::<u32>(), any::<u32>(), any::<u64>());
    (sent, option::of(echo), (any::<u32>(), any::<bool>()), vec(track_heartbeat(), 0..12)).prop_map(
        |((nonce, datagrams, bytes), echo, (catalog, asks), tracks)| {
            let tracks = fitting(tracks, DATAGRAM_LEN - HEARTBEAT_FIXED_LEN, TrackHeartbeat::encoded_len);
            Heartbeat { nonce, datagrams, bytes, echo, catalog, asks, tracks }
        },
    )
}

fn track_heartbeat() -> impl Strategy<Value = TrackHeartbeat> {
    let skipped = vec(skip_range(), 0..=TrackHeartbeat::SKIPPED_MAX);
    let newest = (serial(), any::<u32>(), any::<u16>());
    let thinning = proptest::sample::select(Thinning::ALL.to_vec());
    (track_key(), newest, any::<u8>(), serial(), thinning, clock_point(), skipped).prop_map(
        |(track, (newest, length, held), pending, oldest_held, thinning, clock, skipped)| TrackHeartbeat {
            track,
            newest,
            length,
            held,
            pending,
            oldest_held,
            thinning,
            clock,
            skipped,
        },
    )
}

fn skip_range() -> impl Strategy<Value = SkipRange> {
    let reason =
        prop_oneof![Just(SkipReason::Expired), Just(SkipReason::Thinned), Just(SkipReason::TooLarge)];
    (serial(), 0..1_u32 << 31, reason).prop_map(|(from, more, reason)| SkipRange {
        from,
        to: from.plus(more),
        reason,
    })
}

fn skip() -> impl Strategy<Value = Skip> {
    let item =
        (stream(), tag(), skip_range()).prop_map(|(stream, tag, range)| SkipItem { stream, tag, range });
    vec(item, 0..=Skip::RANGES_MAX).prop_map(|ranges| Skip { ranges })
}
