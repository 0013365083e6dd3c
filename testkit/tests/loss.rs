//! What is published arrives: whole, once, in order, in time, or it is counted (issue invariants I1 to I3, I6).
#![expect(clippy::expect_used, reason = "tests")]

use std::time::Duration;

use client::engine::event::{Event, StreamCounters};
use protocol::id::{ProducerId, StreamId};
use protocol::limits::SHARD_LEN;
use protocol::receiver::Counters;
use protocol::serial::Serial;
use testkit::{Channel, ClientId, LinkModel, Links, ProducerRun, World, WorldOptions, for_each_seed};

const ID: ProducerId = ProducerId::from_bytes([0x1A, 0xAA, 0x99]);
const LATENCY: Duration = Duration::from_millis(500);
const MS: Duration = Duration::from_millis(1);

/// Every run crosses the wrap of the frame numbers.
const FIRST_FRAME: Serial = Serial(0xFFFF_FF00);

/// What a run of 1 000 frames came to.
struct Outcome {
    missed: u64,
    duplicates: u64,
}

/// One producer, one client, 1 000 pictures and their sound, over a client hop with 40 ms RTT.
fn run(seed: u64, workers: u8, loss: f64) -> Outcome {
    let path = LinkModel::clean(20 * MS).losing(loss).jumbling(0.01, 0.02, 10 * MS);
    let options = WorldOptions {
        workers,
        random_steering: workers > 1,
        client_links: Links::both(path),
        ..WorldOptions::default()
    };
    let mut world = World::new(seed, options);
    let producer = world.start_producer(ProducerRun {
        id: ID,
        key: b"key".to_vec(),
        epoch: 1_000 + seed,
        channel: Channel { pictures: 1_000, ..Channel::default() },
        first_frame: FIRST_FRAME,
        shard_size: SHARD_LEN,
        thins: true,
    });
    let client = world.start_client();
    world.subscribe(client, ID, LATENCY);
    assert!(
        world.run_until(Duration::from_secs(90), |world| world.published(producer, StreamId::VIDEO) == 1_000)
    );
    world.run_for(Duration::from_secs(2));
    world.finish_producer(producer);
    world.run_for(Duration::from_secs(2));
    world.shut_down_client(client);
    assert!(world.run_until(Duration::from_secs(5), |world| world.is_client_closed(client)));
    let snapshot = world.snapshot(client);
    // Where all messages of a second were lost, another session went on with the newest frame.
    let connected =
        world.client_events(client).iter().filter(|event| matches!(event, Event::Connected { .. }));
    let went_on = connected.count() > 1;
    let mut outcome = Outcome { missed: 0, duplicates: 0 };
    let mut total = Counters::default();
    for stream in &snapshot.streams {
        let c = stream.counters;
        let sum = c.direct + c.repaired_arq + c.repaired_fec + c.late + c.lost + c.skipped;
        assert_eq!(c.expected, sum, "seed {seed}: {c:?}");
        let got = world.oracle.delivered(client.0, ID, stream.stream);
        assert_eq!(got.len() as u64, c.direct + c.repaired_arq + c.repaired_fec, "counted and delivered");
        let first = u64::from(first_expected(&world, client, stream.stream).0.wrapping_sub(FIRST_FRAME.0));
        let published = world.published(producer, stream.stream);
        assert!(c.expected == published - first, "every frame since the join is expected: {c:?}");
        total.add(&figures_of(&c));
        outcome.missed += c.late + c.lost;
        outcome.duplicates += c.duplicates;
    }
    // Where every copy of the goodbye was lost, the lease says it.
    world.run_for(Duration::from_secs(16));
    let mut told = Counters::default();
    world.workers().iter().for_each(|worker| told.add(worker.viewer_total()));
    assert!(went_on || told == total, "broker and client count alike: {told:?}, {total:?}");
    outcome
}

/// The figures that a FEEDBACK tells.
fn figures_of(c: &StreamCounters) -> Counters {
    Counters {
        expected: c.expected,
        direct: c.direct,
        repaired_arq: c.repaired_arq,
        repaired_fec: c.repaired_fec,
        late: c.late,
        lost: c.lost,
        skipped: c.skipped,
        ..Counters::default()
    }
}

/// The first frame that the broker's answer let the client expect.
fn first_expected(world: &World, client: ClientId, stream: StreamId) -> Serial {
    let tracks = world.client_events(client).iter().find_map(|event| match event {
        Event::Subscribed(subscribed) => Some(&subscribed.tracks),
        _ => None,
    });
    let track = tracks.and_then(|tracks| tracks.iter().find(|track| track.stream == stream));
    track.expect("the stream was granted").next_frame
}

fn no_frame_is_wrong_at(loss: f64, misses_allowed: bool) {
    for workers in [1, 3] {
        for_each_seed(20, |seed| {
            let outcome = run(seed, workers, loss);
            assert!(misses_allowed || outcome.missed == 0, "missed {} of 1 084", outcome.missed);
        });
    }
}

#[test]
fn a_clean_path_misses_nothing() {
    no_frame_is_wrong_at(0.0, false);
}

#[test]
fn one_percent_loss_each_way_misses_nothing() {
    no_frame_is_wrong_at(0.01, false);
}

#[test]
fn five_percent_loss_each_way_misses_nothing() {
    no_frame_is_wrong_at(0.05, false);
}

#[test]
fn ten_percent_loss_each_way_is_counted() {
    no_frame_is_wrong_at(0.10, true);
}

#[test]
fn twenty_percent_loss_each_way_is_counted() {
    no_frame_is_wrong_at(0.20, true);
}
