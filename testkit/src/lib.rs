//! A simulated network and clock for the three engines.
//!
//! A [`World`] holds real engines (producers, the workers of one broker, clients), the datagrams under way between
//! them, and the virtual time. It jumps from event to event: thousands of seconds pass in one. Everything random comes
//! from one seed, so a run can be repeated bit for bit. An [`Oracle`] knows what was published and checks each
//! delivered frame against it.

#![expect(clippy::expect_used, reason = "a broken invariant ends the simulation")]

mod account;
mod clock;
mod cluster;
pub mod fuzz;
pub mod matrix;
mod media;
mod network;
mod oracle;
pub mod swarm;
mod traffic;
mod world;

pub use clock::Clock;
pub use cluster::Cluster;
pub use impair::{Blackout, LinkModel, Links};
pub use media::Channel;
pub use oracle::{Delivery, Oracle};
pub use traffic::{Tally, Traffic};
pub use world::{ClientId, ProducerRun, World, WorldOptions};

/// The seeds of a test: `SEED=n` replays one, `SEEDS=n` runs that many, else `usual` of them.
pub fn seeds(usual: u64) -> impl Iterator<Item = u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let one = number("SEED");
    let count = number("SEEDS").unwrap_or(usual);
    one.map_or(0..count, |seed| seed..seed + 1)
}

/// Runs `scenario` for each seed and names the seed of one that fails.
pub fn for_each_seed(usual: u64, scenario: impl Fn(u64)) {
    for seed in seeds(usual) {
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| scenario(seed)));
        if let Err(panic) = outcome {
            report_seed(seed);
            std::panic::resume_unwind(panic);
        }
    }
}

#[expect(clippy::print_stderr, reason = "the one thing to know of a failed simulation")]
fn report_seed(seed: u64) {
    eprintln!("failed with seed {seed}: SEED={seed} cargo test replays it");
}
