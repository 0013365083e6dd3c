//! Foreign text made fit for a terminal.

use std::fmt::{self, Write};

/// Characters of foreign text that a message repeats: enough to recognise it, and the message stays one line.
pub const ECHO_LEN_MAX: usize = 64;

/// Foreign text without anything that steers a terminal.
#[derive(Clone, Copy, Debug)]
pub struct Clean<'a>(pub &'a str);

impl fmt::Display for Clean<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| write_clean(f, character))
    }
}

/// The same, cut to [`ECHO_LEN_MAX`] characters, as a message may repeat it.
#[derive(Clone, Copy, Debug)]
pub struct Echo<'a>(pub &'a str);

impl fmt::Display for Echo<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.chars();
        rest.by_ref().take(ECHO_LEN_MAX).try_for_each(|character| write_clean(f, character))?;
        if rest.next().is_some() { f.write_str("...") } else { Ok(()) }
    }
}

fn write_clean(f: &mut fmt::Formatter<'_>, character: char) -> fmt::Result {
    if steers(character) { write!(f, "{}", character.escape_unicode()) } else { f.write_char(character) }
}

/// Whether a terminal may act on this character instead of showing it: control characters, line separators,
/// and the marks without width, some of which reverse the order of the text around them.
pub(crate) fn steers(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_steers_a_terminal_gets_through() {
        let shown = Echo("a\x1b[2J\u{9b}1m\u{202e}\r\nb\x7f").to_string();
        assert_eq!(shown, r"a\u{1b}[2J\u{9b}1m\u{202e}\u{d}\u{a}b\u{7f}");
        assert_eq!(Clean("a\x1b[2J").to_string(), r"a\u{1b}[2J");
    }

    #[test]
    fn plain_text_of_any_language_stays_as_it_is() {
        assert_eq!(Echo("Übertragung 放送").to_string(), "Übertragung 放送");
    }

    #[test]
    fn long_text_is_cut_and_says_so() {
        let shown = Echo(&"ä".repeat(100_000)).to_string();
        assert_eq!(shown.chars().count(), ECHO_LEN_MAX + 3);
        assert!(shown.ends_with("ä..."));
        assert_eq!(Echo(&"x".repeat(ECHO_LEN_MAX)).to_string(), "x".repeat(ECHO_LEN_MAX));
    }
}
