//! Two producers under one id: never mixed, and both know why.

mod common;

use client::engine::event::Event as ClientEvent;
use common::{ID, LATENCY, MS, SECOND, assert_plays, in_every_world, run};
use producer::engine::Event;
use protocol::id::StreamId;
use protocol::wire::Code;
use testkit::{ClientId, ProducerRun, World};

fn epochs(world: &World, client: ClientId) -> Vec<u64> {
    let mut epochs: Vec<u64> =
        world.oracle.delivered(client.0, ID, StreamId::VIDEO).iter().map(|frame| frame.epoch).collect();
    epochs.dedup();
    epochs
}

#[test]
fn another_identity_is_refused_while_the_first_one_lives() {
    in_every_world(|mut world| {
        world.start_producer(run("mine", 1));
        let client = world.start_client();
        world.subscribe(client, ID, LATENCY);
        assert_plays(&mut world, client, 12, 3 * SECOND);
        let stranger = world.start_producer(run("theirs", 99));
        assert_plays(&mut world, client, 60, 6 * SECOND);
        assert_eq!(epochs(&world, client), [1]);
        let told = world.producer_events(stranger).iter().any(
            |event| matches!(event, Event::Refused { status: Code::DuplicateProducer, reason } if !reason.is_empty()),
        );
        assert!(told, "{:?}", world.producer_events(stranger));
    });
}

#[test]
fn another_identity_may_have_the_id_when_the_first_one_was_silent_for_three_seconds() {
    in_every_world(|mut world| {
        let first = world.start_producer(run("mine", 1));
        let client = world.start_client();
        world.subscribe(client, ID, LATENCY);
        assert_plays(&mut world, client, 12, 3 * SECOND);
        world.mute_producer(first, true);
        let stranger = world.start_producer(run("theirs", 99));
        world.run_for(2_500 * MS);
        assert_eq!(epochs(&world, client), [1]);
        let took_over = world.run_until(4 * SECOND, |world| epochs(world, client) == [1, 99]);
        assert!(took_over, "{:?} {:?}", world.producer_events(stranger), world.producer_events(first));
        // Where the answer of the new life comes before the END of the old one, that says all there is to say.
        let wrong = |event: &ClientEvent| matches!(event, ClientEvent::Ended { reason, .. } if *reason != Code::ProducerLost);
        assert!(!world.client_events(client).iter().any(wrong), "{:?}", world.client_events(client));
        // Who was only cut off hears that somebody else has the id, and not that it took over from itself.
        world.mute_producer(first, false);
        world.run_for(10 * SECOND);
        let refused = |event: &Event| matches!(event, Event::Refused { status: Code::DuplicateProducer, .. });
        let events = world.producer_events(first);
        assert!(events.iter().any(refused) && !events.contains(&Event::Superseded), "{events:?}");
        assert_eq!(epochs(&world, client), [1, 99]);
    });
}

#[test]
fn the_same_identity_with_a_higher_epoch_takes_over_at_once_and_the_old_one_is_told() {
    in_every_world(|mut world| {
        let old = world.start_producer(run("mine", 1));
        let client = world.start_client();
        world.subscribe(client, ID, LATENCY);
        assert_plays(&mut world, client, 12, 3 * SECOND);
        world.start_producer(run("mine", 2));
        world.run_for(3 * SECOND);
        assert_eq!(epochs(&world, client), [1, 2], "never mixed, never back");
        // The goodbye may be lost: then its next announcement is refused for the same reason.
        let told = |event: &Event| {
            matches!(event, Event::Superseded | Event::Refused { status: Code::Superseded, .. })
        };
        assert!(world.producer_events(old).iter().any(told), "{:?}", world.producer_events(old));
    });
}

#[test]
fn the_same_identity_with_a_lower_epoch_is_refused() {
    in_every_world(|mut world| {
        world.start_producer(run("mine", 7));
        world.run_for(SECOND);
        let late = world.start_producer(run("mine", 6));
        world.run_for(2 * SECOND);
        let refusal = world.producer_events(late).iter().find_map(|event| match event {
            Event::Refused { status, .. } => Some(*status),
            _ => None,
        });
        assert_eq!(refusal.expect("it was refused"), Code::Superseded);
    });
}

#[test]
fn a_life_keeps_its_shard_size() {
    in_every_world(|mut world| {
        let first = world.start_producer(run("mine", 7));
        world.run_for(2 * SECOND);
        world.kill_producer(first);
        let again = world.start_producer(ProducerRun { shard_size: 600, ..run("mine", 7) });
        let refused = |event: &Event| matches!(event, Event::Refused { status: Code::Protocol, .. });
        assert!(world.run_until(5 * SECOND, |world| world.producer_events(again).iter().any(refused)));
    });
}
