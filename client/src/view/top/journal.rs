//! What was said while the page was there to hear it.

use std::collections::VecDeque;

use protocol::time::Time;

/// Lines that are kept.
const LINES_MAX: usize = 200;

/// The newest lines.
#[derive(Debug, Default)]
pub(super) struct Journal {
    lines: VecDeque<(Time, String)>,
}

impl Journal {
    /// These were said.
    pub(super) fn say(&mut self, now: Time, lines: &str) {
        for line in lines.lines() {
            if self.lines.len() == LINES_MAX {
                self.lines.pop_front();
            }
            self.lines.push_back((now, line.to_owned()));
        }
    }

    /// The newest so many, the oldest of these first.
    pub(super) fn newest(&self, count: usize) -> impl Iterator<Item = &str> {
        self.lines.iter().skip(self.lines.len().saturating_sub(count)).map(|(_, line)| line.as_str())
    }
}
