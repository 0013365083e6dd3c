//! `swarm`.

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use testkit::swarm::{self, Coverage, Scenario, Size};

/// What to draw, and how much of it.
#[derive(clap::Args)]
pub(crate) struct Swarm {
    /// How many seeds
    #[arg(long, default_value_t = 200)]
    seeds: u64,
    /// The first of them
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Replay one seed alone
    #[arg(long)]
    seed: Option<u64>,
    /// Stop after so many minutes
    #[arg(long, default_value_t = 60)]
    minutes: u64,
    /// The small configurations of the ordinary tests
    #[arg(long)]
    small: bool,
    /// Threads
    #[arg(long, default_value_t = 2)]
    threads: u64,
}

/// What the threads of a run share.
#[derive(Default)]
struct Tally {
    coverage: Coverage,
    simulated: Duration,
    busy: Duration,
    delivered: u64,
    failed: Vec<(u64, String)>,
}

impl Swarm {
    /// Runs the seeds; fails where one of them does.
    pub(crate) fn run(&self) -> ExitCode {
        let size = if self.small { Size::SMALL } else { Size::LARGE };
        let seeds = self.seed.map_or(self.from..self.from + self.seeds, |seed| seed..seed + 1);
        if self.seed.is_none() {
            // The message is in the list of what failed; where it happened tells who replays the seed.
            std::panic::set_hook(Box::new(|_| {}));
        }
        let started = Instant::now();
        let until = started + Duration::from_secs(60 * self.minutes);
        let next = AtomicU64::new(seeds.start);
        let tally = Mutex::new(Tally::default());
        std::thread::scope(|scope| {
            for _ in 0..self.threads.clamp(1, 64) {
                scope.spawn(|| {
                    while Instant::now() < until {
                        let seed = next.fetch_add(1, Ordering::Relaxed);
                        if seed >= seeds.end {
                            break;
                        }
                        self.play(seed, size, &tally);
                    }
                });
            }
        });
        let tally = tally.into_inner().unwrap_or_default();
        self.tell(&tally, started.elapsed())
    }

    fn play(&self, seed: u64, size: Size, tally: &Mutex<Tally>) {
        let scenario = Scenario::draw(seed, size);
        if self.seed.is_some() {
            println!("{scenario:#?}");
        }
        let started = Instant::now();
        let outcome = swarm::try_run(&scenario);
        let Ok(mut tally) = tally.lock() else { return };
        tally.busy += started.elapsed();
        tally.coverage.note(&scenario);
        match outcome {
            Ok(outcome) => {
                tally.simulated += outcome.simulated;
                tally.delivered += outcome.delivered;
            }
            Err(why) => {
                let small = if self.small { " --small" } else { "" };
                println!("seed {seed} fails: {why}");
                println!("  {scenario}");
                println!("  cargo run -p testkit --release -- swarm{small} --seed {seed}");
                tally.failed.push((seed, why));
            }
        }
    }

    fn tell(&self, tally: &Tally, took: Duration) -> ExitCode {
        println!("{}", tally.coverage);
        let ratio = tally.simulated.as_secs_f64() / tally.busy.as_secs_f64().max(1e-9);
        println!(
            "{:.0} s simulated in {:.1} s on {} threads, {ratio:.0} times real time on one core; {} frames delivered",
            tally.simulated.as_secs_f64(),
            took.as_secs_f64(),
            self.threads,
            tally.delivered
        );
        println!("{} seeds failed", tally.failed.len());
        if tally.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
