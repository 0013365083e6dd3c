//! The lines of before.

use std::collections::VecDeque;

use crate::shell::command::LINE_LEN_MAX;
use crate::shell::echo::steers;

/// Lines that are remembered: months of a person's work, and a file that is read in a moment.
pub const ENTRIES_MAX: usize = 1_000;

/// The lines of before, each once, the newest last; and which of them is being looked at.
#[derive(Debug, Default)]
pub struct History {
    entries: VecDeque<String>,
    /// The entry that stands in the line, and what was typed there before it.
    visit: Option<(usize, String)>,
}

impl History {
    /// A history of these lines, the newest last. Those that steer a terminal or are too long are left out.
    pub fn new<'a>(lines: impl IntoIterator<Item = &'a str>) -> Self {
        let mut history = Self::default();
        lines.into_iter().for_each(|line| history.push(line));
        history
    }

    /// The lines, the newest last.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.entries.iter().map(String::as_str)
    }

    /// Remembers a line, and ends the visit. One that begins with a blank is private; one that is known already
    /// becomes the newest.
    pub fn push(&mut self, line: &str) {
        self.visit = None;
        let private = line.starts_with(' ') || line.trim().is_empty();
        if private || line.len() > LINE_LEN_MAX || line.chars().any(steers) {
            return;
        }
        self.entries.retain(|entry| entry != line);
        self.entries.push_back(line.to_owned());
        if self.entries.len() > ENTRIES_MAX {
            self.entries.pop_front();
        }
    }

    /// The line before the one in `line`, if there is one.
    pub(super) fn older(&mut self, line: &str) -> Option<&str> {
        let index = self.visit.as_ref().map_or(self.entries.len(), |(index, _)| *index).checked_sub(1)?;
        match &mut self.visit {
            Some((visited, _)) => *visited = index,
            None => self.visit = Some((index, line.to_owned())),
        }
        self.entries.get(index).map(String::as_str)
    }

    /// The line after the visited one; what was typed before the visit, after the newest.
    pub(super) fn newer(&mut self) -> Option<String> {
        let (index, typed) = self.visit.take()?;
        let Some(entry) = self.entries.get(index + 1) else { return Some(typed) };
        self.visit = Some((index + 1, typed));
        Some(entry.clone())
    }

    /// The newest entry below `end` that contains `query`, and its index.
    pub(super) fn find(&self, query: &str, end: usize) -> Option<(usize, &str)> {
        let mut entries = self.entries.iter().enumerate().take(end).rev();
        entries.find(|(_, entry)| entry.contains(query)).map(|(index, entry)| (index, entry.as_str()))
    }

    /// What the newest entry that begins with `line` has beyond it.
    pub(super) fn continuation(&self, line: &str) -> Option<&str> {
        self.entries().rev().filter_map(|entry| entry.strip_prefix(line)).find(|rest| !rest.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_kept_once_and_no_more_than_a_bound_of_them() {
        let mut history = History::new(["list", "status", "list", "", "   ", " private", "a\x1b[2Jb"]);
        assert_eq!(history.entries().collect::<Vec<_>>(), ["status", "list"]);
        for count in 0..ENTRIES_MAX {
            history.push(&format!("record {count}"));
        }
        assert_eq!(history.entries().count(), ENTRIES_MAX);
        assert_eq!(history.entries().next(), Some("record 0"));
    }

    #[test]
    fn a_visit_goes_back_and_forth_and_ends_at_what_was_typed() {
        let mut history = History::new(["list", "status"]);
        assert_eq!(history.newer(), None);
        assert_eq!(history.older("typ"), Some("status"));
        assert_eq!(history.older("status"), Some("list"));
        assert_eq!(history.older("list"), None);
        assert_eq!(history.newer().as_deref(), Some("status"));
        assert_eq!(history.newer().as_deref(), Some("typ"));
        assert_eq!(history.newer(), None);
    }
}
