//! Why a line is no command.

use std::fmt;

use protocol::id::{IdError, ProducerId};
use protocol::limits::SUBSCRIPTIONS_MAX;
use thiserror::Error;

use super::LINE_LEN_MAX;
use crate::shell::duration::DurationError;
use crate::shell::verb::Verb;
use crate::view::RendererError;

/// Why a line is no command: one line that says what is wrong and what is right.
///
/// The texts in it are fit for a terminal and bounded, see [`Echo`](crate::shell::echo::Echo).
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum CommandError {
    /// The first word is no command.
    #[error("unknown command '{word}': {}", Hint(nearest))]
    UnknownVerb {
        /// The word.
        word: String,
        /// What was probably meant.
        nearest: Option<String>,
    },
    /// An option that the command does not have.
    #[error("unknown option '{option}': {} takes {}", verb.name(), Options(*verb))]
    UnknownOption {
        /// The command.
        verb: Verb,
        /// What was written.
        option: String,
    },
    /// `--latency` at the end.
    #[error("--latency needs a duration, such as --latency 500ms")]
    LatencyMissing,
    /// `--latency` more than once: neither is surely meant.
    #[error("--latency is given twice: name one")]
    LatencyTwice,
    /// A latency that is no duration or out of range.
    #[error(transparent)]
    Latency(#[from] DurationError),
    /// `--renderer` without a name, or with a wrong one.
    #[error("--renderer '{name}': {error}")]
    Renderer {
        /// What was named.
        name: String,
        /// What is wrong with it.
        error: RendererError,
    },
    /// Not an id.
    #[error("{error}{}", DidYouMean(nearest))]
    Id {
        /// What is wrong with it.
        error: IdError,
        /// The known producer that was probably meant.
        nearest: Option<ProducerId>,
    },
    /// The command needs an argument.
    #[error("{} needs an argument: {}", .0.name(), .0.usage())]
    Missing(Verb),
    /// An argument too many.
    #[error("'{word}' is too much for {}: write '{}'", verb.name(), verb.usage())]
    Unexpected {
        /// The command.
        verb: Verb,
        /// The first word that has no place.
        word: String,
    },
    /// More ids than a session may have subscriptions.
    #[error("{} takes at most {SUBSCRIPTIONS_MAX} ids: that is what one session may have", .0.name())]
    TooManyIds(Verb),
    /// `~` in front of a folder: no shell has replaced it.
    #[error("'{0}' stays as it is here: write the whole path of the folder")]
    Home(String),
    /// A quote without its partner.
    #[error("the quote {0} is never closed: add another {0} at its end")]
    OpenQuote(char),
    /// A line that nobody has typed.
    #[error("a line of {length} bytes is too long: at most {LINE_LEN_MAX} are read, use several lines")]
    LineTooLong {
        /// Its bytes.
        length: usize,
    },
}

struct Hint<'a>(&'a Option<String>);

impl fmt::Display for Hint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(nearest) => write!(f, "did you mean '{nearest}'?"),
            None => f.write_str("'help' lists them all"),
        }
    }
}

/// The options of the commands that have any.
struct Options(Verb);

impl fmt::Display for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Verb::Watch => "--latency 500ms and --renderer half",
            _ => "--latency 500ms alone",
        })
    }
}

struct DidYouMean<'a>(&'a Option<ProducerId>);

impl fmt::Display for DidYouMean<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(nearest) => write!(f, "; did you mean {nearest}?"),
            None => Ok(()),
        }
    }
}
