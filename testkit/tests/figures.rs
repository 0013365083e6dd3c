//! Both ends of a session tell the same figures, however it ends and whatever gets lost on the way.

mod common;

use client::engine::event::Event;
use common::{ID, LATENCY, MS, SECOND, assert_plays, count_events, run, world};
use protocol::receiver::Counters;
use testkit::{ClientId, LinkModel, Links, World, for_each_seed};

#[test]
fn who_leaves_in_the_middle_is_counted_alike_at_both_ends() {
    for workers in [1, 3] {
        for_each_seed(20, |seed| {
            let mut world = world(seed, workers, 0.2);
            world.start_producer(run("key", 1));
            let client = world.start_client();
            world.subscribe(client, ID, LATENCY);
            assert_plays(&mut world, client, 20, 8 * SECOND);
            let moment = world.rng().u32(0..500);
            world.run_for(moment * MS);
            world.shut_down_client(client);
            assert!(world.run_until(5 * SECOND, |world| world.is_client_closed(client)));
            let seen = seen_by(&world, client);
            // Where every copy of the goodbye was lost, the lease says it.
            world.run_for(16 * SECOND);
            assert_eq!(told(&world), seen);
            assert!(seen.add_up() && seen.expected >= 20, "{seen:?}");
        });
    }
}

/// A publication ends while nothing gets through from the viewer, until long after the last deadline.
#[test]
fn the_figures_of_a_life_that_ended_in_the_dark_are_told_when_the_path_is_back() {
    let short = 100 * MS;
    for_each_seed(5, |seed| {
        let mut world = world(seed, 1, 0.0);
        let producer = world.start_producer(run("key", 1));
        let client = world.start_client();
        world.subscribe(client, ID, short);
        assert_plays(&mut world, client, 20, 8 * SECOND);
        let path = LinkModel::clean(20 * MS);
        world.set_client_links(client, &Links { up: path.losing(1.0), down: path });
        world.run_for(200 * MS);
        world.finish_producer(producer);
        world.run_for(700 * MS);
        world.set_client_links(client, &Links::both(path));
        world.run_for(SECOND);
        world.shut_down_client(client);
        assert!(world.run_until(5 * SECOND, |world| world.is_client_closed(client)));
        assert_eq!(count_events(&world, client, |event| matches!(event, Event::Connected { .. })), 1);
        world.run_for(SECOND);
        assert_eq!(told(&world), seen_by(&world, client));
    });
}

/// What a client counted of all that it watched.
fn seen_by(world: &World, client: ClientId) -> Counters {
    let mut seen = Counters::default();
    for stream in &world.snapshot(client).streams {
        let c = stream.counters;
        seen.add(&Counters {
            expected: c.expected,
            direct: c.direct,
            repaired_arq: c.repaired_arq,
            late: c.late,
            lost: c.lost,
            skipped: c.skipped,
            ..Counters::default()
        });
    }
    seen
}

/// What the broker was told by all its viewers that have gone.
fn told(world: &World) -> Counters {
    let mut told = Counters::default();
    world.workers().iter().for_each(|worker| told.add(worker.viewer_total()));
    told
}
