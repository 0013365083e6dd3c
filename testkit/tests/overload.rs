//! A broker that can't send all that it should leaves whole frames out, says so, and repairs none of them.

mod common;

use common::{ID, LATENCY, MS, SECOND, run};
use protocol::id::StreamId;
use protocol::receiver::Counters;
use testkit::{ClientId, LinkModel, Links, World, WorldOptions, for_each_seed};

/// Bits per second that one viewer of the usual channel needs, headers included.
const NEED: u64 = 1_190_000;
const VIEWERS: usize = 10;

/// A broker that can send `percent` of what its ten viewers need.
fn overloaded(seed: u64, thins: bool, percent: u64) -> (World, Vec<ClientId>) {
    let links = Links::both(LinkModel::clean(5 * MS));
    let options = WorldOptions { thins, client_links: links, ..WorldOptions::default() };
    let mut world = World::new(seed, options);
    world.limit_broker(NEED * VIEWERS as u64 * percent / 100);
    world.start_producer(run("key", 1));
    let clients: Vec<ClientId> = (0..VIEWERS).map(|_| world.start_client()).collect();
    for client in &clients {
        world.subscribe(*client, ID, LATENCY);
    }
    (world, clients)
}

/// What became of these viewers' pictures.
fn pictures(world: &World, clients: &[ClientId]) -> Counters {
    let mut total = Counters::default();
    for client in clients {
        let streams = world.snapshot(*client).streams;
        let Some(video) = streams.iter().find(|one| one.stream == StreamId::VIDEO) else { continue };
        let counted = &video.counters;
        total.expected += counted.expected;
        total.direct += counted.direct + counted.repaired_arq;
        total.late += counted.late;
        total.lost += counted.lost;
        total.skipped += counted.skipped;
    }
    total
}

#[test]
fn half_of_the_rate_carries_half_of_the_frames_and_no_repair() {
    // The queue is the broker's own: the ladder of slow paths has nothing to do with it.
    for thins in [false, true] {
        for_each_seed(3, |seed| {
            let (mut world, clients) = overloaded(seed, thins, 50);
            world.run_for(30 * SECOND);
            let all = pictures(&world, &clients);
            let came = all.direct;
            assert!(came * 100 >= all.expected * 50, "thins {thins}: {all:?}");
            assert!((all.late + all.lost) * 100 <= all.expected, "thins {thins}: {all:?}");
            let resent: u64 = world.workers().iter().map(|one| one.counters().datagrams_resent).sum();
            assert!(resent * 100 <= came * 9, "thins {thins}: {resent} datagrams resent, {all:?}");
        });
    }
}

#[test]
fn nobody_is_left_out_for_good() {
    for_each_seed(3, |seed| {
        let (mut world, clients) = overloaded(seed, false, 50);
        world.run_for(30 * SECOND);
        for client in &clients {
            let own = pictures(&world, &[*client]);
            assert!(own.direct * 100 >= own.expected * 20, "{own:?}");
        }
    });
}

#[test]
fn the_brokers_own_queue_is_no_part_of_the_round_trip() {
    for_each_seed(3, |seed| {
        let (mut world, clients) = overloaded(seed, true, 50);
        world.run_for(30 * SECOND);
        for client in &clients {
            let rtt = world.snapshot(*client).rtt;
            assert!(rtt.is_some_and(|rtt| rtt <= 15 * MS), "{rtt:?} where the path takes 10 ms");
        }
    });
}
