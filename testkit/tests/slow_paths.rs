//! Which paths are too slow, and which are only bad: rates and queues at many sizes; losses, bursts, jitter, longer paths,
//! blackouts and stopped processes, with all clocks 500 ppm off.

mod common;

use std::cell::Cell;
use std::time::Duration;

use client::engine::event::{Event, StreamCounters};
use common::{ID, LATENCY, MS, SECOND, run};
use protocol::id::StreamId;
use protocol::wire::Thinning;
use testkit::{ClientId, Clock, LinkModel, Links, World, WorldOptions, for_each_seed};

/// Bits per second that the usual channel needs: 12 pictures of 10 kB and 16 kB of sound, headers included.
const NEED: u64 = 1_190_000;
/// By now the path is known and the ladder stands.
const SETTLED: Duration = Duration::from_secs(20);

/// A viewer behind these links. The clocks of broker and viewer drift apart by 1 000 ppm, in each direction.
fn playing(seed: u64, links: &Links, latency: Duration) -> (World, ClientId) {
    let drift = if seed.is_multiple_of(2) { 500 } else { -500 };
    let mut world = World::new(seed, WorldOptions::default());
    world.set_broker_clock(Clock::new(7 * SECOND, -drift));
    world.start_producer(run("key", 1));
    let client = world.start_client_with_clock(Clock::new(99 * SECOND, drift));
    world.set_client_links(client, links);
    world.subscribe(client, ID, latency);
    (world, client)
}

/// What became of all frames so far: those of all streams, and of the pictures.
fn figures(world: &World, client: ClientId) -> (u64, u64, StreamCounters) {
    let streams = world.snapshot(client).streams;
    let sum = |of: fn(&StreamCounters) -> u64| streams.iter().map(|one| of(&one.counters)).sum::<u64>();
    let pictures = streams.iter().find(|one| one.stream == StreamId::VIDEO);
    (sum(|c| c.expected), sum(|c| c.skipped), pictures.map(|one| one.counters).unwrap_or_default())
}

/// How the pictures are thinned in the end.
fn step(world: &World, client: ClientId) -> Thinning {
    let told = world.client_events(client).iter().rev().find_map(|event| match event {
        Event::Thinned { stream: StreamId::VIDEO, thinning, .. } => Some(*thinning),
        _ => None,
    });
    told.unwrap_or(Thinning::Whole)
}

/// Two, three, five and twenty times too slow: which steps are right. A picture a second is lost to the sound at half the rate
/// now and then, and a frame of each of the two tracks every four seconds shows whether a path is good again: 30 a minute.
#[test]
fn whatever_the_rate_and_the_queue_the_ladder_stands_where_it_should_and_what_is_sent_comes_in_time() {
    use Thinning::{Every2nd, Every3rd, Every4th, Paused, SoundOnly};
    let rates: [(u64, &[Thinning], u64); 4] = [
        (2, &[Every2nd, Every3rd, Every4th], 100),
        (3, &[Every4th, SoundOnly, Paused], 5),
        (5, &[SoundOnly, Paused], 0),
        (20, &[SoundOnly, Paused], 0),
    ];
    for (times, right, pictures) in rates {
        for queue in [20, 50, 100, 300] {
            for_each_seed(2, |seed| {
                let down = LinkModel::clean(20 * MS).at_rate(NEED / times, queue * MS);
                let links = Links { up: LinkModel::clean(20 * MS), down };
                let (mut world, client) = playing(seed, &links, LATENCY);
                world.run_for(SETTLED);
                let (.., before) = figures(&world, client);
                world.run_for(60 * SECOND);
                let (.., after) = figures(&world, client);
                let came = after.direct + after.repaired_arq - before.direct - before.repaired_arq;
                let missed = after.late + after.lost - before.late - before.lost;
                let what = format!("1/{times} with {queue} ms: {came} came, {missed} missed");
                assert!(right.contains(&step(&world, client)), "{what}, {:?}", step(&world, client));
                assert!(came >= pictures && missed <= 30, "{what}");
            });
        }
    }
}

/// At half of the rate: pictures that came, and what the viewer said, in the mean of a minute.
fn at_half_of_the_rate(latency: Duration) -> (u64, u64) {
    let (came, said, runs) = (Cell::new(0), Cell::new(0), Cell::new(0));
    for queue in [100, 300] {
        for_each_seed(3, |seed| {
            let down = LinkModel::clean(20 * MS).at_rate(NEED / 2, queue * MS);
            let links = Links { up: LinkModel::clean(20 * MS), down };
            let (mut world, client) = playing(seed, &links, latency);
            // What was lost before the path was known is asked for as long as it is waited for.
            world.run_for(2 * SETTLED + latency);
            let so_far = |world: &World| {
                let (.., pictures) = figures(world, client);
                let said = world.traffic_of_client(client).1.control.datagrams;
                (pictures.direct + pictures.repaired_arq, said)
            };
            let before = so_far(&world);
            world.run_for(60 * SECOND);
            let after = so_far(&world);
            came.set(came.get() + after.0 - before.0);
            said.set(said.get() + after.1 - before.1);
            runs.set(runs.get() + 1);
        });
    }
    (came.get() / runs.get(), said.get() / runs.get())
}

#[test]
fn who_is_more_patient_gets_as_much_and_says_no_more() {
    for latency in [500 * MS, SECOND, 3 * SECOND] {
        let (came, said) = at_half_of_the_rate(latency);
        assert!(came >= 120, "{latency:?}: {came} pictures");
        assert!(said <= 600, "{latency:?}: {said} messages");
    }
}

#[test]
fn loss_alone_or_in_bursts_leaves_out_nothing() {
    for loss in [0.05, 0.1, 0.2, 0.3] {
        for (round_trip, latency) in [(10, 200 * MS), (40, LATENCY), (100, 200 * MS), (200, LATENCY)] {
            for burst in [0, 20, 200] {
                for_each_seed(1, |seed| {
                    let path = LinkModel::clean(round_trip / 2 * MS).losing(loss).in_bursts_of(burst * MS);
                    let (mut world, client) = playing(seed, &Links::both(path), latency);
                    world.run_for(60 * SECOND);
                    let (expected, skipped, _) = figures(&world, client);
                    let what = format!("loss {loss}, {round_trip} ms, bursts of {burst} ms");
                    assert!(skipped == 0 && expected > 500, "{what}: {skipped} of {expected}");
                });
            }
        }
    }
}

/// Waits of 10 ms in the mean and 100 ms at the most, as queues elsewhere make them, look like a queue now and then.
#[test]
fn jitter_beside_loss_leaves_out_next_to_nothing() {
    let (skipped, expected) = (Cell::new(0), Cell::new(0));
    for loss in [0.0, 0.05, 0.1, 0.2, 0.3] {
        for round_trip in [10, 40, 100] {
            for_each_seed(2, |seed| {
                let path = LinkModel::clean(round_trip / 2 * MS).losing(loss).jittering(10 * MS);
                let (mut world, client) = playing(seed, &Links::both(path), LATENCY);
                world.run_for(60 * SECOND);
                let (all, left_out, _) = figures(&world, client);
                assert!(left_out * 10 <= all, "loss {loss}, {round_trip} ms: {left_out} of {all}");
                skipped.set(skipped.get() + left_out);
                expected.set(expected.get() + all);
            });
        }
    }
    assert!(skipped.get() * 50 <= expected.get(), "{skipped:?} of {expected:?} in all");
}

/// What happens to a viewer of a path with this loss, again and again; each time it has a quarter of a minute to itself.
fn suffering(seed: u64, loss: f64, happens: impl Fn(&mut World, ClientId, u32)) -> (World, ClientId) {
    let (mut world, client) = playing(seed, &path(20, loss), LATENCY);
    world.run_for(10 * SECOND);
    for round in 0..6 {
        happens(&mut world, client, round);
        world.run_for(15 * SECOND);
    }
    (world, client)
}

fn path(delay: u32, loss: f64) -> Links {
    Links::both(LinkModel::clean(delay * MS).losing(loss))
}

#[test]
fn blackouts_moves_and_processes_that_stop_or_die_leave_out_nothing() {
    type Happens = fn(&mut World, ClientId, u32);
    let blackout: Happens = |world, client, round| {
        world.mute_client(client, true);
        world.run_for(SECOND * (1 + round * 2).min(10));
        world.mute_client(client, false);
    };
    let client_stops: Happens = |world, client, round| {
        world.pause_client(client, true);
        world.run_for(SECOND * (1 + round));
        world.pause_client(client, false);
    };
    let broker_stops: Happens = |world, _, round| {
        world.pause_broker(true);
        world.run_for(SECOND * (1 + round));
        world.pause_broker(false);
    };
    let broker_dies: Happens = |world, _, _| {
        world.kill_broker();
        world.run_for(SECOND);
        world.start_broker(true);
    };
    let moves: Happens = |world, client, _| world.rebind_client(client);
    let all = [
        ("blackout", blackout),
        ("client stops", client_stops),
        ("broker stops", broker_stops),
        ("broker dies", broker_dies),
        ("moves", moves),
    ];
    for (name, happens) in all {
        for loss in [0.0, 0.1, 0.3] {
            for_each_seed(2, |seed| {
                let (world, client) = suffering(seed, loss, happens);
                let (expected, skipped, _) = figures(&world, client);
                assert!(skipped == 0 && expected > 100, "{name}, loss {loss}: {skipped} of {expected}");
            });
        }
    }
}

#[test]
fn a_path_that_becomes_longer_or_shorter_leaves_out_nothing_for_long() {
    for loss in [0.0, 0.1, 0.3] {
        for_each_seed(4, |seed| {
            let roams = |world: &mut World, client, round: u32| {
                let delays = [120, 20, 100, 10, 60, 150];
                world.set_client_links(client, &path(delays[round as usize % delays.len()], loss));
            };
            let (mut world, client) = suffering(seed, loss, roams);
            let (expected, before, _) = figures(&world, client);
            assert!(before * 50 <= expected, "loss {loss}: {before} of {expected}");
            world.run_for(30 * SECOND);
            let (_, after, _) = figures(&world, client);
            assert_eq!((after - before, step(&world, client)), (0, Thinning::Whole), "loss {loss}");
        });
    }
}
