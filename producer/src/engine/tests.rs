//! A producer and a broker with a bottleneck between them.

use std::collections::VecDeque;
use std::sync::Arc;

use broker::engine::{Broker, Config, Directory, Keys, Path, SessionLimits};
use protocol::limits::TOKEN_LEN;
use protocol::wire::{Label, Text, Thinning, TrackKind};

use super::*;

const MS: Duration = Duration::from_millis(1);
/// Pictures of 10 000 bytes, one each 80 ms: 1 Mbit/s.
const PICTURE: [u8; 10_000] = [7; 10_000];
const FRAME_DURATION: Duration = Duration::from_millis(80);

/// Time goes on by milliseconds; what comes back takes none.
struct Hop {
    now: Time,
    producer: Producer,
    broker: Broker,
    path: Path,
    /// What is under way, and when it comes.
    queue: VecDeque<(Time, Vec<u8>)>,
    /// When the last of it has passed.
    free: Time,
    bytes_per_second: u64,
    due: Time,
    published: Vec<Published>,
    events: Vec<Event>,
}

impl Hop {
    fn new(bytes_per_second: u64, thins: bool) -> Self {
        let now = Time::from_micros(1_000_000);
        let label = |text| Label::new(text).unwrap();
        let track = PlannedTrack {
            stream: StreamId::VIDEO,
            kind: TrackKind::Video,
            codec: label("jpeg"),
            extension: label("jpg"),
            frame_duration: FRAME_DURATION,
        };
        let plan = Plan {
            producer: ProducerId::from_bytes([0x1A, 0xAA, 0x99]),
            identity: [0; TOKEN_LEN],
            epoch: 1,
            name: Text::default(),
            shard_size: 1_164,
            latency_min: Duration::ZERO,
            first_frame: protocol::serial::Serial(1),
            thins,
            tracks: vec![track],
        };
        let mut random = Random::from_seed([1; 32]);
        let config = Config {
            worker: 0,
            workers: 1,
            keys: Keys::new(&mut random, None),
            directory: Arc::new(Directory::default()),
            limits: SessionLimits::default(),
        };
        Self {
            now,
            producer: Producer::new(now, "127.0.0.1:5000".parse().unwrap(), plan, Random::from_seed([2; 32])),
            broker: Broker::new(config, random),
            path: Path { peer: "127.0.0.2:7".parse().unwrap(), local: None },
            queue: VecDeque::new(),
            free: now,
            bytes_per_second,
            due: now,
            published: Vec::new(),
            events: Vec::new(),
        }
    }

    fn run_for(&mut self, span: Duration) {
        let end = self.now + span;
        while self.now < end {
            self.now = self.now + MS;
            self.turn();
        }
    }

    fn turn(&mut self) {
        let now = self.now;
        if now >= self.due {
            self.due = self.due + FRAME_DURATION;
            let published = self.producer.publish(now, StreamId::VIDEO, now, &PICTURE);
            self.published.push(published);
        }
        self.producer.handle_timeout(now);
        while let Some(Transmit { bytes, segment }) = self.producer.poll_transmit() {
            for datagram in bytes.chunks(segment.max(1)) {
                let takes = Duration::from_micros(datagram.len() as u64 * 1_000_000 / self.bytes_per_second);
                // A tenth of a second fits before the bottleneck.
                if self.free.since(now) <= 100 * MS {
                    self.free = self.free.max(now) + takes;
                    self.queue.push_back((self.free + 10 * MS, datagram.to_vec()));
                }
            }
        }
        while self.queue.front().is_some_and(|(at, _)| *at <= now) {
            let (_, datagram) = self.queue.pop_front().unwrap();
            self.broker.handle_datagram(now, self.path, &datagram);
        }
        self.broker.handle_timeout(now);
        while let Some(transmit) = self.broker.poll_transmit(now) {
            for datagram in transmit.bytes.chunks(transmit.segment.max(1)) {
                self.producer.handle_datagram(now, "127.0.0.1:5000".parse().unwrap(), datagram);
            }
        }
        self.events.extend(std::iter::from_fn(|| self.producer.poll_event()));
    }

    fn left_out(&self) -> u64 {
        self.published.iter().filter(|published| **published == Published::LeftOut).count() as u64
    }

    fn told(&self) -> Vec<Thinning> {
        let told = |event: &Event| match event {
            Event::Thinned { thinning } => Some(*thinning),
            _ => None,
        };
        self.events.iter().filter_map(told).collect()
    }
}

#[test]
fn a_path_of_half_the_rate_is_spared_whole_frames_and_both_ends_count_them() {
    let mut hop = Hop::new(62_500, true);
    hop.run_for(30 * 1_000 * MS);
    let told = hop.told();
    assert_eq!(told.first(), Some(&Thinning::Every2nd), "{told:?}");
    assert!(told.windows(2).all(|two| two[0] != two[1]), "{told:?}");
    hop.producer.finish(hop.now, 500 * MS);
    hop.run_for(600 * MS);
    let snapshot = hop.producer.snapshot();
    let track = &snapshot.tracks[0];
    let broker = track.broker.expect("it has reported");
    assert_eq!((track.left_out, snapshot.sender.left_out), (hop.left_out(), hop.left_out()));
    assert!(track.left_out > 100 && broker.skipped == track.left_out, "{track:?}");
    assert_eq!(broker.expected, track.published - track.unsent, "{track:?}");
    assert_eq!(track.bytes, (track.published - track.unsent - track.left_out) * PICTURE.len() as u64);
}

#[test]
fn who_is_told_not_to_sends_every_frame() {
    let mut hop = Hop::new(62_500, false);
    hop.run_for(10 * 1_000 * MS);
    let snapshot = hop.producer.snapshot();
    assert_eq!((hop.left_out(), snapshot.sender.left_out, hop.told()), (0, 0, vec![]));
    assert!(!snapshot.slow);
}

#[test]
fn a_path_with_room_carries_every_frame() {
    let mut hop = Hop::new(500_000, true);
    hop.run_for(10 * 1_000 * MS);
    let snapshot = hop.producer.snapshot();
    assert_eq!((hop.left_out(), snapshot.slow, hop.told()), (0, false, vec![]));
}
