//! The `framecast` command line: each subcommand is a call into a crate.

mod address;
mod commands;
mod completion;
mod failure;
mod logging;
mod manual;
mod page;
mod runtime;
mod setting;
mod topology;
mod value;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use commands::{bench, broker, client, completions, health, impair, man, producer, up, watch, wireshark};
use failure::Failure;
use logging::Logging;

/// Live pictures and sound over UDP: producers, a broker, and clients in the terminal.
///
/// Producers publish channels, a broker fans each frame out to every viewer, and viewers see it whole, in order and
/// within their latency, or count it as lost. Every flag has an environment variable: the flag wins, and an empty
/// variable is none. Standard output is data, standard error is the log.
#[derive(Parser)]
#[command(
    name = "framecast",
    version,
    propagate_version = true,
    max_term_width = 100,
    after_help = EXAMPLES,
    after_long_help = format!("{EXAMPLES}\n\n{}", failure::exit_status_help())
)]
struct Cli {
    #[command(flatten)]
    logging: Logging,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  framecast up                                     broker, the producers of .env and a shell, on this machine
  framecast broker --listen 0.0.0.0:5000
  framecast producer --broker host:5000 --id 1AAA99 --frames media/1AAA99/frames --rate 12
  framecast watch 1AAA99 --broker host:5000
  framecast watch 1AAA99 --broker host:5000 --out - | mpv -
  framecast client --broker host:5000 --exec 'subscribe 1AAA99' --for 10s --record out";

#[derive(Subcommand)]
enum Command {
    /// Start the broker and every producer of .env on this machine, and open the client shell on them
    ///
    /// The ids, names, folders and rates are those of the file; the addresses of the containers in it are left alone:
    /// everything is on loopback. What the shell's end ends, it ends in order.
    Up(up::Args),
    /// Run the broker
    ///
    /// It keeps no more than the last seconds of each channel, in memory, and forgets a viewer 15 s after its last word.
    /// Anyone who reaches its address may publish and watch, so it listens on 127.0.0.1 unless told otherwise.
    Broker(broker::Args),
    /// Publish one producer: a folder of frames, pictures from a pipe, or the test card
    ///
    /// It tries for ever to reach the broker, and comes back under its id after a restart if it has a key
    /// (PRODUCER_KEY or --key-file). Sound is a folder with one MP3 file for each second of pictures.
    Producer(producer::Args),
    /// Open the shell: subscribe, watch the figures, record
    ///
    /// At a terminal it is a shell with completion and history; from a pipe or with --exec it carries out commands and
    /// ends, with one JSON object per line where --output json is given. 'help' in the shell lists the commands.
    Client(client::Args),
    /// Watch producers: in the terminal, or as a stream for a player or into a file
    ///
    /// In the terminal the pictures fill the screen, and keys do the rest ('?' shows them). With --out pictures and sound
    /// come out with the times of their capture, as Matroska, which ffplay, mpv and ffmpeg read while it is written. A file
    /// gets its duration and its index when it ends, by --for or by a signal. A reader that leaves ends it with status 0;
    /// one that is too slow misses pictures, which are counted.
    Watch(watch::Args),
    /// Ask the broker whether it is well: one line, exit status 0 or 1
    ///
    /// Asks over UDP as any client does, and says how long the answer took and how many producers there are.
    Health(health::Args),
    /// Relay datagrams as a bad network would: lose, delay, reorder, damage, queue them
    Impair(impair::Args),
    /// Load a broker: thousands of complete viewers in one process, and what they saw
    ///
    /// Each of them receives, repairs and counts as a viewer of its own would. Where a threshold is given and missed, the
    /// status is 3.
    Bench(bench::Args),
    /// Install the Wireshark dissector, or print it
    ///
    /// With it Wireshark and tshark show every field, put frames together again, and mark repairs and gaps.
    Wireshark(wireshark::Args),
    /// Print what makes a shell complete commands, flags and live ids
    ///
    /// Ids are those that the broker of the command line has at that moment; without an answer within a quarter of a
    /// second there are none.
    Completions(completions::Args),
    /// Show the manual page of the program or of one of its commands
    Man(man::Args),
}

impl Command {
    /// Whether its own events are worth a line: where a person types, only what goes wrong is.
    const fn usual_level(&self) -> &'static str {
        match self {
            Self::Broker(_) | Self::Producer(_) | Self::Impair(_) => "info",
            Self::Up(_)
            | Self::Client(_)
            | Self::Watch(_)
            | Self::Health(_)
            | Self::Bench(_)
            | Self::Wireshark(_)
            | Self::Completions(_)
            | Self::Man(_) => "warn",
        }
    }
}

fn main() -> ExitCode {
    completion::answer(Cli::command);
    let cli = Cli::parse();
    let result = match cli.logging.start(cli.command.usual_level()) {
        // The log is written when this is dropped, before the last word.
        Ok(_scribe) => run(cli.command),
        Err(failure) => Err(failure),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Up(args) => up::run(args),
        Command::Broker(args) => broker::run(args),
        Command::Producer(args) => producer::run(args),
        Command::Client(args) => client::run(args),
        Command::Watch(args) => watch::run(args),
        Command::Health(args) => health::run(args),
        Command::Impair(args) => impair::run(args),
        Command::Bench(args) => bench::run(args),
        Command::Wireshark(args) => wireshark::run(args),
        Command::Completions(args) => completions::run(args),
        Command::Man(args) => man::run(args, Cli::command()),
    }
}
