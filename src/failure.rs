//! How a command fails: one line on stderr, and an exit status that says which kind.

use std::process::ExitCode;

use anyhow::Error;
use client::shell::echo::Clean;

/// The kinds of failure, as `docs/SCRIPTING.md` lists them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Status {
    /// Something went wrong.
    Failed = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// A condition of `bench --fail-if` holds.
    ThresholdMissed = 3,
    /// A file or folder is missing.
    InputMissing = 66,
    /// The broker did not answer.
    Unreachable = 69,
    /// The broker does not allow it.
    NotAllowed = 77,
    /// A setting has a wrong value.
    BadConfiguration = 78,
}

/// Every exit status of the program, for its manual: `docs/SCRIPTING.md` has the same.
pub(crate) const EXIT_STATUS: &[(u8, &str)] = &[
    (0, "done, or asked to stop"),
    (1, "failed; or the broker refused a subscription, or a recording did not begin"),
    (
        2,
        "wrong usage of the command line; a command of --exec or of a pipe was wrong; pictures without a terminal",
    ),
    (3, "a threshold was missed"),
    (66, "input is missing: a file or a folder that should be there"),
    (69, "the broker can't be reached: a one-shot client had no answer for 5 s"),
    (77, "not allowed: another producer holds the id"),
    (78, "bad configuration: a variable, or a line of .env, has a wrong value"),
    (130, "a second signal came before the first was obeyed"),
];

/// The same for `--help`.
pub(crate) fn exit_status_help() -> String {
    let lines = EXIT_STATUS.iter().map(|(status, meaning)| format!("  {status:>3}  {meaning}"));
    ["Exit status:".to_owned()].into_iter().chain(lines).collect::<Vec<_>>().join("\n")
}

/// An error and the status that it ends with.
#[derive(Debug)]
pub(crate) struct Failure {
    status: Status,
    error: Error,
}

impl Failure {
    pub(crate) fn new(status: Status, error: impl Into<Error>) -> Self {
        Self { status, error: error.into() }
    }

    /// Prints the whole chain of causes in one line, whatever names of files and folders are in it.
    #[expect(clippy::print_stderr, reason = "the last word of the program, also where logging is quiet")]
    pub(crate) fn report(&self) -> ExitCode {
        eprintln!("framecast: {}", Clean(&self.line()));
        ExitCode::from(self.status as u8)
    }

    /// The causes, each said once: many messages tell the system's words themselves.
    fn line(&self) -> String {
        let mut line = String::new();
        for cause in self.error.chain() {
            let cause = cause.to_string();
            if !line.contains(&cause) {
                let parted = if line.is_empty() { "" } else { ": " };
                line = format!("{line}{parted}{cause}");
            }
        }
        line
    }
}

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::new(Status::Failed, error)
    }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn the_exit_statuses_are_those_of_the_documentation() {
        let documented = include_str!("../docs/SCRIPTING.md").replace('`', "");
        for (status, meaning) in EXIT_STATUS {
            assert!(documented.contains(&format!("| {status} | {meaning} |")), "{status}: {meaning}");
        }
        let rows = documented.lines().skip_while(|line| *line != "| status | means |").skip(2);
        assert_eq!(rows.take_while(|line| line.starts_with('|')).count(), EXIT_STATUS.len());
    }

    #[test]
    fn every_cause_is_said_once() {
        let error =
            anyhow!("no such file").context("key: no such file; name another").context("KEY_FILE=key");
        let failure = Failure::new(Status::InputMissing, error);
        assert_eq!(failure.line(), "KEY_FILE=key: key: no such file; name another");
    }
}
