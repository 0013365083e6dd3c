//! Logs go to stderr; stdout belongs to data.

mod scribe;

use std::io::{IsTerminal as _, Write as _, stderr};

use anyhow::Context as _;
use clap::{ArgAction, Args};
use client::io::show_log;
use client::shell::echo::Echo;
use client::shell::output::Format;
use tracing_subscriber::filter::{EnvFilter, LevelFilter};

use crate::failure::Failure;
use crate::setting::Name;
use crate::value;
use scribe::Scribe;

const RUST_LOG: Name = Name { flag: "--verbose", variable: "RUST_LOG" };
const LOG_FORMAT: Name = Name { flag: "--log-format", variable: "LOG_FORMAT" };

/// The flags of every command.
#[derive(Args)]
#[command(next_help_heading = "Log, on stderr")]
pub(crate) struct Logging {
    /// Say more: -v what happens, -vv why, -vvv everything [env: RUST_LOG=info, =debug, =trace, which wins]
    #[arg(short, long, action = ArgAction::Count, global = true)]
    verbose: u8,
    /// Say only what goes wrong [env: RUST_LOG=error]
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Lines for people, or one JSON object per line: text or json [env: LOG_FORMAT] [default: text]
    #[arg(long, global = true, value_name = "FORM", hide_short_help = true)]
    log_format: Option<String>,
}

impl Logging {
    /// Begins to log: `RUST_LOG` wins over the flags.
    /// `usual` is the level without flags. Once what this returns is dropped, all is written.
    pub(crate) fn start(self, usual: &'static str) -> Result<Scribe, Failure> {
        let filter = RUST_LOG.value(None, filter)?;
        let level = self.level(usual);
        let filter = filter.unwrap_or_else(|| EnvFilter::new(level));
        let form = LOG_FORMAT.value(self.log_format, value::format)?.unwrap_or_default();
        let is_terminal = stderr().is_terminal();
        let scribe = Scribe::start(move |lines| write(lines, is_terminal));
        let scribe = scribe.context("the thread of the log could not be started")?;
        let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(scribe.line());
        match form {
            Format::Text => builder.with_target(false).with_ansi(colour_is_welcome()).init(),
            Format::Json => builder.json().flatten_event(true).init(),
        }
        Ok(scribe)
    }

    const fn level(&self, usual: &'static str) -> &'static str {
        match (self.quiet, self.verbose) {
            (true, _) => "error",
            (false, 0) => usual,
            (false, 1) => "info",
            (false, 2) => "debug",
            (false, _) => "trace",
        }
    }
}

/// What is logged, as `RUST_LOG` says it. A lone word that is no level would be taken for a target, and a slip in a level
/// would silence everything else.
fn filter(directives: &str) -> Result<EnvFilter, String> {
    const REMEDY: &str = "write a level (info) or target=level pairs (broker=debug)";
    let mut words = directives.split(',').map(str::trim).filter(|word| !word.is_empty());
    let lone = words.find(|word| !word.contains(['=', '[']) && word.parse::<LevelFilter>().is_err());
    match lone {
        Some(word) => Err(format!("{} is no level: {REMEDY}", Echo(word))),
        None => EnvFilter::try_new(directives).map_err(|fault| format!("{fault}; {REMEDY}")),
    }
}

/// To standard error. Where that is a terminal which a client of this process has, the client shows the lines.
fn write(lines: &[u8], is_terminal: bool) {
    if !is_terminal || !show_log(lines) {
        // There is nobody left to tell that it is gone.
        stderr().write_all(lines).ok();
    }
}

fn colour_is_welcome() -> bool {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    stderr().is_terminal() && !plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_in_a_level_is_told_and_silences_nothing() {
        for directives in
            ["info", "WARN", "off", "3", "broker=debug", "warn,client=trace", "[span]=debug", "info,"]
        {
            assert!(filter(directives).is_ok(), "{directives}");
        }
        for directives in ["debgu", "abc", "-1", "info,broker", "a=b=c", "broker=loud"] {
            let fault = filter(directives).err().unwrap_or_default();
            assert!(
                fault.ends_with("write a level (info) or target=level pairs (broker=debug)"),
                "{directives}: {fault}"
            );
        }
    }
}
