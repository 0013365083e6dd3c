//! `framecast client`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process;

use ::client::io::{self, AtEnd, Console, Settings, ShellError, Ui};
use ::client::shell::duration::{parse_duration, parse_latency};
use clap::ValueHint;
use clap_complete::engine::ArgValueCandidates;
use protocol::limits::LATENCY;

use super::audio::Sound;
use super::watch::{RENDERERS, renderer};
use crate::address;
use crate::completion::words;
use crate::failure::{Failure, Status};
use crate::setting::{Name, Setting, exclusive};
use crate::value;

/// The client's own port where its address names none: the system chooses.
const ANY_PORT: u16 = 0;
/// What a shell says of a command that SIGINT ended.
const INTERRUPTED: i32 = 130;

/// Flags of `framecast client`. Each has its variable; a flag wins, and an empty variable is none.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    link: Link,
    #[command(flatten)]
    session: Session,
}

const EXAMPLES: &str = "\
Examples:
  framecast client --broker host:5000
  framecast client --exec 'subscribe 1AAA99' --for 10s --record out --output json
  printf 'subscribe 1AAA99\\nstatus\\n' | framecast client --stay";

/// What the client does, whoever started it.
#[derive(clap::Args)]
pub(crate) struct Session {
    /// Carry out these commands instead of those of standard input: 'subscribe 1AAA99; status' [env: EXEC]
    #[arg(short, long, value_name = "COMMANDS")]
    exec: Option<String>,
    /// Leave this long after the broker's first answer, such as 10s or 2m [env: FOR]
    #[arg(long = "for", value_name = "DURATION", conflicts_with = "stay")]
    run_for: Option<String>,
    /// Go on after the last command, until a signal [env: STAY=1]
    #[arg(long)]
    stay: bool,
    /// Write each delivered frame to DIR/PRODUCER/STREAM/NUMBER.EXTENSION [env: RECORD]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    record: Option<PathBuf>,
    /// Latency of subscriptions that name none: 100ms to 10s, or 0 [env: LATENCY] [default: 500ms]
    #[arg(long, value_name = "DURATION")]
    latency: Option<String>,
    /// Lines for people, or one JSON object per line: text or json [env: OUTPUT] [default: text]
    #[arg(long, value_name = "FORMAT", add = ArgValueCandidates::new(|| words(&["text", "json"])))]
    output: Option<String>,
    #[command(flatten)]
    sound: Sound,
    /// A prompt, or the full screen with all channels, graphs and a log: line or full [env: UI] [default: line]
    #[arg(long, value_name = "KIND", add = ArgValueCandidates::new(|| words(&["line", "full"])))]
    ui: Option<String>,
    /// How pictures are shown: kitty, sixel, iterm, half, quarter, ascii, or auto to have the terminal asked
    /// [env: FRAMECAST_RENDERER] [default: auto]
    #[arg(long, value_name = "NAME", add = ArgValueCandidates::new(|| words(RENDERERS)))]
    renderer: Option<String>,
}

const EXEC: Name = Name { flag: "--exec", variable: "EXEC" };
pub(super) const FOR: Name = Name { flag: "--for", variable: "FOR" };
const STAY: Name = Name { flag: "--stay", variable: "STAY" };
const RECORD: Name = Name { flag: "--record", variable: "RECORD" };
pub(super) const LATENCY_OF: Name = Name { flag: "--latency", variable: "LATENCY" };
const UI: Name = Name { flag: "--ui", variable: "UI" };
const OUTPUT: Name = Name { flag: "--output", variable: "OUTPUT" };

/// The two ends of the client's connection.
#[derive(clap::Args)]
pub(crate) struct Link {
    /// The broker: HOST or HOST:PORT [env: BROKER_ADDRESS] [default: 127.0.0.1:5000]
    #[arg(short, long, value_name = "ADDRESS")]
    broker: Option<String>,
    /// The local address to send from: ADDRESS or ADDRESS:PORT [env: CLIENT_ADDRESS] [default: the system's choice]
    #[arg(long, value_name = "ADDRESS", hide_short_help = true)]
    client: Option<String>,
}

const CLIENT_ADDRESS: Name = Name { flag: "--client", variable: "CLIENT_ADDRESS" };

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let Ends { broker, local } = args.link.ends()?;
    let settings = Settings { local, ..args.session.settings(broker)? };
    leave(io::run(settings, Console::of_process()))
}

/// The end of the client as the end of the process.
pub(super) fn leave(ended: Result<(), ShellError>) -> Result<(), Failure> {
    match ended {
        // The second request in a second: nobody waits for anything.
        Err(ShellError::Interrupted) => process::exit(INTERRUPTED),
        result => result.map_err(|error| Failure::new(status(&error), error)),
    }
}

impl Session {
    /// The settings of a client of this broker.
    pub(super) fn settings(self, broker: SocketAddr) -> Result<Settings, Failure> {
        let run_for = FOR.text(self.run_for)?.map(|text| text.parse(parse_duration)).transpose()?;
        let (stay, run_for) = exclusive(STAY.switch(self.stay)?, run_for)?;
        Ok(Settings {
            format: OUTPUT.value(self.output, value::format)?.unwrap_or_default(),
            latency: LATENCY_OF.value(self.latency, parse_latency)?.unwrap_or(LATENCY),
            record: RECORD.path(self.record).map(Setting::into_value),
            audio: self.sound.read()?,
            ui: UI.value(self.ui, value::ui)?.unwrap_or(Ui::Line),
            renderer: renderer(self.renderer)?,
            commands: EXEC.text(self.exec)?.map(Setting::into_value),
            at_end: match (stay, run_for) {
                (Some(_), _) => AtEnd::Stay,
                (None, Some(span)) => AtEnd::LeaveAfter(span.into_value()),
                (None, None) => AtEnd::Leave,
            },
            ..Settings::new(broker)
        })
    }
}

const fn status(error: &ShellError) -> Status {
    match error {
        ShellError::Unreachable { .. } => Status::Unreachable,
        ShellError::Wrong(_) | ShellError::Family { .. } | ShellError::NoTerminal => Status::Usage,
        _ => Status::Failed,
    }
}

/// The two ends, resolved.
pub(super) struct Ends {
    pub(super) broker: SocketAddr,
    /// The system's choice where it is not given.
    pub(super) local: Option<SocketAddr>,
}

impl Link {
    pub(super) fn ends(self) -> Result<Ends, Failure> {
        let broker = address::broker(self.broker)?;
        let local = CLIENT_ADDRESS.text(self.client)?;
        let local = local.map(|text| address::resolve(&text, ANY_PORT)).transpose()?;
        Ok(Ends { broker, local })
    }
}
