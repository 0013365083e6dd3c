//! One simulation of one cell.

use std::time::Duration;

use protocol::id::{ProducerId, StreamId};
use protocol::limits::SHARD_LEN;
use protocol::serial::Serial;

use crate::{Channel, ProducerRun, Traffic, World, WorldOptions};

use super::Cell;

const ID: ProducerId = ProducerId::from_bytes([0x1A, 0xAA, 0x99]);
const FPS: u32 = 12;
const PICTURE: usize = 10_000;
const SECOND: Duration = Duration::from_secs(1);

/// What runs of a cell came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Outcome {
    /// Frames whose fate is known.
    pub expected: u64,
    /// Frames late or lost.
    pub missed: u64,
    /// Frames whole in time with a resent shard.
    pub repaired_arq: u64,
    /// Frames whole in time with parity.
    pub repaired_fec: u64,
    /// Datagrams that came to the viewer twice.
    pub duplicates: u64,
    /// Time that passed in the simulation.
    pub simulated: Duration,
    /// Producer to broker.
    pub up: Traffic,
    /// Broker to viewer.
    pub down: Traffic,
    /// Viewer to broker.
    pub back: Traffic,
}

impl Outcome {
    /// Adds another run.
    pub fn add(&mut self, other: &Self) {
        self.expected += other.expected;
        self.missed += other.missed;
        self.repaired_arq += other.repaired_arq;
        self.repaired_fec += other.repaired_fec;
        self.duplicates += other.duplicates;
        self.simulated += other.simulated;
        self.up.add(&other.up);
        self.down.add(&other.down);
        self.back.add(&other.back);
    }

    /// Frames missed of all.
    pub fn miss_rate(&self) -> f64 {
        share(self.missed, self.expected)
    }

    /// Duplicates of the DATA first sent to the viewer.
    pub fn duplicate_rate(&self) -> f64 {
        share(self.duplicates, self.down.first.datagrams)
    }

    /// Control datagrams per second to the viewer and from it.
    pub fn control_rates(&self) -> (f64, f64) {
        let per_second = |datagrams: u64| datagrams as f64 / self.simulated.as_secs_f64().max(1.0);
        (per_second(self.down.control.datagrams), per_second(self.back.control.datagrams))
    }
}

fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// So many frames over the cell's path.
pub(super) fn run(cell: &Cell, frames: u64, seed: u64) -> Outcome {
    let options = WorldOptions {
        producer_links: cell.producer_links(),
        client_links: cell.client_links(),
        ..WorldOptions::default()
    };
    let mut world = World::new(seed, options);
    let started = world.now();
    let channel = Channel { fps: FPS, picture: PICTURE, sound: 0, pictures: frames, group: 1 };
    let producer = world.start_producer(ProducerRun {
        id: ID,
        key: b"key".to_vec(),
        epoch: 1,
        channel,
        first_frame: Serial(0xFFFF_FF00),
        shard_size: SHARD_LEN,
        thins: true,
    });
    let client = world.start_client();
    world.subscribe(client, ID, cell.latency);
    let limit = SECOND * u32::try_from(frames).unwrap_or(u32::MAX) / FPS + SECOND * 60;
    let done = world.run_until(limit, |world| world.published(producer, StreamId::VIDEO) == frames);
    assert!(done, "the producer publishes {frames} frames within {limit:?}");
    world.run_for(cell.latency + SECOND);
    let simulated = world.now().since(started);
    world.finish_producer(producer);
    world.shut_down_client(client);
    assert!(world.run_until(SECOND * 5, |world| world.is_client_closed(client)), "the client says goodbye");
    let mut outcome = Outcome { simulated, ..Outcome::default() };
    for stream in &world.snapshot(client).streams {
        let counters = &stream.counters;
        outcome.expected += counters.expected;
        outcome.missed += counters.late + counters.lost;
        outcome.repaired_arq += counters.repaired_arq;
        outcome.repaired_fec += counters.repaired_fec;
        outcome.duplicates += counters.duplicates;
    }
    outcome.up = world.traffic_from_producer(producer);
    (outcome.down, outcome.back) = world.traffic_of_client(client);
    outcome
}
