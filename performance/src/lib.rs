//! A stage for micro-benchmarks: the three engines, without sockets, clocks or a network that loses anything.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use broker::engine::{Broker, Config, Counters, Directory, Keys, Path, SessionLimits, Transmit};
use bytes::Bytes;
use client::engine::Client;
use producer::engine::{Plan, PlannedTrack, Producer};
use protocol::id::{ProducerId, StreamId, Target};
use protocol::limits::{LATENCY, SHARD_LEN};
use protocol::random::Random;
use protocol::serial::Serial;
use protocol::time::Time;
use protocol::wire::{Label, Role, Text, TrackKind};
use udp::RecvBuffers;

/// Between two frames.
pub const FRAME_DURATION: Duration = Duration::from_millis(83);
const BROKER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 5_000);
const PRODUCER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 4_999);
/// The first viewer's address. One each: the kernel lets any socket send from them.
const FIRST_VIEWER: Ipv4Addr = Ipv4Addr::new(127, 64, 0, 0);
/// The port of viewers where there are no sockets.
const VIEWERS_PORT: u16 = 4_000;
/// Turns of a handshake: HELLO, RETRY, HELLO, WELCOME, and requests.
const HANDSHAKE_TURNS: usize = 8;

/// One worker of the broker, a producer, and viewers that watch it.
pub struct Stage {
    now: Time,
    broker: Broker,
    producer: Producer,
    viewers: Vec<(SocketAddr, Client)>,
    frame: Vec<u8>,
    under_way: Vec<Transmit>,
}

/// Something a viewer says.
pub type Said = (SocketAddr, Bytes);

impl Stage {
    /// So many viewers watch frames of so many bytes.
    pub fn new(viewers: usize, frame_bytes: usize) -> Self {
        Self::with_port(viewers, frame_bytes, VIEWERS_PORT)
    }

    /// The same, where what viewers say may also come through a socket: from loopback addresses of their own and this port.
    pub fn with_port(viewers: usize, frame_bytes: usize, port: u16) -> Self {
        let mut random = Random::from_seed([7; 32]);
        let now = Time::from_micros(1_000_000);
        let config = Config {
            worker: 0,
            workers: 1,
            keys: Keys::new(&mut random, None),
            directory: Arc::new(Directory::default()),
            limits: SessionLimits::default(),
        };
        let broker = Broker::new(config, Random::from_seed(random.block()));
        let producer = Producer::new(now, BROKER, plan(), Random::from_seed(random.block()));
        let frame = vec![0xA5; frame_bytes];
        let mut stage = Self { now, broker, producer, viewers: Vec::new(), frame, under_way: Vec::new() };
        for _ in 0..HANDSHAKE_TURNS {
            stage.turn();
        }
        for number in 0..viewers {
            let address = address_of(number, port);
            let mut client = Client::new(stage.now, BROKER, Role::Viewer, Random::from_seed(random.block()));
            client.subscribe(stage.now, Target { producer: plan().producer, stream: StreamId::ALL }, LATENCY);
            stage.viewers.push((address, client));
        }
        for _ in 0..HANDSHAKE_TURNS {
            stage.turn();
        }
        stage
    }

    /// Lets everybody say what they have to say, once.
    fn turn(&mut self) {
        self.now = self.now + Duration::from_millis(1);
        self.producer.handle_timeout(self.now);
        for datagram in self.producer_says() {
            self.broker.handle_datagram(self.now, path(PRODUCER), &datagram);
        }
        let said = self.viewers_say();
        self.broker_hears(&said);
        self.broker_ticks();
        self.broker_sends();
        self.viewers_hear();
    }

    /// The datagrams of the next frame, on their way to the broker.
    pub fn next_frame(&mut self) -> Vec<Bytes> {
        self.now = self.now + FRAME_DURATION;
        self.producer.publish(self.now, StreamId::VIDEO, self.now, &self.frame);
        self.producer_says()
    }

    fn producer_says(&mut self) -> Vec<Bytes> {
        let mut said = Vec::new();
        while let Some(transmit) = self.producer.poll_transmit() {
            let mut run = transmit.bytes;
            while !run.is_empty() {
                said.push(run.split_to(transmit.segment.clamp(1, run.len())));
            }
        }
        said
    }

    /// The broker takes in a frame.
    pub fn broker_takes(&mut self, frame: &[Bytes]) {
        for datagram in frame {
            self.broker.handle_datagram(self.now, path(PRODUCER), datagram);
        }
    }

    /// The broker's timers fire.
    pub fn broker_ticks(&mut self) {
        self.broker.handle_timeout(self.now);
    }

    /// Takes what the broker has to send; the number of sends. It arrives with [`Stage::viewers_hear`].
    pub fn broker_sends(&mut self) -> usize {
        let before = self.under_way.len();
        let (broker, now) = (&mut self.broker, self.now);
        self.under_way.extend(std::iter::from_fn(|| broker.poll_transmit(now)));
        self.under_way.len() - before
    }

    /// Everybody takes in what is under way.
    pub fn viewers_hear(&mut self) {
        let Self { now, producer, viewers, under_way, .. } = self;
        for transmit in under_way.drain(..) {
            for datagram in transmit.bytes.chunks(transmit.segment.max(1)) {
                if transmit.to == PRODUCER {
                    producer.handle_datagram(*now, BROKER, datagram);
                } else if let Some((_, client)) = number_of(transmit.to).and_then(|it| viewers.get_mut(it)) {
                    client.handle_datagram(*now, BROKER, datagram);
                }
            }
        }
    }

    /// What viewers have to say now.
    pub fn viewers_say(&mut self) -> Vec<Said> {
        let mut said = Vec::new();
        for (address, client) in &mut self.viewers {
            client.handle_timeout(self.now);
            while client.poll_event().is_some() {}
            while let Some(bytes) = client.poll_transmit() {
                said.push((*address, bytes));
            }
        }
        said
    }

    /// The broker takes in what viewers said.
    pub fn broker_hears(&mut self, said: &[Said]) {
        for (address, bytes) in said {
            self.broker.handle_datagram(self.now, path(*address), bytes);
        }
    }

    /// The broker takes in one receive as its worker does.
    pub fn broker_reads(&mut self, buffers: &RecvBuffers) {
        let Self { now, broker, .. } = self;
        broker.look_ahead(buffers.datagrams().map(|(_, _, datagram)| datagram));
        for (peer, local, datagram) in buffers.datagrams() {
            broker.handle_datagram(*now, Path { peer, local }, datagram);
        }
    }

    /// What the broker has counted.
    pub const fn broker_counters(&self) -> Counters {
        self.broker.counters()
    }
}

fn plan() -> Plan {
    let label = || Label::new("bin");
    let track = label().zip(label()).map(|(codec, extension)| PlannedTrack {
        stream: StreamId::VIDEO,
        kind: TrackKind::Video,
        codec,
        extension,
        frame_duration: FRAME_DURATION,
    });
    Plan {
        producer: ProducerId::from_bytes([0x1A, 0xAA, 0x99]),
        identity: [1; 16],
        epoch: 1,
        name: Text::new("stage"),
        shard_size: SHARD_LEN,
        latency_min: Duration::ZERO,
        first_frame: Serial(1),
        thins: false,
        tracks: track.into_iter().collect(),
    }
}

fn path(peer: SocketAddr) -> Path {
    Path { peer, local: Some(BROKER.ip()) }
}

fn address_of(number: usize, port: u16) -> SocketAddr {
    let ip = Ipv4Addr::from_bits(FIRST_VIEWER.to_bits() + u32::try_from(number).unwrap_or(0));
    (ip, port).into()
}

fn number_of(address: SocketAddr) -> Option<usize> {
    let SocketAddr::V4(address) = address else { return None };
    let number = address.ip().to_bits().checked_sub(FIRST_VIEWER.to_bits());
    number.and_then(|number| usize::try_from(number).ok())
}
