//! What the scenarios share.
#![allow(dead_code, reason = "each scenario uses its part")]

use std::time::Duration;

use client::engine::event::Event;
use protocol::id::{ProducerId, StreamId};
use protocol::limits::SHARD_LEN;
use protocol::serial::Serial;
use testkit::{Channel, ClientId, LinkModel, Links, ProducerRun, World, WorldOptions};

/// The channel of most scenarios.
pub(crate) const ID: ProducerId = ProducerId::from_bytes([0x1A, 0xAA, 0x99]);
/// The latency of most clients.
pub(crate) const LATENCY: Duration = Duration::from_millis(500);
/// A millisecond.
pub(crate) const MS: Duration = Duration::from_millis(1);
/// A second.
pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// A producer of the usual channel.
pub(crate) fn run(key: &str, epoch: u64) -> ProducerRun {
    ProducerRun {
        id: ID,
        key: key.as_bytes().to_vec(),
        epoch,
        channel: Channel::default(),
        first_frame: Serial(0xFFFF_FFF0),
        shard_size: SHARD_LEN,
        thins: true,
    }
}

/// A world with 1 or 3 workers, 40 ms away from the clients, losing this share of all datagrams.
pub(crate) fn world(seed: u64, workers: u8, loss: f64) -> World {
    let options = WorldOptions {
        workers,
        random_steering: workers > 1,
        thins: true,
        client_links: Links::both(LinkModel::clean(20 * MS).losing(loss)),
        producer_links: Links::both(LinkModel::clean(MS).losing(loss)),
    };
    World::new(seed, options)
}

/// Runs a scenario with 1 and with 3 workers for some seeds, on clean and on lossy paths.
pub(crate) fn in_every_world(scenario: impl Fn(World)) {
    for workers in [1, 3] {
        for loss in [0.0, 0.05] {
            testkit::for_each_seed(5, |seed| scenario(world(seed, workers, loss)));
        }
    }
}

/// Frames of a stream that a client got.
pub(crate) fn frames(world: &World, client: ClientId, stream: StreamId) -> usize {
    world.oracle.delivered(client.0, ID, stream).len()
}

/// Waits until a client gets `more` pictures.
pub(crate) fn assert_plays(world: &mut World, client: ClientId, more: usize, within: Duration) {
    let goal = frames(world, client, StreamId::VIDEO) + more;
    let came = world.run_until(within, |world| frames(world, client, StreamId::VIDEO) >= goal);
    assert!(came, "{more} more pictures within {within:?}; events: {:?}", world.client_events(client).last());
}

/// How often a client was told of something.
pub(crate) fn count_events(world: &World, client: ClientId, is: impl Fn(&Event) -> bool) -> usize {
    world.client_events(client).iter().filter(|event| is(event)).count()
}
