//! What viewers and the broker say to each other while nothing happens, and what it is still good for.

mod common;

use std::time::Duration;

use client::engine::event::Event;
use common::{ID, LATENCY, MS, SECOND, assert_plays, count_events, frames, run, world};
use protocol::id::StreamId;
use testkit::{Channel, ClientId, Clock, LinkModel, Links, ProducerRun, World, for_each_seed};

/// A channel that shows three seconds of pictures and then nothing.
const SHORT: Channel = Channel { fps: 12, picture: 5_000, sound: 0, pictures: 36, group: 1 };

/// Control messages to and from a client within a span.
fn messages(world: &mut World, client: ClientId, span: Duration) -> (u64, u64) {
    let (to, from) = world.traffic_of_client(client);
    world.run_for(span);
    let (to_after, from_after) = world.traffic_of_client(client);
    (to_after.control.datagrams - to.control.datagrams, from_after.control.datagrams - from.control.datagrams)
}

#[test]
fn a_viewer_of_a_silent_channel_says_one_thing_in_seven_and_a_half_seconds_and_is_answered() {
    for workers in [1, 3] {
        for_each_seed(5, |seed| {
            let mut world = world(seed, workers, 0.0);
            let client = world.start_client();
            world.subscribe(client, ID, LATENCY);
            world.run_for(20 * SECOND);
            assert_eq!(messages(&mut world, client, 75 * SECOND), (10, 10), "nobody publishes");
            world.start_producer(ProducerRun { channel: SHORT, ..run("key", 1) });
            world.run_for(30 * SECOND);
            assert!(frames(&world, client, StreamId::VIDEO) >= 30);
            assert_eq!(messages(&mut world, client, 75 * SECOND), (10, 10), "the channel is silent");
        });
    }
}

#[test]
fn a_producer_that_publishes_nothing_says_one_thing_a_second_and_is_heard_again_at_once() {
    for_each_seed(5, |seed| {
        let mut world = world(seed, 1, 0.0);
        let producer = world.start_producer(ProducerRun { channel: SHORT, ..run("key", 1) });
        world.run_for(10 * SECOND);
        let said = |world: &World| world.traffic_from_producer(producer).control.datagrams;
        let before = said(&world);
        world.run_for(60 * SECOND);
        // And CLOCK now and then.
        assert!((60..=75).contains(&(said(&world) - before)), "{} in a minute", said(&world) - before);
        world.kill_broker();
        world.run_for(3 * SECOND);
        world.start_broker(false);
        let back = |world: &World| world.producer_snapshot(producer).is_some_and(|it| it.live);
        assert!(world.run_until(2 * SECOND, back));
    });
}

#[test]
fn a_silent_producer_is_shown_as_live_and_one_that_nothing_is_heard_of_as_stalled() {
    for_each_seed(5, |seed| {
        let mut world = world(seed, 1, 0.05);
        let producer = world.start_producer(ProducerRun { channel: SHORT, ..run("key", 1) });
        let client = world.start_client();
        world.run_for(10 * SECOND);
        for _ in 0..60 {
            world.run_for(700 * MS);
            assert_eq!(stalled(&mut world, client), Some(false));
        }
        world.set_producer_links(producer, &Links::both(LinkModel::clean(MS).losing(1.0)));
        world.run_for(3 * SECOND);
        assert_eq!(stalled(&mut world, client), Some(true));
    });
}

/// What `list` shows of the producer, within a second.
fn stalled(world: &mut World, client: ClientId) -> Option<bool> {
    let seen = |world: &World| count_events(world, client, |event| matches!(event, Event::Catalog(_)));
    let before = seen(world);
    world.list(client);
    assert!(world.run_until(SECOND, |world| seen(world) > before), "no answer");
    world.client_events(client).iter().rev().find_map(|event| match event {
        Event::Catalog(entries) => Some(entries.iter().any(|entry| entry.producer == ID && entry.stalled)),
        _ => None,
    })
}

#[test]
fn a_viewer_of_pictures_that_all_come_says_little_about_them() {
    for_each_seed(5, |seed| {
        let mut world = world(seed, 1, 0.0);
        world.start_producer(ProducerRun {
            channel: Channel { sound: 0, ..Channel::default() },
            ..run("key", 1)
        });
        let client = world.start_client();
        world.subscribe(client, ID, LATENCY);
        assert_plays(&mut world, client, 36, 5 * SECOND);
        let (_, from) = messages(&mut world, client, 60 * SECOND);
        assert!((35..=50).contains(&from), "{from} in a minute: an echo each two seconds, and CLOCK");
    });
}

#[test]
fn who_was_silent_for_minutes_still_plays_at_once_and_knows_the_time() {
    for_each_seed(5, |seed| {
        let mut world = world(seed, 1, 0.0);
        world.set_broker_clock(Clock::new(Duration::from_secs(3_000), -400));
        let clock = Clock::new(Duration::from_secs(70), 400);
        let client = world.start_client_with_clock(clock);
        world.subscribe(client, ID, LATENCY);
        world.run_for(600 * SECOND);
        world.start_producer(run("key", 1));
        assert_plays(&mut world, client, 12, 2 * SECOND);
        world.run_for(2 * SECOND);
        for frame in world.oracle.delivered(client.0, ID, StreamId::VIDEO).iter().skip(12) {
            // Half of both round trips; no CLOCK was sent for ten minutes.
            let error = frame.error.expect("the chain stands");
            assert!(error < 35 * MS, "{error:?} stated");
            let (told, truth) = (clock.when(frame.captured), frame.at.before(frame.delay));
            assert!(told.since(truth).max(truth.since(told)) <= error + MS, "{told:?} for {truth:?}");
        }
    });
}

#[test]
fn a_broker_that_dies_is_missed_on_a_silent_channel_as_soon_as_something_was_to_be_said() {
    for workers in [1, 3] {
        for_each_seed(10, |seed| {
            let mut world = world(seed, workers, 0.0);
            let client = world.start_client();
            world.subscribe(client, ID, LATENCY);
            world.run_for(60 * SECOND);
            let moment = world.rng().u32(0..7_500);
            world.run_for(moment * MS);
            world.kill_broker();
            world.start_broker(false);
            let back = |event: &Event| matches!(event, Event::Connected { again: true, .. });
            // A FEEDBACK every 7.5 s, a second of silence after it, two round trips.
            world.run_for(8_700 * MS);
            assert_eq!(count_events(&world, client, back), 1, "it waits at the new broker");
        });
    }
}

#[test]
fn a_producer_that_never_shows_anything_is_answered_all_the_same() {
    for workers in [1, 3] {
        for_each_seed(5, |seed| {
            let mut world = world(seed, workers, 0.0);
            let producer = world
                .start_producer(ProducerRun { channel: Channel { pictures: 0, ..SHORT }, ..run("key", 1) });
            world.run_for(60 * SECOND);
            let connected = world.producer_events(producer).iter();
            let connected =
                connected.filter(|event| matches!(event, producer::engine::Event::Connected { .. }));
            assert_eq!(connected.count(), 1, "{:?}", world.producer_events(producer));
        });
    }
}
