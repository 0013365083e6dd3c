//! Runs of the simulator that take longer than a test.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tools for people: they print, and measure their own speed"
)]

mod commands;

use std::process::ExitCode;

use clap::Parser;

use commands::matrix::Matrix;
use commands::speed::Speed;
use commands::swarm::Swarm;

/// The simulator of Framecast.
#[derive(Parser)]
#[command(name = "testkit")]
enum Command {
    /// Prints the loss x RTT x latency matrix.
    Matrix(Matrix),
    /// Plays whole configurations drawn from one number each: faults, attackers, clocks, paths.
    Swarm(Swarm),
    /// Measures how much faster than real time one core simulates one producer and its viewers.
    Speed(Speed),
}

fn main() -> ExitCode {
    match Command::parse() {
        Command::Matrix(matrix) => {
            matrix.run();
            ExitCode::SUCCESS
        }
        Command::Swarm(swarm) => swarm.run(),
        Command::Speed(speed) => {
            speed.run();
            ExitCode::SUCCESS
        }
    }
}
