//! Other brokers under the load that Framecast is measured with: one publisher, many viewers, frames on a fixed schedule.
//!
//! ```text
//! cargo build --release                                     (in the project's folder)
//! cargo run --release --manifest-path benches/peers/Cargo.toml
//! ```
//!
//! Framecast's viewers are `framecast bench`; those of the others are well-kept client libraries, all of them in this
//! process, with the publisher in a thread of its own. The server has the first core for itself, the load has the others. `docs/PEERS.md` holds the table.
#![deny(unsafe_code)]
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a tool that measures processes: it owns sockets and clocks"
)]

mod cores;
mod framecast;
mod kernel;
mod load;
mod mqtt;
mod nats;
mod outcome;
mod publisher;
mod run;
mod schedule;
mod server;
// `build.rs` says whether there is a libsrt; where there is none, the same names say so.
#[cfg(srt)]
mod srt;
#[cfg(not(srt))]
#[path = "no_srt.rs"]
mod srt;
mod zeromq;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};

use load::Load;
use outcome::Outcome;
use run::Peer;

/// Measures other brokers beside Framecast.
#[derive(Parser)]
#[command(max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    role: Option<Role>,
    /// The `framecast` to measure
    #[arg(long, default_value = "target/release/framecast")]
    framecast: PathBuf,
    /// Only these: framecast, mosquitto, mosquitto-qos1, nats, zeromq, srt
    #[arg(long, value_delimiter = ',', value_enum)]
    peers: Vec<Peer>,
    /// Numbers of viewers, one table each
    #[arg(long, value_delimiter = ',', default_values_t = [100, 1_000])]
    viewers: Vec<usize>,
    /// Frames per second
    #[arg(long, default_value_t = 12)]
    rate: u32,
    /// Bytes of a frame
    #[arg(long, default_value_t = 10_000)]
    frame_bytes: usize,
    /// Seconds that are measured
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Rounds: every peer once in each, the median counts
    #[arg(long, default_value_t = 3)]
    rounds: usize,
}

#[derive(Subcommand)]
enum Role {
    /// Be a ZeroMQ proxy of publishers and subscribers (the tool starts it itself)
    ZeromqProxy {
        /// The port that publishers connect to
        publishers: u16,
        /// The port that subscribers connect to
        subscribers: u16,
    },
    /// Send on by SRT what one publisher sends to all viewers (the tool starts it itself)
    SrtFanout {
        /// The port that all of them connect to
        port: u16,
    },
}

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    match cli.role {
        Some(Role::ZeromqProxy { publishers, subscribers }) => return zeromq::proxy(publishers, subscribers),
        Some(Role::SrtFanout { port }) => return srt::serve(port),
        None => {}
    }
    let peers = runnable(&cli.peers);
    if peers.is_empty() {
        anyhow::bail!(
            "none of the peers that were asked for is on this machine: install one of them (above)"
        );
    }
    let connection = kernel::connection_kib()?;
    println!(
        "Each end of a TCP connection takes {connection:.1} KiB of the kernel besides what the tables say."
    );
    for viewers in &cli.viewers {
        let load = Load {
            viewers: *viewers,
            rate: cli.rate,
            frame_bytes: cli.frame_bytes,
            window: Duration::from_secs(cli.seconds),
        };
        println!("\n{load}\n\n{}", Outcome::HEADING);
        for (peer, outcome) in measure(&cli, &peers, load)? {
            println!("{}", outcome.row(peer.name()));
        }
    }
    Ok(())
}

/// Those that were asked for (none: all), without those that this machine has not got: a line says how to get them.
fn runnable(asked: &[Peer]) -> Vec<Peer> {
    let mut peers = if asked.is_empty() { Peer::ALL.to_vec() } else { asked.to_vec() };
    peers.retain(|peer| {
        let missing = peer.missing();
        if let Some(why) = missing {
            eprintln!("{} is not run: {why}", peer.name());
        }
        missing.is_none()
    });
    peers
}

/// Every peer by turns, round after round: the one of the median cost of each.
fn measure(cli: &Cli, peers: &[Peer], load: Load) -> anyhow::Result<Vec<(Peer, Outcome)>> {
    let mut outcomes = vec![Vec::new(); peers.len()];
    for round in 1..=cli.rounds.max(1) {
        for (peer, outcomes) in peers.iter().zip(&mut outcomes) {
            eprintln!("{load}: round {round}, {}", peer.name());
            outcomes.push(peer.run(&cli.framecast, load)?);
        }
    }
    let median = |mut outcomes: Vec<Outcome>| {
        outcomes.sort_by(|a, b| a.cost_us.total_cmp(&b.cost_us));
        outcomes.swap_remove(outcomes.len() / 2)
    };
    Ok(peers.iter().copied().zip(outcomes.into_iter().map(median)).collect())
}
