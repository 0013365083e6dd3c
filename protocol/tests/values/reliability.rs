//! FEEDBACK, HEARTBEAT, SKIP (PROTOCOL 7).

use std::time::Duration;

use protocol::id::{StreamId, TrackKey};
use protocol::serial::Serial;
use protocol::time::Stamp;
use protocol::wire::{
    ClockPoint, Feedback, Heartbeat, Message, Missing, MissingShards, ReportedCounters, ShardRange, Skip,
    SkipItem, SkipRange, SkipReason, Thinning, TrackFeedback, TrackHeartbeat,
};

use super::{CLOCK, Named, PRODUCER, TAG, about_producer, session_wide};

const TRACK: TrackKey = TrackKey { producer: PRODUCER, stream: StreamId::VIDEO, tag: TAG };

pub(super) fn messages() -> Vec<Named> {
    let echo = Some((Stamp(0x00BC_0000), Duration::from_micros(42)));
    let blocks = vec![heartbeat_block(CLOCK, skipped()), heartbeat_block(ClockPoint::default(), vec![])];
    vec![
        ("FEEDBACK", session_wide(), feedback(vec![])),
        ("FEEDBACK-whole", session_wide(), feedback(vec![asks_for_a_whole_frame()])),
        ("FEEDBACK-bitmap", session_wide(), feedback(vec![asks_by_bitmap()])),
        ("FEEDBACK-ranges", session_wide(), feedback(vec![asks_by_ranges(), only_counts()])),
        ("HEARTBEAT", session_wide(), heartbeat(echo, blocks)),
        ("HEARTBEAT-first", session_wide(), heartbeat(None, vec![])),
        ("SKIP", about_producer(), skip()),
    ]
}

fn feedback(tracks: Vec<TrackFeedback>) -> Message {
    Message::Feedback(Feedback {
        heartbeat: Serial(41),
        nonce: 0xDEAD_BEEF,
        hold: Duration::from_micros(1_500),
        datagrams: 1_234,
        bytes: 1_480_800,
        duplicates: 2,
        lost: 17,
        runs: 9,
        jitter: Duration::from_micros(350),
        horizon: Duration::from_millis(480),
        tracks,
    })
}

const fn block(missing: Vec<Missing>) -> TrackFeedback {
    TrackFeedback {
        track: TRACK,
        done_before: Serial(1_000),
        newest: Serial(1_003),
        newest_whole: None,
        counters: None,
        missing,
    }
}

fn asks_for_a_whole_frame() -> TrackFeedback {
    TrackFeedback {
        newest_whole: Some((Serial(1_003), 0x89AB_CDEF)),
        counters: Some(ReportedCounters {
            direct: 989,
            repaired_arq: 5,
            repaired_fec: 0,
            late: 1,
            lost: 2,
            skipped: 3,
        }),
        ..block(vec![Missing { frame: Serial(1_002), round: 1, shards: MissingShards::All }])
    }
}

fn asks_by_bitmap() -> TrackFeedback {
    let shards = MissingShards::Bitmap { first: 5, bits: vec![0b1000_0001, 0b0100_0000] };
    block(vec![Missing { frame: Serial(1_001), round: 2, shards }])
}

fn asks_by_ranges() -> TrackFeedback {
    let ranges = vec![ShardRange { first: 0, count: 40 }, ShardRange { first: 3_000, count: 1 }];
    TrackFeedback {
        newest_whole: Some((Serial(1_000), 1)),
        ..block(vec![Missing { frame: Serial(1_001), round: 3, shards: MissingShards::Ranges(ranges) }])
    }
}

fn only_counts() -> TrackFeedback {
    let counters =
        ReportedCounters { direct: 6, repaired_arq: 1, repaired_fec: 2, late: 3, lost: 4, skipped: 5 };
    TrackFeedback { counters: Some(counters), ..block(vec![]) }
}

fn heartbeat(echo: Option<(Stamp, Duration)>, tracks: Vec<TrackHeartbeat>) -> Message {
    Message::Heartbeat(Heartbeat {
        nonce: 0xDEAD_BEEF,
        datagrams: 1_240,
        bytes: 1_488_000,
        echo,
        catalog: 9,
        asks: echo.is_some(),
        tracks,
    })
}

const fn heartbeat_block(clock: ClockPoint, skipped: Vec<SkipRange>) -> TrackHeartbeat {
    TrackHeartbeat {
        track: TRACK,
        newest: Serial(1_003),
        length: 10_240,
        held: 9,
        pending: 0b0000_0101,
        oldest_held: Serial(990),
        thinning: Thinning::Every2nd,
        clock,
        skipped,
    }
}

const fn range(from: u32, to: u32, reason: SkipReason) -> SkipRange {
    SkipRange { from: Serial(from), to: Serial(to), reason }
}

/// The second range spans the wrap.
fn skipped() -> Vec<SkipRange> {
    vec![range(995, 996, SkipReason::Expired), range(u32::MAX, 1, SkipReason::Thinned)]
}

fn skip() -> Message {
    let item = |stream, range| SkipItem { stream, tag: TAG, range };
    Message::Skip(Skip {
        ranges: vec![
            item(StreamId::VIDEO, range(995, 996, SkipReason::Expired)),
            item(StreamId::VIDEO, range(998, 998, SkipReason::Thinned)),
            item(StreamId::AUDIO, range(u32::MAX, 1, SkipReason::TooLarge)),
        ],
    })
}
