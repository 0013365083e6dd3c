//! The grammar of the shell: what a line asks for, or why it asks for nothing.

mod error;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

use protocol::id::{IdError, ProducerId, Target};
use protocol::limits::SUBSCRIPTIONS_MAX;

pub use self::error::CommandError;
use super::duration::parse_latency;
use super::echo::{Echo, steers};
use super::nearest::{nearest_id, nearest_word};
use super::verb::Verb;
use super::words;
use crate::view::Renderer;

/// Bytes of one line: room for every subscription of a session several times over. Whoever reads lines from a
/// pipe need hold no more.
pub const LINE_LEN_MAX: usize = 4_096;

const ALL: &str = "all";
const OFF: &str = "off";
const LATENCY_OPTION: &str = "--latency";
const RENDERER_OPTION: &str = "--renderer";

/// A command, understood and within its limits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Command {
    /// Receive these, each once.
    Subscribe {
        /// What to receive, never empty, at most [`SUBSCRIPTIONS_MAX`].
        targets: Vec<Target>,
        /// The latency if one was named: zero, or 100 ms to 10 s.
        latency: Option<Duration>,
    },
    /// Stop receiving these, never empty.
    Unsubscribe(Vec<Target>),
    /// Stop receiving everything.
    UnsubscribeAll,
    /// Show the broker's catalog.
    List,
    /// Show how each stream does.
    Status,
    /// Show every counter.
    Stats,
    /// Show the pictures of these above the prompt.
    Watch {
        /// What to show, never empty.
        targets: Vec<Target>,
        /// The latency if one was named, for what is not subscribed yet.
        latency: Option<Duration>,
        /// How, if that was said.
        renderer: Option<Renderer>,
    },
    /// Show all channels on the full screen.
    Top,
    /// Show the pictures of everything that is subscribed.
    Grid,
    /// Show no more pictures.
    WatchOff,
    /// Write the newest picture to a file.
    Snapshot {
        /// Whose picture.
        producer: ProducerId,
        /// The file, if it was named.
        file: Option<PathBuf>,
    },
    /// Write frames below this folder from now on.
    Record(PathBuf),
    /// Write no more frames.
    RecordOff,
    /// Explain all commands, or one.
    Help(Option<Verb>),
    /// Leave.
    Quit,
}

/// Reads the commands of `text`: a line, or what `--exec` was given.
///
/// `known` are the producers of the catalog, for suggestions alone. Empty lines and comments give nothing; a
/// wrong command gives its error, and those around it still count.
pub fn parse(text: &str, known: &[ProducerId]) -> Vec<Result<Command, CommandError>> {
    let mut commands = Vec::new();
    for line in text.lines() {
        if line.len() > LINE_LEN_MAX {
            commands.push(Err(CommandError::LineTooLong { length: line.len() }));
        } else {
            commands.extend(words::commands(line).into_iter().map(|words| match words {
                Ok(words) => command(&words, known),
                Err(quote) => Err(CommandError::OpenQuote(quote)),
            }));
        }
    }
    commands
}

fn command(words: &[String], known: &[ProducerId]) -> Result<Command, CommandError> {
    let Some((first, rest)) = words.split_first() else { return Ok(Command::Help(None)) };
    let verb = Verb::named(first).ok_or_else(|| unknown_verb(first))?;
    match verb {
        Verb::Subscribe => subscribe(rest, known),
        Verb::Unsubscribe => unsubscribe(rest, known),
        Verb::List => alone(verb, Command::List, rest),
        Verb::Status => alone(verb, Command::Status, rest),
        Verb::Stats => alone(verb, Command::Stats, rest),
        Verb::Watch => watch(rest, known),
        Verb::Top => alone(verb, Command::Top, rest),
        Verb::Grid => alone(verb, Command::Grid, rest),
        Verb::Snapshot => snapshot(rest, known),
        Verb::Record => record(rest),
        Verb::Help => help(rest),
        Verb::Quit => alone(verb, Command::Quit, rest),
    }
}

fn subscribe(words: &[String], known: &[ProducerId]) -> Result<Command, CommandError> {
    let Options { ids, latency, renderer } = options(Verb::Subscribe, words)?;
    if renderer.is_some() {
        return Err(CommandError::UnknownOption {
            verb: Verb::Subscribe,
            option: RENDERER_OPTION.to_owned(),
        });
    }
    Ok(Command::Subscribe { targets: targets(Verb::Subscribe, ids, known)?, latency })
}

fn watch(words: &[String], known: &[ProducerId]) -> Result<Command, CommandError> {
    if let [word] = words
        && word.eq_ignore_ascii_case(OFF)
    {
        return Ok(Command::WatchOff);
    }
    let Options { ids, latency, renderer } = options(Verb::Watch, words)?;
    Ok(Command::Watch { targets: targets(Verb::Watch, ids, known)?, latency, renderer })
}

/// Ids, and what was said about them.
struct Options<'a> {
    ids: Vec<&'a String>,
    latency: Option<Duration>,
    renderer: Option<Renderer>,
}

fn options(verb: Verb, words: &[String]) -> Result<Options<'_>, CommandError> {
    let mut options = Options { ids: Vec::new(), latency: None, renderer: None };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if !word.starts_with('-') {
            options.ids.push(word);
            continue;
        }
        let (option, value) = match word.split_once('=') {
            Some((option, value)) => (option, Some(value)),
            None => (word.as_str(), None),
        };
        let mut value = || value.or_else(|| words.next().map(String::as_str));
        match option {
            LATENCY_OPTION => {
                let latency = parse_latency(value().ok_or(CommandError::LatencyMissing)?)?;
                if options.latency.replace(latency).is_some() {
                    return Err(CommandError::LatencyTwice);
                }
            }
            RENDERER_OPTION => {
                let name = value().unwrap_or_default();
                let wrong = |error| CommandError::Renderer { name: echoed(name), error };
                options.renderer = Some(name.parse().map_err(wrong)?);
            }
            _ => return Err(CommandError::UnknownOption { verb, option: echoed(option) }),
        }
    }
    Ok(options)
}

fn snapshot(words: &[String], known: &[ProducerId]) -> Result<Command, CommandError> {
    match words {
        [] => Err(CommandError::Missing(Verb::Snapshot)),
        [id] => Ok(Command::Snapshot { producer: target(id, known)?.producer, file: None }),
        [id, file] => {
            Ok(Command::Snapshot { producer: target(id, known)?.producer, file: Some(PathBuf::from(file)) })
        }
        [_, _, extra, ..] => Err(CommandError::Unexpected { verb: Verb::Snapshot, word: echoed(extra) }),
    }
}

fn unsubscribe(words: &[String], known: &[ProducerId]) -> Result<Command, CommandError> {
    match words {
        [word] if word.eq_ignore_ascii_case(ALL) => Ok(Command::UnsubscribeAll),
        ids => Ok(Command::Unsubscribe(targets(Verb::Unsubscribe, ids, known)?)),
    }
}

fn targets<'a>(
    verb: Verb,
    words: impl IntoIterator<Item = &'a String>,
    known: &[ProducerId],
) -> Result<Vec<Target>, CommandError> {
    let mut targets = Vec::new();
    for word in words.into_iter().flat_map(|word| word.split(',')).filter(|word| !word.is_empty()) {
        let target = target(word, known)?;
        if !targets.contains(&target) {
            targets.push(target);
        }
        if targets.len() > SUBSCRIPTIONS_MAX {
            return Err(CommandError::TooManyIds(verb));
        }
    }
    if targets.is_empty() { Err(CommandError::Missing(verb)) } else { Ok(targets) }
}

/// The error of the id repeats what was typed: it gets text that steers no terminal.
fn target(word: &str, known: &[ProducerId]) -> Result<Target, CommandError> {
    word.parse().map_err(|error| CommandError::Id {
        error: match error {
            IdError::Length(_) => IdError::Length(echoed(word)),
            IdError::Digit(_, wrong) if steers(wrong) => IdError::Length(echoed(word)),
            IdError::Digit(_, wrong) => IdError::Digit(echoed(word), wrong),
            IdError::Zero => IdError::Zero,
        },
        nearest: nearest_id(word, known.iter().copied()),
    })
}

fn record(words: &[String]) -> Result<Command, CommandError> {
    match words {
        [word] if word.eq_ignore_ascii_case(OFF) => Ok(Command::RecordOff),
        [folder] if folder == "~" || folder.starts_with("~/") => Err(CommandError::Home(echoed(folder))),
        [folder] if !folder.is_empty() => Ok(Command::Record(PathBuf::from(folder))),
        [] | [_] => Err(CommandError::Missing(Verb::Record)),
        [_, extra, ..] => Err(CommandError::Unexpected { verb: Verb::Record, word: echoed(extra) }),
    }
}

fn help(words: &[String]) -> Result<Command, CommandError> {
    match words {
        [] => Ok(Command::Help(None)),
        [word] => Verb::named(word).map(|verb| Command::Help(Some(verb))).ok_or_else(|| unknown_verb(word)),
        [_, extra, ..] => Err(CommandError::Unexpected { verb: Verb::Help, word: echoed(extra) }),
    }
}

fn alone(verb: Verb, command: Command, words: &[String]) -> Result<Command, CommandError> {
    match words.first() {
        None => Ok(command),
        Some(extra) => Err(CommandError::Unexpected { verb, word: echoed(extra) }),
    }
}

/// A bare id is what somebody types who wants to see it.
fn unknown_verb(word: &str) -> CommandError {
    let nearest = match word.parse::<Target>() {
        Ok(target) => Some(format!("{} {target}", Verb::Subscribe.name())),
        Err(_) => nearest_word(word, Verb::ALL.into_iter().flat_map(Verb::names)).map(str::to_owned),
    };
    CommandError::UnknownVerb { word: echoed(word), nearest }
}

fn echoed(text: &str) -> String {
    Echo(text).to_string()
}
