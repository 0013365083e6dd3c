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

use crate::cores;
use crate::load::{Load, Seen};
use crate::publisher::Publisher;
use crate::run::Running;
use crate::server::{Server, free_port};
pub(crate) use fanout::serve;
use libsrt::{Library, Setting, Socket};
use viewers::Viewers;

/// Why SRT can't be run, and what to do.
pub(crate) const MISSING: Option<&str> = None;
/// Stream ids, in the form that SRT's guide to access control gives them.
const PUBLISHES: &str = "#!::r=1AAA99,m=publish";
const WATCHES: &str = "#!::r=1AAA99,m=request";

/// Starts broker, viewers and publisher.
pub(crate) fn run(load: Load, origin: Instant, seen: &Seen) -> anyhow::Result<Running> {
    let port = free_port()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["srt-fanout", &port.to_string()]);
    let server = cores::apart(|| Server::start(&mut command, &[port]))?;
    let empty = server.usage()?.rss;
    let library = Library::start()?;
    let viewers = Viewers::start(&library, load.viewers, port, seen)?;
    let socket = call(&library, PUBLISHES, 0, port).context("the publisher")?;
    let mut number = 0;
    let publisher = Publisher::start(load, origin, move |frame| {
        // They end with the publisher's thread.
        let _viewers = &viewers;
        number += 1;
        message::cut(number, &frame).try_for_each(|message| Ok(socket.send(&message)?))
    })?;
    Ok(Running { publisher, server, empty })
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
