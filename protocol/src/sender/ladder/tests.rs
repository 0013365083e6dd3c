use crate::id::{EpochTag, ProducerId, StreamId};
use crate::serial::Serial;
use crate::time::CaptureTime;

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const PICTURES: Media = Media { alone: true, dependent: false, sound: true, others: true };

fn at(seconds: u64) -> Time {
    Time::from_micros(seconds * 1_000_000)
}

fn header(flags: DataFlags) -> DataHeader {
    DataHeader {
        producer: ProducerId::from_bytes([1, 2, 3]),
        stream: StreamId::VIDEO,
        round: 0,
        flags,
        pending: 0,
        tag: EpochTag(1),
        frame: Serial(0),
        group: Serial(0),
        length: 1,
        index: 0,
        shard_size: 1_164,
        capture: CaptureTime(0),
        crc: 0,
    }
}

/// A step up that is due and likely to fit.
fn raise(ladder: &mut Ladder, now: Time) -> bool {
    (0..PROBES_MIN).for_each(|_| ladder.note_probe(true));
    ladder.raise(now, PICTURES)
}

#[test]
fn pictures_that_stand_for_themselves_come_every_2nd_3rd_and_4th_time_evenly() {
    let picture = header(DataFlags::KEY.with(DataFlags::END_OF_GROUP));
    for (step, every) in [(Step::Second, 2), (Step::Third, 3), (Step::Fourth, 4)] {
        let kept: Vec<u64> = (0..24).filter(|n| step.keeps(TrackKind::Video, &picture, *n)).collect();
        assert_eq!(kept, (0..24).step_by(every).collect::<Vec<u64>>());
    }
}

#[test]
fn of_dependent_frames_the_discardable_ones_go_first_and_the_key_frames_last() {
    let (key, delta) = (header(DataFlags::KEY), header(DataFlags::default()));
    let spare = header(DataFlags::DISCARDABLE);
    let kept = |step: Step| [&key, &delta, &spare].map(|frame| step.keeps(TrackKind::Video, frame, 7));
    assert_eq!(kept(Step::Whole), [true; 3]);
    assert_eq!(kept(Step::Second), [true, true, false]);
    assert_eq!(kept(Step::Third), [true, false, false]);
    assert_eq!(kept(Step::Fourth), [true, false, false]);
    assert_eq!(kept(Step::Sound), [false; 3]);
}

#[test]
fn sound_stays_until_the_pause_and_data_until_only_sound_is_left() {
    let frame = header(DataFlags::KEY.with(DataFlags::END_OF_GROUP));
    for step in Step::ALL {
        assert_eq!(step.keeps(TrackKind::Audio, &frame, 7), step < Step::Paused);
        assert_eq!(step.keeps(TrackKind::Data, &frame, 7), step < Step::Sound);
    }
}

#[test]
fn steps_that_make_no_difference_are_left_out() {
    use Step::{Fourth, Paused, Second, Sound, Third};

    let below = |media: Media| {
        std::iter::successors(Some(Step::Whole), |step| step.below(media)).skip(1).collect::<Vec<_>>()
    };
    assert_eq!(below(PICTURES), [Second, Third, Fourth, Sound, Paused]);
    assert_eq!(below(Media { sound: false, ..PICTURES }), [Second, Third, Fourth, Paused]);
    assert_eq!(below(Media { alone: false, dependent: true, ..PICTURES }), [Second, Third, Sound, Paused]);
    assert_eq!(below(Media { sound: true, ..Media::default() }), [Paused]);
    assert_eq!(Paused.above(Media { sound: true, ..Media::default() }), Some(Step::Whole));
}

#[test]
fn it_goes_down_one_step_in_two_seconds() {
    let mut ladder = Ladder::default();
    assert!(ladder.lower(at(10), PICTURES));
    assert!(!ladder.lower(at(11), PICTURES));
    assert!(ladder.lower(at(12), PICTURES));
    assert_eq!(ladder.step(), Step::Third);
}

#[test]
fn it_goes_up_one_step_in_ten_seconds_and_only_when_that_is_likely_to_fit() {
    let mut ladder = Ladder::default();
    ladder.lower(at(10), PICTURES);
    assert!(!raise(&mut ladder, at(19)), "too soon");
    (0..PROBES_MAX).for_each(|_| ladder.note_probe(false));
    assert!(!ladder.raise(at(25), PICTURES), "nothing showed that it would fit");
    (0..PROBES_MAX * 2).for_each(|_| ladder.note_probe(true));
    assert!(ladder.raise(at(26), PICTURES));
    assert_eq!(ladder.step(), Step::Whole);
}

#[test]
fn steps_up_that_do_not_hold_are_tried_less_and_less_often() {
    let (mut ladder, mut now, mut waits) = (Ladder::default(), 0, Vec::new());
    ladder.lower(at(now), PICTURES);
    for _ in 0..6 {
        let lowered = now;
        while !raise(&mut ladder, at(now)) {
            now += 1;
        }
        waits.push(now - lowered);
        now += 3;
        assert!(ladder.lower(at(now), PICTURES));
    }
    assert_eq!(waits, [10, 20, 40, 80, 160, 160]);
    while !raise(&mut ladder, at(now)) {
        now += 1;
    }
    now += HOLDS_AFTER.as_secs() + 1;
    ladder.raise(at(now), PICTURES);
    assert_eq!(ladder.failed, 0, "one that holds makes up for all of them");
}

#[test]
fn a_pause_ends_when_trials_show_that_the_path_is_good_and_at_once_when_the_viewer_asks() {
    let mut ladder = Ladder::default();
    for second in 0..5 {
        ladder.lower(at(second * 2), PICTURES);
    }
    assert_eq!(ladder.step(), Step::Paused);
    assert!(!ladder.raise(at(8) + UP_WAIT.saturating_sub(SECOND), PICTURES));
    let mut waiting = ladder;
    assert!(!waiting.raise(at(8) + UP_WAIT, PICTURES), "nothing shows that it would do");
    assert!(raise(&mut waiting, at(8) + UP_WAIT));
    assert!(ladder.resume(at(9), PICTURES));
    assert_eq!(ladder.step(), Step::Sound);
    assert!(!ladder.resume(at(10), PICTURES), "there is no pause any more");
}
