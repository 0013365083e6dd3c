//! The streams that the client reads commands from and writes answers to.

use std::io::{IsTerminal, Read, Write, stdin, stdout};

use super::stops::Stops;
use super::terminal::Terminal;

/// What stands in front of a line that a person types.
const PROMPT: &str = "framecast> ";

/// The streams that the client reads commands from and writes answers to.
pub struct Console {
    /// Where commands come from. Read by a thread of its own, which may block.
    pub input: Box<dyn Read + Send>,
    /// Where answers go. Written by a thread of its own, which may block.
    pub output: Box<dyn Write + Send>,
    /// Whether a person types: mistakes then don't count for the exit status, the end of input means `quit`, and
    /// `status`, `stats` and `help` answer without waiting for their turn.
    pub interactive: bool,
    /// Shown where the next line is awaited.
    pub prompt: Option<&'static str>,
    /// The terminal of the process, where `input` and `output` are its two ends: lines are edited there. `None`
    /// for one that can do no more than show lines.
    pub terminal: Option<Terminal>,
    /// Where requests to end come from; `None` stands for SIGINT, SIGTERM and SIGHUP.
    pub stops: Option<Stops>,
}

impl Console {
    /// The standard streams and the signals of the process. The prompt is shown, and lines can be edited, where both
    /// ends are terminals.
    pub fn of_process() -> Self {
        let interactive = stdin().is_terminal();
        let prompt = (interactive && stdout().is_terminal()).then_some(PROMPT);
        let terminal = prompt.and_then(|_| Terminal::of_process());
        Self {
            input: Box::new(stdin()),
            output: Box::new(stdout()),
            interactive,
            prompt,
            terminal,
            stops: None,
        }
    }
}
