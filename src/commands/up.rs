//! `framecast up`: the whole topology of a `.env` on this machine.

mod crew;
mod greeting;

use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use ::broker::io::{Running, Settings as BrokerSettings};
use ::client::io::{Console, ShellError, Stops, run as run_client};
use ::producer::io::{Identity, Input, Settings as ProducerSettings};
use ::producer::source::{FrameRate, Playback, Source, SourceError, SourceOptions, TrackRole, Video};
use anyhow::anyhow;
use clap::ValueHint;
use protocol::limits::{DATAGRAM_LEN, FRAME_LEN_MAX};

use super::client::{Session, leave};
use super::producer::USUAL_RATE;
use crate::failure::{Failure, Status};
use crate::runtime;
use crate::setting::{Name, Setting};
use crate::topology::{ProducerSpec, Topology};
use crew::Crew;
use greeting::greeting;

/// Flags of `framecast up`. Each has its variable; a flag wins, and an empty variable is none.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The file that names the producers and BROKER_PORT; variables of the environment override it [env: ENV_FILE]
    /// [default: .env]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: Option<PathBuf>,
    /// Look at the file and the folders that it names, say what is wrong, and start nothing
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    session: Session,
}

const EXAMPLES: &str = "\
Examples:
  framecast up
  framecast up --file other.env --exec 'subscribe 1AAA99' --for 10s";

const FILE: Name = Name { flag: "--file", variable: "ENV_FILE" };

/// Starts the broker, then the producers, then the shell; when the shell ends, so do they, in the other order.
pub(crate) fn run(args: Args) -> Result<(), Failure> {
    // From here on a signal ends everything in order.
    let (runtime, signals) = runtime::with_signals()?;
    let file = FILE.path(args.file).map_or_else(|| ".env".into(), Setting::into_value);
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let topology = Topology::read(&file, environment).map_err(|fault| Failure::new(fault.status(), fault))?;
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, topology.broker_port));
    let settings = args.session.settings(listen)?;
    let numbered = (1..).zip(&topology.producers);
    let producers =
        numbered.map(|(number, spec)| plan(number, spec, listen)).collect::<Result<Vec<_>, Failure>>()?;
    if args.check {
        let line = format!("{}: ok, {} producers\n", file.display(), producers.len());
        return Ok(io::stdout().write_all(line.as_bytes())?);
    }
    let broker = Running::start(&BrokerSettings::new(listen)).map_err(|fault| {
        Failure::from(anyhow!(fault).context(format!("BROKER_PORT={}", topology.broker_port)))
    })?;

    let (handle, stops) = Stops::channel();
    let crew = Crew::start((runtime, signals), broker, producers, handle)?;
    crew.wait_until_live();
    let console = Console { stops: Some(stops), ..Console::of_process() };
    if console.prompt.is_some() && settings.commands.is_none() {
        // The shell finds out by itself that nobody reads.
        io::stdout()
            .write_all(greeting(listen, &topology.producers, console.terminal.is_some()).as_bytes())
            .ok();
    }
    let ended = run_client(settings, console);
    if matches!(ended, Err(ShellError::Interrupted)) {
        // The second request: nobody waits for anything.
        return leave(ended);
    }
    let stopped = crew.stop();
    leave(ended)?;
    stopped
}

/// What a producer of the file publishes. A folder without a usable frame is found here, before anything starts.
fn plan(number: usize, spec: &ProducerSpec, broker: SocketAddr) -> Result<ProducerSettings, Failure> {
    let id = spec.id;
    let video = spec
        .frames
        .clone()
        .map_or_else(|| Video::TestCard { id: id.to_string(), name: spec.name.clone() }, Video::Folder);
    let options = SourceOptions {
        video,
        audio: spec.audio.clone(),
        rate: spec.rate.map_or_else(|| FrameRate::new(USUAL_RATE), Ok)?,
        playback: Playback::Loop,
        max_frame_bytes: FRAME_LEN_MAX as usize,
    };
    Source::open(&options).map_err(|fault| of_source(fault, number))?;
    let datagram_size = u16::try_from(DATAGRAM_LEN).unwrap_or(u16::MAX);
    let identity = Identity { id, name: spec.name.clone(), key: None, datagram_size };
    let (broker, input) = (broker.to_string(), Input::Source(options));
    Ok(ProducerSettings { broker, local: None, delay: spec.delay, input, identity, thins: true, ready: None })
}

fn of_source(fault: SourceError, number: usize) -> Failure {
    let variable = match fault.role() {
        Some(TrackRole::Video) => format!("PRODUCER_FRAMES{number}"),
        Some(TrackRole::Audio) => format!("PRODUCER_AUDIO{number}"),
        None => format!("PRODUCER_ID{number}"),
    };
    Failure::new(Status::InputMissing, anyhow!(fault).context(variable))
}
