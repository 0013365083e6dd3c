//! The other two engines, each on a thread with a plain socket.

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use broker::engine::{Broker, Config, Directory, Keys, Path, SessionLimits};
use jpeg_encoder::{ColorType, Encoder};
use producer::engine::{Plan, PlannedTrack, Producer, identity};
use protocol::id::StreamId;
use protocol::limits::{LATENCY_MIN, SHARD_LEN};
use protocol::random::Random;
use protocol::serial::Serial;
use protocol::time::{Time, micros};
use protocol::wire::{Label, Text, TrackKind};

/// A peer looks this often whether it is to go.
const TURN: Duration = Duration::from_millis(10);
/// From picture to picture.
const FRAME_DURATION: Duration = Duration::from_millis(20);
const DATAGRAM_MAX: usize = 1 << 16;

/// A peer on a thread; gone without a word when it is dropped, as if it was killed.
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    gone: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.gone.store(true, Ordering::Relaxed);
        self.thread.take().map(JoinHandle::join);
    }
}

/// A broker on a port of the system's choice.
pub(crate) fn broker() -> Peer {
    broker_at("127.0.0.1:0".parse().unwrap())
}

/// A broker at this address, without any memory of a former one.
pub(crate) fn broker_at(address: SocketAddr) -> Peer {
    let mut random = random();
    let config = Config {
        worker: 0,
        workers: 1,
        keys: Keys::new(&mut random, None),
        directory: Arc::new(Directory::default()),
        limits: SessionLimits::default(),
    };
    let mut broker = Broker::new(config, random);
    Peer::start(address, move |now, socket, received| {
        if let Some((from, datagram)) = received {
            broker.handle_datagram(now, Path { peer: from, local: None }, datagram);
        }
        broker.handle_timeout(now);
        while let Some(transmit) = broker.poll_transmit(now) {
            send(socket, transmit.to, &transmit.bytes, transmit.segment);
        }
        broker.poll_timeout()
    })
}

/// A producer of pictures: the frame with index i is [`picture`] i.
pub(crate) fn producer(broker: SocketAddr, id: &str) -> Peer {
    producer_of(broker, id, picture)
}

/// A producer of JPEG pictures in one colour.
pub(crate) fn cinema(broker: SocketAddr, id: &str, colour: [u8; 3]) -> Peer {
    let frame = jpeg(colour);
    producer_of(broker, id, move |_| frame.clone())
}

/// The same, in the second colour once it is told to.
pub(crate) fn turning_cinema(
    broker: SocketAddr,
    id: &str,
    colours: [[u8; 3]; 2],
    turned: Arc<AtomicBool>,
) -> Peer {
    let [first, second] = colours.map(jpeg);
    producer_of(
        broker,
        id,
        move |_| if turned.load(Ordering::Relaxed) { second.clone() } else { first.clone() },
    )
}

/// A producer of large pictures that have nothing in common, and what tells of each that is published.
pub(crate) fn flicker(broker: SocketAddr, id: &str) -> (Peer, mpsc::Receiver<u32>) {
    const SIZE: (u16, u16) = (160, 120);
    let frames: Vec<_> = (0..8_u32)
        .map(|number| {
            let bytes = u32::from(SIZE.0) * u32::from(SIZE.1) * 3;
            let noise =
                |place: u32| (place ^ number << 20).wrapping_mul(2_654_435_761) ^ place.wrapping_mul(40_503);
            encoded(&(0..bytes).map(|place| noise(place).to_be_bytes()[1]).collect::<Vec<_>>(), SIZE)
        })
        .collect();
    let (published, heard) = mpsc::channel();
    let peer = producer_of(broker, id, move |index| {
        published.send(index).ok();
        frames[index as usize % frames.len()].clone()
    });
    (peer, heard)
}

fn jpeg(colour: [u8; 3]) -> Vec<u8> {
    encoded(&colour.repeat(64 * 48), (64, 48))
}

fn encoded(pixels: &[u8], (width, height): (u16, u16)) -> Vec<u8> {
    let mut frame = Vec::new();
    Encoder::new(&mut frame, 90).encode(pixels, width, height, ColorType::Rgb).unwrap();
    frame
}

fn producer_of(broker: SocketAddr, id: &str, frame: impl Fn(u32) -> Vec<u8> + Send + 'static) -> Peer {
    let producer = id.parse().unwrap();
    let plan = Plan {
        producer,
        identity: identity(b"test", producer),
        epoch: 1_767_225_600_000,
        name: Text::new("Aurora"),
        shard_size: SHARD_LEN,
        latency_min: LATENCY_MIN,
        first_frame: Serial(1),
        thins: true,
        tracks: vec![PlannedTrack {
            stream: StreamId::VIDEO,
            kind: TrackKind::Video,
            codec: Label::new("jpeg").unwrap(),
            extension: Label::new("jpg").unwrap(),
            frame_duration: FRAME_DURATION,
        }],
    };
    let mut producer = None;
    let (mut index, mut due) = (0, Time::ZERO);
    Peer::start("127.0.0.1:0".parse().unwrap(), move |now, socket, received| {
        let producer = producer.get_or_insert_with(|| Producer::new(now, broker, plan.clone(), random()));
        if let Some((from, datagram)) = received {
            producer.handle_datagram(now, from, datagram);
        }
        if now >= due {
            producer.publish(now, StreamId::VIDEO, now, &frame(index));
            (index, due) = (index + 1, now + FRAME_DURATION);
        }
        producer.handle_timeout(now);
        while let Some(transmit) = producer.poll_transmit() {
            send(socket, broker, &transmit.bytes, transmit.segment);
        }
        Some(due)
    })
}

/// A picture of several datagrams, no two alike.
pub(crate) fn picture(index: u32) -> Vec<u8> {
    (0..3_000_u32).flat_map(|word| (word.wrapping_mul(2_654_435_761) ^ index).to_be_bytes()).collect()
}

impl Peer {
    fn start(
        address: SocketAddr,
        mut turn: impl FnMut(Time, &UdpSocket, Option<(SocketAddr, &[u8])>) -> Option<Time> + Send + 'static,
    ) -> Self {
        let socket = UdpSocket::bind(address).unwrap();
        let (address, gone) = (socket.local_addr().unwrap(), Arc::new(AtomicBool::new(false)));
        let (origin, leave) = (Instant::now(), Arc::clone(&gone));
        let thread = thread::spawn(move || {
            let now = || Time::from_micros(micros(Duration::from_secs(1) + origin.elapsed()));
            let mut buffer = vec![0; DATAGRAM_MAX];
            while !leave.load(Ordering::Relaxed) {
                let due = turn(now(), &socket, None);
                let wait = due.map_or(TURN, |due| due.since(now()).min(TURN));
                socket.set_read_timeout(Some(wait.max(Duration::from_millis(1)))).unwrap();
                if let Ok((length, from)) = socket.recv_from(&mut buffer) {
                    turn(now(), &socket, Some((from, &buffer[..length])));
                }
            }
        });
        Self { address, gone, thread: Some(thread) }
    }
}

fn send(socket: &UdpSocket, to: SocketAddr, bytes: &[u8], segment: usize) {
    for datagram in bytes.chunks(segment.max(1)) {
        // A peer that has gone is what some of the tests are about.
        socket.send_to(datagram, to).ok();
    }
}

fn random() -> Random {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).unwrap();
    Random::from_seed(seed)
}
