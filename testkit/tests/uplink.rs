//! A producer whose path to the broker is too slow sends whole frames, fewer of them, in time, and everybody knows which.
#![expect(clippy::expect_used, reason = "a helper that fails fails the test")]

mod common;

use std::cell::Cell;
use std::time::Duration;

use common::{ID, LATENCY, MS, SECOND, run};
use producer::engine::{Event, Snapshot, TrackStatus};
use protocol::id::StreamId;
use protocol::receiver::Counters;
use protocol::wire::Thinning;
use testkit::{Channel, ClientId, Clock, LinkModel, Links, ProducerRun, World, WorldOptions, for_each_seed};

/// Bits per second that the usual channel needs: 12 pictures of 10 kB and 16 kB of sound, headers included,
const NEED: u64 = 1_190_000;
/// and of those the sound.
const SOUND: u64 = 135_000;
/// By now the path is known and the ladder stands.
const SETTLED: Duration = Duration::from_secs(20);

/// A world whose producer has such a path, and a viewer on a clean one, which has played from the first frame on.
struct Stage {
    world: World,
    producer: usize,
    client: ClientId,
}

impl Stage {
    fn new(seed: u64, links: &Links, run: ProducerRun) -> Self {
        Self::with_latency(seed, links, run, LATENCY)
    }

    /// The clocks of producer and broker drift apart by 1 000 ppm, in each direction.
    fn with_latency(seed: u64, links: &Links, run: ProducerRun, latency: Duration) -> Self {
        let options = WorldOptions {
            workers: if seed.is_multiple_of(3) { 2 } else { 1 },
            producer_links: *links,
            client_links: Links::both(LinkModel::clean(10 * MS)),
            ..WorldOptions::default()
        };
        let drift = if seed.is_multiple_of(2) { 500 } else { -500 };
        let mut world = World::new(seed, options);
        world.set_broker_clock(Clock::new(7 * SECOND, -drift));
        // Other epochs are other sizes of all frames.
        let run = ProducerRun { epoch: seed + 1, ..run };
        let producer = world.start_producer_with_clock(run, Clock::new(99 * SECOND, drift));
        let client = world.start_client();
        world.subscribe(client, ID, latency);
        Self { world, producer, client }
    }

    fn producer(&self) -> Snapshot {
        self.world.producer_snapshot(self.producer).expect("it lives")
    }

    /// How the ladder has moved.
    fn told(&self) -> Vec<Thinning> {
        let told = |event: &Event| match event {
            Event::Thinned { thinning } => Some(*thinning),
            _ => None,
        };
        self.world.producer_events(self.producer).iter().filter_map(told).collect()
    }

    /// What has become of a stream's frames at the viewer.
    fn figures(&self, stream: StreamId) -> Counters {
        figures(&self.world, self.client, stream)
    }

    /// What becomes of pictures and sound while `span` passes.
    fn over(&mut self, span: Duration) -> (Counters, Counters) {
        let before = [StreamId::VIDEO, StreamId::AUDIO].map(|stream| self.figures(stream));
        self.world.run_for(span);
        let [pictures, sound] = before;
        (less(self.figures(StreamId::VIDEO), pictures), less(self.figures(StreamId::AUDIO), sound))
    }
}

fn figures(world: &World, client: ClientId, stream: StreamId) -> Counters {
    let streams = world.snapshot(client).streams;
    let counters =
        streams.iter().find(|one| one.stream == stream).map(|one| one.counters).unwrap_or_default();
    Counters {
        expected: counters.expected,
        direct: counters.direct + counters.repaired_arq + counters.repaired_fec,
        late: counters.late,
        lost: counters.lost,
        skipped: counters.skipped,
        ..Counters::default()
    }
}

fn less(after: Counters, before: Counters) -> Counters {
    Counters {
        expected: after.expected - before.expected,
        direct: after.direct - before.direct,
        late: after.late - before.late,
        lost: after.lost - before.lost,
        skipped: after.skipped - before.skipped,
        ..Counters::default()
    }
}

/// 10 ms to the broker, and this rate with a queue of this length in front of it.
fn narrow(bits_per_second: u64, queue: Duration) -> Links {
    let path = LinkModel::clean(10 * MS);
    Links { up: path.at_rate(bits_per_second, queue), down: path }
}

/// The ladder has steps, and stands below what just does not fit: as on a viewer's path, half of what the rest of the rate would
/// carry comes in the mean, and never less than a quarter.
#[test]
fn what_an_uplink_carries_is_all_sound_and_pictures_in_the_rest() {
    for percent in [90, 75, 50] {
        let (came, missed, all) = (Cell::new(0), Cell::new(0), Cell::new(0));
        let share = (NEED * percent / 100 - SOUND) * 100 / (NEED - SOUND);
        for queue in [50, 100, 300] {
            for_each_seed(4, |seed| {
                let mut stage = Stage::new(seed, &narrow(NEED * percent / 100, queue * MS), run("key", 1));
                stage.world.run_for(SETTLED);
                let (pictures, sound) = stage.over(60 * SECOND);
                let what = format!("{percent} % with {queue} ms: {pictures:?}, {sound:?}");
                assert!(sound.direct * 100 >= sound.expected * 90, "{what}");
                assert!(pictures.direct * 400 >= pictures.expected * share, "{what}");
                assert!((pictures.late + pictures.lost) * 20 <= pictures.expected, "{what}");
                assert!(pictures.skipped * 4 >= pictures.expected, "{what}");
                came.set(came.get() + pictures.direct);
                missed.set(missed.get() + pictures.late + pictures.lost);
                all.set(all.get() + pictures.expected);
            });
        }
        let (came, missed, all) = (came.get(), missed.get(), all.get());
        assert!(came * 200 >= all * share, "{percent} %: {came} of {all}");
        assert!(missed * 50 <= all, "{percent} %: {missed} of {all}");
    }
}

/// A segment of sound has to come within the latency: the larger half of them takes too long at this rate.
#[test]
fn a_third_of_the_rate_leaves_the_sound_that_can_come_in_time() {
    for queue in [50, 100, 300] {
        for_each_seed(3, |seed| {
            let mut stage = Stage::new(seed, &narrow(NEED * 3 / 10, queue * MS), run("key", 1));
            stage.world.run_for(SETTLED);
            let (pictures, sound) = stage.over(60 * SECOND);
            let what = format!("{queue} ms: {pictures:?}, {sound:?}");
            assert!(sound.direct >= 8 && sound.late + sound.lost <= 20, "{what}");
            assert!(pictures.direct >= 5 && pictures.late + pictures.lost <= 12, "{what}");
        });
    }
}

/// What is missed goes behind a trial into a queue that is too short for it, or counts as too late at a rate that is found too low:
/// a viewer on such a path gets as much.
#[test]
fn most_sound_in_smaller_pieces_comes_at_a_third_of_the_rate() {
    let (came, all) = (Cell::new(0), Cell::new(0));
    for queue in [50, 100, 300] {
        for_each_seed(4, |seed| {
            let channel = Channel { sound: 8_000, ..Channel::default() };
            let links = narrow(NEED * 3 / 10, queue * MS);
            let mut stage = Stage::new(seed, &links, ProducerRun { channel, ..run("key", 1) });
            stage.world.run_for(SETTLED);
            let (pictures, sound) = stage.over(60 * SECOND);
            assert!(sound.direct >= 15, "{queue} ms: {pictures:?}, {sound:?}");
            came.set(came.get() + sound.direct);
            all.set(all.get() + sound.expected);
        });
    }
    assert!(came.get() * 100 >= all.get() * 80, "{came:?} of {all:?}");
}

/// Who waits longer asks longer, and what waits at the path's rate would be late for everybody else.
#[test]
fn one_patient_viewer_costs_the_others_nothing() {
    for_each_seed(3, |seed| {
        let links = narrow(NEED / 2, 100 * MS);
        let mut stage = Stage::with_latency(seed, &links, run("key", 1), 3 * SECOND);
        let other = stage.world.start_client();
        stage.world.subscribe(other, ID, LATENCY);
        stage.world.run_for(SETTLED);
        let before = [StreamId::VIDEO, StreamId::AUDIO].map(|stream| figures(&stage.world, other, stream));
        let (pictures, sound) = stage.over(60 * SECOND);
        assert!(pictures.direct >= 80 && sound.direct >= 48, "{pictures:?}, {sound:?}");
        let [pictures, sound] = before;
        let pictures = less(figures(&stage.world, other, StreamId::VIDEO), pictures);
        let sound = less(figures(&stage.world, other, StreamId::AUDIO), sound);
        assert!(pictures.direct >= 80 && sound.direct >= 48, "{pictures:?}, {sound:?}");
    });
}

/// The ladder goes up a step in ten seconds, in twenty or more where one did not hold before. One path in fifty takes longer, of a viewer
/// as well: its rate was found so low that hardly a trial fits.
#[test]
fn an_uplink_that_is_good_again_carries_everything_again() {
    let (tardy, all) = (Cell::new(0), Cell::new(0));
    for percent in [75, 50, 30] {
        for_each_seed(3, |seed| {
            let mut stage = Stage::new(seed, &narrow(NEED * percent / 100, 100 * MS), run("key", 1));
            stage.world.run_for(30 * SECOND);
            assert!(stage.producer().slow, "{percent} %");
            stage.world.set_producer_links(stage.producer, &narrow(4 * NEED, 100 * MS));
            stage.world.run_for(45 * SECOND);
            let (pictures, sound) = stage.over(10 * SECOND);
            let (before, what) = (stage.told(), format!("{percent} %: {pictures:?}, {sound:?}"));
            all.set(all.get() + 1);
            if pictures.direct < 25 {
                tardy.set(tardy.get() + 1);
                return;
            }
            assert_eq!(sound.direct, sound.expected, "{what}");
            stage.world.run_for(60 * SECOND);
            let told = stage.told();
            let first = before.last().copied().unwrap_or_default();
            let steps: Vec<_> = std::iter::once(first).chain(told.into_iter().skip(before.len())).collect();
            assert!(steps.is_sorted_by(|a, b| a > b), "only up: {steps:?}");
            assert_eq!(stage.producer().thinning, Thinning::Whole);
            let (pictures, sound) = stage.over(30 * SECOND);
            assert_eq!((pictures.direct, sound.direct), (pictures.expected, sound.expected), "{percent} %");
        });
    }
    assert!(tardy.get() * 10 <= all.get(), "{tardy:?} of {all:?}");
}

#[test]
fn a_move_of_the_ladder_is_told_once() {
    for_each_seed(3, |seed| {
        let mut stage = Stage::new(seed, &narrow(NEED / 2, 100 * MS), run("key", 1));
        stage.world.run_for(60 * SECOND);
        let told = stage.told();
        assert_eq!(told.first(), Some(&Thinning::Every2nd), "{told:?}");
        assert!(told.windows(2).all(|two| two[0] != two[1]) && told.len() <= 8, "{told:?}");
    });
}

#[test]
fn loss_and_jitter_on_a_fast_uplink_leave_out_nothing() {
    let path = LinkModel::clean(20 * MS);
    let bad = [path.losing(0.1), path.losing(0.1).in_bursts_of(100 * MS), path.jittering(10 * MS)];
    for (number, path) in bad.into_iter().enumerate() {
        for_each_seed(4, |seed| {
            let mut stage = Stage::new(seed, &Links::both(path), run("key", 1));
            stage.world.run_for(60 * SECOND);
            let skipped = stage.figures(StreamId::VIDEO).skipped + stage.figures(StreamId::AUDIO).skipped;
            assert_eq!((stage.producer().sender.left_out, skipped), (0, 0), "path {number}");
            assert!(stage.told().is_empty());
        });
    }
}

/// The viewer has played from the first frame on, and its own path loses nothing: so all three say the same.
#[test]
fn producer_broker_and_viewer_count_alike_what_was_left_out() {
    for (percent, group) in [(75, 1), (50, 1), (50, 12), (30, 1), (10, 12)] {
        for_each_seed(3, |seed| {
            let channel = Channel { group, pictures: 12 * 60, ..Channel::default() };
            let links = narrow(NEED * percent / 100, 100 * MS);
            let mut stage = Stage::new(seed, &links, ProducerRun { channel, ..run("key", 1) });
            stage.world.run_for(62 * SECOND);
            stage.world.finish_producer(stage.producer);
            stage.world.run_for(2 * SECOND);
            let snapshot = stage.producer();
            for TrackStatus { stream, published, unsent, left_out, broker, .. } in &snapshot.tracks {
                let (viewer, broker) = (stage.figures(*stream), broker.expect("the broker has reported"));
                let what = format!("{percent} %, groups of {group}: {viewer:?}, {broker:?}");
                assert!(broker.add_up(), "{what}");
                assert_eq!(broker.expected, published - unsent, "{what}");
                assert_eq!(broker.expected, viewer.expected, "{what}");
                // Where the full queue has dropped what says so, a frame that was left out counts as lost.
                assert!((0..=2).contains(&(*left_out - broker.skipped)), "{left_out} left out, {what}");
                let dependent = group > 1 && *stream == StreamId::VIDEO;
                // What needs a frame that was lost on the way is skipped at the viewer, too.
                let more = dependent && viewer.skipped > broker.skipped;
                assert!(viewer.skipped == broker.skipped || more, "{what}");
                assert_eq!(
                    viewer.direct + viewer.late + viewer.lost + viewer.skipped,
                    viewer.expected,
                    "{what}"
                );
            }
            let left_out: u64 = snapshot.tracks.iter().map(|track| track.left_out).sum();
            assert!(left_out > 100 && left_out == snapshot.sender.left_out, "{left_out}");
        });
    }
}

/// Nobody asks for what was left out: what is sent again is what the queue has dropped, most of it before the path was known.
#[test]
fn what_was_left_out_is_not_asked_for() {
    for_each_seed(3, |seed| {
        let mut stage = Stage::new(seed, &narrow(NEED / 2, 100 * MS), run("key", 1));
        stage.world.run_for(SETTLED);
        let said = |stage: &Stage| stage.world.traffic_of_client(stage.client).1.control.datagrams;
        let (before, sent) = (said(&stage), stage.producer().sender);
        stage.world.run_for(60 * SECOND);
        let now = stage.producer().sender;
        let (first, resent) = (now.datagrams - sent.datagrams, now.resent - sent.resent);
        assert!(resent * 5 <= first, "{resent} beside {first}");
        assert_eq!(now.not_held, 0);
        assert!(said(&stage) - before <= 4 * 60, "{} messages of the viewer", said(&stage) - before);
        let downstream: u64 = stage.world.workers().iter().map(|it| it.counters().datagrams_resent).sum();
        assert_eq!(downstream, 0);
    });
}

/// The oracle sees to it that no frame is delivered without those that it needs.
#[test]
fn of_frames_that_need_others_those_that_are_sent_can_be_shown() {
    for (percent, group) in [(75, 2), (60, 8)] {
        let (came, all) = (Cell::new(0), Cell::new(0));
        for_each_seed(4, |seed| {
            let channel = Channel { group, ..Channel::default() };
            let links = narrow(NEED * percent / 100, 100 * MS);
            let mut stage = Stage::new(seed, &links, ProducerRun { channel, ..run("key", 1) });
            stage.world.run_for(SETTLED);
            let (pictures, sound) = stage.over(60 * SECOND);
            let what = format!("groups of {group}: {pictures:?}, {sound:?}");
            assert!(pictures.direct >= 10 && sound.direct >= 50, "{what}");
            assert!((pictures.late + pictures.lost) * 20 <= pictures.expected, "{what}");
            came.set(came.get() + pictures.direct);
            all.set(all.get() + pictures.expected);
        });
        assert!(came.get() * 12 >= all.get(), "groups of {group}: {came:?} of {all:?}");
    }
}

#[test]
fn without_thinning_every_frame_is_sent_whatever_becomes_of_it() {
    for_each_seed(3, |seed| {
        let channel = Channel { pictures: 12 * 30, ..Channel::default() };
        let without = || ProducerRun { channel, thins: false, ..run("key", 1) };
        let sent = |links: &Links| {
            let mut stage = Stage::new(seed, links, without());
            stage.world.run_for(35 * SECOND);
            let skipped = stage.figures(StreamId::VIDEO).skipped + stage.figures(StreamId::AUDIO).skipped;
            let sender = stage.producer().sender;
            assert_eq!((sender.left_out, skipped, stage.told().len()), (0, 0, 0));
            (sender.datagrams, stage.figures(StreamId::VIDEO).direct)
        };
        let (all, came) = sent(&Links::both(LinkModel::clean(10 * MS)));
        assert!(came >= 12 * 30 - 2, "{came}");
        let (as_many, fewer) = sent(&narrow(NEED / 2, 100 * MS));
        assert!(as_many == all && fewer * 10 < came, "{as_many} datagrams, {fewer} pictures");
    });
}
