//! Ctrl-R: looking for a line of before while it is typed.

use super::history::History;

/// A search that goes on.
#[derive(Debug)]
pub(super) struct Search {
    query: String,
    /// The entry that is shown.
    found: Option<(usize, String)>,
    /// What was typed before the search.
    pub(super) typed: String,
}

impl Search {
    pub(super) const fn begin(typed: String) -> Self {
        Self { query: String::new(), found: None, typed }
    }

    /// What stands before the found line.
    pub(super) fn prompt(&self) -> String {
        let missed = if self.found.is_none() && !self.query.is_empty() { "not in " } else { "" };
        format!("{missed}history '{}': ", self.query)
    }

    /// The found line; nothing while there is none.
    pub(super) fn line(&self) -> &str {
        self.found.as_ref().map_or("", |(_, line)| line)
    }

    /// Where the query stands in the found line.
    pub(super) fn cursor(&self) -> usize {
        self.line().find(&self.query).unwrap_or(0)
    }

    /// Looks on with a longer query.
    pub(super) fn extend(&mut self, history: &History, text: char) {
        self.query.push(text);
        let end = self.found.as_ref().map_or(usize::MAX, |(index, _)| index + 1);
        self.look(history, end);
    }

    /// Looks again with a shorter query.
    pub(super) fn shorten(&mut self, history: &History) {
        self.query.pop();
        self.look(history, usize::MAX);
    }

    /// The next older line with the same query; the shown one stays where there is none.
    pub(super) fn older(&mut self, history: &History) {
        let shown = self.found.as_ref().map_or(0, |(index, _)| *index);
        if let Some((index, line)) = history.find(&self.query, shown) {
            self.found = Some((index, line.to_owned()));
        }
    }

    fn look(&mut self, history: &History, end: usize) {
        let found = if self.query.is_empty() { None } else { history.find(&self.query, end) };
        self.found = found.map(|(index, line)| (index, line.to_owned()));
    }
}
