//! `framecast bench`.

use std::io::{self, Write as _};
use std::num::NonZeroU8;
use std::time::Duration;

use ::bench::io::BenchError;
use ::bench::quantity::{parse_bytes, parse_rate, parse_share};
use ::bench::{
    BrokerChoice, DELAY_MAX, FRAME_BYTES_MIN, PRODUCERS_MAX, Report, Settings, Threshold, VIEWERS_MAX,
};
use ::broker::io::WORKERS_MAX;
use ::client::shell::duration::{parse_duration, parse_latency};
use anyhow::{Context as _, anyhow};
use protocol::limits::FRAME_LEN_MAX;

use crate::address;
use crate::failure::{Failure, Status};
use crate::runtime;
use crate::setting::Name;
use crate::value;

/// Threads that carry viewers: more than any machine gives to a load beside its broker.
const THREADS_MAX: usize = 64;
/// The highest number of a process.
const PID_MAX: usize = 1 << 22;
/// Things that may happen in a second: beyond it a rate is a slip.
const RATE_MAX: f64 = 1e6;

/// Flags of `framecast bench`. Each has its variable; a flag wins, and an empty variable is none.
#[derive(clap::Args)]
#[command(after_help = NOTES)]
pub(crate) struct Args {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    load: Load,
    #[command(flatten)]
    outcome: Outcome,
}

#[derive(clap::Args)]
struct Target {
    /// The broker to load: HOST or HOST:PORT; without it one is started on loopback for the run [env: BROKER_ADDRESS]
    #[arg(short, long, value_name = "ADDRESS")]
    broker: Option<String>,
    /// The broker's process on this machine, for its CPU time and memory; known where it is started for the run
    /// [env: BROKER_PID]
    #[arg(long, value_name = "PID")]
    broker_pid: Option<String>,
    /// Workers of the broker that is started for the run [env: BROKER_WORKERS] [default: its own]
    #[arg(long, value_name = "N")]
    broker_workers: Option<String>,
}

#[derive(clap::Args)]
#[command(next_help_heading = "Load")]
struct Load {
    /// Channels [env: BENCH_PRODUCERS] [default: 1]
    #[arg(long, value_name = "N")]
    producers: Option<String>,
    /// Channels that publish; the others are announced and silent, and nobody watches them [env: BENCH_PUBLISHING]
    /// [default: all]
    #[arg(long, value_name = "N")]
    publishing: Option<String>,
    /// Viewers, each of one channel [env: BENCH_VIEWERS] [default: 100]
    #[arg(long, value_name = "N")]
    viewers: Option<String>,
    /// Frames per second and channel; 0 for silent channels [env: BENCH_RATE] [default: 12]
    #[arg(long, value_name = "RATE")]
    rate: Option<String>,
    /// Size of a frame, such as 10kB or 1200 [env: BENCH_FRAME_BYTES] [default: 10kB]
    #[arg(long, value_name = "SIZE")]
    frame_bytes: Option<String>,
    /// Viewers that join in a second [env: BENCH_RAMP] [default: 1000/s]
    #[arg(long, value_name = "RATE")]
    ramp: Option<String>,
    /// How long everything runs, complete, before it is measured [env: BENCH_WARM_UP] [default: 1s]
    #[arg(long, value_name = "DURATION")]
    warm_up: Option<String>,
    /// How long is measured [env: BENCH_FOR] [default: 10s]
    #[arg(long = "for", value_name = "DURATION")]
    run_for: Option<String>,
    /// Share of the datagrams to each viewer, and from it, that is lost on purpose [env: BENCH_LOSS] [default: 0]
    #[arg(long, value_name = "SHARE")]
    loss: Option<String>,
    /// How long what a viewer says takes to the broker, so that its round trip is not that of loopback
    /// [env: BENCH_DELAY] [default: 0ms]
    #[arg(long, value_name = "DURATION")]
    delay: Option<String>,
    /// Viewers that leave in a second while it is measured, others taking their places [env: BENCH_CHURN] [default: 0]
    #[arg(long, value_name = "RATE")]
    churn: Option<String>,
    /// Latency that viewers ask for: 100ms to 10s, or 0 [env: LATENCY] [default: 500ms]
    #[arg(long, value_name = "DURATION")]
    latency: Option<String>,
    /// Receive each datagram by itself, as behind a network card without receive offload [env: BENCH_NO_GRO=1]
    #[arg(long)]
    no_gro: bool,
    /// Threads that carry viewers [env: BENCH_THREADS] [default: half of the cores, at least 1]
    #[arg(long, value_name = "N")]
    threads: Option<String>,
}

#[derive(clap::Args)]
#[command(next_help_heading = "Outcome")]
struct Outcome {
    /// Conditions that must not be, such as 'p99>20ms,lost>0': exit status 3 where one is [env: BENCH_FAIL_IF]
    #[arg(long, value_name = "CONDITIONS")]
    fail_if: Option<String>,
    /// The report as one JSON object; docs/BENCH.md says what is in it [env: BENCH_JSON=1]
    #[arg(long)]
    json: bool,
}

const NOTES: &str = "\
How it works:
  One process holds the producers and all viewers. A viewer is the client's own engine: it says HELLO, subscribes,
  acknowledges, asks for what is lost, and counts. Frames are due at fixed moments, whatever became of the ones
  before; latency counts from that moment to the whole frame at a viewer, in order.
  On loopback 64 viewers share a socket: each sends from an address of its own in 127.77.0.0/26 (IP_PKTINFO), so that
  the broker sees as many peers as there are viewers. For a broker anywhere else each viewer has a port of its own
  (mind --sessions-per-prefix there). The soft limit on open files is raised as far as that needs.
  SIGINT ends the window early, and the report still comes.

Examples:
  framecast bench
  framecast bench --producers 3 --viewers 10000 --frame-bytes 1kB --for 30s --fail-if 'p99>50ms,lost>0'
  framecast bench --broker host:5000 --viewers 500 --loss 1% --json";

const BROKER_PID: Name = Name { flag: "--broker-pid", variable: "BROKER_PID" };
const BROKER_WORKERS: Name = Name { flag: "--broker-workers", variable: "BROKER_WORKERS" };
const PRODUCERS: Name = Name { flag: "--producers", variable: "BENCH_PRODUCERS" };
const PUBLISHING: Name = Name { flag: "--publishing", variable: "BENCH_PUBLISHING" };
const VIEWERS: Name = Name { flag: "--viewers", variable: "BENCH_VIEWERS" };
const RATE: Name = Name { flag: "--rate", variable: "BENCH_RATE" };
const FRAME_BYTES: Name = Name { flag: "--frame-bytes", variable: "BENCH_FRAME_BYTES" };
const RAMP: Name = Name { flag: "--ramp", variable: "BENCH_RAMP" };
const WARM_UP: Name = Name { flag: "--warm-up", variable: "BENCH_WARM_UP" };
const FOR: Name = Name { flag: "--for", variable: "BENCH_FOR" };
const LOSS: Name = Name { flag: "--loss", variable: "BENCH_LOSS" };
const DELAY: Name = Name { flag: "--delay", variable: "BENCH_DELAY" };
const CHURN: Name = Name { flag: "--churn", variable: "BENCH_CHURN" };
const LATENCY: Name = Name { flag: "--latency", variable: "LATENCY" };
const NO_GRO: Name = Name { flag: "--no-gro", variable: "BENCH_NO_GRO" };
const THREADS: Name = Name { flag: "--threads", variable: "BENCH_THREADS" };
const FAIL_IF: Name = Name { flag: "--fail-if", variable: "BENCH_FAIL_IF" };
const JSON: Name = Name { flag: "--json", variable: "BENCH_JSON" };

/// Loads a broker and reports.
pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let json = JSON.switch(args.outcome.json)?.is_some();
    let settings = settings(args)?;
    let (runtime, mut signals) = runtime::with_signals()?;
    let report = runtime
        .block_on(::bench::io::run(&settings, signals.next()))
        .map_err(|error| Failure::new(status(&error), error))?;
    let text = if json { format!("{}\n", report.to_json(&settings.fail_if)) } else { report.to_string() };
    // The status is an answer, too, also where nobody reads the report.
    io::stdout().write_all(text.as_bytes()).ok();
    judge(&report, &settings.fail_if)
}

fn judge(report: &Report, thresholds: &[Threshold]) -> Result<(), Failure> {
    let failed: Vec<String> = thresholds
        .iter()
        .filter(|threshold| threshold.is_met(report))
        .map(|threshold| threshold.verdict(report))
        .collect();
    if failed.is_empty() {
        return Ok(());
    }
    Err(Failure::new(Status::ThresholdMissed, anyhow!("{}", failed.join("; "))))
}

fn settings(args: Args) -> Result<Settings, Failure> {
    let Args { target, load, outcome } = args;
    let defaults = Settings::new(target.choice()?);
    let producers =
        PRODUCERS.value(load.producers, value::count(1, PRODUCERS_MAX))?.unwrap_or(defaults.producers);
    let threads =
        THREADS.value(load.threads, value::count(1, THREADS_MAX))?.unwrap_or_else(half_of_the_cores);
    Ok(Settings {
        producers,
        publishing: PUBLISHING.value(load.publishing, value::count(1, PRODUCERS_MAX))?.unwrap_or(producers),
        viewers: VIEWERS.value(load.viewers, value::count(1, VIEWERS_MAX))?.unwrap_or(defaults.viewers),
        rate: RATE.value(load.rate, |text| rate(text, 0.0))?.unwrap_or(defaults.rate),
        frame_bytes: FRAME_BYTES.value(load.frame_bytes, frame_bytes)?.unwrap_or(defaults.frame_bytes),
        run_for: FOR.value(load.run_for, parse_duration)?.unwrap_or(defaults.run_for),
        warm_up: WARM_UP.value(load.warm_up, parse_duration)?.unwrap_or(defaults.warm_up),
        ramp: RAMP.value(load.ramp, |text| rate(text, 1.0))?.unwrap_or(defaults.ramp),
        loss: LOSS.value(load.loss, parse_share)?.unwrap_or(defaults.loss),
        delay: DELAY.value(load.delay, delay)?.unwrap_or(defaults.delay),
        churn: CHURN.value(load.churn, |text| rate(text, 0.0))?.unwrap_or(defaults.churn),
        latency: LATENCY.value(load.latency, parse_latency)?.unwrap_or(defaults.latency),
        coalescing: NO_GRO.switch(load.no_gro)?.is_none(),
        threads,
        progress: true,
        fail_if: FAIL_IF.value(outcome.fail_if, Threshold::parse_all)?.unwrap_or_default(),
        ..defaults
    })
}

impl Target {
    fn choice(self) -> Result<BrokerChoice, Failure> {
        let address = address::BROKER_ADDRESS.text(self.broker)?;
        let pid = BROKER_PID.value(self.broker_pid, value::count(1, PID_MAX))?;
        let workers = BROKER_WORKERS.value(self.broker_workers, value::count(1, usize::from(WORKERS_MAX)))?;
        if let Some(address) = address {
            let pid = pid.and_then(|pid| u32::try_from(pid).ok());
            return Ok(BrokerChoice::At { address: address::dialled(&address)?, pid });
        }
        let program = std::env::current_exe().context("the program does not know where it is")?;
        let workers = workers.and_then(|count| u8::try_from(count).ok()).and_then(NonZeroU8::new);
        Ok(BrokerChoice::Child { program, workers })
    }
}

fn rate(text: &str, least: f64) -> Result<f64, String> {
    let rate = parse_rate(text).map_err(|fault| fault.to_string())?;
    if (least..=RATE_MAX).contains(&rate) {
        Ok(rate)
    } else {
        Err(format!("out of range: write {least} to {RATE_MAX} per second"))
    }
}

fn delay(text: &str) -> Result<Duration, String> {
    let delay = parse_duration(text).map_err(|fault| fault.to_string())?;
    if delay <= DELAY_MAX {
        Ok(delay)
    } else {
        Err(format!("out of range: write at most {}s", DELAY_MAX.as_secs()))
    }
}

fn frame_bytes(text: &str) -> Result<usize, ::bench::quantity::QuantityError> {
    let most = usize::try_from(FRAME_LEN_MAX).unwrap_or(usize::MAX);
    let bytes = parse_bytes(text)?;
    let fits = (FRAME_BYTES_MIN..=most).contains(&bytes);
    if fits { Ok(bytes) } else { Err(::bench::quantity::QuantityError::Bytes) }
}

/// The broker has the other half.
fn half_of_the_cores() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| (cores.get() / 2).clamp(1, THREADS_MAX))
}

const fn status(error: &BenchError) -> Status {
    match error {
        BenchError::Unreachable(_) => Status::Unreachable,
        BenchError::NotLive { .. } => Status::NotAllowed,
        _ => Status::Failed,
    }
}
