//! The muxer from frames to bytes, read back by a reader that knows nothing of the writer.

mod reader;

use std::time::Duration;

use bytes::Bytes;
use protocol::id::{ProducerId, StreamId, Target};
use protocol::serial::Serial;
use protocol::time::{CaptureTime, Time};
use protocol::wire::{Label, Text, TrackInfo, TrackKind};

use super::*;
use crate::engine::event::{Frame, Subscribed};
use reader::{Played, Stream};

const PICTURE: &[u8] = include_bytes!("../../../media/1AAA99/frames/frame1.jpg");
const SOUND: &[u8] = include_bytes!("../../../media/1AAA99/audio/audio1.mp3");
const MS: Duration = Duration::from_millis(1);
/// Units of capture time in a second.
const SECOND: u32 = 10_000;
const START: Time = Time::from_micros(1_000_000);

/// A muxer with a producer of pictures and sound in front of it.
struct Bench {
    muxer: Muxer,
    chunks: Vec<Chunk>,
}

impl Bench {
    fn new(form: Form) -> Self {
        let mut muxer = Muxer::new(form);
        muxer.subscribed(&granted(&["jpeg", "mp3"])).unwrap();
        Self { muxer, chunks: Vec::new() }
    }

    fn picture(&mut self, now: Time, epoch: u64, capture: u32) {
        self.frame(now, StreamId::VIDEO, epoch, capture, PICTURE);
    }

    fn sound(&mut self, now: Time, epoch: u64, capture: u32) {
        self.frame(now, StreamId::AUDIO, epoch, capture, SOUND);
    }

    fn frame(&mut self, now: Time, stream: StreamId, epoch: u64, capture: u32, data: &'static [u8]) {
        let kind = if stream == StreamId::VIDEO { TrackKind::Video } else { TrackKind::Audio };
        self.muxer.handle_frame(
            now,
            Frame {
                producer: ProducerId::from_bytes([0x1A, 0xAA, 0x99]),
                stream,
                kind,
                extension: Label::new("x").unwrap(),
                epoch,
                number: Serial(1),
                media_time: CaptureTime(capture),
                captured: now,
                captured_error: None,
                play_at: now,
                data: Bytes::from_static(data),
            },
        );
        self.chunks.extend(std::iter::from_fn(|| self.muxer.poll_chunk()));
    }

    /// So many seconds as a producer publishes them: the sound of a second, then its twelve pictures.
    fn seconds(&mut self, epoch: u64, first: u32, count: u32) {
        for second in first..first + count {
            let capture = second * SECOND;
            let now = START + MS * second * 1_000;
            self.sound(now, epoch, capture);
            for picture in 0..12 {
                let offset = picture * SECOND / 12;
                self.picture(now + MS * (offset / 10), epoch, capture + offset);
            }
        }
    }

    fn finish(&mut self) -> Vec<u8> {
        self.muxer.finish();
        self.chunks.extend(std::iter::from_fn(|| self.muxer.poll_chunk()));
        self.chunks.iter().flat_map(|chunk| chunk.data.to_vec()).collect()
    }

    fn played(&mut self) -> Stream {
        Stream::read(&self.finish())
    }
}

fn granted(codecs: &[&str]) -> Subscribed {
    let track = |(stream, codec): (StreamId, &&str)| TrackInfo {
        stream,
        kind: if stream == StreamId::VIDEO { TrackKind::Video } else { TrackKind::Audio },
        codec: Label::new(codec).unwrap(),
        extension: Label::new("x").unwrap(),
        frame_duration: if stream == StreamId::VIDEO { MS * 1_000 / 12 } else { MS * 1_000 },
        sync_group: 0,
        layer: 0,
        next_frame: Serial(1),
    };
    Subscribed {
        target: Target { producer: ProducerId::from_bytes([0x1A, 0xAA, 0x99]), stream: StreamId::ALL },
        epoch: 1,
        name: Text::new("Aurora\x1b[2J"),
        latency: MS * 500,
        wanted: MS * 500,
        tracks: [StreamId::VIDEO, StreamId::AUDIO].into_iter().zip(codecs).map(track).collect(),
        again: false,
    }
}

fn increasing(times: &[u64]) -> bool {
    times.windows(2).all(|pair| pair[0] < pair[1])
}

#[test]
fn pictures_and_sound_come_out_byte_for_byte_at_the_times_of_their_capture() {
    let mut bench = Bench::new(Form::Matroska);
    bench.seconds(1, 7, 3);
    let stream = bench.played();
    let captured: Vec<u64> =
        (0..3).flat_map(|second| (0..12).map(move |n| second * 10_000 + n * 10_000 / 12)).collect();
    assert_eq!(stream.times(1), captured);
    assert!(stream.of(1).all(|played| played.data == PICTURE));
    let sounds = stream.times(2);
    assert_eq!((sounds.len(), increasing(&sounds)), (3 * 43, true));
    let joined: Vec<u8> = stream.of(2).flat_map(|played| played.data.clone()).collect();
    assert_eq!(joined, [&SOUND[288..]; 3].concat(), "every frame but the one that describes the file");
    assert_eq!((stream.tick, stream.title.as_str()), (100_000, r"Aurora\u{1b}[2J"));
    assert_eq!(
        stream.tracks,
        [("V_MJPEG".to_owned(), (640, 360), Some(83_333_333)), ("A_MPEG/L3".to_owned(), (48_000, 2), None)]
    );
}

#[test]
fn the_sound_is_no_further_from_its_picture_than_a_millisecond() {
    let mut bench = Bench::new(Form::Matroska);
    bench.seconds(1, 0, 20);
    let stream = bench.played();
    // The second sound of each segment is the first that is heard: 47 samples behind the picture of the second.
    for (second, sounds) in (0_u64..).zip(stream.times(2).chunks(43)) {
        assert!(sounds[1].abs_diff(second * 10_000) <= 10, "second {second}: {sounds:?}");
    }
    let silent: Vec<&Played> = stream.of(2).filter(|played| played.discard.is_some()).collect();
    assert_eq!(silent.len(), 40);
    assert_eq!((silent[0].discard, silent[1].discard), (Some(-24_000_000), Some(8_979_166)));
}

#[test]
fn frames_that_never_came_leave_the_times_of_the_others_as_they_are() {
    let mut bench = Bench::new(Form::Matroska);
    bench.sound(START, 1, 0);
    for capture in [0, 833, 2_500, 30_000] {
        bench.picture(START, 1, capture);
    }
    bench.sound(START, 1, 30_000);
    let stream = bench.played();
    assert_eq!(stream.times(1), [0, 833, 2_500, 30_000]);
    assert_eq!(stream.times(2)[43], 30_000);
}

#[test]
fn whoever_joins_within_a_second_hears_the_rest_of_it() {
    let mut bench = Bench::new(Form::Matroska);
    bench.picture(START, 1, 7 * SECOND + 5_000);
    bench.sound(START + MS * 20, 1, 7 * SECOND);
    bench.picture(START + MS * 83, 1, 7 * SECOND + 5_833);
    let stream = bench.played();
    assert_eq!(stream.times(1), [5_000, 5_833], "the sound that was captured first begins the stream");
    assert_eq!(stream.times(2).first(), Some(&0));
}

#[test]
fn a_new_life_of_the_producer_goes_on_in_the_time_that_passed() {
    let mut bench = Bench::new(Form::Matroska);
    bench.seconds(1, 0, 2);
    let again = START + MS * 5_000;
    bench.muxer.subscribed(&Subscribed { epoch: 2, again: true, ..granted(&["jpeg", "mp3"]) }).unwrap();
    bench.sound(again, 2, 4_000_000_000);
    bench.picture(again, 2, 4_000_000_000);
    bench.picture(again + MS * 83, 2, 4_000_000_833);
    bench.picture(again, 1, 20_000);
    let stream = bench.played();
    assert!(increasing(&stream.times(1)) && increasing(&stream.times(2)));
    let new = &stream.times(1)[24..];
    // The last picture came at 1.916 s of the stream, 3.084 s before the new life.
    assert!(new[0].abs_diff(50_000) < 20 && new[1] - new[0] == 833, "{new:?}");
    assert_eq!(stream.times(2)[2 * 43], new[0], "the sound with the picture");
    assert_eq!((new.len(), bench.muxer.counters().outlived), (2, 1), "what is over is over");
}

#[test]
fn a_producer_whose_time_stands_still_loses_no_picture() {
    let mut bench = Bench::new(Form::Matroska);
    bench.sound(START, 1, 0);
    for capture in [0, 0, 0, 833] {
        bench.picture(START, 1, capture);
    }
    assert_eq!(bench.played().times(1), [0, 1, 2, 833]);
}

#[test]
fn the_header_waits_for_the_other_track_only_so_long() {
    let mut bench = Bench::new(Form::Matroska);
    assert_eq!(bench.muxer.poll_timeout(), None);
    bench.picture(START, 1, 0);
    assert!(bench.chunks.is_empty());
    let due = bench.muxer.poll_timeout().unwrap();
    assert_eq!(due, START + MS * 1_500);
    bench.muxer.handle_timeout(due);
    bench.picture(due, 1, 15_000);
    assert!(bench.chunks[0].is_header());
    bench.sound(due, 1, 10_000);
    let stream = bench.played();
    assert_eq!(stream.tracks[1].1, (44_100, 2), "as it usually is");
    assert_eq!((stream.times(1), stream.times(2).len()), (vec![0, 15_000], 43));
}

#[test]
fn what_is_no_picture_and_no_sound_is_counted() {
    let mut bench = Bench::new(Form::Matroska);
    bench.seconds(1, 0, 1);
    bench.frame(START, StreamId::VIDEO, 1, 0, b"no picture");
    bench.frame(START, StreamId::AUDIO, 1, 0, b"no sound");
    bench.frame(START, StreamId(0x11), 1, 0, PICTURE);
    let counters = bench.muxer.counters();
    assert_eq!((counters.pictures, counters.sounds), (12, 43));
    assert_eq!((counters.no_media, counters.no_track), (2, 1));
}

#[test]
fn a_channel_that_cannot_be_written_is_told_by_its_codecs() {
    let mut muxer = Muxer::new(Form::Matroska);
    let fault = muxer.subscribed(&granted(&["h264", "opus"])).unwrap_err();
    assert_eq!(
        fault.to_string(),
        "nothing of this channel can be written as Matroska, which takes pictures of JPEG and sound of MP3: what \
         comes is h264 and opus"
    );
    assert!(Muxer::new(Form::Mjpeg).subscribed(&granted(&["h264", "mp3"])).is_err());
    assert!(muxer.subscribed(&granted(&["h264", "mp3"])).is_ok(), "sound alone");
}

#[test]
fn pictures_alone_are_the_pictures_alone() {
    let mut bench = Bench::new(Form::Mjpeg);
    bench.seconds(1, 0, 1);
    assert_eq!(bench.finish(), PICTURE.repeat(12));
}

#[test]
fn a_finished_file_says_how_long_it_is_and_where_each_second_begins() {
    let mut bench = Bench::new(Form::Matroska);
    bench.seconds(1, 0, 5);
    let mut file = bench.finish();
    let mut index = Index::default();
    bench.chunks.iter().for_each(|chunk| index.note(chunk));
    let live = Stream::read(&file);
    assert_eq!((live.duration, live.cues.len(), live.sized), (None, 0, false));

    let Completion { tail, patches } = index.completion();
    file.extend(tail);
    for (at, bytes) in patches {
        let at = usize::try_from(at).unwrap();
        file[at..at + bytes.len()].copy_from_slice(&bytes);
    }
    let stream = Stream::read(&file);
    assert_eq!(stream.times(1), live.times(1), "nothing else has changed");
    assert!(stream.sized);
    assert!((stream.duration.unwrap() - 50_000.0).abs() < 20.0, "{:?}", stream.duration);
    let seconds: Vec<u64> = stream.cues.iter().map(|(at, _)| *at).collect();
    assert_eq!(seconds, [0, 10_000, 20_000, 30_000, 40_000]);
    for (at, position) in &stream.cues {
        assert!(stream.clusters.contains(&(*position, *at)), "no cluster of {at} at {position}");
    }
    assert_eq!(stream.seeks.len(), 3, "info, tracks, cues: {:?}", stream.seeks);
    assert!(stream.seeks.iter().all(|(id, position)| stream.parts.contains(&(*id, *position))));
}

#[test]
fn chunks_that_a_slow_reader_never_got_leave_a_stream_that_can_be_read() {
    let mut bench = Bench::new(Form::Matroska);
    bench.seconds(1, 0, 3);
    bench.finish();
    let mut index = Index::default();
    let mut file = Vec::new();
    for (number, chunk) in bench.chunks.iter().enumerate() {
        if chunk.is_header() || number % 3 != 0 {
            index.note(chunk);
            file.extend_from_slice(&chunk.data);
        }
    }
    let stream = Stream::read(&file);
    assert!(increasing(&stream.times(1)) && stream.times(1).len() < 36);
    assert!(!index.completion().tail.is_empty());
}

#[test]
fn a_long_stream_has_a_bounded_index() {
    let mut bench = Bench::new(Form::Matroska);
    bench.seconds(1, 0, 1);
    let mut index = Index::default();
    bench.chunks.iter().for_each(|chunk| index.note(chunk));
    let cluster = bench.chunks.last().unwrap().clone();
    for second in 1..200_000_u64 {
        let at = second * 10_000;
        index
            .note(&Chunk { kind: chunk::Kind::Cluster { at, until: at, track: Some(1) }, ..cluster.clone() });
    }
    let entries = index.completion().tail.len() / 20;
    assert!((30_000..70_000).contains(&entries), "{entries}");
}
