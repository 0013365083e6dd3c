//! The commands' names: one table for the grammar, the suggestions and the help.

/// What a command does, named by its first word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verb {
    /// Start to receive producers or single streams.
    Subscribe,
    /// Stop to receive them.
    Unsubscribe,
    /// Show the broker's catalog.
    List,
    /// Show how each stream does.
    Status,
    /// Show every counter.
    Stats,
    /// Show pictures.
    Watch,
    /// Show all subscribed pictures side by side.
    Grid,
    /// Show everything on the full screen.
    Top,
    /// Write the newest picture to a file.
    Snapshot,
    /// Write delivered frames to files.
    Record,
    /// Explain the commands.
    Help,
    /// Leave.
    Quit,
}

/// What `help` says of a verb, and the words that call it.
struct Entry {
    names: &'static [&'static str],
    usage: &'static str,
    summary: &'static str,
    details: &'static str,
}

impl Verb {
    /// Every verb, in the order in which `help` lists them.
    pub const ALL: [Self; 12] = [
        Self::Subscribe,
        Self::Unsubscribe,
        Self::List,
        Self::Status,
        Self::Stats,
        Self::Watch,
        Self::Grid,
        Self::Top,
        Self::Snapshot,
        Self::Record,
        Self::Help,
        Self::Quit,
    ];

    /// The verb that `word` calls, by its name or an alias, in any case.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| verb.names().any(|name| name.eq_ignore_ascii_case(word)))
    }

    /// The full name first, then the aliases.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        self.entry().names.iter().copied()
    }

    /// The full name.
    pub fn name(self) -> &'static str {
        self.entry().names.first().copied().unwrap_or_default()
    }

    /// How the command is written: `subscribe ID [ID..] [--latency 500ms]`.
    pub fn usage(self) -> &'static str {
        self.entry().usage
    }

    /// What it does, in one phrase.
    pub fn summary(self) -> &'static str {
        self.entry().summary
    }

    /// What else there is to know, in one or two sentences.
    pub fn details(self) -> &'static str {
        self.entry().details
    }

    fn entry(self) -> Entry {
        match self {
            Self::Subscribe => Entry {
                names: &["subscribe", "sub"],
                usage: "subscribe ID [ID..] [--latency 500ms]",
                summary: "receive producers, or single streams",
                details: "1AAA99 is a producer with its picture and sound, 1AAA9901 its stream 01 alone. \
                          The latency is the time for repair: 100ms to 10s, or 0 for the newest picture at once.",
            },
            Self::Unsubscribe => Entry {
                names: &["unsubscribe", "unsub"],
                usage: "unsubscribe ID [ID..] | all",
                summary: "stop receiving them",
                details: "Frames that are on their way still come, and count.",
            },
            Self::List => Entry {
                names: &["list", "ls"],
                usage: "list",
                summary: "the producers that the broker has",
                details: "Names, streams and the number of viewers, in the order of the ids.",
            },
            Self::Status => Entry {
                names: &["status"],
                usage: "status",
                summary: "how each stream does",
                details: "Loss counts datagrams before repair. Missed are frames that came too late, never, or were \
                          left out: 'stats' tells them apart. A latency of 31/500 ms: the newest frame was whole \
                          31 ms after its capture, and could have taken 500 ms.",
            },
            Self::Stats => Entry {
                names: &["stats"],
                usage: "stats",
                summary: "every counter, and what was dropped",
                details: "expected = direct + arq + fec + late + lost + skipped, where arq are frames repaired by resending \
                          and fec by parity. dup are datagrams that came twice, first is how long the first frame took.",
            },
            Self::Watch | Self::Grid | Self::Top | Self::Snapshot => self.picture_entry(),
            Self::Record => Entry {
                names: &["record"],
                usage: "record DIR | off",
                summary: "write frames to files, or stop it",
                details: "Each delivered frame goes to DIR/<producer>/<stream>/<number>.<extension>; \
                          put quotes around a folder with blanks.",
            },
            Self::Help => Entry {
                names: &["help", "h", "?"],
                usage: "help [command]",
                summary: "this list, or more about one command",
                details: "Several commands fit in one line with ';' between them; '#' begins a comment.",
            },
            Self::Quit => Entry {
                names: &["quit", "q", "exit"],
                usage: "quit",
                summary: "unsubscribe, say goodbye and leave",
                details: "The summary is printed last.",
            },
        }
    }

    /// The entries of the verbs that are about pictures.
    fn picture_entry(self) -> Entry {
        match self {
            Self::Watch => Entry {
                names: &["watch", "w"],
                usage: "watch ID [ID..] | off",
                summary: "show pictures above the prompt, or stop",
                details: "What is not subscribed yet is, until 'watch off'. --latency 500ms and --renderer NAME as in \
                          'framecast watch'. Renderers are kitty, sixel, iterm, half, \
                          quarter and ascii; without a name the terminal is asked.",
            },
            Self::Top => Entry {
                names: &["top"],
                usage: "top",
                summary: "channels, graphs and a log, full screen",
                details: "'?' shows its keys, 'q' comes back to the prompt.",
            },
            Self::Grid => Entry {
                names: &["grid"],
                usage: "grid",
                summary: "all subscribed pictures side by side",
                details: "'watch off' stops it.",
            },
            _ => Entry {
                names: &["snapshot", "snap"],
                usage: "snapshot ID [FILE]",
                summary: "write the newest picture to a file",
                details: "The bytes are those that the producer read. Without a name the file is called after the \
                          producer and the number of the frame; a file that is there is not replaced.",
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_answers_to_its_names_in_any_case_and_no_two_share_one() {
        for verb in Verb::ALL {
            assert!(verb.usage().starts_with(verb.name()));
            for name in verb.names() {
                assert_eq!(Verb::named(name), Some(verb), "{name}");
                assert_eq!(Verb::named(&name.to_uppercase()), Some(verb), "{name}");
            }
        }
        assert_eq!(Verb::named("subscribed"), None);
    }
}
