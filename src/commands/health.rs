//! `framecast health`.

use std::io::{self, Write};
use std::time::Duration;

use ::client::io::{ProbeError, ShellError, probe};
use ::client::shell::duration::parse_duration;

use super::client::{Ends, Link};
use crate::failure::{Failure, Status};
use crate::setting::Name;

/// Flags of `framecast health`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    link: Link,
    /// How long to wait for the answer [env: HEALTH_TIMEOUT] [default: 2s]
    #[arg(long, value_name = "DURATION")]
    timeout: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  framecast health
  framecast health --broker host:5000 --timeout 500ms && echo well";

const TIMEOUT: Name = Name { flag: "--timeout", variable: "HEALTH_TIMEOUT" };
/// How long to wait when nobody says so.
const PATIENCE: Duration = Duration::from_secs(2);

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let timeout = TIMEOUT.value(args.timeout, parse_duration)?.unwrap_or(PATIENCE);
    let Ends { broker, local } = args.link.ends()?;
    let health = probe(broker, local, timeout).map_err(|error| {
        let status = match &error {
            ProbeError::Local(ShellError::Family { .. }) => Status::Usage,
            ProbeError::Local(_) | ProbeError::NoAnswer { .. } => Status::Failed,
        };
        Failure::new(status, error)
    })?;
    let plural = if health.producers == 1 { "" } else { "s" };
    let milliseconds = health.rtt.as_secs_f64() * 1e3;
    let line = format!(
        "ok: {} answers in {milliseconds:.1} ms, {} producer{plural}\n",
        health.broker, health.producers
    );
    // The status is the answer, also where nobody reads the line.
    io::stdout().write_all(line.as_bytes()).ok();
    Ok(())
}
