//! Text for standard output, whose reader may want only its beginning.

use std::io::{self, ErrorKind, Write as _};

use anyhow::Context as _;

use crate::failure::Failure;

/// Prints it. A reader that leaves has what it wanted.
///
/// # Errors
///
/// An output that takes nothing.
pub(crate) fn print(text: &[u8]) -> Result<(), Failure> {
    match io::stdout().write_all(text).and_then(|()| io::stdout().flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written.context("cannot write to standard output")?),
    }
}
