//! A frame that is lost whole comes back without waiting for the next one, and so does all that a dark second took.
#![expect(clippy::expect_used, reason = "tests")]

mod common;

use std::time::Duration;

use common::{ID, MS, SECOND, run};
use protocol::id::StreamId;
use protocol::time::Time;
use testkit::{Blackout, Channel, ClientId, LinkModel, Links, ProducerRun, World, WorldOptions};

const RTT: Duration = Duration::from_millis(40);

/// A channel of so many pictures per second that a viewer watches, with the latency given.
fn watched(fps: u32, latency: Duration) -> (World, ClientId) {
    let mut world = World::new(1, WorldOptions::default());
    let channel = Channel { fps, sound: 0, ..Channel::default() };
    world.start_producer(ProducerRun { channel, ..run("key", 1) });
    let client = world.start_client();
    world.subscribe(client, ID, latency);
    (world, client)
}

/// The broker's side of the viewer's path, dark for this long at each second from the start on.
fn dark(lasts: Duration) -> Links {
    let clean = LinkModel::clean(RTT / 2);
    Links { up: clean, down: clean.dark(Blackout::Every { period: SECOND, lasts }) }
}

/// The longest way of a picture that came after `since`.
fn longest(world: &World, client: ClientId, since: Time) -> Duration {
    let delivered = world.oracle.delivered(client.0, ID, StreamId::VIDEO).iter();
    let recent = delivered.filter(|delivery| delivery.at > since);
    recent.map(|delivery| delivery.delay).max().expect("pictures came")
}

#[test]
fn a_frame_of_a_slow_track_that_is_lost_whole_is_there_two_round_trips_later() {
    let (mut world, client) = watched(1, 900 * MS);
    world.run_for(SECOND * 3);
    // Pictures leave the broker half a millisecond after each second.
    world.set_client_links(client, &dark(10 * MS));
    // The first loss shows that the path loses at all.
    world.run_for(SECOND * 3);
    let since = world.now();
    world.run_for(SECOND * 10);
    let counters = world.snapshot(client).streams[0].counters;
    assert!(counters.repaired_arq >= 10 && counters.lost + counters.late == 0, "{counters:?}");
    let longest = longest(&world, client, since);
    assert!(longest <= RTT * 5 / 2 + 15 * MS, "{longest:?}: not at the next frame, a second later");
}

#[test]
fn a_dark_second_takes_nothing_from_who_has_two() {
    for both_ways in [false, true] {
        testkit::for_each_seed(5, |seed| {
            let mut world = World::new(seed, WorldOptions::default());
            world.start_producer(run("key", 1));
            let client = world.start_client();
            world.subscribe(client, ID, 2 * SECOND);
            let lossy = LinkModel::clean(RTT / 2).losing(0.05);
            let dark = lossy.dark(Blackout::Once { at: 20 * SECOND, lasts: SECOND });
            let links = Links { up: if both_ways { dark } else { lossy }, down: dark };
            world.set_client_links(client, &links);
            world.run_for(40 * SECOND);
            for stream in &world.snapshot(client).streams {
                let counters = stream.counters;
                assert!(counters.expected > 30 && counters.lost + counters.late == 0, "{counters:?}");
            }
        });
    }
}
