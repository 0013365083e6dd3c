//! `framecast broker`.

use std::num::{NonZeroU8, NonZeroU64};
use std::path::PathBuf;

use ::bench::quantity::parse_bytes;
use ::broker::engine::SessionLimits;
use ::broker::io::{RunError, Settings, StartError, WORKERS_MAX};
use clap::ValueHint;
use impair::spelling;
use thiserror::Error;
use tracing::warn;

use crate::address;
use crate::failure::{Failure, Status};
use crate::runtime;
use crate::setting::{Name, Setting};
use crate::value;

/// Sessions of one source network that may be asked for; who wants more wants no limit.
const SESSIONS_PER_PREFIX_MAX: usize = 1_000_000;
/// Below this hardly a frame could be asked for again.
const MEMORY_MIN: usize = 1 << 20;
/// Beyond a tebibyte it is a slip.
const MEMORY_MAX: usize = 1 << 40;

/// Flags of `framecast broker`. Each has its variable; a flag wins, and an empty variable is none.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The address to listen on: HOST or HOST:PORT, 0.0.0.0 for every one of this machine; BROKER_ADDRESS is only for
    /// those who dial [env: LISTEN] [default: 127.0.0.1:5000]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Worker threads [env: WORKERS] [default: the cores that the process may use]
    #[arg(long, value_name = "N")]
    workers: Option<String>,
    /// A folder for what outlives a restart: peers then notice it at once [env: STATE_DIR]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    state: Option<PathBuf>,
    /// Sessions of one source network (IPv4 /24, IPv6 /48) and worker, loopback excepted; 0 for no limit
    /// [env: SESSIONS_PER_PREFIX] [default: 4096]
    #[arg(long, value_name = "N", hide_short_help = true)]
    sessions_per_prefix: Option<String>,
    /// Send no more than this, all workers together, spread evenly: 500kbit, 80mbit, 2gbit; what waits for it until it is
    /// of no use is left out and counted [env: EGRESS_RATE] [default: as fast as the network takes it]
    #[arg(long, value_name = "RATE", hide_short_help = true)]
    egress_rate: Option<String>,
    /// Memory for the frames of one channel that viewers may still ask for; beyond it the oldest go before their time
    /// [env: CHANNEL_MEMORY] [default: 256MiB]
    #[arg(long, value_name = "BYTES", hide_short_help = true)]
    channel_memory: Option<String>,
    /// The same for the frames of all channels [env: FRAME_MEMORY] [default: 1024MiB]
    #[arg(long, value_name = "BYTES", hide_short_help = true)]
    frame_memory: Option<String>,
    /// Offer every frame to viewers on paths that are too slow for all of them, too, instead of fewer, whole ones in time
    /// [env: NO_THIN=1]
    #[arg(long, hide_short_help = true)]
    no_thin: bool,
}

const EXAMPLES: &str = "\
Examples:
  framecast broker
  framecast broker --listen 0.0.0.0:5000 --state /var/lib/framecast";

const LISTEN: Name = Name { flag: "--listen", variable: "LISTEN" };
const WORKERS: Name = Name { flag: "--workers", variable: "WORKERS" };
const STATE: Name = Name { flag: "--state", variable: "STATE_DIR" };
const SESSIONS_PER_PREFIX: Name = Name { flag: "--sessions-per-prefix", variable: "SESSIONS_PER_PREFIX" };
const EGRESS_RATE: Name = Name { flag: "--egress-rate", variable: "EGRESS_RATE" };
const CHANNEL_MEMORY: Name = Name { flag: "--channel-memory", variable: "CHANNEL_MEMORY" };
const FRAME_MEMORY: Name = Name { flag: "--frame-memory", variable: "FRAME_MEMORY" };
const NO_THIN: Name = Name { flag: "--no-thin", variable: "NO_THIN" };

/// Memory for frames, as it is written: a few frames at the least.
fn memory(text: &str) -> Result<usize, MemoryFault> {
    parse_bytes(text).ok().filter(|bytes| (MEMORY_MIN..=MEMORY_MAX).contains(bytes)).ok_or(MemoryFault)
}

/// Not a size, or one that holds nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("no size for memory: write one from 1MiB to 1048576MiB, such as 256MiB")]
struct MemoryFault;

/// Runs the broker until SIGINT or SIGTERM.
pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let listen = LISTEN.text(args.listen)?;
    if listen.is_none() && address::BROKER_ADDRESS.text(None)?.is_some() {
        warn!("BROKER_ADDRESS is where others dial this broker: set LISTEN to say where it listens");
    }
    let listen = listen.map(|text| address::resolve(&text, address::BROKER_PORT)).transpose()?;
    let mut settings = Settings::new(listen.unwrap_or(address::BROKER));
    let workers = WORKERS.value(args.workers, value::count(1, usize::from(WORKERS_MAX)))?;
    settings.workers = workers.and_then(|count| u8::try_from(count).ok()).and_then(NonZeroU8::new);
    settings.state_dir = STATE.path(args.state).map(Setting::into_value);
    let per_prefix =
        SESSIONS_PER_PREFIX.value(args.sessions_per_prefix, value::count(0, SESSIONS_PER_PREFIX_MAX))?;
    let usual = SessionLimits::default();
    let thins = NO_THIN.switch(args.no_thin)?.is_none();
    let rate = EGRESS_RATE.value(args.egress_rate, spelling::rate)?;
    settings.egress_rate = rate.and_then(NonZeroU64::new);
    let channel_bytes = CHANNEL_MEMORY.value(args.channel_memory, memory)?.unwrap_or(usual.channel_bytes);
    let frame_bytes = FRAME_MEMORY.value(args.frame_memory, memory)?.unwrap_or(usual.frame_bytes);
    let per_prefix = per_prefix.unwrap_or(usual.per_prefix);
    settings.limits = SessionLimits { per_prefix, thins, channel_bytes, frame_bytes, ..usual };
    let (runtime, mut signals) = runtime::with_signals()?;
    runtime.block_on(::broker::io::run(&settings, signals.next())).map_err(|fault| {
        let status = match &fault {
            RunError::Start(StartError::State(_)) => Status::BadConfiguration,
            RunError::Start(_) | RunError::Worker(_) => Status::Failed,
        };
        Failure::new(status, fault)
    })
}
