//! A broker, a producer and a console for a client under test.

mod console;
mod peers;
mod pty;

use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use client::io::{Console, Settings, ShellError, StopHandle, Stops};
use client::shell::output::Format;
use serde_json::Value;

pub(crate) use console::{Screen, StuckScreen, keyboard};
pub(crate) use peers::{Peer, broker, broker_at, cinema, flicker, picture, producer, turning_cinema};
pub(crate) use pty::{CONTAINED, LATENCY, Pty, RENDERER, WATCH, run_child};

/// Nothing that a test waits for takes this long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A client on a thread of its own.
pub(crate) struct Running {
    pub(crate) stop: StopHandle,
    lines: mpsc::Receiver<String>,
    thread: JoinHandle<Result<(), ShellError>>,
}

/// A client that says JSON.
pub(crate) fn settings(broker: SocketAddr) -> Settings {
    Settings { format: Format::Json, ..Settings::new(broker) }
}

/// A client with these commands in a pipe, to its end: how it ended and what it said.
pub(crate) fn piped(settings: Settings, input: &'static str) -> (Result<(), ShellError>, Vec<Value>) {
    start(settings, input.as_bytes()).join()
}

/// Starts a client that reads `input` as from a pipe.
pub(crate) fn start(settings: Settings, input: impl std::io::Read + Send + 'static) -> Running {
    start_on(settings, input, false)
}

/// Starts a client that reads `input`, as from a terminal if `interactive`.
pub(crate) fn start_on(
    settings: Settings,
    input: impl std::io::Read + Send + 'static,
    interactive: bool,
) -> Running {
    let (screen, lines) = Screen::new();
    let (stop, thread) = spawn(settings, Box::new(input), Box::new(screen), interactive);
    Running { stop, lines, thread }
}

/// Starts a client whose output goes to `output`.
pub(crate) fn spawn(
    settings: Settings,
    input: Box<dyn std::io::Read + Send>,
    output: Box<dyn std::io::Write + Send>,
    interactive: bool,
) -> (StopHandle, JoinHandle<Result<(), ShellError>>) {
    let (stop, stops) = Stops::channel();
    let console = Console { input, output, interactive, prompt: None, terminal: None, stops: Some(stops) };
    (stop, thread::spawn(move || client::io::run(settings, console)))
}

impl Running {
    /// The next object of this type; those before it are passed over.
    pub(crate) fn wait_for(&self, kind: &str) -> Value {
        loop {
            let line = self.lines.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no {kind} came"));
            let object = object(&line);
            if object["type"] == kind {
                return object;
            }
        }
    }

    /// Waits for the end: how it ended and what it said since it was last asked.
    pub(crate) fn join(self) -> (Result<(), ShellError>, Vec<Value>) {
        let objects = self.lines.iter().map(|line| object(&line)).collect();
        (self.thread.join().unwrap(), objects)
    }
}

/// The types of these objects, in their order, without `connected`: some ends come sooner than the session.
pub(crate) fn types(objects: &[Value]) -> Vec<&str> {
    objects
        .iter()
        .map(|object| object["type"].as_str().unwrap())
        .filter(|kind| *kind != "connected")
        .collect()
}

fn object(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}
