//! A few hundred whole configurations; `cargo run -p testkit --release -- swarm` plays more of them.
#![expect(clippy::panic, reason = "a helper that fails fails the test")]

use std::ops::Range;

use testkit::swarm::{Scenario, Size, run};

/// Seeds of each of the tests, which run beside each other.
const SEEDS: u64 = 75;

fn no_seed_breaks_an_invariant(first: u64) {
    let count = std::env::var("SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(SEEDS);
    no_seed_of_these_breaks_an_invariant(first..first + count);
}

fn no_seed_of_these_breaks_an_invariant(seeds: Range<u64>) {
    for seed in seeds {
        let scenario = Scenario::draw(seed, Size::SMALL);
        if let Err(why) = testkit::swarm::try_run(&scenario) {
            panic!("{why}\n{scenario}\ncargo run -p testkit --release -- swarm --small --seed {seed}");
        }
    }
}

#[test]
fn the_first_seeds_break_no_invariant() {
    no_seed_breaks_an_invariant(0);
}

#[test]
fn the_second_seeds_break_no_invariant() {
    no_seed_breaks_an_invariant(100_000);
}

#[test]
fn the_third_seeds_break_no_invariant() {
    no_seed_breaks_an_invariant(200_000);
}

#[test]
fn the_fourth_seeds_break_no_invariant() {
    no_seed_breaks_an_invariant(300_000);
}

/// What they found: a needed frame that the broker had late and left out though later ones were sent (3794, 5157, 6251, 6255,
/// 6308), frames that a slow path was still sent behind UNSUBSCRIBE_ACK (3554, 5422, 6080), figures of a life that ended while
/// nobody heard the viewer (5047), frames that waited for the answer to an ANNOUNCE and found no room (234), a trial that waited
/// behind what leaves at the old rate (8623, 9306, 9698, 8807) or was overtaken by sound (1277), repairs that were given up and
/// kept their time (8434), a left-out frame that was repaired since it was forgotten that it was (11176),
/// a SUBSCRIBE_ACK that came behind the one of the next life, and took its place (6397), a slow uplink whose media waited as long as the
/// most patient viewer would (440, 904, 2441); the oracle asked too much of viewers of 100 and 250 ms beside it (281, 2533, 2647);
/// frames that need one that waited at the broker until it was of no use, shown without it (231, 1441, 1637, 1712, 3470), and frames that
/// waited there unmade behind others, then once more for as long as they may (823, 1009, 2479, 2681, 2826); a channel whose frames were asked
/// for so briefly that none could come, and nothing was measured anew (20208); deadlines that were 2 s too early, since the producer
/// was stopped while it measured the broker's clock, and came right by 5 % of the time that passed (23615). Here it was the oracle
/// again: a path that carries all frames, but was found slow before, still puts sound ahead of pictures (24530).
#[test]
fn seeds_that_failed_once_break_no_invariant() {
    for seed in [
        231, 234, 281, 440, 823, 904, 1009, 1277, 1441, 1637, 1712, 2441, 2479, 2533, 2647, 2681, 2826, 3470,
        3554, 3794, 5047, 5157, 5422, 6080, 6251, 6255, 6308, 6397, 8434, 8623, 8807, 9306, 9698, 11176,
        20208, 23615, 24530,
    ] {
        no_seed_of_these_breaks_an_invariant(seed..seed + 1);
    }
}

/// The same of larger ones: of six tracks that were left out alike, one was late for every trial (753); a broker that was started
/// anew heard of a superseded life before its successor, and viewers saw a frame from before what that had shown (2130). Some where
/// it was the oracle that was wrong: a newest frame half a minute old (3337), media to a session that was left (3471, 4673).
#[test]
fn large_seeds_that_failed_once_break_no_invariant() {
    for seed in [753, 2130, 3337, 3471, 4673] {
        run(&Scenario::draw(seed, Size::LARGE));
    }
}

/// I16.
#[test]
fn the_same_seed_sends_the_same_datagrams_at_the_same_times() {
    for seed in 0..10 {
        let scenario = Scenario::draw(seed, Size::SMALL);
        assert_eq!(run(&scenario).trace, run(&scenario).trace, "seed {seed}");
    }
    let first = run(&Scenario::draw(0, Size::SMALL)).trace;
    assert_ne!(first, run(&Scenario::draw(1, Size::SMALL)).trace);
}
