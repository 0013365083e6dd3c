use super::*;
use crate::id::StreamId;
use crate::limits::OPEN_FRAMES_MAX;
use crate::time::CaptureTime;
use crate::wire::{Missing, MissingShards, TrackFeedback, TrackHeartbeat};

mod groups;
mod parity;

const MS: Duration = Duration::from_millis(1);
const LATENCY: Duration = Duration::from_millis(500);
/// Duration of a frame.
const STEP: Duration = Duration::from_millis(40);
const RTT: Duration = Duration::from_millis(40);
/// The reorder wait of that path: an eighth.
const REORDER: Duration = Duration::from_millis(5);
/// A few frames before the wrap, so that most tests cross it.
const FIRST: u32 = u32::MAX - 2;
const KEY: TrackKey = TrackKey {
    producer: ProducerId::from_bytes([0x1A, 0xAA, 0x99]),
    stream: StreamId::VIDEO,
    tag: EpochTag(0xCAFE_F00D),
};

#[test]
fn whole_frames_come_once_and_in_order_across_the_wrap() {
    let mut end = End::new();
    for nth in [1, 0, 2, 4, 3, 5] {
        end.send(nth);
        end.send(nth);
    }
    assert_eq!(end.delivered(), [0, 1, 2, 3, 4, 5]);
    let counters = end.counters();
    assert_eq!((counters.expected, counters.direct, counters.duplicates), (6, 6, 6 * 3));
    assert_eq!(end.feedback().duplicates, 6 * 3);
}

#[test]
fn where_order_does_not_matter_a_frame_comes_as_soon_as_it_is_whole_and_only_once() {
    let mut end = End::with(TrackPlan { order: Order::AsWhole, ..plan() });
    end.send(1);
    assert_eq!(end.delivered(), [1]);
    end.send(0);
    end.send(1);
    assert_eq!(end.delivered(), [0]);
    assert_eq!(end.counters().direct, 2);
}

#[test]
fn a_gap_is_asked_for_after_the_reorder_wait() {
    let mut end = End::new();
    end.send_but(0, &[1]);
    assert_eq!(end.asked(), []);
    end.pass_almost(REORDER);
    assert_eq!(end.asked(), []);
    end.pass(MS);
    assert_eq!(end.asked(), [(0, 1, only(1))]);
}

#[test]
fn a_shard_that_is_only_late_is_not_asked_for() {
    let mut end = End::new();
    end.send_but(0, &[1]);
    end.pass_almost(REORDER);
    end.shard(0, 1, |header| header);
    end.pass(LATENCY);
    assert_eq!((end.delivered(), end.counters().direct, end.feedback().lost), (vec![0], 1, 0));
}

#[test]
fn a_frame_that_is_wholly_lost_is_asked_for_as_a_whole() {
    let mut end = End::new();
    end.send(0);
    end.send(2);
    end.pass(REORDER);
    assert_eq!(end.asked(), [(1, 1, MissingShards::All)]);
    end.repair(1);
    assert_eq!(end.delivered(), [0, 1, 2]);
    assert_eq!((end.counters().repaired_arq, end.feedback().lost), (1, 3), "known now how many were lost");
}

#[test]
fn repeats_carry_the_same_round_until_the_next_one_is_due() {
    let mut end = End::new();
    end.send_but(0, &[2]);
    end.pass(REORDER);
    assert_eq!(end.asked(), [(0, 1, only(2))]);
    end.pass_almost(RTT);
    assert_eq!(end.asked(), [(0, 1, only(2))], "a repeat");
    end.pass(RTT);
    assert_eq!(end.asked(), [(0, 2, only(2))], "the answer should have come");
    assert_eq!(end.feedback().lost, 1, "counted once");
}

#[test]
fn nothing_is_asked_for_that_can_not_come_in_time() {
    let mut end = End::new();
    end.send(0);
    end.send_but(1, &[0]);
    end.pass_almost((LATENCY + STEP).saturating_sub(RTT));
    assert_eq!(end.asked().len(), 1);
    end.pass(2 * MS);
    assert_eq!(end.asked(), []);
    assert_eq!(end.counters().lost, 0, "it may still come by itself");
}

#[test]
fn what_the_sender_lacks_is_not_asked_for_until_it_has_it() {
    let mut end = End::new();
    end.send(0);
    end.send_with(2, &[], |header| DataHeader { pending: 1, ..header });
    end.pass(100 * MS);
    assert_eq!(end.asked(), []);
    end.heartbeat(2, |block| block);
    end.pass(REORDER);
    assert_eq!(end.asked(), [(1, 1, MissingShards::All)]);
}

#[test]
fn what_the_sender_does_not_hold_any_more_is_not_asked_for_unless_it_has_it_after_all() {
    let mut end = End::new();
    end.send(1);
    end.heartbeat(1, |block| TrackHeartbeat { oldest_held: serial(1), ..block });
    end.pass(50 * MS);
    assert_eq!(end.asked(), []);
    end.heartbeat(1, |block| block);
    end.pass(REORDER);
    assert_eq!(end.asked(), [(0, 1, MissingShards::All)], "the sender was waiting for it, too");
}

#[test]
fn what_never_comes_is_settled_by_its_reason() {
    for (reason, lost, skipped) in [(SkipReason::Expired, 2, 0), (SkipReason::Thinned, 0, 2)] {
        let mut end = End::new();
        end.send(0);
        end.send(3);
        end.skip(1, 2, reason);
        assert_eq!(end.delivered(), [0, 3], "at once, without a wait for the deadline");
        assert_eq!(end.gaps, [(1, 2, reason)]);
        assert_eq!((end.counters().lost, end.counters().skipped), (lost, skipped));
    }
}

#[test]
fn a_heartbeat_repeats_what_never_comes() {
    let mut end = End::new();
    end.send(0);
    let range = SkipRange { from: serial(1), to: serial(4), reason: SkipReason::TooLarge };
    end.heartbeat(5, |block| TrackHeartbeat { skipped: vec![range], ..block });
    assert_eq!((end.counters().skipped, end.gaps.clone()), (4, vec![(1, 4, SkipReason::TooLarge)]));
    end.pass(REORDER);
    assert_eq!(end.asked(), [(5, 1, MissingShards::All)]);
}

#[test]
fn an_older_heartbeat_changes_nothing() {
    let mut end = End::new();
    end.heartbeat(1, |block| block);
    let old = Heartbeat { tracks: vec![block(9)], ..HEARTBEAT };
    end.receiver.handle_heartbeat(end.now, Serial(1), &old);
    assert_eq!(end.track().newest, serial(1));
}

#[test]
fn what_is_not_whole_by_its_deadline_is_lost_and_later_frames_go_on() {
    let mut end = End::new();
    end.send(0);
    end.pass(STEP);
    end.send_but(1, &[0]);
    end.pass(STEP);
    end.send(2);
    assert_eq!(end.delivered(), [0]);
    end.pass_to_deadline_of(1);
    assert_eq!((end.delivered(), end.gaps.clone()), (vec![2], vec![(1, 1, SkipReason::Expired)]));
    assert_eq!(end.counters().lost, 1);
    end.shard(1, 0, |header| header);
    assert_eq!((end.delivered(), end.counters().stale), (vec![], 1));
}

#[test]
fn a_frame_that_is_whole_behind_its_deadline_is_late_and_not_delivered() {
    let mut end = End::new();
    end.send(0);
    end.send_but(1, &[2]);
    // Nobody looked at the clock in between.
    end.now = end.now + LATENCY + STEP + MS;
    end.shard(1, 2, |header| header);
    assert_eq!((end.delivered(), end.counters().late, end.counters().lost), (vec![0], 1, 0));
    assert!(end.counters().add_up());
}

#[test]
fn the_last_frame_that_the_sender_names_is_asked_for() {
    let mut end = End::new();
    end.send(0);
    end.receiver.finish(end.now, &KEY, serial(2));
    assert!(!end.receiver.is_finished(&KEY));
    end.pass(REORDER);
    assert_eq!(end.asked(), [(1, 1, MissingShards::All), (2, 1, MissingShards::All)]);
    end.repair(1);
    end.repair(2);
    assert_eq!(end.delivered(), [0, 1, 2]);
    assert!(end.receiver.is_finished(&KEY));
    end.send(3);
    assert_eq!((end.delivered(), end.counters().expected), (vec![], 3), "nothing comes after the last");
}

#[test]
fn frames_behind_the_last_one_were_never_expected() {
    let mut end = End::new();
    end.send(0);
    end.send_but(2, &[0]);
    end.receiver.finish(end.now, &KEY, serial(0));
    assert!(end.receiver.is_finished(&KEY));
    end.pass(LATENCY * 2);
    assert_eq!((end.counters().expected, end.counters().lost), (1, 0));
}

#[test]
fn a_shard_that_disagrees_with_the_first_one_is_dropped() {
    let mut end = End::new();
    end.send_but(0, &[2]);
    let liars: [fn(DataHeader) -> DataHeader; 4] = [
        |header| DataHeader { length: header.length + 1, ..header },
        |header| DataHeader { capture: CaptureTime(9), ..header },
        |header| DataHeader { flags: DataFlags::CONFIG, ..header },
        |header| DataHeader { shard_size: header.shard_size + 2, ..header },
    ];
    for liar in liars {
        assert_eq!(end.shard(0, 2, liar), DataOutcome::Conflict);
    }
    assert_eq!(end.counters().conflicting, 4);
    end.shard(0, 2, |header| header);
    assert_eq!(end.delivered(), [0]);
}

#[test]
fn a_track_that_goes_on_repairs_what_was_before_and_expects_nothing_between() {
    let mut end = End::new();
    end.send(0);
    end.send_but(1, &[2]);
    end.receiver.finish(end.now, &KEY, serial(1));
    end.receiver.resume(end.now, &KEY, serial(5));
    end.send(5);
    end.pass(REORDER);
    assert_eq!(end.asked(), [(1, 1, only(2))], "not what was sent while nobody wanted it");
    end.repair(1);
    assert_eq!((end.delivered(), end.counters().expected), (vec![0, 1, 5], 3));
    assert_eq!(end.counters().direct + end.counters().repaired_arq, 3);
}

#[test]
fn a_track_that_goes_on_far_ahead_begins_there() {
    let mut end = End::new();
    end.send(0);
    let far = 3 * OPEN_FRAMES_MAX as u64;
    end.receiver.resume(end.now, &KEY, serial(far));
    end.send(far);
    assert_eq!((end.delivered(), end.counters().expected), (vec![0, far], 2));
}

#[test]
fn where_the_sender_never_stopped_nothing_is_left_out() {
    let mut end = End::new();
    end.send(0);
    end.receiver.resume(end.now, &KEY, serial(0));
    end.send(2);
    end.pass(REORDER);
    assert_eq!(end.asked(), [(1, 1, MissingShards::All)]);
}

#[test]
fn what_is_told_of_a_track_goes_on_where_it_is_opened_again_in_the_same_session() {
    let mut end = End::new();
    end.receiver.close(&KEY);
    end.receiver.open(end.now, plan());
    end.send(0);
    end.receiver.close(&KEY);
    end.receiver.open(end.now, TrackPlan { first: serial(1), ..plan() });
    end.send(1);
    let told = |end: &mut End| end.track().counters.map(|counters| counters.direct);
    assert_eq!((end.counters().direct, told(&mut end)), (1, Some(2)));
    end.receiver.begin_session(end.now, RTT);
    assert_eq!(told(&mut end), Some(1), "another session knows nothing of it");
    end.receiver.close(&KEY);
    end.receiver.open(end.now, TrackPlan { first: serial(2), ..plan() });
    assert_eq!(told(&mut end), Some(0));
}

#[test]
fn other_lives_are_left_alone() {
    let mut end = End::new();
    let other = end.shard(0, 0, |header| DataHeader { tag: EpochTag(1), ..header });
    assert_eq!(other, DataOutcome::UnknownTrack);
}

#[test]
fn without_a_latency_the_newest_wins() {
    let mut end = End::with(TrackPlan { latency: Duration::ZERO, ..plan() });
    end.send_but(0, &[1]);
    end.send(1);
    assert_eq!((end.delivered(), end.counters().lost), (vec![1], 1));
    end.shard(0, 1, |header| header);
    assert_eq!((end.delivered(), end.counters().stale), (vec![], 1), "never backwards");
}

#[test]
fn a_jump_of_5_000_frames_keeps_what_is_open_bounded() {
    let mut end = End::new();
    end.send(0);
    end.send(5_000);
    let counters = end.counters();
    assert_eq!((counters.expected, counters.lost), (5_000 + 1 - OPEN_FRAMES_MAX as u64, 3_976));
    end.pass(LATENCY * 2);
    assert_eq!((end.delivered(), end.counters().lost), (vec![0, 5_000], 4_999));
    assert_eq!(end.gaps.iter().map(|(from, to, _)| to - from + 1).sum::<u64>(), 4_999);
}

#[test]
fn frames_that_were_left_out_count_as_skipped_however_many_there_are() {
    let mut end = End::new();
    end.send(0);
    end.send_but(1, &[0]);
    end.skip(3, 5_000, SkipReason::Thinned);
    end.send(5_001);
    end.pass(LATENCY * 2);
    let counters = end.counters();
    assert_eq!((counters.direct, counters.lost, counters.skipped), (2, 2, 4_998), "1 and 2 were sent");
    assert!(counters.add_up());
    assert_eq!(end.delivered(), [0, 5_001]);
}

#[test]
fn a_heartbeat_after_a_long_silence_tells_what_was_left_out_before_what_is_new() {
    let mut end = End::new();
    end.send(0);
    let skipped = [(2_001, 4_000), (1, 1_999)].map(|(from, to)| SkipRange {
        from: serial(from),
        to: serial(to),
        reason: SkipReason::Thinned,
    });
    end.heartbeat(4_001, |block| TrackHeartbeat { skipped: skipped.to_vec(), ..block });
    end.pass(LATENCY * 2);
    let counters = end.counters();
    assert_eq!((counters.direct, counters.lost, counters.skipped), (1, 1, 3_999), "2000 was sent");
}

#[test]
fn large_frames_that_nobody_completes_are_given_up_within_the_bytes_of_two() {
    let mut end = End::new();
    for nth in 0..40 {
        end.shard(nth, 0, |header| DataHeader {
            length: crate::limits::FRAME_LEN_MAX,
            shard_size: SHARD,
            ..header
        });
    }
    assert!(end.counters().lost >= 37, "{:?}", end.counters());
}

#[test]
fn a_feedback_names_what_is_done_and_the_newest_whole_frame() {
    let mut end = End::new();
    end.send(0);
    end.send_but(1, &[0]);
    end.send(2);
    let track = end.track();
    assert_eq!((track.done_before, track.newest), (serial(1), serial(2)));
    assert_eq!(track.newest_whole.map(|(frame, _)| frame), Some(serial(2)));
    assert!(!end.receiver.feedback(end.now).1, "the same state once more proves nothing new");
}

#[test]
fn a_receiver_that_is_asked_when_it_wants_spends_little_on_a_thousand_open_frames() {
    let mut end = End::new();
    end.send(0);
    end.heartbeat(1_000, |block| block);
    let mut woken = 0;
    let until = end.now + LATENCY * 2;
    while end.now < until {
        let due = end.receiver.poll_timeout(end.now, false).max(end.now + Duration::from_micros(1));
        end.now = due;
        end.receiver.handle_timeout(end.now);
        if end.receiver.feedback_due(false) <= end.now {
            end.receiver.feedback(end.now);
        }
        woken += 1;
    }
    assert!(woken < 200, "{woken} times in a second");
    end.collect();
    assert!((12..=13).contains(&end.counters().lost), "a frame each 40 ms is overdue");
}

/// Bytes of a shard; every frame has three.
const SHARD: u16 = 16;

fn plan() -> TrackPlan {
    TrackPlan {
        key: KEY,
        first: Serial(FIRST),
        shard_size: SHARD,
        frame_duration: STEP,
        latency: LATENCY,
        order: Order::InOrder,
        retag: None,
    }
}

/// The number on the wire of the nth frame from 0.
const fn serial(nth: u64) -> Serial {
    Serial(FIRST.wrapping_add(Serial::narrow(nth).0))
}

fn only(index: u16) -> MissingShards {
    MissingShards::from_missing(&[index], 3)
}

fn frame(nth: u64) -> Vec<u8> {
    (0..40).map(|at| Serial::narrow(nth * 3 + at).0.to_be_bytes()[3]).collect()
}

fn slab(nth: u64) -> Slab {
    let header = DataHeader {
        producer: KEY.producer,
        stream: KEY.stream,
        round: 0,
        flags: DataFlags::KEY,
        pending: 0,
        tag: KEY.tag,
        frame: serial(nth),
        group: serial(nth),
        length: 0,
        index: 0,
        shard_size: SHARD,
        capture: CaptureTime(Serial::narrow(nth * 400).0),
        crc: 0,
    };
    Slab::pack(header, &frame(nth)).unwrap()
}

const HEARTBEAT: Heartbeat =
    Heartbeat { nonce: 7, datagrams: 0, bytes: 0, echo: None, catalog: 0, asks: true, tracks: Vec::new() };

fn block(newest: u64) -> TrackHeartbeat {
    TrackHeartbeat {
        track: KEY,
        newest: serial(newest),
        length: 40,
        held: 3,
        pending: 0,
        oldest_held: serial(0),
        thinning: crate::wire::Thinning::Whole,
        clock: crate::wire::ClockPoint::default(),
        skipped: Vec::new(),
    }
}

impl DataHeader {
    fn with_flag(self, flag: DataFlags) -> Self {
        Self { flags: self.flags.with(flag), ..self }
    }
}

/// A receiver, its clock, and what it gave out. Frames are counted from 0; the nth is captured at n x 40 ms.
struct End {
    receiver: Receiver,
    now: Time,
    heartbeats: u32,
    frames: Vec<u64>,
    slabs: Vec<Slab>,
    gaps: Vec<(u64, u64, SkipReason)>,
}

impl End {
    fn new() -> Self {
        Self::with(plan())
    }

    fn with(plan: TrackPlan) -> Self {
        let now = Time::from_micros(1_000_000);
        let mut receiver = Receiver::default();
        receiver.open(now, plan);
        receiver.begin_session(now, RTT);
        Self { receiver, now, heartbeats: 1, frames: Vec::new(), slabs: Vec::new(), gaps: Vec::new() }
    }

    /// All shards of a frame arrive now.
    fn send(&mut self, nth: u64) {
        self.send_but(nth, &[]);
    }

    /// All shards of a frame but these.
    fn send_but(&mut self, nth: u64, lost: &[u16]) {
        self.send_with(nth, lost, |header| header);
    }

    fn send_with(&mut self, nth: u64, lost: &[u16], edit: fn(DataHeader) -> DataHeader) {
        for index in (0..3).filter(|index| !lost.contains(index)) {
            self.shard(nth, index, edit);
        }
    }

    /// All shards of a frame arrive, resent.
    fn repair(&mut self, nth: u64) {
        self.send_with(nth, &[], |header| header.with_flag(DataFlags::RETX));
    }

    fn shard(&mut self, nth: u64, index: u16, edit: impl Fn(DataHeader) -> DataHeader) -> DataOutcome {
        let slab = slab(nth);
        let (header, shard) = DataHeader::split_run(slab.datagrams()).nth(index.into()).unwrap();
        let outcome = self.receiver.handle_data(self.now, &edit(header), shard);
        self.collect();
        outcome
    }

    fn heartbeat(&mut self, newest: u64, edit: impl Fn(TrackHeartbeat) -> TrackHeartbeat) {
        self.heartbeats += 1;
        let heartbeat = Heartbeat { tracks: vec![edit(block(newest))], ..HEARTBEAT };
        self.receiver.handle_heartbeat(self.now, Serial(self.heartbeats), &heartbeat);
        self.collect();
    }

    fn skip(&mut self, from: u64, to: u64, reason: SkipReason) {
        let range = SkipRange { from: serial(from), to: serial(to), reason };
        self.receiver.handle_skip(self.now, &KEY, &range);
        self.collect();
    }

    fn pass(&mut self, span: Duration) {
        self.now = self.now + span;
        self.receiver.handle_timeout(self.now);
        self.collect();
    }

    /// All but the last millisecond of a span passes.
    fn pass_almost(&mut self, span: Duration) {
        self.pass(span.saturating_sub(MS));
    }

    /// The nth frame's deadline, when frame 0 came without delay at 1 s.
    fn pass_to_deadline_of(&mut self, nth: u32) {
        let deadline = Time::from_micros(1_000_000) + STEP * nth + LATENCY;
        self.pass_almost(deadline.since(self.now));
        assert_eq!(self.counters().lost, 0, "not before it");
        self.pass(MS);
    }

    fn collect(&mut self) {
        let nth = |number: u64| number - (1 << 32) - u64::from(FIRST);
        while let Some(event) = self.receiver.poll_event() {
            match event {
                Event::Frame { number, slab, .. } => {
                    assert_eq!(slab.frame(), frame(nth(number)));
                    self.frames.push(nth(number));
                    self.slabs.push(slab);
                }
                Event::Gap { from, to, reason, .. } => self.gaps.push((nth(from), nth(to), reason)),
            }
        }
    }

    /// The frames that were delivered since the last call.
    fn delivered(&mut self) -> Vec<u64> {
        assert!(self.counters().add_up());
        std::mem::take(&mut self.frames)
    }

    fn counters(&self) -> Counters {
        self.receiver.counters(&KEY).unwrap()
    }

    fn feedback(&mut self) -> Feedback {
        self.receiver.feedback(self.now).0
    }

    fn track(&mut self) -> TrackFeedback {
        self.feedback().tracks.remove(0)
    }

    /// What the present state asks for: frame, round, shards.
    fn asked(&mut self) -> Vec<(u64, u8, MissingShards)> {
        let nth = |frame: Serial| u64::from(frame.0.wrapping_sub(FIRST));
        let missing = self.track().missing.into_iter();
        missing.map(|Missing { frame, round, shards }| (nth(frame), round, shards)).collect()
    }
}
