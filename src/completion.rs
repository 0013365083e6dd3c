//! What a shell offers when somebody presses Tab.
//!
//! The script that `framecast completions` prints calls this program with [`VARIABLE`] set and the words so far; the
//! answer is made here, so that the words are those of this very program and the ids those of the broker right now.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::time::Duration;

use ::client::io::catalog;
use clap::Command;
use clap::builder::StyledStr;
use clap_complete::CompleteEnv;
use clap_complete::engine::CompletionCandidate;
use clap_complete::env::Shells;
use protocol::wire::CatalogEntry;

use crate::address;

/// Set to the shell's name, it makes the program answer a Tab instead of what it is for.
const VARIABLE: &str = "FRAMECAST_COMPLETE";
/// How long Tab waits for the broker: what nobody takes for a hang. Without an answer there are no ids, and no word.
const PATIENCE: Duration = Duration::from_millis(250);
/// Hexadecimal digits of a producer's id. Behind them follow those of a stream.
const PRODUCER_DIGITS: usize = 6;

/// What bash needs besides.
const WHOLE_WORDS: &str = include_str!("completion/bash.sh");

/// Answers a Tab, if that is what the program was called for: then the process ends here.
pub(crate) fn answer(command: fn() -> Command) {
    CompleteEnv::with_factory(command).var(VARIABLE).shells(Shells(SHELLS)).complete();
}

const SHELLS: &[&dyn clap_complete::env::EnvCompleter] =
    &[&clap_complete::env::Bash, &clap_complete::env::Zsh, &clap_complete::env::Fish];

/// The shells that there are scripts for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Zsh,
    Fish,
}

impl Shell {
    /// The script that makes the shell ask `program`.
    pub(crate) fn script(self, program: &Path) -> io::Result<Vec<u8>> {
        let completer: &dyn clap_complete::env::EnvCompleter = match self {
            Self::Bash => &clap_complete::env::Bash,
            Self::Zsh => &clap_complete::env::Zsh,
            Self::Fish => &clap_complete::env::Fish,
        };
        let mut script = Vec::new();
        let program = program.to_string_lossy();
        completer.write_registration(VARIABLE, "framecast", "framecast", &program, &mut script)?;
        if self == Self::Bash {
            script.extend_from_slice(WHOLE_WORDS.as_bytes());
        }
        Ok(script)
    }
}

/// The ids that the broker has: producers, and the streams of the one whose id is typed.
pub(crate) fn ids(typed: &OsStr) -> Vec<CompletionCandidate> {
    let Some(typed) = typed.to_str() else { return Vec::new() };
    let broker = address::broker(broker_of(env::args()));
    let entries = broker.ok().and_then(|broker| catalog(broker, PATIENCE).ok()).unwrap_or_default();
    offers(typed, &entries).into_iter().map(Offer::into_candidate).collect()
}

/// Words that are the same everywhere.
pub(crate) fn words(words: &[&'static str]) -> Vec<CompletionCandidate> {
    words.iter().map(CompletionCandidate::new).collect()
}

/// The broker that the words before the Tab name.
fn broker_of(words: impl Iterator<Item = String>) -> Option<String> {
    let mut words = words.skip_while(|word| word != "--").skip(1);
    let mut broker = None;
    while let Some(word) = words.next() {
        if matches!(word.as_str(), "-b" | "--broker") {
            broker = words.next();
        } else if let Some(address) = word.strip_prefix("--broker=") {
            broker = Some(address.to_owned());
        }
    }
    broker
}

/// An id, and what it stands for.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Offer {
    id: String,
    about: String,
}

impl Offer {
    fn into_candidate(self) -> CompletionCandidate {
        CompletionCandidate::new(self.id).help(Some(StyledStr::from(self.about)))
    }
}

/// What goes on as it was typed, in either case. The names come from the wire: `Text` makes them harmless.
fn offers(typed: &str, entries: &[CatalogEntry]) -> Vec<Offer> {
    let small = typed.contains(|c: char| c.is_ascii_lowercase());
    let folded = typed.to_ascii_uppercase();
    let spell = |id: String| if small { id.to_ascii_lowercase() } else { id };
    let all = entries.iter().flat_map(|entry| {
        let producer = entry.producer.to_string();
        let plural = if entry.viewers == 1 { "" } else { "s" };
        let about = format!("{}, {} viewer{plural}", entry.name, entry.viewers);
        let streams = entry.tracks.iter().map({
            let producer = producer.clone();
            move |track| Offer {
                id: format!("{producer}{}", track.stream),
                about: track.extension.to_string(),
            }
        });
        let streams = streams.filter(|_| folded.len() >= PRODUCER_DIGITS).collect::<Vec<_>>();
        std::iter::once(Offer { id: producer, about }).chain(streams)
    });
    let fitting = all.filter(|offer| offer.id.starts_with(&folded));
    fitting.map(|offer| Offer { id: spell(offer.id), ..offer }).collect()
}

#[cfg(test)]
mod tests {
    use protocol::id::StreamId;
    use protocol::wire::{CatalogTrack, Label, Text, TrackKind};

    use super::*;

    #[test]
    fn producers_come_first_and_streams_once_one_is_typed() {
        let entries = [entry("1AAA99", "Aurora"), entry("1BBB99", "Bay"), entry("2CCC99", "Crane")];
        assert_eq!(typed("", &entries), ["1AAA99", "1BBB99", "2CCC99"]);
        assert_eq!(typed("1", &entries), ["1AAA99", "1BBB99"]);
        assert_eq!(typed("1AAA99", &entries), ["1AAA99", "1AAA9901"]);
        assert_eq!(typed("1AAA990", &entries), ["1AAA9901"]);
        assert_eq!(typed("x", &entries), Vec::<String>::new());
    }

    #[test]
    fn small_letters_are_completed_with_small_ones() {
        assert_eq!(typed("1a", &[entry("1AAA99", "Aurora")]), ["1aaa99"]);
    }

    #[test]
    fn a_name_from_the_wire_steers_no_terminal() {
        let evil = offers("", &[entry("1AAA99", "\x1b[2J\nx")]);
        assert!(!evil.first().unwrap().about.contains(char::is_control), "{evil:?}");
    }

    #[test]
    fn the_broker_is_the_one_that_the_words_name() {
        let words = |line: &str| broker_of(line.split(' ').map(str::to_owned));
        assert_eq!(words("framecast -- framecast watch -b host:1 1A"), Some("host:1".to_owned()));
        assert_eq!(words("framecast -- framecast watch --broker=[::1]:2 1A"), Some("[::1]:2".to_owned()));
        assert_eq!(words("framecast --broker no -- framecast watch 1A"), None);
        assert_eq!(words("framecast -- framecast watch --broker"), None);
    }

    fn typed(typed: &str, entries: &[CatalogEntry]) -> Vec<String> {
        offers(typed, entries).into_iter().map(|offer| offer.id).collect()
    }

    fn entry(id: &str, name: &str) -> CatalogEntry {
        let track = CatalogTrack {
            stream: StreamId::VIDEO,
            kind: TrackKind::Video,
            extension: Label::new("jpg").unwrap(),
            frame_duration: Duration::from_millis(83),
        };
        CatalogEntry {
            producer: id.parse().unwrap(),
            stalled: false,
            epoch: 1,
            viewers: 1,
            name: Text::new(name),
            tracks: vec![track],
        }
    }
}
