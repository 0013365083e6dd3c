//! What Tab offers: commands, then the ids that the broker and the client know.

use protocol::id::{ProducerId, Target};
use protocol::wire::{CatalogEntry, Text};

use crate::shell::verb::Verb;

/// Candidates that are listed; the others are counted.
const LISTED_MAX: usize = 20;

/// What can be named in a command.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Known {
    producers: Vec<Producer>,
    /// The subscriptions that stand.
    pub subscribed: Vec<Target>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Producer {
    id: ProducerId,
    streams: Vec<Target>,
    name: Text,
    viewers: String,
}

impl Known {
    /// Takes in the newest catalog.
    pub fn learn(&mut self, catalog: &[CatalogEntry]) {
        let producer = |entry: &CatalogEntry| Producer {
            id: entry.producer,
            streams: entry
                .tracks
                .iter()
                .map(|track| Target { producer: entry.producer, stream: track.stream })
                .collect(),
            name: entry.name.clone(),
            viewers: entry.viewers.to_string(),
        };
        self.producers = catalog.iter().map(producer).collect();
    }
}

/// A word that fits, and what is known of it.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Candidate {
    word: String,
    note: String,
}

/// The words that fit at the end of a text.
#[derive(Debug)]
pub(super) struct Completion<'a> {
    /// What is typed of the word.
    partial: &'a str,
    candidates: Vec<Candidate>,
    /// Whether the word is an id: more of them may be known in a moment.
    pub(super) is_id: bool,
}

impl<'a> Completion<'a> {
    /// What fits at the end of `text`.
    pub(super) fn of(text: &'a str, known: &Known) -> Self {
        let command = text.rsplit([';', '\n']).next().unwrap_or_default().trim_start();
        let partial = command.rsplit([' ', ',']).next().unwrap_or_default();
        let verb = command.split(' ').next().filter(|verb| verb.len() < command.len()).map(Verb::named);
        let mut is_id = false;
        let candidates = match verb {
            None | Some(Some(Verb::Help)) => verbs(partial),
            Some(Some(Verb::Subscribe | Verb::Watch | Verb::Snapshot)) => {
                is_id = true;
                producers(partial, known)
            }
            Some(Some(Verb::Unsubscribe)) => subscribed(partial, known),
            Some(Some(Verb::Record)) => words(partial, &[("off", "stop recording")]),
            Some(_) => Vec::new(),
        };
        Self { partial, candidates, is_id }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.candidates.is_empty()
    }

    /// What is typed of the word, in bytes.
    pub(super) const fn partial_len(&self) -> usize {
        self.partial.len()
    }

    /// The text that can stand in place of what is typed: the one word and a blank, or what all have in common.
    pub(super) fn insertion(&self) -> Option<String> {
        let (first, rest) = self.candidates.split_first()?;
        if rest.is_empty() {
            return Some(format!("{} ", first.word));
        }
        let common = rest.iter().fold(first.word.as_str(), |common, other| shared(common, &other.word));
        (common.len() > self.partial.len() && begins(common, self.partial)).then(|| common.to_owned())
    }

    /// What the first fitting word has beyond what is typed; nothing where nothing is typed.
    pub(super) fn continuation(&self) -> Option<&str> {
        let mut fitting = self.candidates.iter().filter(|one| begins(&one.word, self.partial));
        let rest = fitting.next()?.word.get(self.partial.len()..)?;
        (!self.partial.is_empty() && !rest.is_empty()).then_some(rest)
    }

    /// The candidates as lines.
    pub(super) fn listing(&self) -> String {
        let width = self.candidates.iter().map(|one| one.word.len()).max().unwrap_or(0);
        let listed = self.candidates.iter().take(LISTED_MAX);
        let listed = listed.map(|one| format!("  {:<width$}  {}", one.word, one.note).trim_end().to_owned());
        let unlisted = self.candidates.len().saturating_sub(LISTED_MAX);
        let more = (unlisted > 0).then(|| format!("  ... {unlisted} more"));
        listed.chain(more).map(|line| line + "\n").collect()
    }
}

fn verbs(partial: &str) -> Vec<Candidate> {
    let verbs = Verb::ALL.map(|verb| (verb.name(), verb.summary()));
    words(partial, &verbs)
}

fn words(partial: &str, words: &[(&str, &str)]) -> Vec<Candidate> {
    let fitting = words.iter().filter(|(word, _)| begins(word, partial));
    fitting.map(|(word, note)| Candidate { word: (*word).to_owned(), note: (*note).to_owned() }).collect()
}

/// Producers whose id or name begins so; the streams of one whose id is there already.
fn producers(partial: &str, known: &Known) -> Vec<Candidate> {
    let note = |one: &Producer| match one.viewers.as_str() {
        "1" => format!("\"{}\" 1 viewer", one.name),
        viewers => format!("\"{}\" {viewers} viewers", one.name),
    };
    let mut candidates = Vec::new();
    for one in &known.producers {
        let id = one.id.to_string();
        if begins(partial, &id) && !partial.is_empty() {
            let streams = one.streams.iter().map(Target::to_string).filter(|stream| begins(stream, partial));
            candidates.extend(streams.map(|word| Candidate { word, note: note(one) }));
        } else if begins(&id, partial) || begins(&one.name.to_string(), partial) {
            candidates.push(Candidate { word: id, note: note(one) });
        }
    }
    candidates
}

fn subscribed(partial: &str, known: &Known) -> Vec<Candidate> {
    let ids = known.subscribed.iter().map(Target::to_string).filter(|id| begins(id, partial));
    let mut candidates: Vec<_> = ids.map(|word| Candidate { word, note: String::new() }).collect();
    if !known.subscribed.is_empty() {
        candidates.extend(words(partial, &[("all", "every subscription")]));
    }
    candidates
}

/// Whether `word` begins with `start`, in any case.
fn begins(word: &str, start: &str) -> bool {
    word.to_lowercase().starts_with(&start.to_lowercase())
}

/// The beginning that both have.
fn shared<'a>(one: &'a str, other: &str) -> &'a str {
    let differs = one.char_indices().zip(other.chars()).find(|((_, left), right)| left != right);
    let length = differs.map_or(one.len().min(other.len()), |((index, _), _)| index);
    one.get(..length).unwrap_or(one)
}
