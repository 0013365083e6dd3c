use proptest::prelude::*;

use super::*;

const MS: Duration = Duration::from_millis(1);
const RTT: Duration = Duration::from_millis(40);
/// Bytes of a frame, and its datagrams.
const FRAME: (u64, u32) = (10_300, 9);

/// A path, seen through one HEARTBEAT behind each third frame.
struct Stage {
    rate: Rate,
    burst: Burst,
    now: Time,
    seq: u32,
    sent: u32,
    /// Thousandths of a datagram.
    received: u64,
    /// Of the clocks: the peer's is ahead.
    offset: u32,
    queue: Duration,
    /// On the way back.
    back: Duration,
    duplicates: u32,
    missed: u64,
}

impl Stage {
    fn new() -> Self {
        let (now, offset) = (Time::from_micros(5_000_000), u32::MAX - 3_000_000);
        let rate = Rate::default();
        let (queue, back) = (Duration::ZERO, Duration::ZERO);
        let burst = Burst::default();
        Self { rate, burst, now, seq: 0, sent: 0, received: 0, offset, queue, back, duplicates: 0, missed: 0 }
    }

    /// A quarter of a second passes: three frames go out, `share` thousandths of their datagrams come.
    fn beat(&mut self, share: u64) -> Option<Sample> {
        for _ in 0..3 {
            self.now = self.now + 80 * MS;
            self.burst.note_sent(self.now, FRAME.0);
            self.sent += FRAME.1;
            self.received += u64::from(FRAME.1) * share;
        }
        self.now = self.now + 10 * MS;
        self.seq += 1;
        let burst = std::mem::take(&mut self.burst);
        self.rate.note_heartbeat(self.now, Serial(self.seq), self.sent, (burst, Phase::Free));
        let arrived = self.now + 20 * MS + self.queue;
        let arrived = Stamp(arrived.stamp().0.wrapping_add(self.offset));
        let received = u32::try_from(self.received / 1_000).unwrap();
        let received_bytes = u64::from(received) * FRAME.0 / u64::from(FRAME.1);
        self.rate.handle_echo(Echo {
            seq: Serial(self.seq),
            arrived,
            round_trip: RTT + self.queue + self.back,
            received,
            received_bytes,
            duplicates: self.duplicates,
            missed: self.missed,
        })
    }

    fn beats(&mut self, count: u32, share: u64) {
        for _ in 0..count {
            self.beat(share);
        }
    }

    fn is_too_slow(&self) -> bool {
        self.rate.is_too_slow(RTT, || FRAME.0 * 12)
    }
}

proptest! {
    #[test]
    fn random_loss_alone_is_never_too_slow(shares in proptest::collection::vec(550..=1_000_u64, 4..60)) {
        let mut stage = Stage::new();
        for share in shares {
            stage.beat(share);
            prop_assert!(!stage.is_too_slow());
        }
    }

    #[test]
    fn jitter_alone_is_never_too_slow(queues in proptest::collection::vec(0..60_u32, 4..120)) {
        let mut stage = Stage::new();
        for (count, queue) in queues.into_iter().enumerate() {
            // Every other one finds the path free, as between two bursts.
            stage.queue = MS * if count % 2 == 0 { queue } else { 0 };
            stage.beat(1_000);
            prop_assert!(!stage.is_too_slow());
        }
    }
}

#[test]
fn a_queue_that_grows_without_end_is_too_slow_within_two_seconds() {
    for growth in [20, 60, 125] {
        let mut stage = Stage::new();
        stage.beats(8, 1_000);
        let beats = (1..=8).find(|_| {
            stage.queue += MS * growth;
            stage.beat(1_000);
            stage.is_too_slow()
        });
        assert!(beats.is_some(), "{growth} ms each quarter of a second");
    }
}

#[test]
fn a_queue_that_grows_is_not_of_media_that_is_a_fraction_of_what_passes_it() {
    let grown = |needed: u64| {
        let mut stage = Stage::new();
        stage.beats(8, 1_000);
        (1..=8).any(|_| {
            stage.queue += 8 * MS;
            stage.beat(1_000);
            stage.rate.is_too_slow(RTT, || needed)
        })
    };
    assert!(grown(FRAME.0 * 12));
    assert!(!grown(FRAME.0));
}

#[test]
fn what_waited_at_this_end_is_no_queue_of_the_path() {
    let (mut now, mut rate) = (Time::from_micros(5_000_000), Rate::default());
    for count in 0..40 {
        now = now + 250 * MS;
        let mut burst = Burst::default();
        burst.note_sent(now, FRAME.0);
        rate.note_heartbeat(now, Serial(count), count, (burst, Phase::Free));
        let left = now + MS * (count * 10);
        rate.note_left(left, Serial(count), 0);
        let echo = Echo {
            seq: Serial(count),
            arrived: (left + 20 * MS).stamp(),
            round_trip: RTT,
            received: count,
            received_bytes: u64::from(count) * FRAME.0,
            duplicates: 0,
            missed: count.into(),
        };
        rate.handle_echo(echo);
        assert!(!rate.is_queueing() && !rate.is_too_slow(RTT, || FRAME.0 * 4));
    }
    assert!(rate.capacity() > Some(FRAME.0 * 1_000), "the burst left together");
}

#[test]
fn a_full_queue_in_which_frames_come_too_late_is_too_slow() {
    let mut stage = Stage::new();
    stage.beats(8, 1_000);
    stage.queue = 100 * MS;
    for _ in 0..8 {
        stage.missed += 1;
        stage.beat(600);
    }
    assert!(stage.is_too_slow() && stage.rate.is_queueing());
    stage.queue = Duration::ZERO;
    stage.beats(4, 1_000);
    assert!(!stage.is_too_slow(), "it is over when it is over");
}

#[test]
fn a_queue_that_never_empties_is_one_however_it_swings() {
    let mut stage = Stage::new();
    stage.beats(8, 1_000);
    for count in 0..16 {
        stage.queue = MS * if count % 2 == 0 { 160 } else { 290 };
        stage.missed += 1;
        stage.beat(700);
    }
    assert!(stage.is_too_slow());
}

#[test]
fn a_path_that_became_longer_is_not_too_slow() {
    let mut stage = Stage::new();
    stage.beats(8, 1_000);
    stage.queue = 100 * MS;
    for _ in 0..200 {
        stage.beat(1_000);
        assert!(!stage.is_too_slow());
    }
}

#[test]
fn clocks_that_drift_apart_are_no_queue() {
    let mut stage = Stage::new();
    for _ in 0..2_000 {
        stage.offset = stage.offset.wrapping_add(125);
        stage.beat(750);
        assert!(!stage.is_too_slow() && !stage.rate.is_queueing());
    }
}

#[test]
fn clocks_that_both_drift_and_a_queue_on_the_way_back_are_no_queue() {
    let mut stage = Stage::new();
    for count in 0..2_000 {
        stage.offset = stage.offset.wrapping_add(250);
        stage.back = MS * (count / 100);
        stage.missed += 1;
        stage.beat(700);
        assert!(!stage.is_too_slow() && !stage.rate.is_queueing());
    }
}

#[test]
fn next_to_nothing_for_two_seconds_is_no_random_loss() {
    let mut stage = Stage::new();
    stage.beats(30, 400);
    assert!(!stage.rate.is_choked());
    stage.beats(7, 200);
    assert!(!stage.rate.is_choked(), "not long enough");
    stage.beats(8, 200);
    assert!(stage.rate.is_choked());
}

#[test]
fn what_comes_twice_was_not_lost() {
    let mut stage = Stage::new();
    stage.beats(20, 800);
    assert!(stage.rate.is_short());
    for _ in 0..20 {
        stage.duplicates += 3;
        stage.beat(800);
    }
    assert!(!stage.rate.is_short());
}

#[test]
fn a_queue_that_stays_as_it_is_becomes_the_new_measure_and_one_that_falls_does_not() {
    let mut stage = Stage::new();
    stage.beats(8, 1_000);
    let settled = |stage: &mut Stage, fall: Duration| {
        stage.queue = 800 * MS;
        (0..40).any(|_| {
            stage.queue = stage.queue.saturating_sub(fall);
            stage.beat(1_000);
            stage.rate.settle_queue()
        })
    };
    assert!(!settled(&mut stage, 20 * MS));
    assert!(settled(&mut stage, Duration::ZERO));
    stage.beats(2, 1_000);
    assert_eq!(stage.beat(1_000).map(|sample| sample.queue_us), Some(0));
}

#[test]
fn what_is_delivered_while_a_queue_stands_is_the_capacity() {
    let mut stage = Stage::new();
    stage.beats(4, 1_000);
    stage.queue = 100 * MS;
    stage.beat(500);
    let capacity = stage.beat(500).unwrap().capacity.unwrap();
    let delivered = FRAME.0 * 3 * 4 / 2;
    assert!(capacity.abs_diff(delivered) < delivered / 5, "{capacity} of {delivered}");
}
