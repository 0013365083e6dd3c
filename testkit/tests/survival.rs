//! Blackouts, moves, deaths and takeovers, with bounds on what a viewer notices of them.

mod common;

use std::time::Duration;

use common::{ID, LATENCY, MS, SECOND, assert_plays, frames, in_every_world, run};
use protocol::id::StreamId;
use testkit::{ClientId, LinkModel, Links, World, WorldOptions};

/// Of the clients' hop and the producers' together.
const RTT: Duration = Duration::from_millis(42);
/// Between two pictures.
const INTERVAL: Duration = Duration::from_millis(84);

/// Frames that a client has missed.
fn missed(world: &World, client: ClientId) -> u64 {
    let streams = world.snapshot(client).streams;
    streams.iter().map(|stream| stream.counters.late + stream.counters.lost).sum()
}

/// The longest time without a picture in the last `span`.
fn longest_gap(world: &World, client: ClientId, span: Duration) -> Duration {
    let since = world.now().before(span);
    let pictures = world.oracle.delivered(client.0, ID, StreamId::VIDEO);
    let times: Vec<_> = pictures.iter().map(|one| one.at).filter(|at| *at >= since).collect();
    let gaps = times.iter().zip(times.iter().skip(1)).map(|(one, next)| *next - *one);
    let behind = times.last().map_or(span, |last| world.now() - *last);
    gaps.chain([behind]).max().unwrap_or(span)
}

#[test]
fn a_blackout_of_one_second_loses_nothing_at_two_seconds_of_latency() {
    for workers in [1, 3] {
        testkit::for_each_seed(10, |seed| {
            let mut world = common::world(seed, workers, 0.0);
            world.start_producer(run("key", 1));
            let client = world.start_client();
            world.subscribe(client, ID, 2 * SECOND);
            world.run_for(5 * SECOND);
            for _ in 0..3 {
                world.mute_client(client, true);
                world.run_for(SECOND);
                world.mute_client(client, false);
                world.run_for(6 * SECOND);
            }
            assert_eq!(missed(&world, client), 0, "{:?}", world.snapshot(client).streams);
            assert!(frames(&world, client, StreamId::VIDEO) > 250);
        });
    }
}

#[test]
fn after_a_blackout_a_new_frame_comes_within_half_a_second_and_a_round_trip() {
    for workers in [1, 3] {
        testkit::for_each_seed(5, |seed| {
            let mut world = common::world(seed, workers, 0.0);
            world.start_producer(run("key", 1));
            let client = world.start_client();
            world.subscribe(client, ID, LATENCY);
            world.run_for(5 * SECOND);
            for blackout in [SECOND, 2 * SECOND, 5 * SECOND, 10 * SECOND] {
                world.mute_client(client, true);
                world.run_for(blackout);
                world.mute_client(client, false);
                let healed = world.now();
                let is_new = |world: &World| {
                    let pictures = world.oracle.delivered(client.0, ID, StreamId::VIDEO);
                    pictures.last().is_some_and(|last| last.at > healed)
                };
                assert!(world.run_until(3 * SECOND, is_new), "nothing after {blackout:?}");
                let took = world.now() - healed;
                assert!(took <= 500 * MS + RTT, "{took:?} after a blackout of {blackout:?}");
                world.run_for(3 * SECOND);
            }
        });
    }
}

#[test]
fn a_client_that_moves_notices_nothing_but_a_short_gap() {
    for workers in [1, 3] {
        testkit::for_each_seed(10, |seed| {
            let mut world = common::world(seed, workers, 0.0);
            world.start_producer(run("key", 1));
            let client = world.start_client();
            world.subscribe(client, ID, LATENCY);
            world.run_for(5 * SECOND);
            for _ in 0..5 {
                let wait = world.rng().u32(0..100);
                world.run_for(wait * MS);
                world.rebind_client(client);
                world.run_for(3 * SECOND);
                let gap = longest_gap(&world, client, 3 * SECOND);
                assert!(gap <= 2 * RTT + 2 * INTERVAL + MS, "{gap:?} without a picture");
            }
            assert_eq!(missed(&world, client), 0, "{:?}", world.snapshot(client).streams);
        });
    }
}

#[test]
fn a_producer_that_moves_loses_nothing_for_its_viewers() {
    for workers in [1, 3] {
        testkit::for_each_seed(10, |seed| {
            let mut world = common::world(seed, workers, 0.0);
            let producer = world.start_producer(run("key", 1));
            let client = world.start_client();
            world.subscribe(client, ID, LATENCY);
            world.run_for(5 * SECOND);
            for _ in 0..5 {
                let wait = world.rng().u32(0..100);
                world.run_for(wait * MS);
                world.rebind_producer(producer);
                world.run_for(3 * SECOND);
                let gap = longest_gap(&world, client, 3 * SECOND);
                // Its DATA counts once a control message of the session has come from the new address, and its answer to
                // the challenge: a frame more than a client waits.
                assert!(gap <= 2 * RTT + 3 * INTERVAL, "{gap:?} without a picture");
            }
            assert_eq!(missed(&world, client), 0, "{:?}", world.snapshot(client).streams);
        });
    }
}

#[test]
fn a_hot_standby_takes_over_without_a_word_to_the_viewers() {
    in_every_world(|mut world| {
        world.start_producer(run("key", 1));
        let client = world.start_client();
        world.subscribe(client, ID, LATENCY);
        assert_plays(&mut world, client, 12, 3 * SECOND);
        // Both publish at once for a while; the oracle knows their frames apart and their order.
        world.start_producer(run("key", 2));
        world.run_for(4 * SECOND);
        let gap = longest_gap(&world, client, 4 * SECOND);
        assert!(gap <= SECOND, "{gap:?} without a picture");
        let pictures = world.oracle.delivered(client.0, ID, StreamId::VIDEO);
        assert_eq!(pictures.last().map(|last| last.epoch), Some(2));
    });
}

#[test]
fn an_id_that_a_stranger_had_comes_back_to_its_producer_and_its_viewers_see_it_again() {
    in_every_world(|mut world| {
        let rightful = world.start_producer(run("mine", 1));
        let client = world.start_client();
        world.subscribe(client, ID, LATENCY);
        assert_plays(&mut world, client, 12, 3 * SECOND);
        world.mute_producer(rightful, true);
        world.run_for(4 * SECOND);
        let stranger = world.start_producer(run("theirs", 99));
        assert_plays(&mut world, client, 12, 5 * SECOND);
        world.mute_producer(rightful, false);
        world.kill_producer(stranger);
        let again = |world: &World| {
            let pictures = world.oracle.delivered(client.0, ID, StreamId::VIDEO);
            pictures.last().is_some_and(|last| last.epoch == 1)
        };
        assert!(world.run_until(8 * SECOND, again), "{:?}", world.client_events(client));
    });
}

/// I14.
#[test]
fn what_one_viewer_suffers_changes_nothing_for_another() {
    for workers in [1, 3] {
        testkit::for_each_seed(10, |seed| {
            let delivered = |suffers: bool| {
                let mut world = common::world(seed, workers, 0.02);
                world.start_producer(run("key", 1));
                let (one, other) = (world.start_client(), world.start_client());
                for client in [one, other] {
                    world.subscribe(client, ID, LATENCY);
                }
                if suffers {
                    let path = LinkModel::clean(50 * MS).losing(0.5).in_bursts_of(50 * MS);
                    world.set_client_links(one, &Links::both(path.at_rate(300_000, SECOND)));
                }
                world.run_for(5 * SECOND);
                world.mute_client(one, suffers);
                world.run_for(5 * SECOND);
                world.mute_client(one, false);
                world.run_for(10 * SECOND);
                let pictures = world.oracle.delivered(other.0, ID, StreamId::VIDEO);
                pictures.iter().map(|one| one.index).collect::<Vec<_>>()
            };
            assert_eq!(delivered(true), delivered(false));
        });
    }
}

/// `VIEWERS=10000 cargo test --release -p testkit --test survival broker_that_was_killed` is the long run.
#[test]
fn a_broker_that_was_killed_has_its_viewers_again_within_seconds() {
    let viewers = std::env::var("VIEWERS").ok().and_then(|text| text.parse().ok()).unwrap_or(300);
    let mut world =
        World::new(1, WorldOptions { workers: 3, random_steering: true, ..WorldOptions::default() });
    world.start_producer(run("key", 1));
    let clients: Vec<_> = (0..viewers).map(|_| world.start_client()).collect();
    for client in &clients {
        world.subscribe(*client, ID, LATENCY);
    }
    world.run_for(5 * SECOND);
    world.kill_broker();
    world.run_for(2 * SECOND);
    world.start_broker(true);
    let listens = world.now();
    world.run_for(10 * SECOND);
    let first = |client: &ClientId| {
        let pictures = world.oracle.delivered(client.0, ID, StreamId::VIDEO);
        pictures.iter().find(|one| one.at > listens).map(|one| one.at - listens)
    };
    let mut waits: Vec<Duration> = clients.iter().filter_map(first).collect();
    waits.sort();
    assert_eq!(waits.len(), viewers, "all play again within ten seconds");
    let most = waits[viewers * 99 / 100 - 1];
    assert!(most <= 3 * SECOND, "99 % play again after {most:?}");
}

#[test]
fn bits_that_flip_past_the_checksum_of_udp_are_losses_and_nothing_else() {
    testkit::for_each_seed(10, |seed| {
        let damaging = |delay| Links::both(LinkModel::clean(delay).corrupting(0.05));
        let options = WorldOptions {
            producer_links: damaging(MS),
            client_links: damaging(20 * MS),
            ..WorldOptions::default()
        };
        let mut world = World::new(seed, options);
        world.start_producer(run("key", 1));
        let client = world.start_client();
        world.subscribe(client, ID, LATENCY);
        world.run_for(60 * SECOND);
        assert!(frames(&world, client, StreamId::VIDEO) > 58 * 12, "it plays to the end");
        let streams = world.snapshot(client).streams;
        let repaired: u64 = streams.iter().map(|stream| stream.counters.repaired_arq).sum();
        assert!(missed(&world, client) == 0 && repaired > 200, "{streams:?}");
    });
}
