//! From bytes to tokens, whatever the pieces in which they come.

use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};

use super::sequence::{Step, key, step};
use crate::shell::command::LINE_LEN_MAX;

/// Bytes of a sequence that are kept while its end is awaited: no answer is as long.
pub const SEQUENCE_LEN_MAX: usize = 4_096;
/// Bytes of a paste that are kept: one more than a line takes, so that what is too long is refused and not cut.
pub const PASTE_LEN_MAX: usize = LINE_LEN_MAX + 1;
/// How long a lone Escape may still become something else: more than what a network puts between two bytes that were
/// sent together, less than what a finger needs.
const ESCAPE_PATIENCE: Duration = Duration::from_millis(50);
/// The same for what can't be a key any more.
const SEQUENCE_PATIENCE: Duration = Duration::from_secs(1);
const ESCAPE: u8 = 0x1b;
const PASTE_BEGIN: &[u8] = b"\x1b[200~";
const PASTE_END: &[u8] = b"\x1b[201~";

/// What a terminal has sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Token {
    /// A key or a paste.
    Event(Event),
    /// An answer to a question.
    Answer(String),
}

/// What has come so far.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Decoder {
    /// Bytes whose meaning is still open.
    rest: Vec<u8>,
    /// What was pasted, while the end of it is awaited.
    paste: Option<Vec<u8>>,
}

impl Decoder {
    /// Takes what has come: what it means, as far as that is certain.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Token> {
        self.rest.extend_from_slice(bytes);
        let mut tokens = Vec::new();
        loop {
            let rest = std::mem::take(&mut self.rest);
            let (used, token) = match &mut self.paste {
                Some(paste) => {
                    let (used, is_over) = take_paste(paste, &rest);
                    (used, if is_over { self.paste.take().map(|paste| pasted(&paste)) } else { None })
                }
                None if rest.starts_with(PASTE_BEGIN) => {
                    self.paste = Some(Vec::new());
                    (PASTE_BEGIN.len(), None)
                }
                None => match step(&rest) {
                    Step::Whole(length, token) => (length, token),
                    // Without an end: no sequence that anybody knows.
                    Step::Begun if rest.len() > SEQUENCE_LEN_MAX => (rest.len(), None),
                    Step::Begun => (0, None),
                },
            };
            tokens.extend(token);
            self.rest = rest.get(used..).unwrap_or_default().to_vec();
            if used == 0 || self.rest.is_empty() {
                return tokens;
            }
        }
    }

    /// How long to wait for the rest of what has begun before [`Decoder::give_up`]; `None` where nothing is to be given up.
    pub fn patience(&self) -> Option<Duration> {
        match self.rest.as_slice() {
            _ if self.paste.is_some() => None,
            [ESCAPE] | [ESCAPE, _] => Some(ESCAPE_PATIENCE),
            [ESCAPE, ..] => Some(SEQUENCE_PATIENCE),
            _ => None,
        }
    }

    /// Nothing has come for so long: an Escape was one, and a sequence without an end was none.
    pub fn give_up(&mut self) -> Vec<Token> {
        let escape = Token::Event(Event::Key(KeyCode::Esc.into()));
        match std::mem::take(&mut self.rest).as_slice() {
            [ESCAPE] => vec![escape],
            [ESCAPE, byte] => {
                let alt = |event: KeyEvent| KeyEvent::new(event.code, event.modifiers | KeyModifiers::ALT);
                key(*byte).map(|event| Token::Event(Event::Key(alt(event)))).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }
}

/// Takes what belongs to the paste: bytes used, and whether its end was among them.
fn take_paste(paste: &mut Vec<u8>, bytes: &[u8]) -> (usize, bool) {
    let end = bytes.windows(PASTE_END.len()).position(|window| window == PASTE_END);
    // The last bytes may be the beginning of the end.
    let open =
        (1..PASTE_END.len()).rev().find(|&length| bytes.ends_with(PASTE_END.get(..length).unwrap_or(&[])));
    let length = end.unwrap_or(bytes.len() - open.unwrap_or(0));
    let room = PASTE_LEN_MAX.saturating_sub(paste.len());
    paste.extend(bytes.iter().take(length.min(room)));
    match end {
        Some(end) => (end + PASTE_END.len(), true),
        None => (length, false),
    }
}

fn pasted(bytes: &[u8]) -> Token {
    Token::Event(Event::Paste(String::from_utf8_lossy(bytes).into_owned()))
}
