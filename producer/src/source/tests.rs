use std::fs;

use tempfile::TempDir;

use super::*;

/// A folder of `count` small files named `prefix`1 and so on, each holding its own name.
fn folder(prefix: &str, extension: &str, count: usize) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for number in 1..=count {
        let name = format!("{prefix}{number}");
        fs::write(folder.path().join(format!("{name}.{extension}")), name).unwrap();
    }
    folder
}

/// A channel of a film: folders of `frames` pictures and `segments` segments, at `rate`.
struct Film {
    source: Source,
    frames: TempDir,
    _audio: TempDir,
}

fn film(frames: usize, segments: usize, rate: f64, playback: Playback) -> Film {
    let (frames, audio) = (folder("frame", "jpg", frames), folder("audio", "mp3", segments));
    let source = Source::open(&SourceOptions {
        video: Video::Folder(frames.path().to_owned()),
        audio: Some(audio.path().to_owned()),
        rate: FrameRate::new(rate).unwrap(),
        playback,
        max_frame_bytes: 100,
    });
    Film { source: source.unwrap(), frames, _audio: audio }
}

fn at(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn poll(source: &mut Source, now: Duration) -> Option<Unit> {
    source.poll_unit(now, TimeOfDay::MIDNIGHT).unwrap()
}

/// All units due up to and including `end`, taken each at its time: milliseconds and content.
fn play(source: &mut Source, end: Duration) -> Vec<String> {
    let mut played = Vec::new();
    while let Some(now) = source.next_due().filter(|due| *due <= end) {
        while let Some(unit) = poll(source, now) {
            assert_eq!((unit.due, unit.capture_offset), (now, now), "handed over at its time of capture");
            played.push(format!("{} {}", now.as_millis(), std::str::from_utf8(&unit.data).unwrap()));
        }
    }
    played
}

#[test]
fn sound_goes_out_before_the_pictures_of_its_second() {
    let mut film = film(8, 2, 2.0, Playback::Loop);
    let expected = ["0 audio1", "0 frame1", "500 frame2", "1000 audio2", "1000 frame3", "1500 frame4"];
    assert_eq!(play(&mut film.source, at(1_999)), expected);
}

#[test]
fn sound_comes_first_at_odd_rates_too() {
    let mut film = film(90, 3, 29.97, Playback::Loop);
    let played = play(&mut film.source, at(2_500));
    let second = played.iter().position(|unit| unit.ends_with("audio3")).unwrap();
    assert_eq!(played[second - 1..=second + 1], ["1968 frame60", "2000 audio3", "2002 frame61"]);
}

#[test]
fn nothing_is_handed_over_before_it_is_due() {
    let mut film = film(2, 1, 2.0, Playback::Loop);
    assert_eq!(play(&mut film.source, at(0)).len(), 2);
    assert_eq!(poll(&mut film.source, at(499)), None);
    assert_eq!(film.source.next_due(), Some(at(500)));
    assert!(poll(&mut film.source, at(500)).is_some());
}

#[test]
fn a_loop_keeps_sound_and_pictures_in_step() {
    let mut film = film(24, 2, 12.0, Playback::Loop);
    let played = play(&mut film.source, at(3_600_000));
    assert_eq!(played.len(), 3_601 + 12 * 3_600 + 1);
    assert_eq!(played[played.len() - 2..], ["3600000 audio1", "3600000 frame1"]);
}

#[test]
fn each_track_of_a_loop_goes_round_at_its_own_length() {
    let mut film = film(3, 2, 1.0, Playback::Loop);
    let expected = ["3000 audio2", "3000 frame1", "4000 audio1", "4000 frame2"];
    assert_eq!(play(&mut film.source, at(4_000))[6..], expected);
}

#[test]
fn once_ends_when_both_tracks_have_ended() {
    let mut film = film(2, 3, 2.0, Playback::Once);
    let played = play(&mut film.source, at(60_000));
    assert_eq!(played, ["0 audio1", "0 frame1", "500 frame2", "1000 audio2", "2000 audio3"]);
    assert_eq!(film.source.next_due(), None);
    assert_eq!(poll(&mut film.source, Duration::MAX), None);
}

#[test]
fn a_source_that_fell_behind_goes_on_in_the_present() {
    let mut film = film(24, 2, 12.0, Playback::Loop);
    play(&mut film.source, at(0));
    let late: Vec<Unit> = std::iter::from_fn(|| poll(&mut film.source, at(61_500))).collect();
    assert_eq!(late.first().map(|unit| unit.due), Some(at(60_500)), "nothing is older than a second");
    assert_eq!(late.len(), 13 + 1, "a second of pictures and the sound of the second that began");
    assert_eq!(
        film.source.counters(),
        SourceCounters { overdue: 60 * 12 + 6 - 1 + 60, ..SourceCounters::default() }
    );
    assert_eq!(film.source.next_due().map(|due| due > at(61_500)), Some(true));
}

#[test]
fn a_file_that_cannot_be_used_leaves_its_moment_empty() {
    let mut film = film(4, 2, 2.0, Playback::Loop);
    fs::write(film.frames.path().join("frame2.jpg"), [0; 101]).unwrap();
    let expected = ["0 audio1", "0 frame1", "1000 audio2", "1000 frame3", "1500 frame4"];
    assert_eq!(play(&mut film.source, at(1_999)), expected);
    assert_eq!(film.source.counters(), SourceCounters { unusable: 1, ..SourceCounters::default() });
}

#[test]
fn a_folder_that_vanishes_while_playing_is_an_error_after_a_loop() {
    let mut film = film(2, 1, 2.0, Playback::Loop);
    play(&mut film.source, at(999));
    film.frames.close().unwrap();
    assert_eq!(play(&mut film.source, at(1_000)), ["1000 audio1"]);
    let error = film.source.poll_unit(at(1_500), TimeOfDay::MIDNIGHT).unwrap_err();
    assert!(error.to_string().starts_with("none of the 2 files"), "{error}");
}

#[test]
fn the_catalog_learns_kind_and_duration_of_each_track() {
    let film = film(2, 1, 12.0, Playback::Loop);
    let track = |role, extension: &str, frame_duration| TrackInfo {
        role,
        extension: extension.to_owned(),
        frame_duration,
    };
    let expected = [
        track(TrackRole::Audio, "mp3", SEGMENT_DURATION),
        track(TrackRole::Video, "jpg", Duration::from_nanos(83_333_333)),
    ];
    assert_eq!(film.source.tracks().collect::<Vec<_>>(), expected);
}

#[test]
fn the_test_card_needs_no_file_and_has_no_end() {
    let card = |playback| {
        Source::open(&SourceOptions {
            video: Video::TestCard { id: "1AAA99".to_owned(), name: "Test".to_owned() },
            audio: None,
            rate: FrameRate::new(12.0).unwrap(),
            playback,
            max_frame_bytes: 4_194_304,
        })
        .unwrap()
    };
    let mut source = card(Playback::Once);
    let unit = poll(&mut source, at(100)).unwrap();
    assert_eq!((unit.track, unit.due), (TrackRole::Video, at(0)));
    assert_eq!(source.next_due(), Some(Duration::from_nanos(83_333_333)));

    // The clock in the picture is that of its capture, however late it was asked for.
    let later = TimeOfDay::MIDNIGHT;
    let on_time = card(Playback::Loop).poll_unit(at(0), later.before(at(100))).unwrap().unwrap();
    assert_eq!(on_time.data, unit.data);
}

#[test]
fn a_picture_from_a_pipe_is_captured_when_it_arrives() {
    let unit = Unit::arrived(bytes::Bytes::from_static(b"x"), at(1_234));
    assert_eq!((unit.track, unit.capture_offset, unit.due), (TrackRole::Video, at(1_234), at(1_234)));
}
