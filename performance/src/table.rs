//! The table on standard output, in Markdown, line by line.

use std::fs;
use std::io::{self, Write as _};

use anyhow::Result;

use crate::bench::Lab;
use crate::points::Effort;

/// The table.
pub(crate) struct Table {
    missed: Vec<String>,
}

/// How a figure stands against what is wanted.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Goal {
    /// No more than this.
    AtMost(f64),
    /// No less than this.
    AtLeast(f64),
    /// Only printed.
    None,
}

/// A line of it.
pub(crate) struct Row<'a> {
    pub(crate) point: u8,
    pub(crate) what: &'a str,
    /// The broker's figure, in words.
    pub(crate) ours: String,
    /// The reference's.
    pub(crate) reference: String,
    /// What is judged.
    pub(crate) figure: f64,
    /// How it varied, least and most.
    pub(crate) range: Option<(f64, f64)>,
    pub(crate) goal: Goal,
}

impl Table {
    /// Says what is measured where, and begins.
    pub(crate) fn begin(lab: &Lab, effort: Effort) -> Result<Self> {
        print(&format!(
            "{} cores, {}, Linux {}; {} repetitions, load average {} at the start.\n\n\
             | point | what | broker | reference | figure | range | goal | met |\n\
             |---|---|---|---|---|---|---|---|\n",
            lab.cores().count(),
            processor(),
            first_word("/proc/sys/kernel/osrelease"),
            effort.repetitions,
            first_word("/proc/loadavg"),
        ))?;
        Ok(Self { missed: Vec::new() })
    }

    pub(crate) fn row(&mut self, row: &Row<'_>) -> Result<()> {
        let Row { point, what, ours, reference, figure, range, goal } = row;
        let (wanted, met) = match goal {
            Goal::AtMost(most) => (format!("<= {most}"), Some(figure <= most)),
            Goal::AtLeast(least) => (format!(">= {least}"), Some(figure >= least)),
            Goal::None => (String::new(), None),
        };
        let verdict = met.map_or("", |met| if met { "yes" } else { "**no**" });
        if met == Some(false) {
            self.missed.push(format!("{point} ({what})"));
        }
        let range = range.map_or(String::new(), |(least, most)| format!("{least:.2} to {most:.2}"));
        print(&format!(
            "| {point} | {what} | {ours} | {reference} | {figure:.2} | {range} | {wanted} | {verdict} |\n"
        ))
    }

    /// A point that has no figure.
    pub(crate) fn note(&mut self, point: u8, what: &str, note: &str) -> Result<()> {
        self.missed.push(format!("{point} ({what})"));
        print(&format!("| {point} | {what} | {} | | | | | |\n", note.replace(['|', '\n'], " ")))
    }

    /// Says what was missed.
    pub(crate) fn end(self) -> Result<()> {
        print(&match self.missed.as_slice() {
            [] => format!("\nAll goals met; load average {} at the end.\n", first_word("/proc/loadavg")),
            missed => format!(
                "\nMissed: {}; load average {} at the end.\n",
                missed.join(", "),
                first_word("/proc/loadavg")
            ),
        })
    }
}

/// A word to whoever waits.
#[expect(clippy::print_stderr, reason = "standard output is the table")]
pub(crate) fn say(text: &str) {
    eprintln!("{text}");
}

fn print(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

fn first_word(path: &str) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.split_whitespace().next().unwrap_or("?").to_owned()
}

fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    name.map_or("unknown processor", |(_, name)| name).trim().to_owned()
}
