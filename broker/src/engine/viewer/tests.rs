use protocol::id::SessionId;
use protocol::limits::LATENCY;
use protocol::time::{CaptureTime, Stamp};
use protocol::wire::{DataFlags, DataHeader, Label, Missing, MissingShards, TrackFeedback};

use super::super::handover::Publication;
use super::super::sessions::Slot;
use super::*;

const ID: ProducerId = ProducerId::from_bytes([0x1A, 0xAA, 0x99]);
const ALL: Target = Target { producer: ID, stream: StreamId::ALL };
const MS: Duration = Duration::from_millis(1);

#[test]
fn a_viewer_that_comes_back_at_once_is_played_to_again() {
    let mut stage = Stage::with_tracks(&[StreamId::VIDEO]);
    stage.publish(StreamId::VIDEO, 7);
    assert_eq!(stage.subscribe(ALL, 1, 0).frames.len(), 1);
    stage.viewer.unsubscribe(stage.now, ALL, Serial(2));
    assert!(!stage.plays(StreamId::VIDEO));
    let joined = stage.subscribe(ALL, 3, 0);
    assert_eq!((joined.ack.status, joined.frames.len()), (Code::Ok, 0), "the newest frame was sent before");
    assert_eq!(joined.ack.tracks[0].next_frame, Serial(8));
    assert!(stage.plays(StreamId::VIDEO));
    stage.pass(LATENCY * 3);
    assert!(stage.plays(StreamId::VIDEO), "what was left of the former subscription ends nothing");
}

#[test]
fn a_viewer_whose_first_answers_were_lost_is_still_sent_what_came_meanwhile() {
    let mut stage = Stage::with_tracks(&[StreamId::VIDEO]);
    stage.publish(StreamId::VIDEO, 7);
    stage.subscribe(ALL, 1, 0);
    stage.now = stage.now + LATENCY + 100 * MS;
    assert_eq!(stage.asks_for(7), 0, "nobody can use it any more");
    stage.subscribe(ALL, 1, 0);
    assert_eq!(stage.asks_for(7), 1, "the answer to the repeated request is the first one that came");
}

#[test]
fn a_viewer_has_so_many_subscriptions_and_no_more() {
    let mut viewer = Viewer::new(Time::ZERO, true);
    let wish = Subscribe {
        req: Serial(1),
        kinds: 0,
        start: Start::CurrentGroup,
        layer_max: 255,
        parity: 0,
        latency: LATENCY,
        rate_max: 0,
    };
    let statuses: Vec<Code> = (0..=SUBSCRIPTIONS_MAX)
        .filter_map(|number| {
            let producer = ProducerId::from_bytes([1, 0, u8::try_from(number).unwrap()]);
            viewer.subscribe(Time::ZERO, Target { producer, stream: StreamId::ALL }, &wish, None)
        })
        .map(|joined| joined.ack.status)
        .collect();
    let waiting = statuses.iter().filter(|status| **status == Code::Waiting).count();
    assert_eq!((waiting, statuses.last()), (SUBSCRIPTIONS_MAX, Some(&Code::Limit)));
    assert_eq!(viewer.targets().count(), SUBSCRIPTIONS_MAX);
}

#[test]
fn an_unsubscribe_that_a_later_subscribe_overtook_ends_nothing() {
    let mut stage = Stage::with_tracks(&[StreamId::VIDEO]);
    stage.subscribe(ALL, 3, 0);
    let ack = stage.viewer.unsubscribe(stage.now, ALL, Serial(2));
    assert_eq!((ack.status, ack.req), (Code::NoSuchStream, Serial(2)));
    assert!(stage.plays(StreamId::VIDEO));
}

#[test]
fn nothing_leaves_behind_the_answer_to_unsubscribe_and_the_frame_that_was_leaving_is_not_for_the_viewer() {
    let mut stage = Stage::with_tracks(&[StreamId::VIDEO]);
    stage.publish(StreamId::VIDEO, 7);
    stage.subscribe(ALL, 1, 0);
    stage.send_large(StreamId::VIDEO, 8);
    assert!(stage.viewer.sender.poll_paced(stage.now).is_some());
    let last = stage.viewer.unsubscribe(stage.now, ALL, Serial(2)).last;
    assert_eq!(last.iter().map(|last| last.frame).collect::<Vec<_>>(), [Serial(7)]);
    stage.pass(LATENCY);
    assert_eq!(stage.viewer.sender.poll_paced(stage.now), None);
    let joined = stage.subscribe(ALL, 3, 0);
    assert_eq!((joined.ack.tracks[0].next_frame, joined.frames.len()), (Serial(8), 1));
}

#[test]
fn what_waits_of_a_life_that_has_ended_is_withdrawn_as_well() {
    let mut stage = Stage::with_tracks(&[StreamId::VIDEO]);
    stage.publish(StreamId::VIDEO, 7);
    stage.subscribe(ALL, 1, 0);
    stage.send_large(StreamId::VIDEO, 8);
    stage.viewer.end(stage.now, ID, TAG, Code::Ok);
    let last = stage.viewer.unsubscribe(stage.now, ALL, Serial(2)).last;
    assert_eq!(last.iter().map(|last| last.frame).collect::<Vec<_>>(), [Serial(7)]);
    stage.pass(80 * MS);
    assert_eq!(stage.viewer.sender.poll_paced(stage.now), None);
}

#[test]
fn a_track_that_a_new_request_leaves_out_ends() {
    let mut stage = Stage::with_tracks(&[StreamId::VIDEO, StreamId::AUDIO]);
    let sound = TrackKind::mask(TrackKind::Audio);
    assert_eq!(stage.subscribe(ALL, 1, 0).ack.tracks.len(), 2);
    assert_eq!(stage.subscribe(ALL, 2, sound).ack.tracks.len(), 1);
    assert!(stage.plays(StreamId::AUDIO) && !stage.plays(StreamId::VIDEO));
    stage.pass(LATENCY * 3);
    assert_eq!(stage.viewer.sender.tracks().count(), 1, "nothing is left of it");
}

#[test]
fn a_request_for_nothing_that_there_is_ends_what_played() {
    let mut stage = Stage::with_tracks(&[StreamId::VIDEO]);
    stage.subscribe(ALL, 1, 0);
    let refused = stage.subscribe(ALL, 2, TrackKind::mask(TrackKind::Data)).ack;
    assert_eq!(refused.status, Code::NoSuchStream);
    assert!(!stage.plays(StreamId::VIDEO) && stage.viewer.targets().count() == 0);
}

#[test]
fn a_track_of_two_subscriptions_ends_once_and_with_the_last_of_them() {
    let mut stage = Stage::with_tracks(&[StreamId::VIDEO]);
    let one = Target { stream: StreamId::VIDEO, ..ALL };
    stage.subscribe(ALL, 1, 0);
    stage.subscribe(one, 2, 0);
    assert!(stage.viewer.unsubscribe(stage.now, ALL, Serial(3)).last.is_empty());
    assert!(stage.plays(StreamId::VIDEO));
    stage.subscribe(ALL, 4, 0);
    stage.viewer.end(stage.now, ID, TAG, Code::Ok);
    let ends = stage.viewer.poll_repeats(stage.now, &stage.channels).ends;
    assert_eq!(ends.iter().map(|(_, end)| end.last.len()).collect::<Vec<_>>(), [1]);
}

#[test]
fn the_end_of_a_life_that_was_not_played_is_no_news() {
    let mut stage = Stage::with_tracks(&[StreamId::VIDEO]);
    stage.subscribe(ALL, 1, 0);
    stage.viewer.end(stage.now, ID, EpochTag(99), Code::Superseded);
    assert!(stage.viewer.poll_repeats(stage.now, &stage.channels).ends.is_empty());
    assert!(stage.plays(StreamId::VIDEO));
}

#[test]
fn ends_that_nobody_acknowledges_are_bounded() {
    let mut stage = Stage::with_tracks(&[StreamId::VIDEO]);
    for req in 0..200 {
        stage.subscribe(ALL, req, 0);
        stage.viewer.end(stage.now, ID, TAG, Code::Superseded);
    }
    assert_eq!(stage.viewer.poll_repeats(stage.now, &stage.channels).ends.len(), ENDINGS_MAX);
}

#[test]
fn a_viewer_that_waited_gets_the_least_latency_of_the_channel() {
    let mut stage = Stage { channels: Channels::default(), ..Stage::with_tracks(&[]) };
    let waiting = stage.subscribe(ALL, 1, 0).ack;
    assert_eq!((waiting.status, waiting.latency), (Code::Waiting, LATENCY));
    let live = Publication { latency_min: 4 * LATENCY, ..publication(&[StreamId::VIDEO]) };
    stage.channels.put_up(live);
    let joined = stage.viewer.join(stage.now, ALL, stage.channels.live(ID));
    assert_eq!((joined.ack.latency, stage.viewer.needs_on(ID).unwrap().latency), (4 * LATENCY, 4 * LATENCY));
}

const TAG: EpochTag = EpochTag(5);

/// A viewer and the one channel that there is.
struct Stage {
    now: Time,
    viewer: Viewer,
    channels: Channels,
    feedbacks: u32,
}

impl Stage {
    fn with_tracks(streams: &[StreamId]) -> Self {
        let now = Time::from_micros(1_000_000);
        let mut channels = Channels::default();
        channels.put_up(publication(streams));
        channels.entry(ID).subscribers.insert(SessionId(1), Slot::default(), Needs::default());
        Self { now, viewer: Viewer::new(now, true), channels, feedbacks: 0 }
    }

    fn publish(&mut self, stream: StreamId, frame: u32) {
        self.insert(stream, frame, b"a frame");
    }

    /// A frame that leaves over a while.
    fn send_large(&mut self, stream: StreamId, frame: u32) {
        let (number, slab) = self.insert(stream, frame, &vec![7; 60 * 1_164]);
        let key = TrackKey { producer: ID, stream, tag: TAG };
        assert!(self.viewer.sender.note_sent(self.now, &key, number, &slab));
        assert!(self.viewer.sender.defer(self.now, (&key, number, &slab), 80 * MS));
    }

    fn insert(&mut self, stream: StreamId, frame: u32, content: &[u8]) -> (u64, Slab) {
        let frame = Serial(frame);
        let header = DataHeader {
            producer: ID,
            stream,
            round: 0,
            flags: DataFlags::KEY,
            pending: 0,
            tag: TAG,
            frame,
            group: frame,
            length: 0,
            index: 0,
            shard_size: 1_164,
            capture: CaptureTime(0),
            crc: 0,
        };
        let slab = Slab::pack(header, content).unwrap();
        (self.channels.insert(self.now, &slab).unwrap(), slab)
    }

    fn subscribe(&mut self, target: Target, req: u32, kinds: u8) -> Joined {
        let request = Subscribe {
            req: Serial(req),
            kinds,
            start: Start::CurrentGroup,
            layer_max: 255,
            parity: 0,
            latency: LATENCY,
            rate_max: 0,
        };
        self.viewer.subscribe(self.now, target, &request, self.channels.live(ID)).unwrap()
    }

    /// Repairs that a FEEDBACK draws which asks for a frame of video.
    fn asks_for(&mut self, frame: u32) -> usize {
        let frame = Serial(frame);
        self.feedbacks += 1;
        let missing = vec![Missing { frame, round: 1, shards: MissingShards::All }];
        let track = TrackKey { producer: ID, stream: StreamId::VIDEO, tag: TAG };
        let block = TrackFeedback {
            track,
            done_before: frame,
            newest: frame,
            newest_whole: None,
            counters: None,
            missing,
        };
        let feedback = Feedback {
            heartbeat: Serial(0),
            nonce: 0,
            hold: Duration::ZERO,
            datagrams: 0,
            bytes: 0,
            duplicates: 0,
            lost: 0,
            runs: 0,
            jitter: Duration::ZERO,
            horizon: LATENCY,
            tracks: vec![block],
        };
        let number = (Serial(self.feedbacks), Stamp(0));
        self.viewer.sender.handle_feedback(self.now, number, &feedback, &self.channels).repairs.len()
    }

    fn plays(&self, stream: StreamId) -> bool {
        self.viewer.sender.is_playing(&TrackKey { producer: ID, stream, tag: TAG })
    }

    fn pass(&mut self, span: Duration) {
        let until = self.now + span;
        while self.now < until {
            self.now = self.now + 100 * MS;
            self.viewer.poll_repeats(self.now, &self.channels);
        }
    }
}

fn publication(streams: &[StreamId]) -> Publication {
    let track = |stream: &StreamId| TrackInfo {
        stream: *stream,
        kind: if *stream == StreamId::AUDIO { TrackKind::Audio } else { TrackKind::Video },
        codec: Label::new("jpeg").unwrap(),
        extension: Label::new("jpg").unwrap(),
        frame_duration: 40 * MS,
        sync_group: 1,
        layer: 0,
        next_frame: Serial(1),
    };
    Publication {
        producer: ID,
        epoch: 1,
        tag: TAG,
        shard_size: 1_164,
        latency_min: Duration::ZERO,
        name: Text::default(),
        tracks: streams.iter().map(track).collect(),
    }
}
