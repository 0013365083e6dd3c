//! The line that is being typed.

use super::cells::is_mark;
use crate::shell::command::LINE_LEN_MAX;
use crate::shell::echo::steers;

/// The line, the cursor in it, and what was last cut from it.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    text: String,
    /// A byte index between two characters, never between a character and its mark.
    cursor: usize,
    cut: String,
}

/// Where the cursor can go, and how far a deletion reaches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reach {
    Left,
    Right,
    WordLeft,
    WordRight,
    Start,
    End,
}

impl Buffer {
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) const fn cursor(&self) -> usize {
        self.cursor
    }

    pub(super) fn before_cursor(&self) -> &str {
        self.text.get(..self.cursor).unwrap_or_default()
    }

    pub(super) fn after_cursor(&self) -> &str {
        self.text.get(self.cursor..).unwrap_or_default()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.cursor == self.text.len()
    }

    /// Replaces the line; the cursor goes to its end.
    pub(super) fn set(&mut self, text: &str) {
        text.clone_into(&mut self.text);
        self.cursor = self.text.len();
    }

    /// Takes the line away.
    pub(super) fn take(&mut self) -> String {
        self.cursor = 0;
        std::mem::take(&mut self.text)
    }

    /// Inserts text without what steers a terminal; line ends become `\n`, tabs blanks. False where it does not
    /// fit into [`LINE_LEN_MAX`]: then nothing is inserted, as half a command is another one.
    pub(super) fn insert(&mut self, text: &str) -> bool {
        let fit: String = text
            .replace("\r\n", "\n")
            .chars()
            .map(|character| match character {
                '\r' => '\n',
                '\t' => ' ',
                other => other,
            })
            .filter(|character| *character == '\n' || !steers(*character))
            .collect();
        let fits = self.text.len() + fit.len() <= LINE_LEN_MAX;
        if fits {
            self.text.insert_str(self.cursor, &fit);
            self.cursor += fit.len();
        }
        fits
    }

    /// Replaces what stands between `start` and the cursor.
    pub(super) fn replace_from(&mut self, start: usize, text: &str) {
        self.remove(start, self.cursor);
        self.insert(text);
    }

    pub(super) fn go(&mut self, reach: Reach) {
        self.cursor = self.reached(reach);
    }

    /// Deletes from the cursor on.
    pub(super) fn delete(&mut self, reach: Reach) {
        self.remove(self.reached(reach), self.cursor);
    }

    /// Deletes from the cursor on, for [`Buffer::paste_cut`].
    pub(super) fn cut(&mut self, reach: Reach) {
        let removed = self.remove(self.reached(reach), self.cursor);
        if !removed.is_empty() {
            self.cut = removed;
        }
    }

    /// Inserts what was cut last.
    pub(super) fn paste_cut(&mut self) -> bool {
        let cut = self.cut.clone();
        self.insert(&cut)
    }

    /// Removes what stands between the two indices, in either order; the cursor goes to the smaller one.
    fn remove(&mut self, one: usize, other: usize) -> String {
        let (start, end) = (one.min(other), one.max(other));
        self.cursor = start;
        self.text.drain(start..end).collect()
    }

    fn reached(&self, reach: Reach) -> usize {
        match reach {
            Reach::Left => self.left(),
            Reach::Right => self.right(),
            Reach::WordLeft => self.word_left(),
            Reach::WordRight => self.word_right(),
            Reach::Start => 0,
            Reach::End => self.text.len(),
        }
    }

    fn left(&self) -> usize {
        let mut before = self.before_cursor().char_indices().rev();
        before.find(|(_, character)| !is_mark(*character)).map_or(0, |(index, _)| index)
    }

    fn right(&self) -> usize {
        let mut after = self.after_cursor().char_indices().skip(1);
        after
            .find(|(_, character)| !is_mark(*character))
            .map_or(self.text.len(), |(index, _)| self.cursor + index)
    }

    fn word_left(&self) -> usize {
        let before = self.before_cursor().trim_end_matches(is_gap);
        before.trim_end_matches(|character| !is_gap(character)).len()
    }

    fn word_right(&self) -> usize {
        let after = self.after_cursor().trim_start_matches(is_gap);
        self.text.len() - after.trim_start_matches(|character| !is_gap(character)).len()
    }
}

/// What stands between words.
fn is_gap(character: char) -> bool {
    character.is_whitespace() || matches!(character, ';' | ',')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const REACHES: [Reach; 6] =
        [Reach::Left, Reach::Right, Reach::WordLeft, Reach::WordRight, Reach::Start, Reach::End];

    #[test]
    fn a_character_and_its_marks_are_one_step_and_one_deletion() {
        let mut buffer = Buffer::default();
        buffer.insert("ae\u{301}放");
        buffer.go(Reach::Left);
        assert_eq!(buffer.after_cursor(), "放");
        buffer.delete(Reach::Left);
        assert_eq!(buffer.text(), "a放");
    }

    #[test]
    fn words_are_cut_and_come_back() {
        let mut buffer = Buffer::default();
        buffer.insert("subscribe 1AAA99 2BBB99");
        buffer.cut(Reach::WordLeft);
        assert_eq!(buffer.text(), "subscribe 1AAA99 ");
        buffer.cut(Reach::Right);
        buffer.paste_cut();
        assert_eq!(buffer.text(), "subscribe 1AAA99 2BBB99", "nothing to cut keeps what was cut before");
    }

    #[test]
    fn what_does_not_fit_is_not_cut_in_half() {
        let mut buffer = Buffer::default();
        assert!(buffer.insert(&"x".repeat(LINE_LEN_MAX - 1)));
        assert!(!buffer.insert("é"));
        assert!(buffer.insert("y"));
        assert!(!buffer.insert("z"));
    }

    #[test]
    fn nothing_that_steers_a_terminal_gets_into_the_line() {
        let mut buffer = Buffer::default();
        buffer.insert("a\x1b[2J\u{9b}\u{202e}\tb\r\nc\rd");
        assert_eq!(buffer.text(), "a[2J b\nc\nd");
    }

    proptest! {
        #[test]
        fn the_cursor_stays_between_characters_whatever_is_done(
            steps in prop::collection::vec((0_u8..4, 0_usize..6, "[a é放\u{301};]{0,3}"), 0..60),
        ) {
            let mut buffer = Buffer::default();
            for (step, reach, text) in steps {
                match step {
                    0 => buffer.go(REACHES[reach]),
                    1 => buffer.delete(REACHES[reach]),
                    2 => buffer.cut(REACHES[reach]),
                    _ => prop_assert!(buffer.insert(&text)),
                }
                prop_assert_eq!(buffer.before_cursor().to_owned() + buffer.after_cursor(), buffer.text());
            }
        }
    }
}
