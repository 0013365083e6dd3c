//! Names and labels from the wire (PROTOCOL 2.3).

use std::fmt;
use std::sync::Arc;

use crate::limits::{LABEL_LEN_MAX, TEXT_LEN_MAX};

/// A name or a reason: UTF-8, at most 64 bytes. `Display` escapes control characters, so that a name from the wire
/// can't take over a terminal.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Text(Arc<str>);

impl Text {
    /// `text`, cut after the last character that fits into 64 bytes.
    pub fn new(text: &str) -> Self {
        let mut len = text.len().min(TEXT_LEN_MAX);
        while !text.is_char_boundary(len) {
            len -= 1;
        }
        Self(text.get(..len).unwrap_or_default().into())
    }

    /// The text as it is: escape it before it meets a terminal.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Default for Text {
    fn default() -> Self {
        Self::new("")
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            if is_harmless(c) {
                write!(f, "{c}")?;
            } else {
                write!(f, "{}", c.escape_unicode())?;
            }
        }
        Ok(())
    }
}

/// Whether a character neither controls a terminal nor reorders the text around it.
fn is_harmless(c: char) -> bool {
    let invisible_or_reordering = matches!(
        c,
        '\u{AD}' | '\u{61C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}'
    );
    !c.is_control() && !invisible_or_reordering
}

/// A codec name or a file extension: 1 to 16 ASCII letters, digits, `.` and `-`, not beginning with `.`.
///
/// It stands where it is used, since each delivered frame carries one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label {
    /// ASCII, and zeros behind it.
    bytes: [u8; LABEL_LEN_MAX],
    len: u8,
}

impl Label {
    /// The label, if `text` can be one.
    pub fn new(text: &str) -> Option<Self> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
        if text.is_empty() || !text.chars().all(allowed) || text.starts_with('.') {
            return None;
        }
        let mut bytes = [0; LABEL_LEN_MAX];
        bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        Some(Self { bytes, len: u8::try_from(text.len()).ok()? })
    }

    /// The text of the label.
    pub fn as_str(&self) -> &str {
        let text = self.bytes.get(..usize::from(self.len)).unwrap_or_default();
        std::str::from_utf8(text).unwrap_or_default()
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Label").field(&self.as_str()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_cut_at_a_character_and_shown_harmless() {
        assert_eq!(Text::new(&"ä".repeat(40)).as_str().len(), 64);
        assert_eq!(Text::new(&format!("{}ä", "x".repeat(63))).as_str().len(), 63);
        assert_eq!(Text::new("a\u{1b}[2Jb\u{202e}").to_string(), "a\\u{1b}[2Jb\\u{202e}");
        for hidden in
            ['\u{ad}', '\u{61c}', '\u{200f}', '\u{2028}', '\u{2060}', '\u{2069}', '\u{feff}', '\u{9b}']
        {
            assert_eq!(Text::new(&hidden.to_string()).to_string(), hidden.escape_unicode().to_string());
        }
        assert_eq!(Text::new("Küche 2 – 台所 🎥").to_string(), "Küche 2 – 台所 🎥");
    }

    #[test]
    fn a_label_can_be_part_of_a_file_name() {
        assert!(Label::new("jpg").is_some());
        for text in ["", "a/b", "..", ".x", "ä", "12345678901234567", "a b", "a\0"] {
            assert!(Label::new(text).is_none(), "{text:?}");
        }
    }
}
