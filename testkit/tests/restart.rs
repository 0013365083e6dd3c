//! Processes die and come back; everybody else goes on without a new command.

mod common;

use client::engine::event::Event;
use common::{ID, LATENCY, MS, SECOND, assert_plays, count_events, in_every_world, run};
use protocol::wire::Code;

#[test]
fn a_client_that_came_first_gets_frames_when_its_producer_comes() {
    in_every_world(|mut world| {
        let client = world.start_client();
        world.subscribe(client, ID, LATENCY);
        world.run_for(2 * SECOND);
        assert_eq!(count_events(&world, client, |event| matches!(event, Event::Waiting { .. })), 1);
        world.start_producer(run("key", 1));
        assert_plays(&mut world, client, 12, 3 * SECOND);
        let first = |event: &Event| matches!(event, Event::Subscribed(subscribed) if !subscribed.again);
        assert_eq!(count_events(&world, client, first), 1, "this is no other life yet");
    });
}

#[test]
fn a_killed_broker_without_state_is_found_again_within_three_seconds() {
    in_every_world(|mut world| {
        world.start_producer(run("key", 1));
        let client = world.start_client();
        world.subscribe(client, ID, LATENCY);
        assert_plays(&mut world, client, 12, 3 * SECOND);
        world.kill_broker();
        world.run_for(1_500 * MS);
        world.start_broker(false);
        assert_plays(&mut world, client, 1, 3 * SECOND);
        assert_plays(&mut world, client, 12, 2 * SECOND);
    });
}

#[test]
fn a_killed_broker_with_state_tells_its_peers_at_once() {
    in_every_world(|mut world| {
        world.start_producer(run("key", 1));
        let client = world.start_client();
        world.subscribe(client, ID, LATENCY);
        assert_plays(&mut world, client, 12, 3 * SECOND);
        world.kill_broker();
        world.start_broker(true);
        assert_plays(&mut world, client, 1, 3 * SECOND);
        let resets: u64 = world.workers().iter().map(|worker| worker.counters().resets).sum();
        assert!(resets > 0, "the reset is what told them");
    });
}

#[test]
fn a_broker_that_is_away_for_long_is_found_again_within_three_seconds() {
    in_every_world(|mut world| {
        world.start_producer(run("key", 1));
        let client = world.start_client();
        world.subscribe(client, ID, LATENCY);
        assert_plays(&mut world, client, 12, 3 * SECOND);
        world.kill_broker();
        world.run_for(60 * SECOND);
        assert_eq!(count_events(&world, client, |event| matches!(event, Event::Disconnected { .. })), 1);
        world.start_broker(false);
        assert_plays(&mut world, client, 1, 3 * SECOND);
    });
}

#[test]
fn viewers_go_on_when_a_killed_producer_comes_back_with_its_identity() {
    in_every_world(|mut world| {
        let producer = world.start_producer(run("key", 1));
        let client = world.start_client();
        world.subscribe(client, ID, LATENCY);
        assert_plays(&mut world, client, 12, 3 * SECOND);
        world.kill_producer(producer);
        world.run_for(500 * MS);
        world.start_producer(run("key", 2));
        assert_plays(&mut world, client, 12, 3 * SECOND);
        let again = |event: &Event| matches!(event, Event::Subscribed(subscribed) if subscribed.epoch == 2);
        assert_eq!(count_events(&world, client, again), 1, "told once: {:?}", world.client_events(client));
    });
}

#[test]
fn a_producer_that_finishes_is_told_of_and_its_viewers_wait_for_its_return() {
    in_every_world(|mut world| {
        let producer = world.start_producer(run("key", 1));
        let client = world.start_client();
        world.subscribe(client, ID, LATENCY);
        assert_plays(&mut world, client, 12, 3 * SECOND);
        world.finish_producer(producer);
        assert!(
            world.run_until(SECOND, |world| world.is_producer_closed(producer)),
            "goodbye within a second"
        );
        world.run_for(2 * SECOND);
        let ended = |event: &Event| matches!(event, Event::Ended { reason: Code::Ok, .. });
        assert_eq!(count_events(&world, client, ended), 1);
        world.start_producer(run("another key", 2));
        assert_plays(&mut world, client, 12, 3 * SECOND);
    });
}

#[test]
fn a_producer_that_is_cut_off_for_five_seconds_goes_on_in_the_same_life() {
    in_every_world(|mut world| {
        let producer = world.start_producer(run("key", 1));
        let client = world.start_client();
        world.subscribe(client, ID, LATENCY);
        assert_plays(&mut world, client, 12, 3 * SECOND);
        world.mute_producer(producer, true);
        world.run_for(5 * SECOND);
        world.mute_producer(producer, false);
        assert_plays(&mut world, client, 12, 5 * SECOND);
        let streams = world.snapshot(client).streams;
        let video = streams.first().expect("it plays").counters;
        assert!(
            video.lost >= 50,
            "what was published meanwhile is lost, and counted: {video:?} {:?} {:?}",
            world.producer_events(producer),
            world.client_events(client)
        );
    });
}
