//! Loss between producer and broker: repaired once for everybody, and the same figures at both ends.

mod common;

use std::time::Duration;

use common::{ID, LATENCY, MS, SECOND, run};
use protocol::id::StreamId;
use testkit::{Channel, LinkModel, Links, ProducerRun, World, WorldOptions, for_each_seed};

#[test]
fn one_loss_upstream_makes_no_viewer_ask_and_is_counted_alike_by_producer_and_broker() {
    for workers in [1, 3] {
        for_each_seed(10, |seed| {
            let options = WorldOptions {
                workers,
                random_steering: workers > 1,
                producer_links: Links::both(LinkModel::clean(10 * MS).losing(0.1)),
                thins: true,
                client_links: Links::both(LinkModel::clean(20 * MS)),
            };
            let mut world = World::new(seed, options);
            let channel = Channel { pictures: 600, ..Channel::default() };
            let producer = world.start_producer(ProducerRun { channel, ..run("key", 1) });
            let client = world.start_client();
            world.subscribe(client, ID, LATENCY);
            let limit = Duration::from_secs(60);
            assert!(world.run_until(limit, |world| world.published(producer, StreamId::VIDEO) == 600));
            world.run_for(2 * SECOND);
            let viewer = world.snapshot(client);
            for stream in &viewer.streams {
                assert_eq!(
                    stream.counters.repaired_arq, 0,
                    "the viewer's path lost nothing: {:?}",
                    stream.counters
                );
                assert_eq!(stream.counters.lost + stream.counters.late, 0, "{:?}", stream.counters);
            }
            let resent: u64 = world.workers().iter().map(|worker| worker.counters().datagrams_resent).sum();
            assert_eq!(resent, 0, "nothing was sent again downstream");
            for track in world.producer_snapshot(producer).expect("it lives").tracks {
                let broker = track.broker.expect("the broker has reported");
                assert_eq!(broker.expected, track.published - track.unsent, "{track:?}");
                assert!(broker.add_up() && broker.repaired_arq > 0 && broker.lost == 0, "{broker:?}");
            }
        });
    }
}

#[test]
fn what_upstream_loses_for_good_is_lost_once_for_every_viewer() {
    for_each_seed(10, |seed| {
        let options = WorldOptions {
            producer_links: Links::both(LinkModel::clean(150 * MS).losing(0.3)),
            client_links: Links::both(LinkModel::clean(5 * MS)),
            ..WorldOptions::default()
        };
        let mut world = World::new(seed, options);
        let producer = world.start_producer(run("key", 1));
        let clients = [world.start_client(), world.start_client()];
        world.run_for(5 * SECOND);
        for client in clients {
            world.subscribe(client, ID, LATENCY);
        }
        world.run_for(30 * SECOND);
        world.finish_producer(producer);
        world.run_for(5 * SECOND);
        let figures = clients
            .map(|client| world.snapshot(client).streams.iter().map(|s| s.counters).collect::<Vec<_>>());
        assert_eq!(figures[0], figures[1]);
        let video = figures[0].first().expect("it played");
        assert!(video.lost > 0 && video.expected > 300, "{video:?}");
        assert_eq!(
            video.expected,
            video.direct + video.repaired_arq + video.late + video.lost + video.skipped
        );
    });
}

#[test]
fn a_shard_lost_upstream_makes_none_of_a_thousand_viewers_ask_and_all_get_the_frame() {
    let near = Links::both(LinkModel::clean(10 * MS));
    let options = WorldOptions {
        producer_links: near,
        client_links: Links::both(LinkModel::clean(20 * MS)),
        ..WorldOptions::default()
    };
    let mut world = World::new(1, options);
    let producer = world
        .start_producer(ProducerRun { channel: Channel { sound: 0, ..Channel::default() }, ..run("key", 1) });
    let clients: Vec<_> = (0..1_000).map(|_| world.start_client()).collect();
    for client in &clients {
        world.subscribe(*client, ID, LATENCY);
    }
    world.run_for(3 * SECOND);
    let figures = |world: &World| {
        let tracks = world.producer_snapshot(producer).expect("it lives").tracks;
        tracks.first().and_then(|track| track.broker).expect("the broker has reported")
    };
    assert_eq!(figures(&world).repaired_arq, 0);
    let control = |world: &World| -> Vec<u64> {
        clients.iter().map(|client| world.traffic_of_client(*client).1.control.datagrams).collect()
    };
    let before = control(&world);
    // One datagram in a hundred: a few frames of the next two seconds lack a shard.
    let lossy = Links { up: near.up.losing(0.01), ..near };
    world.set_producer_links(producer, &lossy);
    world.run_for(2 * SECOND);
    world.set_producer_links(producer, &near);
    world.run_for(2 * SECOND);
    let upstream = figures(&world);
    assert!(upstream.repaired_arq > 0 && upstream.lost == 0, "{upstream:?}");
    for (client, (before, after)) in clients.iter().zip(before.iter().zip(control(&world))) {
        assert!(after - before <= 5 * 4, "{} messages in 4 s: it asked", after - before);
        let stream = &world.snapshot(*client).streams[0].counters;
        assert_eq!((stream.expected, stream.lost + stream.late), (stream.direct, 0), "{stream:?}");
        let got = world.oracle.delivered(client.0, ID, StreamId::VIDEO).len() as u64;
        assert!(got >= 12 * 6 && got == stream.direct, "{got} frames");
    }
    let counters = world.workers().iter().map(broker::engine::Broker::counters);
    assert_eq!(
        counters.map(|counters| counters.datagrams_resent + counters.datagrams_parity).sum::<u64>(),
        0
    );
}
