//! The manual pages, made from what the command line says of itself.

use std::io;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::failure::EXIT_STATUS;

/// How the help of a command introduces its examples.
const EXAMPLES_HEADING: &str = "Examples:";

/// A manual page.
pub(crate) struct Page {
    command: Command,
}

/// All pages: of the program, then of each of its commands.
pub(crate) fn pages(program: Command) -> Vec<Page> {
    let mut program = program.disable_help_subcommand(true);
    program.build();
    let commands: Vec<Command> =
        program.get_subcommands().filter(|one| !one.is_hide_set()).cloned().collect();
    let all: Vec<Command> = std::iter::once(program).chain(commands).collect();
    // What the short help leaves out is in a manual.
    let whole = |command: Command| command.mut_args(|arg| arg.hide_short_help(false));
    all.into_iter().map(|command| Page { command: whole(command) }).collect()
}

fn name(command: &Command) -> String {
    command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned()
}

impl Page {
    /// Whether it is of this command; of the program, if none is named.
    pub(crate) fn is_of(&self, command: Option<&str>) -> bool {
        let own = name(&self.command);
        own.strip_prefix("framecast-") == command
    }

    /// Such as `framecast-client.1`.
    pub(crate) fn file_name(&self) -> String {
        format!("{}.1", name(&self.command))
    }

    /// The page as `man` reads it.
    ///
    /// # Errors
    ///
    /// None, as it is written to memory: what it takes from `io` says so.
    pub(crate) fn roff(&self) -> io::Result<Vec<u8>> {
        let man = Man::new(self.command.clone());
        let mut page = self.title().into_bytes();
        man.render_name_section(&mut page)?;
        man.render_synopsis_section(&mut page)?;
        man.render_description_section(&mut page)?;
        man.render_options_section(&mut page)?;
        if self.command.has_subcommands() {
            man.render_subcommands_section(&mut page)?;
        }
        self.closing().to_writer(&mut page)?;
        Ok(page)
    }

    /// The date is left empty: the same program makes the same page.
    fn title(&self) -> String {
        let (name, version) = (name(&self.command).to_uppercase(), env!("CARGO_PKG_VERSION"));
        format!(".TH {name} 1 \"\" \"framecast {version}\" \"Framecast\"\n")
    }

    /// Examples, exit status, other pages.
    fn closing(&self) -> Roff {
        let mut roff = Roff::new();
        if let Some(examples) = self.command.get_after_help() {
            let examples = examples.to_string();
            roff.control("SH", ["EXAMPLES"]).control("nf", []);
            for line in examples.lines().filter(|line| *line != EXAMPLES_HEADING && !line.is_empty()) {
                roff.text([roman(line)]);
            }
            roff.control("fi", []);
        }
        roff.control("SH", ["EXIT STATUS"]);
        for (status, meaning) in EXIT_STATUS {
            roff.control("TP", []).text([bold(status.to_string())]).text([roman(*meaning)]);
        }
        if !self.is_of(None) {
            roff.control("SH", ["SEE ALSO"]).text([roman("framecast(1)")]);
        }
        roff
    }
}
