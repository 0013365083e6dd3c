//! A path that is too slow gets whole frames, fewer of them, in time; nobody else notices (I14, I18, G15).

mod common;

use std::time::Duration;

use client::engine::event::Event;
use common::{ID, LATENCY, MS, SECOND, count_events, run};
use protocol::id::StreamId;
use protocol::receiver::Counters;
use protocol::wire::Thinning;
use testkit::{ClientId, LinkModel, Links, World, WorldOptions, for_each_seed};

/// Bits per second that the usual channel needs: 12 pictures of 10 kB and 16 kB of sound, headers included.
const NEED: u64 = 1_190_000;
/// The client knows the producer's clock as well as the round trip tells.
const CLOCK_ERROR: Duration = Duration::from_millis(20);
/// By now the path is known and the ladder stands.
const SETTLED: Duration = Duration::from_secs(12);

/// 20 ms to the client, and this rate with a queue of this length in front of it.
fn narrow(bits_per_second: u64, queue: Duration) -> Links {
    let path = LinkModel::clean(20 * MS);
    Links { up: path, down: path.at_rate(bits_per_second, queue) }
}

/// A world with the usual channel and one client behind these links, which plays.
fn playing(seed: u64, workers: u8, links: &Links) -> (World, ClientId) {
    let options = WorldOptions { workers, random_steering: workers > 1, ..WorldOptions::default() };
    let mut world = World::new(seed, options);
    world.start_producer(run("key", 1));
    let client = join(&mut world, links);
    (world, client)
}

fn join(world: &mut World, links: &Links) -> ClientId {
    let client = world.start_client();
    world.set_client_links(client, links);
    world.subscribe(client, ID, LATENCY);
    client
}

/// What became of a stream's frames while `span` passed.
fn over(world: &mut World, client: ClientId, stream: StreamId, span: Duration) -> Counters {
    let figures = |world: &World| {
        let streams = world.snapshot(client).streams;
        streams.iter().find(|one| one.stream == stream).map(|one| one.counters).unwrap_or_default()
    };
    let before = figures(world);
    world.run_for(span);
    let after = figures(world);
    Counters {
        expected: after.expected - before.expected,
        direct: after.direct + after.repaired_arq - before.direct - before.repaired_arq,
        late: after.late - before.late,
        lost: after.lost - before.lost,
        skipped: after.skipped - before.skipped,
        ..Counters::default()
    }
}

/// The steps that a client was told of, for its pictures, with the first one before.
fn steps(world: &World, client: ClientId) -> Vec<Thinning> {
    let pictures = |event: &Event| match event {
        Event::Thinned { stream: StreamId::VIDEO, thinning, .. } => Some(*thinning),
        _ => None,
    };
    std::iter::once(Thinning::Whole).chain(world.client_events(client).iter().filter_map(pictures)).collect()
}

/// How often the ladder went up and then down again.
fn oscillations(steps: &[Thinning]) -> usize {
    let turns = |three: &&[Thinning]| matches!(three, [before, up, down] if up < before && down > up);
    steps.windows(3).filter(turns).count()
}

#[test]
fn a_viewer_on_half_the_rate_gets_whole_pictures_and_all_sound_in_time() {
    for (workers, queue) in
        [(1, 20 * MS), (1, 50 * MS), (1, 100 * MS), (3, 100 * MS), (1, 300 * MS), (1, SECOND)]
    {
        for_each_seed(3, |seed| {
            let (mut world, client) = playing(seed, workers, &narrow(NEED / 2, queue));
            world.run_for(SETTLED);
            let settled = world.now();
            let pictures = over(&mut world, client, StreamId::VIDEO, 60 * SECOND);
            assert!(pictures.direct >= 60, "{queue:?}: {pictures:?}");
            assert!(pictures.late + pictures.lost <= 12, "{queue:?}: {pictures:?}");
            assert!(pictures.skipped >= 300, "{queue:?}: {pictures:?}");
            let sound = over(&mut world, client, StreamId::AUDIO, 30 * SECOND);
            assert!(sound.direct >= 28, "{queue:?}: {sound:?}");
            let from = world.oracle.delivered(client.0, ID, StreamId::VIDEO);
            // A path with a second of queue may have been granted more while that was full.
            let granted = world.snapshot(client).streams.iter().map(|one| one.latency + CLOCK_ERROR).max();
            let slowest = from.iter().filter(|one| one.at > settled).map(|one| one.delay).max();
            assert!(slowest <= granted, "{queue:?}: {slowest:?} of {granted:?}");
            assert!(oscillations(&steps(&world, client)) <= 4, "{queue:?}: {:?}", steps(&world, client));
        });
    }
}

#[test]
fn a_quarter_of_the_rate_leaves_the_sound_that_can_come_in_time() {
    for_each_seed(3, |seed| {
        let (mut world, client) = playing(seed, 1, &narrow(NEED / 4, 100 * MS));
        world.run_for(SETTLED);
        let pictures = over(&mut world, client, StreamId::VIDEO, 30 * SECOND);
        assert!(pictures.skipped >= 300 && pictures.late + pictures.lost <= 6, "{pictures:?}");
        let sound = over(&mut world, client, StreamId::AUDIO, 30 * SECOND);
        assert!(sound.direct >= 5 && sound.late + sound.lost <= 4, "{sound:?}");
    });
}

#[test]
fn below_the_sound_it_pauses_says_so_and_tries_again() {
    for_each_seed(3, |seed| {
        let (mut world, client) = playing(seed, 1, &narrow(NEED / 20, 100 * MS));
        world.run_for(60 * SECOND);
        let paused = |event: &Event| matches!(event, Event::Thinned { thinning: Thinning::Paused, .. });
        assert!(count_events(&world, client, paused) >= 1, "{:?}", steps(&world, client));
        let pictures = over(&mut world, client, StreamId::VIDEO, 30 * SECOND);
        assert!(pictures.late + pictures.lost <= 30, "{pictures:?}");
        world.set_client_links(client, &narrow(4 * NEED, 100 * MS));
        assert!(
            world.run_until(600 * SECOND, |world| steps(world, client).last() == Some(&Thinning::Whole)),
            "{:?}",
            steps(&world, client)
        );
    });
}

#[test]
fn capacity_that_returns_brings_every_frame_back_without_swinging() {
    for_each_seed(3, |seed| {
        let (mut world, client) = playing(seed, 1, &narrow(NEED / 2, 100 * MS));
        world.run_for(30 * SECOND);
        assert_ne!(steps(&world, client).last(), Some(&Thinning::Whole));
        world.set_client_links(client, &narrow(4 * NEED, 100 * MS));
        let before = steps(&world, client).len();
        world.run_for(240 * SECOND);
        let told = steps(&world, client);
        assert_eq!(told.last(), Some(&Thinning::Whole), "{told:?}");
        assert!(told[before - 1..].is_sorted_by(|a, b| a > b), "only up: {told:?}");
        let pictures = over(&mut world, client, StreamId::VIDEO, 30 * SECOND);
        assert_eq!((pictures.late + pictures.lost, pictures.skipped), (0, 0), "{pictures:?}");
    });
}

#[test]
fn random_loss_without_a_bottleneck_thins_nothing() {
    for loss in [0.05, 0.2, 0.3] {
        for_each_seed(5, |seed| {
            let links = Links::both(LinkModel::clean(20 * MS).losing(loss));
            let (mut world, client) = playing(seed, 1, &links);
            world.run_for(120 * SECOND);
            assert_eq!(steps(&world, client), [Thinning::Whole], "loss {loss}");
            let skipped: u64 = world.snapshot(client).streams.iter().map(|one| one.counters.skipped).sum();
            assert_eq!(skipped, 0, "loss {loss}");
        });
    }
}

#[test]
fn jitter_and_a_longer_path_thin_nothing() {
    for_each_seed(5, |seed| {
        let jumpy = LinkModel::clean(20 * MS).jittering(10 * MS);
        let (mut world, client) = playing(seed, 1, &Links::both(jumpy));
        world.run_for(60 * SECOND);
        world.set_client_links(client, &Links::both(LinkModel::clean(120 * MS)));
        world.run_for(60 * SECOND);
        assert_eq!(steps(&world, client), [Thinning::Whole]);
    });
}

#[test]
fn what_the_others_get_is_the_same_with_and_without_a_slow_one() {
    for workers in [1, 3] {
        for_each_seed(3, |seed| {
            let delivered = |slow: Option<&Links>| {
                let clean = Links::both(LinkModel::clean(20 * MS).losing(0.05));
                let (mut world, client) = playing(seed, workers, &clean);
                if let Some(links) = slow {
                    join(&mut world, links);
                }
                world.run_for(60 * SECOND);
                let of = |stream| {
                    let all = world.oracle.delivered(client.0, ID, stream);
                    all.iter().map(|one| one.index).collect::<Vec<_>>()
                };
                (of(StreamId::VIDEO), of(StreamId::AUDIO))
            };
            let alone = delivered(None);
            assert!(alone.0.len() > 600);
            assert_eq!(delivered(Some(&narrow(NEED / 2, 100 * MS))), alone);
        });
    }
}
