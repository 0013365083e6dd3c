//! Nothing outlives its peer: leases, pauses, moves, and a broker that ends up empty.

mod common;

use common::{ID, LATENCY, MS, SECOND, assert_plays, frames, in_every_world, run};
use protocol::id::StreamId;

#[test]
fn a_killed_client_is_sent_nothing_after_four_seconds_and_forgotten_after_the_lease() {
    in_every_world(|mut world| {
        world.start_producer(run("key", 1));
        let (victim, witness) = (world.start_client(), world.start_client());
        for client in [victim, witness] {
            world.subscribe(client, ID, LATENCY);
        }
        assert_plays(&mut world, victim, 12, 3 * SECOND);
        world.mute_client(victim, true);
        world.run_for(5 * SECOND);
        let before = world.bytes_to(victim);
        world.run_for(5 * SECOND);
        let after = world.bytes_to(victim) - before;
        assert!(after < 5_000, "{after} bytes to somebody who proves nothing");
        world.kill_client(victim);
        world.run_for(13 * SECOND);
        assert_eq!(world.census().sessions, 2, "the producer and the witness");
        assert_plays(&mut world, witness, 12, 3 * SECOND);
    });
}

#[test]
fn a_client_that_was_cut_off_plays_on_when_it_is_back() {
    in_every_world(|mut world| {
        world.start_producer(run("key", 1));
        let client = world.start_client();
        world.subscribe(client, ID, LATENCY);
        assert_plays(&mut world, client, 12, 3 * SECOND);
        for blackout in [SECOND, 2 * SECOND, 5 * SECOND, 10 * SECOND, 20 * SECOND] {
            world.mute_client(client, true);
            world.run_for(blackout);
            world.mute_client(client, false);
            assert_plays(&mut world, client, 6, 5 * SECOND);
        }
    });
}

#[test]
fn when_all_have_left_the_broker_holds_nothing() {
    in_every_world(|mut world| {
        let producer = world.start_producer(run("key", 1));
        let clients: Vec<_> = (0..5).map(|_| world.start_client()).collect();
        for client in &clients {
            world.subscribe(*client, ID, LATENCY);
        }
        world.run_for(3 * SECOND);
        assert!(!world.is_broker_empty());
        for (number, client) in clients.iter().enumerate() {
            if number % 2 == 0 { world.shut_down_client(*client) } else { world.kill_client(*client) }
        }
        world.finish_producer(producer);
        world.run_for(20 * SECOND);
        assert!(world.is_broker_empty(), "{:?}", world.census());
    });
}

#[test]
fn a_client_with_a_new_address_keeps_its_session() {
    in_every_world(|mut world| {
        world.start_producer(run("key", 1));
        let client = world.start_client();
        world.subscribe(client, ID, LATENCY);
        assert_plays(&mut world, client, 12, 3 * SECOND);
        world.rebind_client(client);
        assert_plays(&mut world, client, 12, 3 * SECOND);
        let moved: u64 = world.workers().iter().map(|worker| worker.counters().sessions_moved).sum();
        assert!(moved >= 1);
        assert_eq!(world.census().sessions, 2);
    });
}

#[test]
fn after_the_answer_to_unsubscribe_no_frame_comes() {
    in_every_world(|mut world| {
        world.start_producer(run("key", 1));
        let client = world.start_client();
        world.subscribe(client, ID, LATENCY);
        assert_plays(&mut world, client, 12, 3 * SECOND);
        world.unsubscribe(client, ID);
        world.run_for(2 * SECOND);
        let (got, bytes) = (frames(&world, client, StreamId::VIDEO), world.bytes_to(client));
        world.run_for(5 * SECOND);
        assert_eq!(frames(&world, client, StreamId::VIDEO), got);
        assert!(world.bytes_to(client) - bytes < 2_000, "only the keep-alive goes on");
        world.subscribe(client, ID, LATENCY);
        assert_plays(&mut world, client, 12, 3 * SECOND);
    });
}

#[test]
fn one_client_that_loses_half_of_everything_harms_no_other() {
    in_every_world(|mut world| {
        world.start_producer(run("key", 1));
        let (poor, rich) = (world.start_client(), world.start_client());
        let path = testkit::LinkModel::clean(20 * MS);
        world.set_client_links(poor, &testkit::Links::both(path.losing(0.5)));
        world.set_client_links(rich, &testkit::Links::both(path));
        for client in [poor, rich] {
            world.subscribe(client, ID, LATENCY);
        }
        world.run_for(20 * SECOND);
        let counters = world.snapshot(rich).streams[0].counters;
        assert_eq!(counters.late + counters.repaired_arq, 0, "{counters:?}");
        assert!(frames(&world, rich, StreamId::VIDEO) >= 220);
    });
}

#[test]
fn who_leaves_and_comes_back_at_once_plays_on_and_sees_no_frame_twice() {
    in_every_world(|mut world| {
        world.start_producer(run("key", 1));
        let client = world.start_client();
        world.subscribe(client, ID, LATENCY);
        assert_plays(&mut world, client, 12, 3 * SECOND);
        for pause in [1, 30, 45, 100, 400, 700, 2_000] {
            world.unsubscribe(client, ID);
            world.run_for(pause * MS);
            world.subscribe(client, ID, LATENCY);
            assert_plays(&mut world, client, 6, 3 * SECOND);
        }
        let counters = world.snapshot(client).streams[0].counters;
        let sum = counters.direct + counters.repaired_arq + counters.late + counters.lost + counters.skipped;
        assert_eq!(counters.expected, sum, "{counters:?}");
        // What was sent before it left is still repaired; what nobody wanted meanwhile is not missed.
        assert_eq!(counters.lost + counters.late, 0, "{counters:?}");
    });
}
