//! Deadlines: capture + latency by everybody's own clock, whatever those clocks show (issue invariant I4).
#![expect(clippy::expect_used, reason = "tests")]

mod common;

use std::time::Duration;

use client::engine::event::{Event, StreamStatus};
use common::{ID, LATENCY, MS, SECOND, run};
use protocol::id::{ProducerId, StreamId};
use testkit::{
    Channel, ClientId, Clock, Delivery, LinkModel, Links, ProducerRun, World, WorldOptions, for_each_seed,
};

/// Reading three clocks in whole microseconds, and capture times in units of 100 us.
const RESOLUTION: Duration = Duration::from_micros(110);
/// Small pictures alone, so that an hour passes in seconds.
const LIGHT: Channel = Channel { fps: 4, picture: 1_500, sound: 0, pictures: u64::MAX, group: 1 };

/// Clocks of producer, broker and client: hours apart, 500 ppm off, one about to pass the wrap of the 32-bit stamps.
fn clocks() -> [[Clock; 3]; 4] {
    let hours = |hours: u64, ppm| Clock::new(Duration::from_secs(3_600 * hours), ppm);
    let near_the_wrap = |ppm| Clock::new(Duration::from_micros((1 << 32) - 6_000_000), ppm);
    [
        [hours(0, 0), hours(0, 0), hours(0, 0)],
        [hours(9, 500), hours(2, -500), hours(30, 500)],
        [near_the_wrap(-500), hours(5, 500), near_the_wrap(-500)],
        [hours(1, 300), near_the_wrap(500), hours(0, -250)],
    ]
}

/// A producer, a broker and a viewer with these clocks.
struct Stage {
    world: World,
    client: ClientId,
    clock: Clock,
}

impl Stage {
    fn new(seed: u64, clocks: [Clock; 3], options: &WorldOptions, channel: Channel) -> Self {
        let [producer, broker, viewer] = clocks;
        let mut world = World::new(seed, *options);
        world.set_broker_clock(broker);
        world.start_producer_with_clock(ProducerRun { channel, ..run("key", 1) }, producer);
        world.run_for(SECOND);
        let client = world.start_client_with_clock(viewer);
        Self { world, client, clock: viewer }
    }

    fn video(&self) -> StreamStatus {
        self.world.snapshot(self.client).streams.first().expect("it plays").clone()
    }

    fn delivered(&self) -> &[Delivery] {
        self.world.oracle.delivered(self.client.0, ID, StreamId::VIDEO)
    }

    /// How far the client's word for the capture of a frame is from the truth.
    fn miss(&self, frame: &Delivery) -> Duration {
        let told = self.clock.when(frame.captured);
        let truth = frame.at.before(frame.delay);
        told.since(truth).max(truth.since(told))
    }
}

#[test]
fn an_hour_of_clocks_that_are_hours_apart_and_drift_loses_nothing_and_knows_every_capture_time() {
    for clocks in clocks() {
        let mut stage = Stage::new(1, clocks, &WorldOptions::default(), LIGHT);
        stage.world.subscribe(stage.client, ID, LATENCY);
        let mut seen = 0;
        for minute in 0..60 {
            stage.world.run_for(60 * SECOND);
            for frame in &stage.delivered()[seen..] {
                let (miss, error) = (stage.miss(frame), frame.error.expect("the chain stands"));
                // Half of both round trips is 21 ms; in the first minute 5 s of any drift come on top, and each hop adds its own.
                assert!(error < 35 * MS, "{error:?} stated");
                assert!(miss <= error + RESOLUTION, "minute {minute}: {miss:?} off, {error:?} stated");
                assert!(miss < 8 * MS, "minute {minute}: {miss:?} off on symmetric paths");
            }
            seen = stage.delivered().len();
        }
        let counters = stage.video().counters;
        assert_eq!(counters.direct, counters.expected, "{counters:?}");
        assert!(counters.expected > 14_000, "{counters:?}");
    }
}

#[test]
fn no_frame_is_delivered_after_its_play_time_on_lossy_paths() {
    for clocks in clocks() {
        for_each_seed(5, |seed| {
            let lossy = LinkModel::clean(20 * MS).losing(0.1).jumbling(0.01, 0.02, 10 * MS);
            let options = WorldOptions {
                client_links: Links::both(lossy),
                producer_links: Links::both(LinkModel::clean(10 * MS).losing(0.05)),
                ..WorldOptions::default()
            };
            let mut stage = Stage::new(seed, clocks, &options, Channel::default());
            let latency = 200 * MS;
            stage.world.subscribe(stage.client, ID, latency);
            let joined = stage.world.now() + SECOND;
            stage.world.run_for(60 * SECOND);
            for frame in stage.delivered().iter().filter(|frame| frame.at.before(frame.delay) > joined) {
                let (deadline, error) = (frame.captured + latency, frame.error.expect("the chain stands"));
                assert!(stage.clock.read(frame.at) <= deadline + Duration::from_micros(1), "{frame:?}");
                assert!(frame.delay <= latency + error + RESOLUTION, "{frame:?} by the true time, {error:?}");
                assert_eq!(frame.play_at, deadline);
            }
            let counters = stage.video().counters;
            assert!(counters.repaired_arq > 100 && counters.late + counters.lost < 20, "{counters:?}");
        });
    }
}

#[test]
fn queues_on_one_way_stay_within_the_stated_error() {
    for clocks in clocks() {
        for_each_seed(5, |seed| {
            let up = LinkModel { jitter: 60 * MS, ..LinkModel::clean(5 * MS) };
            let options = WorldOptions {
                client_links: Links { up, down: LinkModel::clean(30 * MS) },
                producer_links: Links { up, down: LinkModel::clean(2 * MS) },
                ..WorldOptions::default()
            };
            let mut stage = Stage::new(seed, clocks, &options, LIGHT);
            stage.world.subscribe(stage.client, ID, LATENCY);
            stage.world.run_for(300 * SECOND);
            for frame in stage.delivered() {
                let (miss, error) = (stage.miss(frame), frame.error.expect("the chain stands"));
                assert!(miss <= error + RESOLUTION, "{miss:?} off, {error:?} stated");
            }
            // Some datagrams take longer than half a second.
            let counters = stage.video().counters;
            assert!(counters.lost + counters.late < 5, "{counters:?}");
        });
    }
}

#[test]
fn a_viewer_knows_its_deadlines_from_the_first_frame_on() {
    for clocks in clocks() {
        let mut stage = Stage::new(1, clocks, &WorldOptions::default(), Channel::default());
        stage.world.run_for(5 * SECOND);
        stage.world.subscribe(stage.client, ID, LATENCY);
        assert!(stage.world.run_until(SECOND, |world| {
            !world.oracle.delivered(stage.client.0, ID, StreamId::VIDEO).is_empty()
        }));
        let first = stage.delivered()[0];
        assert!(stage.miss(&first) < 6 * MS, "{:?} off", stage.miss(&first));
        assert!(stage.video().age_error.expect("the chain stands") < 60 * MS);
    }
}

#[test]
fn the_chain_takes_over_without_a_jump_when_it_comes_late() {
    for_each_seed(20, |seed| {
        let loss = if seed % 2 == 0 { 0.0 } else { 0.02 };
        let far = LinkModel::clean(150 * MS).losing(loss);
        let options = WorldOptions { client_links: Links::both(far), ..WorldOptions::default() };
        let mut world = World::new(seed, options);
        // The viewer waits: its answer knows nothing of the producer's clock, and the first frames are as old.
        let client = world.start_client();
        world.subscribe(client, ID, SECOND);
        world.run_for(2 * SECOND);
        let producer = Clock::new(Duration::from_secs(7_200), 200);
        world.start_producer_with_clock(run("key", 1), producer);
        world.run_for(30 * SECOND);
        let frames = world.oracle.delivered(client.0, ID, StreamId::VIDEO);
        assert!(frames.len() > 330, "{} frames", frames.len());
        for pair in frames.windows(2) {
            let steps = u32::try_from(pair[1].index - pair[0].index).expect("in order");
            let interval = SECOND / 12 * steps;
            if pair[0].play_at == pair[0].at {
                // The answer to the subscription was lost: its repeat came so late that the frame was shown as it came.
                assert!(loss > 0.0 && pair[0].index < 12, "frame {}", pair[0].index);
                continue;
            }
            let played = pair[1].play_at.since(pair[0].play_at);
            let even = (interval * 94 / 100)..=(interval * 106 / 100);
            assert!(even.contains(&played), "frame {}: {played:?} after {interval:?}", pair[1].index);
        }
        let counters = world.snapshot(client).streams.first().expect("it plays").counters;
        assert_eq!(counters.late, 0, "{counters:?}");
        assert!(counters.lost == 0 || loss > 0.0, "{counters:?}");
    });
}

#[test]
fn the_broker_asks_for_as_long_as_some_viewer_can_use_the_answer() {
    for (latency, lost) in [(1_500 * MS, false), (300 * MS, true)] {
        let options =
            WorldOptions { producer_links: Links::both(LinkModel::clean(5 * MS)), ..WorldOptions::default() };
        let mut world = World::new(3, options);
        let producer = world.start_producer(run("key", 1));
        let client = world.start_client();
        world.subscribe(client, ID, latency);
        world.run_for(10 * SECOND);
        world.mute_producer(producer, true);
        world.run_for(800 * MS);
        world.mute_producer(producer, false);
        world.run_for(10 * SECOND);
        let counters = world.snapshot(client).streams.first().expect("it plays").counters;
        assert_eq!(counters.lost + counters.late > 0, lost, "{latency:?}: {counters:?}");
    }
}

#[test]
fn latency_zero_shows_what_is_whole_at_once_and_the_newest_wins() {
    for_each_seed(10, |seed| {
        let lossy = LinkModel::clean(40 * MS).losing(0.1);
        let options = WorldOptions { client_links: Links::both(lossy), ..WorldOptions::default() };
        let mut stage = Stage::new(seed, clocks()[1], &options, Channel::default());
        stage.world.subscribe(stage.client, ID, Duration::ZERO);
        stage.world.run_for(60 * SECOND);
        let status = stage.video();
        let counters = status.counters;
        assert_eq!(status.latency, Duration::ZERO);
        // Without loss a frame takes 41 ms; one that waits for a repair does not hold up the next one.
        let at_once = stage.delivered().iter().filter(|frame| frame.delay < 45 * MS).count();
        // But those that came before the answer to the join.
        assert!((at_once as u64..at_once as u64 + 10).contains(&counters.direct), "{at_once}: {counters:?}");
        assert!(counters.repaired_arq > 0 && counters.lost + counters.late > 50, "{counters:?}");
        let sum = counters.direct + counters.repaired_arq + counters.late + counters.lost;
        assert_eq!(counters.expected, sum, "{counters:?}");
        for frame in stage.delivered() {
            assert_eq!(frame.play_at, stage.clock.read(frame.at), "at once");
        }
    });
}

/// The latencies that the broker told: at first, and raised.
fn granted(world: &World, client: ClientId) -> Vec<Duration> {
    let told = world.client_events(client).iter().filter_map(|event| match event {
        Event::Subscribed(subscribed) => Some(subscribed.latency),
        Event::LatencyRaised { latency, .. } => Some(*latency),
        _ => None,
    });
    told.collect()
}

#[test]
fn a_far_viewer_gets_the_latency_that_its_path_can_do_and_then_misses_nothing() {
    for_each_seed(10, |seed| {
        for (round_trip, expected) in [(40, vec![100 * MS]), (200, vec![100 * MS, 350 * MS])] {
            let path = LinkModel::clean(round_trip / 2 * MS).losing(0.01);
            let options = WorldOptions { client_links: Links::both(path), ..WorldOptions::default() };
            let mut stage = Stage::new(seed, clocks()[3], &options, Channel::default());
            stage.world.subscribe(stage.client, ID, 100 * MS);
            stage.world.run_for(5 * SECOND);
            assert_eq!(granted(&stage.world, stage.client), expected);
            let before = stage.video().counters;
            stage.world.run_for(60 * SECOND);
            let counters = stage.video().counters;
            let missed = counters.late + counters.lost - before.late - before.lost;
            let repaired = counters.repaired_arq + counters.repaired_fec;
            let whole = repaired > 30 && missed <= repaired / 10;
            assert!(whole, "round trip {round_trip}: {counters:?}, {before:?} at first");
            assert_eq!(granted(&stage.world, stage.client), expected, "said once");
        }
    });
}

#[test]
fn a_far_viewer_that_waited_for_its_channel_gets_it_though_nothing_could_come_in_time_at_first() {
    for_each_seed(40, |seed| {
        for round_trip in [150, 194, 199, 240] {
            let path = |delay| Links::both(LinkModel::clean(delay).losing(0.2));
            let (client_links, producer_links) = (path(round_trip * MS / 2), path(20 * MS));
            let mut world =
                World::new(seed, WorldOptions { client_links, producer_links, ..WorldOptions::default() });
            let client = world.start_client();
            // Another channel measures the path; the present one begins when that is known.
            let other = ProducerId::from_bytes([0x1A, 0xAA, 0x91]);
            for id in [other, ID] {
                world.subscribe(client, id, 100 * MS);
            }
            world.start_producer(ProducerRun { id: other, channel: LIGHT, ..run("other", 1) });
            world.run_for(5 * SECOND);
            world.start_producer(ProducerRun { channel: LIGHT, ..run("key", 1) });
            world.run_for(20 * SECOND);
            let delivered = world.oracle.delivered(client.0, ID, StreamId::VIDEO).len();
            assert!(
                delivered > 30,
                "round trip {round_trip}: {delivered} pictures, {:?}",
                granted(&world, client)
            );
        }
    });
}

#[test]
fn a_path_that_gets_slower_for_good_raises_the_latency_and_says_so_in_spite_of_loss() {
    for_each_seed(10, |seed| {
        let path = |delay: Duration| Links::both(LinkModel::clean(delay).losing(0.2));
        let options = WorldOptions { client_links: path(10 * MS), ..WorldOptions::default() };
        let mut stage = Stage::new(seed, clocks()[1], &options, Channel::default());
        stage.world.subscribe(stage.client, ID, 150 * MS);
        stage.world.run_for(10 * SECOND);
        assert_eq!(granted(&stage.world, stage.client), [150 * MS]);
        // A queue of two seconds is no path.
        stage.world.set_client_links(stage.client, &path(120 * MS));
        stage.world.run_for(2 * SECOND);
        stage.world.set_client_links(stage.client, &path(10 * MS));
        stage.world.run_for(20 * SECOND);
        assert_eq!(granted(&stage.world, stage.client), [150 * MS]);
        stage.world.set_client_links(stage.client, &path(120 * MS));
        stage.world.run_for(20 * SECOND);
        let told = granted(&stage.world, stage.client);
        let last = *told.last().expect("it was told");
        assert!((2..=3).contains(&told.len()) && (350 * MS..=450 * MS).contains(&last), "{told:?}");
        assert_eq!(stage.video().latency, last);
    });
}
