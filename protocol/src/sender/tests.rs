use super::report::HEARTBEAT_AFTER_FRAME;
use super::*;
use crate::id::{EpochTag, ProducerId, StreamId};
use crate::limits::{DATAGRAM_LEN, HEARTBEAT_INTERVAL, PROOF_WAIT};
use crate::time::CaptureTime;
use crate::wire::{
    DataFlags, DataHeader, HEARTBEAT_FIXED_LEN, Heartbeat, Missing, MissingShards, ReportedCounters,
    ShardRange, SkipItem, SkipRange, SkipReason,
};

const MS: Duration = Duration::from_millis(1);
const RTT: Duration = Duration::from_millis(40);
/// A few frames before the wrap, so that most tests cross it.
const FIRST: u32 = u32::MAX - 1;
const KEY: TrackKey = TrackKey {
    producer: ProducerId::from_bytes([0x1A, 0xAA, 0x99]),
    stream: StreamId::VIDEO,
    tag: EpochTag(0xCAFE_F00D),
};

#[test]
fn each_shard_is_sent_again_once_per_round() {
    let mut end = End::with_frames(3);
    assert_eq!(end.ask(&[(0, 1, 2..4)]), [(0, 1, vec![2, 3])]);
    assert_eq!(end.ask(&[(0, 1, 2..5)]), [(0, 1, vec![4])], "a repeat of the round");
    assert_eq!(end.ask(&[(0, 1, 2..5)]), []);
    assert_eq!((end.sender.counters().resent, end.sender.counters().datagrams), (3, 30));
}

#[test]
fn the_next_round_is_served_a_round_trip_later_and_its_second_copy_8_ms_after_the_first() {
    let mut end = End::with_frames(1);
    end.measure_rtt();
    assert_eq!(end.ask(&[(0, 1, 0..1)]).len(), 1);
    end.pass(RTT.saturating_sub(MS));
    assert_eq!(end.ask(&[(0, 2, 0..1)]), []);
    end.pass(MS);
    assert_eq!(end.ask(&[(0, 2, 0..1)]), [(0, 2, vec![0])]);
    let due = end.now + 8 * MS;
    assert_eq!(end.sender.delayed.get().and_then(Delayed::due), Some(due));
    assert_eq!(end.sender.poll_repairs(due.before(MS), &end.histories), []);
    let copies = end.sender.poll_repairs(due, &end.histories);
    assert_eq!(
        copies.iter().map(|copy| (copy.round, copy.indices.clone())).collect::<Vec<_>>(),
        [(2, vec![0])]
    );
    assert_eq!(end.sender.counters().resent, 3, "each copy is counted as it goes out");
    assert_eq!(end.ask(&[(0, 1, 0..1)]), [], "nobody needs the former round any more");
}

#[test]
fn a_peer_whose_losses_come_in_bursts_is_sent_one_copy_a_round() {
    let mut end = End::with_frames(1);
    end.measure_rtt();
    let message = Feedback { lost: 180, runs: 20, ..end.message(Vec::new()) };
    end.take(&message);
    for round in 1..=4 {
        assert_eq!(end.ask(&[(0, round, 0..1)]).len(), 1);
        assert_eq!(end.sender.delayed.get().and_then(Delayed::due), None);
        end.pass(RTT);
    }
}

#[test]
fn copies_that_would_come_too_late_or_that_nobody_needs_any_more_are_not_sent() {
    let mut end = End::with_frames(1);
    end.measure_rtt();
    let horizon = RTT + 15 * MS;
    let message = Feedback { horizon, ..end.message(vec![end.block(&[(0, 3, 0..1)])]) };
    assert_eq!(end.take(&message).repairs.len(), 1);
    let copies = std::iter::from_fn(|| end.sender.delayed.make().pop(end.now + RTT)).count();
    assert_eq!(copies, 0, "the frame is {RTT:?} old, half a round trip is left of its {horizon:?}");
    let message = Feedback { horizon: RTT * 10, ..end.message(vec![end.block(&[(0, 4, 1..2)])]) };
    end.pass(RTT);
    assert_eq!(end.take(&message).repairs.len(), 1);
    assert!(end.sender.delayed.get().and_then(Delayed::due).is_some());
    let settled = TrackFeedback { done_before: serial(1), ..end.block(&[]) };
    let message = end.message(vec![settled]);
    end.take(&message);
    assert_eq!(end.sender.delayed.get().and_then(Delayed::due), None);
}

#[test]
fn parity_goes_to_a_peer_whose_path_loses_and_leaves_no_time_for_requests() {
    let mut end = End::with_frames(40);
    end.measure_rtt();
    let sent = u32::try_from(end.sender.counters().datagrams).unwrap();
    let slab = end.histories.0.newest().unwrap().1.clone();
    let (lost, runs) = (sent / 20, sent / 20);
    let parity = |horizon: Duration, lost: u32, runs: u32| {
        let mut other = end.sender.clone();
        let message = Feedback { lost, runs, horizon, ..end.message(Vec::new()) };
        other.handle_feedback(end.now, (Serial(99), Stamp(0)), &message, &end.histories);
        let parity = other.parity(end.now, (&KEY, &slab), false);
        let parity = parity.map_or(0, |run| run.bytes.len() / run.segment);
        assert_eq!(other.counters().parity, parity as u64);
        parity
    };
    assert_eq!(parity(RTT * 5 / 2, lost, runs), 2, "one round");
    assert_eq!(parity(RTT * 3 / 2, lost, runs), 5, "none");
    assert_eq!(parity(RTT * 10, lost, runs), 0, "requests alone suffice");
    assert_eq!(parity(RTT * 5 / 2, 0, 0), 0, "nothing is lost");
    assert_eq!(parity(RTT * 5 / 2, lost, lost / 3), 0, "bursts would take parity and frame together");
    assert_eq!(parity(Duration::ZERO, lost, runs), 0, "no deadline");
}

#[test]
fn only_frames_of_this_peer_that_are_held_are_sent_again() {
    let mut end = End::with_frames(3);
    assert_eq!(end.ask(&[(7, 1, 0..1)]), []);
    assert_eq!(end.sender.counters().not_held, 1);
    end.sender.close(&KEY);
    end.sender.open(end.now, KEY, wide(1), false);
    assert_eq!(end.ask(&[(0, 1, 0..1), (1, 1, 0..1)]), [(1, 1, vec![0])], "from the first frame on");
    end.sender.finish_at(&KEY, wide(1));
    assert_eq!(end.ask(&[(2, 1, 0..1)]), [], "up to the last one");
}

#[test]
fn repairs_stay_within_the_budget_and_what_it_did_not_cover_can_be_asked_for_again() {
    let mut end = End::with_frames(1);
    let large = end.publish(400_000);
    let sent = end.ask(&[(large, 1, 0..u16::MAX)]);
    let resent = sent[0].2.len() as u64;
    assert!((200..300).contains(&resent), "256 KiB and four fifths of what was sent: {resent}");
    assert_eq!(end.sender.counters().over_budget, 344 - resent);
    end.publish(400_000);
    let rest = end.ask(&[(large, 1, 0..u16::MAX)]);
    assert_eq!(rest[0].2.len() as u64, 344 - resent, "the rest of the same round");
}

#[test]
fn media_pauses_after_a_while_without_proof_and_a_nonce_resumes_it() {
    let mut end = End::with_frames(1);
    let beat = end.heartbeat();
    end.pass(PROOF_WAIT);
    assert!(end.sender.is_paused(end.now));
    let forged = Heartbeat { nonce: beat.nonce + 1, ..beat.clone() };
    assert!(end.feedback(&forged, None).heartbeat, "without proof the answer is a HEARTBEAT");
    assert!(end.sender.is_paused(end.now));
    assert!(!end.feedback(&beat, None).heartbeat);
    assert!(!end.sender.is_paused(end.now));
    end.publish(100);
    end.pass(PROOF_WAIT);
    end.feedback(&beat, None);
    assert!(end.sender.is_paused(end.now), "an echo proves once");
}

#[test]
fn while_media_pauses_a_heartbeat_goes_out_each_second() {
    let mut end = End::with_frames(1);
    end.pass(PROOF_WAIT);
    end.heartbeat();
    assert_eq!(end.sender.poll_timeout(), Some(end.now + HEARTBEAT_INTERVAL));
}

#[test]
fn the_digest_of_a_frame_that_was_sent_proves_receipt_once() {
    let mut end = End::with_frames(2);
    let digest = end.digest(1);
    let nothing = Heartbeat { nonce: 0, ..end.heartbeat() };
    end.pass(PROOF_WAIT);
    end.feedback(&nothing, Some((1, digest ^ 1)));
    assert!(end.sender.is_paused(end.now), "a wrong one");
    end.feedback(&nothing, Some((1, digest)));
    assert!(!end.sender.is_paused(end.now));
    end.publish(100);
    end.pass(PROOF_WAIT);
    end.feedback(&nothing, Some((1, digest)));
    end.feedback(&nothing, Some((0, end.digest(0))));
    assert!(end.sender.is_paused(end.now), "the same one and older ones are no news");
}

#[test]
fn a_frame_that_was_not_sent_to_this_peer_proves_nothing() {
    let mut end = End::with_frames(1);
    let nothing = Heartbeat { nonce: 0, ..end.heartbeat() };
    end.history_insert(100);
    end.pass(PROOF_WAIT);
    end.feedback(&nothing, Some((1, end.digest(1))));
    assert!(end.sender.is_paused(end.now));
}

#[test]
fn an_older_feedback_changes_nothing() {
    let mut end = End::with_frames(1);
    end.ask(&[]);
    let block = end.block(&[(0, 1, 0..1)]);
    let old = end.message(vec![block]);
    let answer = end.sender.handle_feedback(end.now, (Serial(1), Stamp(0)), &old, &end.histories);
    assert_eq!(answer, Answer::default());
}

#[test]
fn a_peer_that_lags_behind_is_told_what_was_sent() {
    let mut end = End::with_frames(3);
    let beat = end.heartbeat();
    let lagging = TrackFeedback { newest: serial(0), ..end.block(&[]) };
    let message = Feedback { nonce: beat.nonce, ..end.message(vec![lagging]) };
    assert!(!end.take(&message).heartbeat, "it may be on its way");
    end.pass(end.sender.rtt().smoothed() + LAG_GRACE + MS);
    let next = end.heartbeat();
    let message = Feedback { heartbeat: Serial(end.beats), nonce: next.nonce, ..message };
    assert!(end.take(&message).heartbeat);
}

#[test]
fn a_heartbeat_follows_a_frame_and_never_precedes_it() {
    let mut end = End::with_frames(0);
    for pause in [0, 15, 300, 2_000] {
        end.pass(MS * pause);
        end.publish(5_000);
        let due = end.sender.poll_timeout().unwrap();
        assert!(due >= end.now + HEARTBEAT_AFTER_FRAME, "after {pause} ms");
        assert!(due <= end.now + HEARTBEAT_INTERVAL);
        end.now = due;
        end.heartbeat();
        assert_eq!(end.sender.poll_timeout(), None);
    }
}

#[test]
fn a_heartbeat_fits_its_room_and_says_what_was_sent() {
    let mut end = End::with_frames(3);
    let whole = end.heartbeat();
    assert_eq!((whole.datagrams, whole.tracks.len()), (30, 1));
    let track = &whole.tracks[0];
    assert_eq!((track.newest, track.held, track.oldest_held), (serial(2), 10, serial(0)));
    let small = end.sender.heartbeat(end.now, (Serial(9), 9), 0, HEARTBEAT_FIXED_LEN + 41, &end.histories);
    assert!(small.tracks.is_empty());
}

#[test]
fn a_track_ends_at_its_newest_frame_and_is_settled_when_the_peer_says_so() {
    let mut end = End::with_frames(3);
    assert_eq!(end.sender.finish(&KEY), Some(serial(2)));
    end.history_insert(100);
    assert!(!end.sender.note_sent(end.now, &KEY, wide(3), &end.slab(3)), "nothing after the last");
    for (done, settled) in [(2, false), (3, true)] {
        let block = TrackFeedback { done_before: serial(done), ..end.block(&[]) };
        let message = end.message(vec![block]);
        end.take(&message);
        assert_eq!(end.sender.is_settled(&KEY), settled);
    }
}

#[test]
fn what_waits_to_leave_is_withdrawn_and_the_track_ends_before_it() {
    let mut end = End::with_frames(2);
    let before = end.sender.counters();
    let large = end.publish(60 * 1_164);
    let slab = end.slab(large);
    assert!(end.sender.defer(end.now, (&KEY, wide(large), &slab), 80 * MS), "it leaves over a while");
    assert!(end.sender.poll_paced(end.now).is_some());
    end.sender.finish_at(&KEY, wide(large));
    assert!(end.sender.withdraw(end.now, &KEY));
    assert!(!end.sender.withdraw(end.now, &KEY), "nothing waits");
    end.pass(80 * MS);
    assert_eq!(end.sender.poll_paced(end.now), None);
    assert_eq!(end.sender.finish(&KEY), Some(serial(1)));
    let left = end.sender.counters();
    assert_eq!((left.datagrams - before.datagrams, left.bytes - before.bytes), (10, 10 * 1_200));
    assert_eq!(
        end.sender.reopen(end.now, &KEY, wide(large)),
        Some(wide(large)),
        "it is sent as a whole then"
    );
}

#[test]
fn a_track_that_nothing_was_sent_of_ends_before_its_first_frame() {
    let mut end = End::with_frames(0);
    assert_eq!(end.sender.finish(&KEY), Some(Serial(FIRST.wrapping_sub(1))));
}

/// The number on the wire of the nth frame from 0.
const fn serial(nth: u32) -> Serial {
    Serial(FIRST.wrapping_add(nth))
}

/// The number inside.
fn wide(nth: u32) -> u64 {
    (1 << 32) + u64::from(FIRST) + u64::from(nth)
}

/// A frame of the group that began with frame `key`.
fn of_group(nth: u32, key: u32, flags: DataFlags, len: usize) -> Slab {
    let header = DataHeader {
        producer: KEY.producer,
        stream: KEY.stream,
        round: 0,
        flags,
        pending: 0,
        tag: KEY.tag,
        frame: serial(nth),
        group: serial(key),
        length: 0,
        index: 0,
        shard_size: 1_164,
        capture: CaptureTime(nth * 400),
        crc: 0,
    };
    Slab::pack(header, &vec![7; len]).unwrap()
}

struct One(History);

impl Histories for One {
    fn history(&self, key: &TrackKey) -> Option<&History> {
        (*key == KEY).then_some(&self.0)
    }

    fn clock(&self, _: &TrackKey) -> ClockPoint {
        ClockPoint::default()
    }
}

#[test]
fn what_cannot_come_in_time_is_not_sent_again() {
    let mut end = End::with_frames(1);
    let horizon = Duration::from_millis(500);
    let ask = |end: &mut End, round| {
        let block = end.block(&[(0, round, 0..1)]);
        let message = Feedback { horizon, ..end.message(vec![block]) };
        end.take(&message).repairs.len()
    };
    end.pass(horizon);
    assert_eq!(ask(&mut end, 1), 1);
    end.pass(MS);
    assert_eq!((ask(&mut end, 2), end.sender.counters().too_late), (0, 1));
}

#[test]
fn a_frame_that_came_late_has_the_time_that_its_capture_leaves() {
    let mut end = End::with_frames(1);
    end.pass(Duration::from_millis(300));
    // Captured 40 ms after the one before it, and here 260 ms later than that.
    end.publish(100);
    end.pass(Duration::from_millis(241));
    let block = end.block(&[(1, 1, 0..1)]);
    let message = Feedback { horizon: Duration::from_millis(500), ..end.message(vec![block]) };
    assert_eq!((end.take(&message).repairs.len(), end.sender.counters().too_late), (0, 1));
}

#[test]
fn a_track_that_is_wanted_again_goes_on_behind_what_was_sent() {
    let mut end = End::with_frames(2);
    assert_eq!(end.sender.reopen(end.now, &KEY, wide(0)), None, "it plays");
    end.sender.finish(&KEY);
    let missed = end.history_insert(100);
    assert!(!end.sender.note_sent(end.now, &KEY, wide(missed), &end.slab(missed)));
    assert_eq!(end.sender.reopen(end.now, &KEY, wide(1)), Some(wide(2)));
    assert_eq!(end.sender.first(&KEY), Some(wide(2)));
    end.publish(100);
    assert_eq!(end.ask(&[(0, 1, 0..1)]).len(), 1, "what was sent before is still repaired");
}

#[test]
fn what_the_peer_counts_goes_on_where_a_track_is_opened_again() {
    let mut end = End::with_frames(2);
    let report = |end: &mut End, done_before, direct, lost| {
        let counters = Some(ReportedCounters { direct, lost, ..ReportedCounters::default() });
        let block = TrackFeedback { counters, done_before: serial(done_before), ..end.block(&[]) };
        let message = end.message(vec![block]);
        end.take(&message);
        let total = end.sender.peer_total();
        (total.expected, total.direct, total.lost)
    };
    assert_eq!(report(&mut end, 2, 1, 1), (2, 1, 1));
    end.sender.close(&KEY);
    end.sender.open(end.now, KEY, wide(2), false);
    assert_eq!(end.sender.peer_total().expected, 2);
    assert_eq!(report(&mut end, 3, 2, 1), (3, 2, 1), "in all, not beside what was before");
}

#[test]
fn a_frame_that_never_left_is_told_as_left_out_and_not_sent_again() {
    for thins in [false, true] {
        let mut end = End::with_frames(0);
        end.sender.let_leave_out(KEY, TrackKind::Video, Duration::from_millis(500), thins);
        for _ in 0..3 {
            end.publish(10 * 1_164);
        }
        let sent = end.sender.counters();
        let slab = end.slab(1);
        // In two parts, as from the queue of a paced path.
        end.sender.recall(wide(1), &slab.datagrams()[..4 * slab.segment()], &end.histories);
        end.sender.recall(wide(1), &slab.datagrams()[4 * slab.segment()..], &end.histories);
        let after = end.sender.counters();
        assert_eq!((sent.datagrams - after.datagrams, sent.bytes - after.bytes), (10, 12_000));
        assert_eq!(after.left_out, 1);
        assert_eq!(end.ask(&[(1, 1, 0..10)]), [], "nobody asks for more than there was room for");
        assert_eq!(end.ask(&[(2, 1, 0..1)]), [(2, 1, vec![0])]);
        let told = end.sender.poll_skip(&KEY);
        let range = SkipRange { from: serial(1), to: serial(1), reason: SkipReason::Thinned };
        assert_eq!(told, [SkipItem { stream: KEY.stream, tag: KEY.tag, range }]);
        assert_eq!(end.sender.poll_skip(&KEY), []);
        assert!(end.heartbeat().tracks[0].skipped.contains(&range));
    }
}

#[test]
fn what_needs_a_frame_that_never_left_is_of_no_use_any_more_also_where_nothing_was_ever_left_out() {
    for flags in [DataFlags(0), DataFlags::DISCARDABLE] {
        let mut end = End::with_frames(0);
        end.sender.let_leave_out(KEY, TrackKind::Video, Duration::from_millis(500), false);
        let frame = |nth, flags| of_group(nth, 0, flags, 1_000);
        let frames = [frame(0, DataFlags::KEY), frame(1, flags), frame(2, DataFlags(0))];
        for (number, slab) in (0..).zip(&frames) {
            end.sender.note_sent(end.now, &KEY, wide(number), slab);
        }
        assert!(!end.sender.is_orphaned(wide(2), frames[2].datagrams()));
        end.sender.recall(wide(1), frames[1].datagrams(), &end.histories);
        let needed = flags == DataFlags(0);
        assert_eq!(end.sender.is_orphaned(wide(2), frames[2].datagrams()), needed, "{flags:?}");
        assert!(!end.sender.is_orphaned(wide(0), frames[0].datagrams()));
    }
}

#[test]
fn what_left_before_a_frame_that_it_needs_was_recalled_is_told_as_left_out_too() {
    let mut end = End::with_frames(0);
    end.sender.let_leave_out(KEY, TrackKind::Video, Duration::from_millis(500), false);
    let frame = |nth, key| of_group(nth, key, if nth == key { DataFlags::KEY } else { DataFlags(0) }, 1_000);
    let frames = [frame(0, 0), frame(1, 0), frame(2, 0), frame(3, 3), frame(4, 3)];
    // The second one was repaired on its way to the sender.
    for number in [0, 2, 3, 4, 1] {
        let slab = &frames[number as usize];
        end.histories.0.insert(end.now, slab.clone());
        end.sender.note_sent(end.now, &KEY, wide(number), slab);
    }
    end.sender.recall(wide(1), frames[1].datagrams(), &end.histories);
    let range = SkipRange { from: serial(1), to: serial(2), reason: SkipReason::Thinned };
    let told: Vec<_> = end.sender.poll_skip(&KEY).into_iter().map(|item| item.range).collect();
    assert_eq!(told, [range], "the next group needs none of them");
    assert_eq!(end.sender.counters().left_out, 1, "the other one was sent");
}

#[test]
fn a_heartbeat_that_leaves_late_knows_what_was_heard_and_recalled_meanwhile() {
    let mut end = End::with_frames(0);
    end.sender.let_leave_out(KEY, TrackKind::Video, Duration::from_millis(500), false);
    end.publish(10 * 1_164);
    let early = end.heartbeat();
    end.publish(10 * 1_164);
    let slab = end.slab(0);
    end.sender.recall(wide(0), slab.datagrams(), &end.histories);
    end.feedback(&early, None);
    end.pass(3 * RTT);
    end.publish(10 * 1_164);
    let late = end.sender.note_left(end.now, Serial(end.beats));
    assert_eq!((late.now, late.recalled), (end.now.stamp(), 10));
    assert_eq!(late.heard.map(|(_, hold)| hold), Some(3 * RTT));
    let next = end.heartbeat();
    let counts = end.sender.note_left(end.now, Serial(end.beats)).recalled;
    assert_eq!((next.datagrams, counts), (20, 0), "the next one counts right by itself");
}

/// A sender, what it published, and its clock. Frames are counted from 0.
struct End {
    sender: Sender,
    histories: One,
    now: Time,
    published: u32,
    feedbacks: u32,
    beats: u32,
}

impl End {
    /// An end that has sent so many frames of ten shards.
    fn with_frames(count: u32) -> Self {
        let now = Time::from_micros(1_000_000);
        let mut end = Self {
            sender: Sender::new(now),
            histories: One(History::beginning_at(Serial(FIRST))),
            now,
            published: 0,
            feedbacks: 1,
            beats: 0,
        };
        end.sender.open(now, KEY, (1 << 32) + u64::from(FIRST), false);
        for _ in 0..count {
            end.publish(10 * 1_164);
        }
        end
    }

    fn pass(&mut self, span: Duration) {
        self.now = self.now + span;
    }

    /// Publishes a frame and sends it to the peer; which it is.
    fn publish(&mut self, len: usize) -> u32 {
        let nth = self.history_insert(len);
        assert!(self.sender.note_sent(self.now, &KEY, wide(nth), &self.slab(nth)));
        nth
    }

    /// Publishes a frame that is not sent to this peer.
    fn history_insert(&mut self, len: usize) -> u32 {
        let nth = self.published;
        self.published += 1;
        let slab = of_group(nth, nth, DataFlags::KEY, len);
        assert_eq!(self.histories.0.insert(self.now, slab), Some(wide(nth)));
        nth
    }

    fn slab(&self, nth: u32) -> Slab {
        self.histories.0.get(wide(nth)).unwrap().clone()
    }

    fn digest(&self, nth: u32) -> u32 {
        self.slab(nth).digest()
    }

    fn heartbeat(&mut self) -> Heartbeat {
        self.beats += 1;
        let key = (Serial(self.beats), 1_000 * self.beats);
        self.sender.heartbeat(self.now, key, 0, DATAGRAM_LEN, &self.histories)
    }

    /// An echo that took [`RTT`].
    fn measure_rtt(&mut self) {
        let beat = self.heartbeat();
        self.pass(RTT);
        self.feedback(&beat, None);
        assert_eq!(self.sender.rtt().measured(), Some(RTT));
    }

    fn message(&self, tracks: Vec<TrackFeedback>) -> Feedback {
        Feedback {
            heartbeat: Serial(self.beats),
            nonce: 0,
            hold: Duration::ZERO,
            datagrams: 0,
            bytes: 0,
            duplicates: 0,
            lost: 0,
            runs: 0,
            jitter: Duration::ZERO,
            horizon: Duration::ZERO,
            tracks,
        }
    }

    fn block(&self, missing: &[(u32, u8, std::ops::Range<u16>)]) -> TrackFeedback {
        let item = |(nth, round, shards): &(u32, u8, std::ops::Range<u16>)| {
            let range = ShardRange { first: shards.start, count: shards.end - shards.start };
            Missing { frame: serial(*nth), round: *round, shards: MissingShards::Ranges(vec![range]) }
        };
        TrackFeedback {
            track: KEY,
            done_before: serial(0),
            newest: serial(self.published.saturating_sub(1)),
            newest_whole: None,
            counters: None,
            missing: missing.iter().map(item).collect(),
        }
    }

    fn take(&mut self, feedback: &Feedback) -> Answer {
        self.feedbacks += 1;
        self.sender.handle_feedback(self.now, (Serial(self.feedbacks), Stamp(0)), feedback, &self.histories)
    }

    /// The last HEARTBEAT is echoed, and maybe a frame named as whole.
    fn feedback(&mut self, echo: &Heartbeat, whole: Option<(u32, u32)>) -> Answer {
        let newest_whole = whole.map(|(nth, digest)| (serial(nth), digest));
        let block = TrackFeedback { newest_whole, ..self.block(&[]) };
        let message = Feedback { nonce: echo.nonce, ..self.message(vec![block]) };
        self.take(&message)
    }

    /// What is sent for these requests: frame, round, shards.
    fn ask(&mut self, missing: &[(u32, u8, std::ops::Range<u16>)]) -> Vec<(u32, u8, Vec<u16>)> {
        let message = self.message(vec![self.block(missing)]);
        let repairs = self.take(&message).repairs.into_iter();
        let nth = |repair: &Repair| repair.slab.header().frame.0.wrapping_sub(FIRST);
        repairs.map(|repair| (nth(&repair), repair.round, repair.indices)).collect()
    }
}
