use std::collections::BTreeSet;

use super::*;
use crate::id::{EpochTag, ProducerId, StreamId};
use crate::sender::History;
use crate::slab::Slab;
use crate::time::CaptureTime;
use crate::wire::ClockPoint;

const KEY: TrackKey =
    TrackKey { producer: ProducerId::from_bytes([1, 2, 3]), stream: StreamId::VIDEO, tag: EpochTag(1) };

const NOW: Time = Time::from_micros(60_000_000);

/// No track has a past.
struct Nothing;

impl Histories for Nothing {
    fn history(&self, _: &TrackKey) -> Option<&History> {
        None
    }

    fn clock(&self, _: &TrackKey) -> ClockPoint {
        ClockPoint::default()
    }
}

/// Pictures in groups of 12, of which every second delta is discardable.
fn header(number: u64) -> DataHeader {
    let flags = match number % 12 {
        0 => DataFlags::KEY,
        odd if odd % 2 == 1 => DataFlags::DISCARDABLE,
        _ => DataFlags::default(),
    };
    DataHeader {
        producer: KEY.producer,
        stream: KEY.stream,
        round: 0,
        flags,
        pending: 0,
        tag: KEY.tag,
        frame: Serial::narrow(number),
        group: Serial::narrow(number - number % 12),
        length: 1,
        index: 0,
        shard_size: 1_164,
        capture: CaptureTime(0),
        crc: 0,
    }
}

/// A viewer's thinning at a step.
fn at(step: Step) -> Thinning {
    let mut thinning = Thinning::default();
    thinning.open(KEY, TrackKind::Video, LATENCY);
    thinning.tracks.get_mut(&KEY).unwrap().alone = false;
    let media = Media { dependent: true, sound: true, others: true, ..Media::default() };
    let mut now = Time::ZERO;
    while thinning.ladder.step() != step {
        now = now + Duration::from_secs(2);
        assert!(thinning.ladder.lower(now, media));
    }
    thinning.after(true);
    thinning
}

fn kept(thinning: &mut Thinning, numbers: std::ops::Range<u64>) -> Vec<u64> {
    numbers
        .filter(|number| !thinning.leaves_out(NOW, &KEY, (*number, &header(*number), false), |_, _, _| false))
        .collect()
}

#[test]
fn no_frame_comes_without_those_that_it_depends_on() {
    let mut thinning = at(Step::Second);
    assert_eq!(kept(&mut thinning, 1_200..1_224), (1_200..1_224).step_by(2).collect::<Vec<_>>());
    // The middle of a group finds no time: the rest of it is left out, up to the next key frame.
    let late = |number: u64| number == 1_228;
    let after: Vec<u64> = (1_224..1_248)
        .filter(|number| {
            !thinning.leaves_out(NOW, &KEY, (*number, &header(*number), false), |_, _, _| late(*number))
        })
        .collect();
    let expected: BTreeSet<u64> = [1_224, 1_226].into_iter().chain((1_236..1_248).step_by(2)).collect();
    assert!(thinning.pace.is_none());
    assert_eq!(after.into_iter().collect::<BTreeSet<_>>(), (1_224..1_248).step_by(2).collect());
    thinning.pace = Some(Box::new(Pace::starting_at(1)));
    let after: BTreeSet<u64> = (1_224..1_248)
        .filter(|number| {
            !thinning.leaves_out(NOW, &KEY, (*number, &header(*number), false), |_, _, _| late(*number))
        })
        .collect();
    assert_eq!(after, expected);
}

#[test]
fn on_the_way_up_the_rest_of_a_group_stays_out_until_the_next_key_frame() {
    let mut thinning = at(Step::Third);
    assert_eq!(kept(&mut thinning, 1_200..1_206), [1_200]);
    thinning.ladder = Ladder::default();
    assert_eq!(kept(&mut thinning, 1_206..1_215), [1_212, 1_213, 1_214]);
    assert!(thinning.is_active(), "frames of the group before may still come");
    assert_eq!(kept(&mut thinning, 2_400..2_401), [2_400]);
    assert!(!thinning.is_active(), "there is nothing to ask any more");
}

#[test]
fn a_frame_that_comes_behind_later_ones_is_sent_where_they_need_it_and_only_where_its_group_is_whole() {
    let mut thinning = at(Step::Third);
    assert_eq!(kept(&mut thinning, 1_200..1_213), [1_200, 1_212]);
    let mut is_kept = |number, overtaken| {
        !thinning.leaves_out(NOW, &KEY, (number, &header(number), overtaken), |_, _, _| false)
    };
    assert!(!is_kept(1_210, true), "its group was broken before the next one began");
    assert!(is_kept(1_224, false) && is_kept(1_226, true), "what came before it was sent");
}

#[test]
fn a_frame_that_those_sent_before_a_gap_need_is_sent_although_its_group_has_broken_since() {
    let mut thinning = at(Step::Second);
    thinning.pace = Some(Box::new(Pace::starting_at(1)));
    let mut is_kept = |number, overtaken, late: bool| {
        !thinning.leaves_out(NOW, &KEY, (number, &header(number), overtaken), |_, _, _| late)
    };
    assert!(is_kept(1_200, false, false) && is_kept(1_204, false, false));
    assert!(!is_kept(1_206, false, true), "it finds no time: the group breaks here");
    assert!(is_kept(1_202, true, true), "the broker lacked it when its successor was sent");
    assert!(!is_kept(1_208, false, false));
    assert!(is_kept(1_214, false, false) && is_kept(1_212, true, false), "the next group is whole");
}

#[test]
fn frames_that_are_left_out_in_any_order_make_one_range() {
    let mut thinning = at(Step::Paused);
    for number in [1_200, 1_206, 1_203, 1_204, 1_202, 1_201, 1_205, 1_208, 1_203] {
        assert!(thinning.leaves_out(NOW, &KEY, (number, &header(number), false), |_, _, _| false));
    }
    assert_eq!(thinning.tracks.get(&KEY).unwrap().ranges, [(1_200, 1_206), (1_208, 1_208)]);
}

#[test]
fn what_needs_a_frame_that_was_left_out_is_known_longer_than_the_ranges() {
    let mut thinning = at(Step::Second);
    kept(&mut thinning, 1_200..1_600);
    thinning.pace = Some(Box::new(Pace::starting_at(1)));
    assert!(thinning.leaves_out(NOW, &KEY, (1_598, &header(1_598), false), |_, _, _| true));
    thinning.tracks.get_mut(&KEY).unwrap().ranges.clear();
    assert!(thinning.is_orphan(&KEY, 1_599, &header(1_599)) && !thinning.has_left_out(&KEY, 1_599));
    assert!(!thinning.is_orphan(&KEY, 1_597, &header(1_597)));
}

#[test]
fn a_join_amid_a_broken_group_begins_with_the_next_one() {
    let mut thinning = at(Step::Whole);
    thinning.pace = Some(Box::new(Pace::starting_at(1)));
    thinning.refresh();
    assert!(thinning.leaves_out(NOW, &KEY, (1_202, &header(1_202), false), |_, _, _| true));
    let joined: Vec<u64> = (1_203..1_214)
        .filter(|number| !thinning.leaves_out_orphan(&KEY, *number, &header(*number)))
        .collect();
    assert_eq!((joined, thinning.left_out()), (vec![1_212, 1_213], 10));
}

#[test]
fn what_was_left_out_is_told_ahead_of_the_next_frame_once_and_in_every_heartbeat() {
    let mut thinning = at(Step::Third);
    assert_eq!(kept(&mut thinning, 1_200..1_236), [1_200, 1_212, 1_224]);
    let told: Vec<(u32, u32)> =
        thinning.poll_skip(&KEY).iter().map(|item| (item.range.from.0, item.range.to.0)).collect();
    assert_eq!(told, [(1_225, 1_235), (1_213, 1_223), (1_201, 1_211)]);
    assert!(thinning.poll_skip(&KEY).is_empty());
    let mut history = History::beginning_at(Serial(1_200));
    history.insert(Time::ZERO, Slab::pack(header(1_235), b"frame").unwrap()).unwrap();
    let mut block = history.heartbeat(KEY, 0, None).unwrap();
    thinning.report(&mut block);
    assert_eq!(block.thinning, wire::Thinning::KeyFrames);
    assert_eq!(block.skipped.first().map(|range| range.to), Some(Serial(1_235)));
    assert!(thinning.has_left_out(&KEY, 1_230) && !thinning.has_left_out(&KEY, 1_224));
    assert_eq!(thinning.left_out(), 33);
}

#[test]
fn what_is_remembered_is_bounded_and_goes_when_it_is_settled() {
    let mut thinning = at(Step::Second);
    kept(&mut thinning, 12_000..13_000);
    assert_eq!(thinning.tracks.get(&KEY).unwrap().ranges.len(), RANGES_MAX);
    thinning.forget_before(&KEY, 13_000);
    assert_eq!(thinning.newest(&KEY), Some(12_999));
    thinning.close(&KEY);
    assert_eq!(thinning.newest(&KEY), None);
}

#[test]
fn a_viewer_that_asks_again_ends_its_pause() {
    let mut thinning = at(Step::Paused);
    assert!(kept(&mut thinning, 1_200..1_212).is_empty());
    assert!(thinning.resume(Time::from_micros(60_000_000), &Nothing));
    assert!(!thinning.resume(Time::from_micros(60_000_000), &Nothing));
}

#[test]
fn of_a_track_that_is_left_out_one_frame_goes_out_every_four_seconds_fast() {
    let mut thinning = at(Step::Paused);
    thinning.pace = Some(Box::new(Pace::starting_at(3_000)));
    let frames = (0..240_u64).filter(|tick| {
        let now = NOW + Duration::from_millis(100) * u32::try_from(*tick).unwrap();
        let sent = !thinning.leaves_out(
            now,
            &KEY,
            (1_200 + tick * 12, &header(1_200 + tick * 12), false),
            |_, _, _| true,
        );
        if sent {
            assert_eq!(thinning.pace(&KEY, 10_000), Some((80_000, true)), "within an eighth of a second");
            assert_eq!(thinning.pace_of_repairs(), Some(3_000));
        }
        sent
    });
    assert_eq!(frames.collect::<Vec<_>>(), [40, 80, 120, 160, 200]);
}

#[test]
fn tracks_whose_frames_come_at_the_same_moments_have_trials_by_turns() {
    let stream = |id| TrackKey { stream: StreamId(id), ..KEY };
    let keys = [1, 2, 3, 4, 5].map(stream);
    let mut thinning = at(Step::Paused);
    for key in keys {
        thinning.open(key, TrackKind::Video, LATENCY);
    }
    let mut trials = Vec::new();
    for second in 0..=28_u64 {
        let now = NOW + Duration::from_secs(second);
        let header = header(1_200 + second * 12);
        // When it would be the last track's turn, the first one has had nothing for four seconds again.
        for key in keys {
            if !thinning.leaves_out(now, &key, (1_200 + second * 12, &header, false), |_, _, _| true) {
                trials.push((second, key.stream.0));
            }
        }
    }
    let of = |stream| trials.iter().filter(|(_, of)| *of == stream).count();
    assert_eq!([1, 2, 3, 4, 5].map(of), [5; 5], "{trials:?}");
}
