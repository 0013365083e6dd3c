//! The processes of a world: an engine each, its address, its clock, its path to the broker.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use broker::engine::{Broker, Directory, Handover};
use bytes::Bytes;
use client::engine::Client;
use client::engine::event::Event;
use fastrand::Rng;
use impair::{Link, Links};
use producer::engine::{Plan, PlannedTrack, Producer, identity};
use protocol::id::{ProducerId, StreamId};
use protocol::serial::Serial;
use protocol::time::{CaptureTime, Time};
use protocol::wire::{Label, Text, TrackKind};

use crate::clock::Clock;
use crate::media::{Channel, FrameName, Schedule, content};
use crate::oracle::Oracle;
use crate::traffic::Traffic;

/// Datagrams that wait for a process that doesn't run: what the kernel's receive buffer takes, about.
const BACKLOG_MAX: usize = 1_000;

/// A client of the world.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ClientId(pub usize);

/// A producer process to start.
#[derive(Clone, Debug)]
pub struct ProducerRun {
    /// Its id.
    pub id: ProducerId,
    /// Its key: who may go on under the id.
    pub key: Vec<u8>,
    /// ms since 1970 at its start.
    pub epoch: u64,
    /// What it sends.
    pub channel: Channel,
    /// The number of its first frame.
    pub first_frame: Serial,
    /// Bytes of its shards.
    pub shard_size: u16,
    /// Whether it leaves out frames where its path to the broker is too slow.
    pub thins: bool,
}

/// Who may be due.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Node {
    Producer(usize),
    Broker,
    Client(usize),
}

/// What is outside the engine of a peer of the broker.
pub(super) struct Outside {
    pub(super) address: SocketAddr,
    pub(super) clock: Clock,
    pub(super) up: Link,
    pub(super) down: Link,
    /// Cut off: nothing comes in, nothing goes out.
    pub(super) muted: bool,
    /// Doesn't run: datagrams wait, timers pass.
    pub(super) paused: bool,
    pub(super) backlog: VecDeque<(SocketAddr, Bytes)>,
    /// What the broker sent to it, at whatever address.
    pub(super) received: Traffic,
    /// What it sent to the broker.
    pub(super) sent: Traffic,
    steering: Rng,
}

/// All workers of the broker.
#[derive(Default)]
pub(super) struct BrokerNode {
    pub(super) workers: Vec<Broker>,
    pub(super) handovers: VecDeque<(u8, Handover)>,
    pub(super) directory: Arc<Directory>,
    pub(super) clock: Clock,
    pub(super) paused: bool,
    pub(super) backlog: VecDeque<(SocketAddr, u8, Bytes)>,
    /// What it sends leaves one after the other, at this rate.
    pub(super) uplink: Option<Uplink>,
}

/// The broker's own link to the network.
pub(super) struct Uplink {
    bits_per_second: u64,
    /// When the next datagrams may leave.
    free: Time,
    /// Something may be waiting for that.
    waits: bool,
}

pub(super) struct ProducerNode {
    pub(super) outside: Outside,
    pub(super) engine: Producer,
    pub(super) run: ProducerRun,
    pub(super) schedule: Schedule,
    pub(super) started: Time,
    pub(super) events: Vec<producer::engine::Event>,
}

pub(super) struct ClientNode {
    pub(super) outside: Outside,
    pub(super) engine: Client,
    pub(super) events: Vec<Event>,
}

impl Outside {
    pub(super) fn new(address: SocketAddr, links: &Links, now: Time, rng: &mut Rng) -> Self {
        Self {
            address,
            clock: Clock::default(),
            up: Link::new(links.up, now, rng.u64(..)),
            down: Link::new(links.down, now, rng.u64(..)),
            muted: false,
            paused: false,
            backlog: VecDeque::new(),
            received: Traffic::default(),
            sent: Traffic::default(),
            steering: Rng::with_seed(rng.u64(..)),
        }
    }

    pub(super) fn set_links(&mut self, links: &Links) {
        self.up.set_model(links.up);
        self.down.set_model(links.down);
    }

    pub(super) fn steer(&mut self) -> u8 {
        self.steering.u8(..)
    }

    /// Keeps a datagram for later, if there is room.
    pub(super) fn put_off(&mut self, from: SocketAddr, bytes: &Bytes) {
        if self.backlog.len() < BACKLOG_MAX {
            self.backlog.push_back((from, bytes.clone()));
        }
    }
}

impl BrokerNode {
    /// Keeps a datagram for later, if there is room.
    pub(super) fn put_off(&mut self, from: SocketAddr, steering: u8, bytes: &Bytes) {
        if self.backlog.len() < BACKLOG_MAX {
            self.backlog.push_back((from, steering, bytes.clone()));
        }
    }

    pub(super) fn due(&self) -> Option<Time> {
        let timer =
            self.workers.iter().filter_map(Broker::poll_timeout).min().map(|due| self.clock.when(due));
        let uplink = self.uplink.as_ref().filter(|uplink| uplink.waits).map(|uplink| uplink.free);
        timer.into_iter().chain(uplink).min().filter(|_| !self.paused)
    }

    /// Whether the link takes something now; else it is due when it does.
    pub(super) fn may_send(&mut self, now: Time) -> bool {
        self.uplink.as_mut().is_none_or(|uplink| {
            uplink.waits = now < uplink.free;
            !uplink.waits
        })
    }

    /// So many bytes leave.
    pub(super) fn note_sent(&mut self, now: Time, bytes: usize) {
        if let Some(uplink) = &mut self.uplink {
            let takes = bytes as u64 * 8 * 1_000_000 / uplink.bits_per_second.max(1);
            uplink.free = uplink.free.max(now) + Duration::from_micros(takes);
        }
    }
}

impl Uplink {
    pub(super) const fn at(bits_per_second: u64) -> Self {
        Self { bits_per_second, free: Time::ZERO, waits: false }
    }

    /// Nobody is left who waits for it.
    pub(super) const fn forget(&mut self) {
        self.waits = false;
    }
}

impl ClientNode {
    pub(super) fn due(&mut self, now: Time) -> Option<Time> {
        let due = self.engine.poll_timeout(self.outside.clock.read(now))?;
        (!self.outside.paused).then(|| self.outside.clock.when(due))
    }
}

impl ProducerNode {
    pub(super) fn due(&self) -> Option<Time> {
        let timer = self.engine.poll_timeout().map(|due| self.outside.clock.when(due));
        let due = timer.into_iter().chain(self.next_media()).min()?;
        (!self.outside.paused).then_some(due)
    }

    /// When its next frame is due, which its own clock says.
    pub(super) fn next_media(&self) -> Option<Time> {
        if self.engine.is_closed() {
            return None;
        }
        let due = self.schedule.next(&self.run.channel)?;
        Some(self.outside.clock.when(self.outside.clock.read(self.started) + due.at))
    }

    pub(super) fn publish(&mut self, now: Time, oracle: &mut Oracle) {
        let Some(due) = self.schedule.next(&self.run.channel) else { return };
        self.schedule.advance(&due);
        let name = FrameName { epoch: self.run.epoch, stream: due.stream, index: due.index };
        let frame = Bytes::from(content(&self.run.channel, name));
        let clock = self.outside.clock;
        let capture = clock.read(self.started) + due.at;
        oracle.wire.note_published(now, self.run.id, CaptureTime::from_time(capture));
        let needs = self.run.channel.needs(due.stream, due.index);
        oracle.note_published(now, self.run.id, name, (capture, needs, &frame));
        let dependence = self.run.channel.dependence(due.stream, due.index);
        self.engine.publish_as(clock.read(now), due.stream, capture, (dependence, &frame));
    }
}

pub(super) fn plan_of(run: &ProducerRun) -> Plan {
    let track = |stream: StreamId, kind: TrackKind, format: &str, frame_duration: Duration| {
        let label = Label::new(format).expect("a label");
        PlannedTrack { stream, kind, codec: label, extension: label, frame_duration }
    };
    let mut tracks = Vec::new();
    if let Some(frame_duration) = Duration::from_secs(1).checked_div(run.channel.fps) {
        tracks.push(track(StreamId::VIDEO, TrackKind::Video, "jpg", frame_duration));
    }
    if run.channel.sound > 0 {
        tracks.push(track(StreamId::AUDIO, TrackKind::Audio, "mp3", Duration::from_secs(1)));
    }
    Plan {
        producer: run.id,
        identity: identity(&run.key, run.id),
        epoch: run.epoch,
        name: Text::new("simulated"),
        shard_size: run.shard_size,
        latency_min: Duration::ZERO,
        first_frame: run.first_frame,
        thins: run.thins,
        tracks,
    }
}
