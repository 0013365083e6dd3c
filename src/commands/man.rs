//! `framecast man`: the manual pages, shown, printed or written.

use std::fs;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, anyhow};
use clap::{CommandFactory as _, ValueHint};
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};

use crate::Cli;
use crate::failure::{Failure, Status};
use crate::manual::{Page, pages};
use crate::page;

/// Flags of `framecast man`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The command whose page to show, such as client; without one, the program's
    #[arg(conflicts_with = "dir", add = ArgValueCandidates::new(commands))]
    command: Option<String>,
    /// Write all pages to this folder, such as ~/.local/share/man/man1
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    dir: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  framecast man client
  framecast man client > framecast-client.1
  framecast man --dir ~/.local/share/man/man1";

/// What Tab offers.
fn commands() -> Vec<CompletionCandidate> {
    Cli::command().get_subcommands().map(|command| CompletionCandidate::new(command.get_name())).collect()
}

pub(crate) fn run(args: Args, program: clap::Command) -> Result<(), Failure> {
    let pages = pages(program);
    if let Some(dir) = args.dir {
        return Ok(write(&dir, &pages)?);
    }
    let command = args.command.as_deref();
    let Some(page) = pages.iter().find(|page| page.is_of(command)) else {
        let name = command.unwrap_or_default();
        let fault = anyhow!("'{name}' is no command: 'framecast --help' lists them");
        return Err(Failure::new(Status::Usage, fault));
    };
    let roff = page.roff().context("cannot make the page")?;
    if io::stdout().is_terminal() && show(&roff).is_ok() { Ok(()) } else { page::print(&roff) }
}

/// Shows the page to a person, as `man` does.
fn show(roff: &[u8]) -> io::Result<()> {
    let mut man = Command::new("man").args(["-l", "-"]).stdin(Stdio::piped()).spawn()?;
    if let Some(mut input) = man.stdin.take() {
        // Whoever leaves early has read enough.
        input.write_all(roff).ok();
    }
    man.wait().map(drop)
}

fn write(dir: &Path, pages: &[Page]) -> anyhow::Result<()> {
    fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
    for page in pages {
        let file = dir.join(page.file_name());
        let roff = page.roff().context("cannot make the page")?;
        fs::write(&file, roff).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}
