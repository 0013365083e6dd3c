//! SRT: a library without a broker, so the broker is the least fan-out program on it ([`fanout`]).
//!
//! Live mode, messages of one datagram each; every setting is the library's default but those of [`settle`].

mod fanout;
mod libsrt;
mod message;
mod viewers;

use std::process::Command;
use std::time::Instant;

use anyhow::Context as _;
use tokio::task::spawn_local;

use crate::cores;
use crate::load::{Load, Schedule, Seen};
use crate::server::{Server, free_port};
pub(crate) use fanout::serve;
use libsrt::{Library, Setting, Socket};
use viewers::Viewers;

/// Why SRT can't be run, and what to do.
pub(crate) const MISSING: Option<&str> = None;
/// Stream ids, in the form that SRT's guide to access control gives them.
const PUBLISHES: &str = "#!::r=1AAA99,m=publish";
const WATCHES: &str = "#!::r=1AAA99,m=request";

/// Starts broker, publisher and viewers; the broker's memory before any of them.
pub(crate) fn run(load: Load, origin: Instant, seen: &Seen) -> anyhow::Result<(Server, u64)> {
    let port = free_port()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["srt-fanout", &port.to_string()]);
    let server = cores::apart(|| Server::start(&mut command, &[port]))?;
    let empty = server.usage()?.rss;
    let library = Library::start()?;
    let viewers = Viewers::start(&library, load.viewers, port, seen)?;
    let publisher = call(&library, PUBLISHES, 0, port).context("the publisher")?;
    let mut schedule = Schedule::new(load, origin);
    spawn_local(async move {
        // They end with this task.
        let _viewers = viewers;
        for number in 0.. {
            let frame = schedule.next().await;
            if message::cut(number, &frame).any(|message| publisher.send(&message).is_err()) {
                break;
            }
        }
    });
    Ok((server, empty))
}

/// A connection to the server, from this UDP port (0: a new one); no call on it waits any more.
fn call(library: &Library, wish: &str, local_port: u16, port: u16) -> anyhow::Result<Socket> {
    let socket = Socket::new(library)?;
    settle(&socket)?;
    socket.set_stream_id(wish)?;
    socket.bind(local_port)?;
    socket.connect(port)?;
    never_wait(&socket)?;
    Ok(socket)
}

/// Before a socket is bound: what differs from the library's defaults.
fn settle(socket: &Socket) -> anyhow::Result<()> {
    // SRT hands a packet over so long after it was sent, and no earlier: without it what is measured is the way, not a setting.
    socket.set(Setting::Latency, 0)?;
    socket.set(Setting::PeerLatency, 0)?;
    // With no latency every lost packet would be too late to be repaired. None of the others gives up what it can still repair.
    socket.set(Setting::DropsTooLate, 0)?;
    Ok(())
}

/// A call that has nothing to do answers so.
fn never_wait(socket: &Socket) -> anyhow::Result<()> {
    socket.set(Setting::ReceiveWaits, 0)?;
    socket.set(Setting::SendWaits, 0)?;
    Ok(())
}
