//! Variables of a file and of the environment, each with where it came from.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::error::{Fault, TopologyError};

/// Bytes of a `.env` file: far beyond 256 producers, far below what fills memory.
pub(super) const FILE_LEN_MAX: u64 = 1 << 20;

/// Where a variable was set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Origin {
    File,
    Environment,
}

/// The variables that are set, the later origin over the earlier. An empty value is none, as in compose.
pub(super) struct Vars {
    file: PathBuf,
    vars: BTreeMap<String, (Origin, String)>,
}

impl Vars {
    pub(super) fn new(file: &Path) -> Self {
        Self { file: file.to_owned(), vars: BTreeMap::new() }
    }

    pub(super) fn extend(&mut self, origin: Origin, vars: impl IntoIterator<Item = (String, String)>) {
        for (name, value) in vars {
            if value.is_empty() {
                self.vars.remove(&name);
            } else {
                self.vars.insert(name, (origin, value));
            }
        }
    }

    /// The value of `name` as `read` understands it.
    pub(super) fn parse<T, E: Into<Fault>>(
        &self,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, TopologyError> {
        let Some((_, value)) = self.vars.get(name) else { return Ok(None) };
        read(value).map(Some).map_err(|fault| self.wrong(name, fault.into()))
    }

    /// The folder that `name` gives, counted from the folder of the file if the file says it.
    pub(super) fn folder(&self, name: &str) -> Option<PathBuf> {
        self.vars.get(name).map(|(origin, value)| match (origin, self.file.parent()) {
            (Origin::File, Some(base)) => base.join(value),
            (Origin::File, None) | (Origin::Environment, _) => PathBuf::from(value),
        })
    }

    /// How many numbers the variables `fields` run to. Each number needs its `key`, there is no gap, and no number
    /// is written in another way.
    pub(super) fn numbered(&self, fields: &[&str], key: &str, max: usize) -> Result<usize, TopologyError> {
        let mut numbers = BTreeMap::new();
        for name in self.vars.keys() {
            let Some((field, digits)) = fields.iter().find_map(|field| split_number(name, field)) else {
                continue;
            };
            let number = digits.parse().ok().filter(|&number: &usize| number <= max);
            let number = number.ok_or_else(|| self.wrong(name, Fault::TooMany(max)))?;
            let proper = format!("{field}{}", number.max(1));
            if *name != proper {
                return Err(self.wrong(name, Fault::Number(proper)));
            }
            numbers.entry(number).or_insert(name);
        }
        let last = numbers.last_key_value().map_or(0, |(&number, _)| number);
        for number in 1..=last {
            let needed = format!("{key}{number}");
            let next = numbers.range(number..).next().map(|(_, name)| name.as_str());
            if !self.vars.contains_key(&needed) {
                return Err(self.missing(&needed, next, "set it, or number without a gap"));
            }
        }
        Ok(last)
    }

    /// The error of a wrong value.
    pub(super) fn wrong(&self, name: &str, fault: Fault) -> TopologyError {
        let (origin, value) = match self.vars.get(name) {
            Some((Origin::Environment, value)) => ("environment".to_owned(), value.clone()),
            Some((Origin::File, value)) => (self.file.display().to_string(), value.clone()),
            None => (self.file.display().to_string(), String::new()),
        };
        TopologyError::Wrong { origin, variable: name.to_owned(), value, fault }
    }

    /// The error of a missing variable.
    pub(super) fn missing(&self, name: &str, though: Option<&str>, remedy: &str) -> TopologyError {
        TopologyError::Missing {
            origin: self.file.display().to_string(),
            variable: name.to_owned(),
            though: though.map(str::to_owned),
            remedy: remedy.to_owned(),
        }
    }
}

fn split_number<'a>(name: &'a str, field: &'a str) -> Option<(&'a str, &'a str)> {
    let digits = name.strip_prefix(field)?;
    let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    is_number.then_some((field, digits))
}

/// The text of the file, without the mark that some editors put at its start.
pub(super) fn read_file(file: &Path) -> Result<String, TopologyError> {
    let unreadable = |cause: io::Error| match cause.kind() {
        io::ErrorKind::NotFound => TopologyError::Absent { file: file.to_owned() },
        _ => TopologyError::Unreadable { file: file.to_owned(), cause },
    };
    let mut text = String::new();
    let opened = File::open(file).map_err(unreadable)?;
    opened.take(FILE_LEN_MAX + 1).read_to_string(&mut text).map_err(unreadable)?;
    if text.len() as u64 > FILE_LEN_MAX {
        return Err(TopologyError::TooLarge { file: file.to_owned() });
    }
    Ok(text.strip_prefix('\u{FEFF}').map(str::to_owned).unwrap_or(text))
}

/// The assignments in the text of a file.
pub(super) fn of_text(file: &Path, text: &str) -> Result<Vec<(String, String)>, TopologyError> {
    dotenvy::from_read_iter(text.as_bytes())
        .map(|assignment| assignment.map_err(|error| line_error(file, error)))
        .collect()
}

fn line_error(file: &Path, error: dotenvy::Error) -> TopologyError {
    let file = file.to_owned();
    if let dotenvy::Error::LineParse(line, _) = error {
        TopologyError::Line { file, line: line.trim_end().to_owned() }
    } else {
        TopologyError::Unreadable { file, cause: io::Error::other(error) }
    }
}
