//! `framecast completions`: the script that makes a shell complete commands, flags and live ids.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::completion::Shell;
use crate::failure::Failure;
use crate::page;

/// Flags of `framecast completions`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

const EXAMPLES: &str = "\
Examples:
  source <(framecast completions bash)             in ~/.bashrc
  source <(framecast completions zsh)              in ~/.zshrc, behind compinit
  framecast completions fish > ~/.config/fish/completions/framecast.fish";

#[expect(clippy::needless_pass_by_value, reason = "every command takes its flags for itself")]
pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let script = args.shell.script(&program()).context("cannot make the script")?;
    page::print(&script)
}

/// How the shell finds this program: by its name where it was called by name, else where it is.
fn program() -> PathBuf {
    let called = PathBuf::from(env::args_os().next().unwrap_or_default());
    if called.components().count() > 1 {
        env::current_exe().unwrap_or(called)
    } else {
        Path::new("framecast").into()
    }
}
