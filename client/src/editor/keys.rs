//! What each key means.
//!
//! Nothing is bound to Ctrl-P and Ctrl-Q: they detach from a container, and a lone Ctrl-P is held back by it.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::buffer::Reach;

/// What a key means in the line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Key {
    Insert(char),
    Go(Reach),
    Delete(Reach),
    Cut(Reach),
    PasteCut,
    Older,
    Newer,
    Search,
    Complete,
    Enter,
    Clear,
    Interrupt,
    EndOfInput,
    Suspend,
    Escape,
}

/// The meaning of a key; `None` for one that has none.
pub(super) fn meaning(event: KeyEvent) -> Option<Key> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let control = event.modifiers.contains(KeyModifiers::CONTROL);
    let alt = event.modifiers.contains(KeyModifiers::ALT);
    let key = match event.code {
        KeyCode::Char(_) if control && alt => return None,
        KeyCode::Char(character) if control => return with_control(character.to_ascii_lowercase()),
        KeyCode::Char(character) if alt => return with_alt(character.to_ascii_lowercase()),
        KeyCode::Char(character) => Key::Insert(character),
        KeyCode::Left if control || alt => Key::Go(Reach::WordLeft),
        KeyCode::Right if control || alt => Key::Go(Reach::WordRight),
        KeyCode::Left => Key::Go(Reach::Left),
        KeyCode::Right => Key::Go(Reach::Right),
        KeyCode::Home => Key::Go(Reach::Start),
        KeyCode::End => Key::Go(Reach::End),
        KeyCode::Backspace if alt => Key::Cut(Reach::WordLeft),
        KeyCode::Backspace => Key::Delete(Reach::Left),
        KeyCode::Delete if control || alt => Key::Cut(Reach::WordRight),
        KeyCode::Delete => Key::Delete(Reach::Right),
        KeyCode::Up => Key::Older,
        KeyCode::Down => Key::Newer,
        KeyCode::Tab => Key::Complete,
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Escape,
        _ => return None,
    };
    Some(key)
}

const fn with_control(character: char) -> Option<Key> {
    let key = match character {
        'a' => Key::Go(Reach::Start),
        'e' => Key::Go(Reach::End),
        'b' => Key::Go(Reach::Left),
        'f' => Key::Go(Reach::Right),
        'h' => Key::Delete(Reach::Left),
        'k' => Key::Cut(Reach::End),
        'u' => Key::Cut(Reach::Start),
        'w' => Key::Cut(Reach::WordLeft),
        'y' => Key::PasteCut,
        'r' => Key::Search,
        'i' => Key::Complete,
        'j' | 'm' => Key::Enter,
        'l' => Key::Clear,
        'c' => Key::Interrupt,
        'd' => Key::EndOfInput,
        'z' => Key::Suspend,
        'g' => Key::Escape,
        _ => return None,
    };
    Some(key)
}

const fn with_alt(character: char) -> Option<Key> {
    let key = match character {
        'b' => Key::Go(Reach::WordLeft),
        'f' => Key::Go(Reach::WordRight),
        'd' => Key::Cut(Reach::WordRight),
        _ => return None,
    };
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_that_detach_from_a_container_mean_nothing() {
        for character in ['p', 'q', 'P', 'Q'] {
            let event = KeyEvent::new(KeyCode::Char(character), KeyModifiers::CONTROL);
            assert_eq!(meaning(event), None);
        }
    }
}
