//! What the client is asked to do.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use protocol::id::Target;
use protocol::limits::LATENCY;

use super::sound::Audio;
use crate::shell::output::Format;
use crate::view::Renderer;

/// What the client is asked to do.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The broker.
    pub broker: SocketAddr,
    /// The local address to bind; else every address of the broker's kind of IP, and a port of the system's choice.
    pub local: Option<SocketAddr>,
    /// How things are said.
    pub format: Format,
    /// The latency of subscriptions that name none: zero, or 100 ms to 10 s.
    pub latency: Duration,
    /// Record below this folder from the start.
    pub record: Option<PathBuf>,
    /// The commands, in place of the console's input.
    pub commands: Option<String>,
    /// What follows the last command.
    pub at_end: AtEnd,
    /// What stands on the terminal.
    pub ui: Ui,
    /// How pictures are shown; else the terminal is asked when the first one is.
    pub renderer: Option<Renderer>,
    /// Where sound is heard.
    pub audio: Audio,
}

/// What stands on the terminal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ui {
    /// A prompt.
    Line,
    /// All channels, graphs, a log and a command line.
    Full,
    /// The pictures of these, until somebody leaves.
    Watch(Vec<Target>),
}

/// What follows the last command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AtEnd {
    /// The summary, once it is answered.
    Leave,
    /// Going on until a stop.
    Stay,
    /// Going on until this long after the broker's first answer, whatever the commands have come to by then.
    LeaveAfter(Duration),
}

impl Settings {
    /// A client of this broker with every setting at its default.
    pub const fn new(broker: SocketAddr) -> Self {
        Self {
            broker,
            local: None,
            format: Format::Text,
            latency: LATENCY,
            record: None,
            commands: None,
            at_end: AtEnd::Leave,
            ui: Ui::Line,
            renderer: None,
            audio: Audio::Off,
        }
    }
}
