//! One key, or one answer, at the beginning of what has come.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};

use super::decoder::Token;

const ESCAPE: u8 = 0x1b;
const BELL: u8 = 0x07;

/// What stands at the beginning of some bytes.
pub(super) enum Step {
    /// So many bytes belong together, and mean this, or nothing.
    Whole(usize, Option<Token>),
    /// Its end is still to come.
    Begun,
}

/// What stands at the beginning of these bytes.
pub(super) fn step(bytes: &[u8]) -> Step {
    match bytes {
        [] | [ESCAPE] => Step::Begun,
        [ESCAPE, b'[', rest @ ..] => control(rest),
        [ESCAPE, b'O', rest @ ..] => match rest {
            [] => Step::Begun,
            [last, ..] => Step::Whole(3, event(named(*last, &[]))),
        },
        // Answers of kitty, of DCS and OSC questions.
        [ESCAPE, b'_' | b'P' | b']', ..] => text(bytes),
        // Twice: the first of them was a key, and the second begins something.
        [ESCAPE, ESCAPE, ..] => Step::Whole(1, event(Some(KeyCode::Esc.into()))),
        [ESCAPE, rest @ ..] => match character(rest) {
            Step::Whole(length, Some(Token::Event(Event::Key(plain)))) => {
                let alt = KeyEvent::new(plain.code, plain.modifiers | KeyModifiers::ALT);
                Step::Whole(length + 1, event(Some(alt)))
            }
            Step::Whole(length, token) => Step::Whole(length + 1, token),
            Step::Begun => Step::Begun,
        },
        _ => character(bytes),
    }
}

/// The key of one byte.
pub(super) fn key(byte: u8) -> Option<KeyEvent> {
    let control = |letter: u8| KeyEvent::new(KeyCode::Char(letter.into()), KeyModifiers::CONTROL);
    Some(match byte {
        b'\r' => KeyCode::Enter.into(),
        b'\t' => KeyCode::Tab.into(),
        0x7f => KeyCode::Backspace.into(),
        ESCAPE => KeyCode::Esc.into(),
        0 => control(b' '),
        0x01..=0x1a => control(byte - 1 + b'a'),
        0x1c..=0x1f => control(byte - 0x1c + b'4'),
        b' '..=b'~' => KeyCode::Char(byte.into()).into(),
        0x80.. => return None,
    })
}

/// A character of one or several bytes. What is no UTF-8 means nothing.
fn character(bytes: &[u8]) -> Step {
    let Some(&first) = bytes.first() else { return Step::Begun };
    let length = match first {
        ..0x80 => return Step::Whole(1, event(key(first))),
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return Step::Whole(1, None),
    };
    let is_inner = |byte: &u8| (0x80..0xc0).contains(byte);
    let inner = bytes.iter().skip(1).take(length - 1).take_while(|byte| is_inner(byte)).count();
    if inner + 1 == length {
        let text = bytes.get(..length).and_then(|bytes| std::str::from_utf8(bytes).ok());
        let symbol = text.and_then(|text| text.chars().next());
        Step::Whole(length, event(symbol.map(|symbol| KeyCode::Char(symbol).into())))
    } else if inner + 1 == bytes.len() {
        Step::Begun
    } else {
        Step::Whole(inner + 1, None)
    }
}

/// What follows `ESC [`: parameters, and a last byte that says what it is.
fn control(rest: &[u8]) -> Step {
    let is_last = |byte: &u8| (b'@'..=b'~').contains(byte);
    // Function keys of the Linux console have another form: `ESC [ [ A`.
    let skipped = usize::from(rest.first() == Some(&b'['));
    let Some(end) = rest.iter().skip(skipped).position(is_last).map(|end| end + skipped) else {
        return Step::Begun;
    };
    let (parameters, last) =
        (rest.get(..end).unwrap_or_default(), rest.get(end).copied().unwrap_or_default());
    let length = end + 3;
    if parameters.first() == Some(&b'?') {
        let said = String::from_utf8_lossy(rest.get(..=end).unwrap_or_default()).into_owned();
        return Step::Whole(length, Some(Token::Answer(format!("\x1b[{said}"))));
    }
    let numbers: Vec<u16> = parameters
        .split(|byte| *byte == b';')
        .map(|part| std::str::from_utf8(part).ok().and_then(|part| part.parse().ok()).unwrap_or_default())
        .collect();
    let key = if skipped > 0 { None } else { named(last, &numbers) };
    Step::Whole(length, event(key))
}

/// The key of a sequence with this last byte. The second parameter says what was held down meanwhile.
fn named(last: u8, numbers: &[u16]) -> Option<KeyEvent> {
    let held = numbers.get(1).copied().unwrap_or_default().saturating_sub(1);
    let mut modifiers = KeyModifiers::NONE;
    for (bit, modifier) in [(1, KeyModifiers::SHIFT), (2, KeyModifiers::ALT), (4, KeyModifiers::CONTROL)] {
        modifiers.set(modifier, held & bit > 0);
    }
    let code = match last {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'H' => KeyCode::Home,
        b'F' => KeyCode::End,
        b'Z' => KeyCode::BackTab,
        // rxvt's way to say that Control is held down.
        b'a'..=b'd' => {
            let plain = named(last.to_ascii_uppercase(), &[])?;
            return Some(KeyEvent::new(plain.code, KeyModifiers::CONTROL));
        }
        // The keypad's.
        b'M' if numbers.is_empty() => KeyCode::Enter,
        b'~' => match numbers.first()? {
            1 | 7 => KeyCode::Home,
            2 => KeyCode::Insert,
            3 => KeyCode::Delete,
            4 | 8 => KeyCode::End,
            5 => KeyCode::PageUp,
            6 => KeyCode::PageDown,
            _ => return None,
        },
        _ => return None,
    };
    Some(KeyEvent::new(code, modifiers))
}

/// An answer that is text, up to `ESC \` or a bell.
fn text(bytes: &[u8]) -> Step {
    let string = bytes.windows(2).skip(1).position(|two| two == b"\x1b\\").map(|end| end + 3);
    let bell = bytes.iter().position(|byte| *byte == BELL).map(|end| end + 1);
    let Some(length) = string.into_iter().chain(bell).min() else { return Step::Begun };
    let said = String::from_utf8_lossy(bytes.get(..length).unwrap_or_default()).into_owned();
    Step::Whole(length, Some(Token::Answer(said)))
}

fn event(key: Option<KeyEvent>) -> Option<Token> {
    key.map(|key| Token::Event(Event::Key(key)))
}
