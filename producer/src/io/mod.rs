//! The producer in the real world: one socket, one clock, and one loop that owns them.
//!
//! [`run`] waits on everything at once: the socket, the engine's timers, the next unit of the source, the pipe, and the
//! wish to stop. It needs a tokio runtime with I/O and time and is content with a current-thread one; several run
//! beside each other in one process. Files are read and test cards drawn on its thread (about 2 ms each); a pipe
//! has a thread of its own, since nobody knows how long a read from it takes.
#![expect(clippy::disallowed_methods, reason = "the shell owns clocks, sockets and threads")]

mod clock;
mod error;
mod key;
mod media;
mod outbox;
mod pipe;
mod plan;
mod reporter;
mod settings;
mod shell;
mod summary;

use std::future::Future;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use protocol::random::Random;
use udp::{Options, Socket};

pub use self::error::RunError;
pub use self::key::{KEY_LEN_MAX, KeyError, read_key_file};
pub use self::media::MediaCounters;
pub use self::pipe::PipeCounters;
pub use self::settings::{Identity, Input, Settings};
pub use self::summary::Summary;

use self::clock::Clock;
use self::media::Media;
use self::shell::Shell;

/// The broker's port where its address names none.
const BROKER_PORT: u16 = 5_000;
/// Receive buffer to ask for, bytes: the system's default holds far more than one broker's answers.
const RECV_BUFFER: usize = 0;

/// Publishes until the source has ended or `shutdown` is ready, and says goodbye to the broker within a second.
///
/// A broker that is absent is no error: the source goes on, what finds no session counts as unsent, and the
/// broker is called until it answers.
///
/// # Errors
///
/// [`RunError`]: the broker's name is unknown, the source can't be used, or the broker gives the id to another.
pub async fn run(settings: Settings, shutdown: impl Future<Output = ()>) -> Result<Summary, RunError> {
    let Settings { broker, local, delay, input, identity, thins, ready } = settings;
    let broker = udp::resolve(&broker, BROKER_PORT)?;
    let clock = Clock::start();
    let media = Media::open(input, clock)?;
    let mut random = Random::from_seed(seed()?);
    let plan = plan::plan(identity, (media.tracks(), thins), clock::unix_time(), &mut random);
    let options = Options { recv_buffer: RECV_BUFFER, ..Options::default() };
    let socket = Socket::bind(local.unwrap_or_else(|| any_address(broker)), &options)?;
    // In a box, so that the futures around it stay small.
    Box::pin(Shell::new(clock, (socket, broker), plan, random, media, delay, ready).run(shutdown)).await
}

/// Unpredictable bits from the operating system.
fn seed() -> Result<[u8; 32], RunError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(RunError::Random)?;
    Ok(seed)
}

/// All interfaces, in the broker's version of IP, and a port of the system's choice.
fn any_address(broker: SocketAddr) -> SocketAddr {
    if broker.is_ipv4() { (Ipv4Addr::UNSPECIFIED, 0).into() } else { (Ipv6Addr::UNSPECIFIED, 0).into() }
}
