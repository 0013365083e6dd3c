//! What the broker costs, beside one segmented send for each viewer, and nothing else.
//!
//! ```text
//! cargo build --release && cargo run --release -p performance             all points, about a quarter of an hour
//! cargo run --release -p performance -- --points 1,3 --quick              some of them, roughly
//! ```
//!
//! The load is `framecast bench` in every run; against it stands either the broker or the *reference sender*
//! (`reference`): a process that sends each frame to each viewer with one segmented send and does nothing else.
//! `docs/PERFORMANCE.md` says how to read the table.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a tool that measures processes: it owns sockets and clocks"
)]

mod bench;
mod cores;
mod feedback;
mod points;
mod reference;
mod server;
mod speaker;
mod table;

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use bench::Lab;
use points::Effort;
use table::Table;

/// Measures the broker beside the reference sender.
#[derive(Parser)]
#[command(max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    role: Option<Role>,
    /// Only these points of 1 to 10, such as 1,3,6; 1, 3 and 9 are read off the same runs
    #[arg(long, value_delimiter = ',', value_name = "NUMBERS")]
    points: Vec<u8>,
    /// One repetition and short windows: a look, not a measurement
    #[arg(long)]
    quick: bool,
}

#[derive(Subcommand)]
enum Role {
    /// Be the reference sender (the tool starts it itself)
    Reference {
        /// Where it listens
        listen: SocketAddr,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.role {
        Some(Role::Reference { listen }) => reference::serve(listen),
        None => measure(&cli),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            table::say(&format!("performance: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Measures point after point, and shows each as soon as it is known.
fn measure(cli: &Cli) -> anyhow::Result<()> {
    let chosen = points::select(&cli.points)?;
    let lab = Lab::of_this_build()?;
    let effort = if cli.quick { Effort::QUICK } else { Effort::FULL };
    let mut table = Table::begin(&lab, effort)?;
    for point in chosen {
        table::say(&format!("point {}: {} ..", point.number(), point.name));
        // A point that can't be measured is told and keeps none of the others from being.
        if let Err(error) = (point.measure)(&lab, effort, &mut table) {
            table.note(point.number(), point.name, &format!("not measured: {error:#}"))?;
        }
    }
    table.end()
}
