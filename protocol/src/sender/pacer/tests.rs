use super::*;
use crate::id::{EpochTag, ProducerId, StreamId};
use crate::serial::Serial;
use crate::time::CaptureTime;
use crate::wire::{DataFlags, DataHeader};

const MS: Duration = Duration::from_millis(1);
const KEY: TrackKey =
    TrackKey { producer: ProducerId::from_bytes([1, 2, 3]), stream: StreamId::VIDEO, tag: EpochTag(1) };

/// A frame of this many full datagrams.
fn slab(datagrams: usize) -> Slab {
    let header = DataHeader {
        producer: KEY.producer,
        stream: KEY.stream,
        round: 0,
        flags: DataFlags::KEY,
        pending: 0,
        tag: KEY.tag,
        frame: Serial(1),
        group: Serial(1),
        length: 0,
        index: 0,
        shard_size: 1_164,
        capture: CaptureTime(0),
        crc: 0,
    };
    Slab::pack(header, &vec![7; datagrams * 1_164]).unwrap()
}

/// When, in ms, and how many datagrams leave.
fn runs(pacer: &mut Pacer, mut now: Time) -> Vec<(u64, usize)> {
    let mut runs = Vec::new();
    while let Some(due) = pacer.due() {
        now = now.max(due);
        let run = pacer.poll(now).unwrap();
        runs.push((now.as_micros() / 1_000, run.bytes.len().div_ceil(run.segment)));
    }
    runs
}

#[test]
fn a_frame_of_32_datagrams_leaves_at_once() {
    let mut pacer = Pacer::default();
    assert_eq!(pacer.spread(Time::ZERO, (&KEY, 1, &slab(32)), 80 * MS), None);
    assert_eq!(pacer.due(), None);
}

#[test]
fn a_larger_one_leaves_within_half_its_duration_and_40_ms_in_few_runs() {
    for (datagrams, interval, whole) in [(33, 40, 20), (88, 83, 40), (88, 0, 40), (900, 1_000, 40)] {
        let mut pacer = Pacer::default();
        let slab = slab(datagrams);
        let end = pacer.spread(Time::ZERO, (&KEY, 1, &slab), MS * interval);
        assert_eq!(end, Some(Time::ZERO + MS * whole));
        let runs = runs(&mut pacer, Time::ZERO);
        assert_eq!(runs.iter().map(|(_, count)| count).sum::<usize>(), datagrams);
        assert!(runs.len() <= 8 && runs[0] == (0, datagrams.div_ceil(8).max(10)), "{runs:?}");
        assert!(runs.last().unwrap().0 < u64::from(whole));
    }
}

#[test]
fn at_a_paths_rate_frames_leave_one_behind_the_other_and_sound_ahead_of_all() {
    let mut pacer = Pacer::default();
    let frame = slab(3);
    // 100 datagrams a second.
    assert_eq!(pacer.follow(Time::ZERO, (&KEY, 1, &frame), 120_000), Time::ZERO + 30 * MS);
    assert_eq!(pacer.follow(Time::ZERO, (&KEY, 2, &frame), 120_000), Time::ZERO + 60 * MS);
    assert!(pacer.poll(Time::ZERO).is_some());
    assert_eq!((pacer.first_waiting(&KEY, 1), pacer.first_waiting(&KEY, 2)), (Some(1), Some(0)));
    assert_eq!(pacer.backlog(), (5, 6_000));
    let sound = Run { bytes: slab(2).datagrams().clone(), segment: 1_200, frame: None };
    pacer.overtake(Time::ZERO + MS, (None, false), sound, 120_000);
    let runs = runs(&mut pacer, Time::ZERO);
    assert_eq!(runs.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [10, 20, 30, 40, 50, 60, 70]);
    assert_eq!((pacer.backlog(), pacer.first_waiting(&KEY, 2)), ((0, 0), None));
}

#[test]
fn pictures_that_would_come_too_late_are_known_before_and_sound_later() {
    let mut pacer = Pacer::default();
    let late = |pacer: &Pacer, kind| pacer.is_late(Time::ZERO, (kind, 12_000), 120_000, 500 * MS);
    assert!(!late(&pacer, TrackKind::Video));
    pacer.follow(Time::ZERO, (&KEY, 1, &slab(11)), 120_000);
    assert!(late(&pacer, TrackKind::Video));
    assert!(!late(&pacer, TrackKind::Audio));
    assert!(pacer.is_late(Time::ZERO, (TrackKind::Audio, 60_000), 120_000, 500 * MS));
}

#[test]
fn what_waits_is_bounded() {
    let mut pacer = Pacer::default();
    let frame = slab(33);
    let waiting = (0..200).filter(|number| pacer.spread(Time::ZERO, (&KEY, *number, &frame), MS).is_some());
    assert_eq!(waiting.count(), FRAMES_MAX);
}

#[test]
fn what_is_left_of_a_frame_that_is_forgotten_does_not_leave() {
    let mut pacer = Pacer::default();
    let now = Time::from_micros(1_000_000);
    pacer.follow(now, (&KEY, 7, &slab(10)), 1_200 * 100);
    pacer.follow(now, (&KEY, 8, &slab(10)), 1_200 * 100);
    assert_eq!(pacer.poll(now).map(|run| (run.frame, run.bytes.len())), Some((Some(7), 1_200)));
    assert_eq!(pacer.forget(&KEY, 7), (9, 9 * 1_200));
    assert_eq!(pacer.forget(&KEY, 7), (0, 0));
    let numbers: Vec<_> =
        std::iter::from_fn(|| pacer.due().and_then(|due| pacer.poll(due))).map(|run| run.frame).collect();
    assert_eq!(numbers, [Some(8); 10]);
}

#[test]
fn what_is_given_up_or_withdrawn_leaves_no_hole_for_what_waits_behind_it() {
    let repairs = || Run { bytes: Bytes::from(vec![7; 10 * 1_200]), segment: 1_200, frame: None };
    let at = |ms: u32| Time::ZERO + ms * MS;
    let mut pacer = Pacer::default();
    pacer.follow(at(0), (&KEY, 1, &slab(2)), 2_400);
    pacer.overtake(at(0), (None, false), repairs(), 2_400);
    assert_eq!(
        runs(&mut pacer, at(0)),
        [(0, 1), (500, 1), (1_000, 1), (1_500, 1)],
        "2 repairs, then the frame"
    );
    assert_eq!(pacer.free, at(2_000));
    let other = TrackKey { stream: StreamId::AUDIO, ..KEY };
    pacer.follow(at(2_000), (&other, 1, &slab(10)), 2_400);
    pacer.follow(at(2_000), (&KEY, 2, &slab(2)), 2_400);
    assert_eq!(pacer.withdraw(&other).first, Some(1));
    assert_eq!(runs(&mut pacer, at(2_000)), [(2_000, 1), (2_500, 1)]);
}

#[test]
fn a_trial_overtakes_what_waits_and_nothing_overtakes_it() {
    let run = |number: u64, datagrams| {
        let frame = slab(datagrams);
        (Some((KEY, number)), Run { bytes: frame.datagrams().clone(), segment: 1_200, frame: Some(number) })
    };
    let mut pacer = Pacer::default();
    pacer.follow(Time::ZERO, (&KEY, 1, &slab(2)), 120_000);
    let (trial, bytes) = run(2, 10);
    // A thousand datagrams a second.
    assert_eq!(pacer.overtake(Time::ZERO, (trial, true), bytes, 1_200_000), Time::ZERO + 10 * MS);
    let (sound, bytes) = run(3, 2);
    assert_eq!(pacer.overtake(Time::ZERO + MS, (sound, false), bytes, 120_000), Time::ZERO + 30 * MS);
    let mut left = Vec::new();
    while let Some(due) = pacer.due() {
        let run = pacer.poll(due).unwrap();
        left.push((run.frame.unwrap(), due.as_micros() / 1_000, run.bytes.len() / 1_200));
    }
    assert_eq!(left, [(2, 0, 5), (2, 5, 5), (3, 10, 1), (3, 20, 1), (1, 30, 1), (1, 40, 1)]);
}
