//! A few hundred whole configurations; `cargo run -p testkit --release -- swarm` plays more of them.
#![expect(clippy::panic, reason = "a helper that fails fails the test")]

use testkit::swarm::{Scenario, Size, run};

/// Seeds of each of the tests, which run beside each other.
const SEEDS: u64 = 75;

fn no_seed_breaks_an_invariant(first: u64) {
    let count = std::env::var("SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(SEEDS);
    for seed in first..first + count {
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
