use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use proptest::prelude::*;

use super::*;
use crate::shell::command::LINE_LEN_MAX;

const NONE: KeyModifiers = KeyModifiers::NONE;
const ALT: KeyModifiers = KeyModifiers::ALT;
const CONTROL: KeyModifiers = KeyModifiers::CONTROL;

fn key(code: KeyCode, modifiers: KeyModifiers) -> Token {
    Token::Event(Event::Key(KeyEvent::new(code, modifiers)))
}

fn typed(symbol: char) -> Token {
    key(KeyCode::Char(symbol), NONE)
}

fn paste(text: &str) -> Token {
    Token::Event(Event::Paste(text.to_owned()))
}

/// What all of it means, the last part of it being given up when nothing more comes.
fn decoded(bytes: &[u8]) -> Vec<Token> {
    let mut decoder = Decoder::default();
    let mut tokens = decoder.feed(bytes);
    if decoder.patience().is_some() {
        tokens.extend(decoder.give_up());
    }
    tokens
}

#[test]
fn each_key_is_what_terminals_send_for_it() {
    for (bytes, code, modifiers) in [
        ("a", KeyCode::Char('a'), NONE),
        ("Ä", KeyCode::Char('Ä'), NONE),
        ("放", KeyCode::Char('放'), NONE),
        ("😀", KeyCode::Char('😀'), NONE),
        ("\r", KeyCode::Enter, NONE),
        ("\n", KeyCode::Char('j'), CONTROL),
        ("\t", KeyCode::Tab, NONE),
        ("\x7f", KeyCode::Backspace, NONE),
        ("\x08", KeyCode::Char('h'), CONTROL),
        ("\x03", KeyCode::Char('c'), CONTROL),
        ("\x1a", KeyCode::Char('z'), CONTROL),
        ("\x1b", KeyCode::Esc, NONE),
        ("\x1bb", KeyCode::Char('b'), ALT),
        ("\x1b\x7f", KeyCode::Backspace, ALT),
        ("\x1b[", KeyCode::Char('['), ALT),
        ("\x1b[A", KeyCode::Up, NONE),
        ("\x1bOB", KeyCode::Down, NONE),
        ("\x1b[1;5C", KeyCode::Right, CONTROL),
        ("\x1b[1;3D", KeyCode::Left, ALT),
        ("\x1bOd", KeyCode::Left, CONTROL),
        ("\x1b[H", KeyCode::Home, NONE),
        ("\x1b[8~", KeyCode::End, NONE),
        ("\x1b[3;5~", KeyCode::Delete, CONTROL),
        ("\x1b[5~", KeyCode::PageUp, NONE),
        ("\x1b[Z", KeyCode::BackTab, NONE),
    ] {
        assert_eq!(decoded(bytes.as_bytes()), [key(code, modifiers)], "{bytes:?}");
    }
}

#[test]
fn an_answer_between_keys_is_no_key_and_the_keys_are_all_there() {
    let tokens = decoded(b"li\x1b[?62;4cst\x1b_Gi=4607;OK\x1b\\\x1b[A\x1bP1$r48:2:1:2:3m\x1b\\\r");
    let answer = |text: &str| Token::Answer(text.to_owned());
    assert_eq!(
        tokens,
        [
            typed('l'),
            typed('i'),
            answer("\x1b[?62;4c"),
            typed('s'),
            typed('t'),
            answer("\x1b_Gi=4607;OK\x1b\\"),
            key(KeyCode::Up, NONE),
            answer("\x1bP1$r48:2:1:2:3m\x1b\\"),
            key(KeyCode::Enter, NONE),
        ]
    );
}

#[test]
fn an_escape_is_one_only_when_nothing_follows_it() {
    let mut decoder = Decoder::default();
    assert_eq!(decoder.feed(b"\x1b"), []);
    let short = decoder.patience().unwrap();
    assert_eq!(decoder.feed(b"[1;5"), []);
    assert!(decoder.patience().unwrap() > short, "what can't be a key is waited for longer");
    assert_eq!(decoder.feed(b"A"), [key(KeyCode::Up, CONTROL)]);
    assert_eq!(decoder.patience(), None);
    assert_eq!(decoded(b"\x1b\x1b[A"), [key(KeyCode::Esc, NONE), key(KeyCode::Up, NONE)]);
    assert_eq!(decoded(b"\x1b[1;5"), [], "half a sequence is nothing");
}

#[test]
fn a_paste_is_one_token_whatever_it_has_in_it() {
    assert_eq!(
        decoded(b"a\x1b[200~sub 1AAA99\rquit\x1b[A\x1b[201~b"),
        [typed('a'), paste("sub 1AAA99\rquit\x1b[A"), typed('b'),]
    );
    let mut decoder = Decoder::default();
    assert_eq!(decoder.feed(b"\x1b[200~begun\x1b[20"), []);
    assert_eq!(decoder.patience(), None, "a paste may take its time");
    assert_eq!(decoder.feed(b"1~"), [paste("begun")]);
}

#[test]
fn what_has_no_end_costs_a_bounded_memory() {
    let mut decoder = Decoder::default();
    decoder.feed(b"\x1b[200~");
    for _ in 0..100 {
        assert_eq!(decoder.feed(&[b'x'; 1_000]), []);
    }
    let [Token::Event(Event::Paste(text))] = &decoder.feed(b"\x1b[201~")[..] else { panic!("a paste") };
    assert_eq!(text.len(), PASTE_LEN_MAX);
    assert!(text.len() > LINE_LEN_MAX, "the line refuses it, and does not take a part of it");

    decoder.feed(b"\x1b_G");
    for _ in 0..100 {
        decoder.feed(&[b'x'; 1_000]);
    }
    assert!(decoder.patience().is_none());
    assert_eq!(decoder.feed(b"q"), [typed('q')]);
}

proptest! {
    #[test]
    fn how_the_bytes_are_cut_changes_nothing(
        pieces in proptest::collection::vec(prop_oneof![
            any::<u8>().prop_map(|byte| vec![byte]),
            "[a-z放é]{0,3}".prop_map(String::into_bytes),
            Just(b"\x1b[?62;4c".to_vec()),
            Just(b"\x1b[1;5A".to_vec()),
            Just(b"\x1b[200~two\rlines".to_vec()),
            Just(b"\x1b[201~".to_vec()),
            Just(b"\x1bP>|kitty\x1b\\".to_vec()),
        ], 0..12),
        size in 1_usize..7,
    ) {
        let bytes = pieces.concat();
        let mut whole = Decoder::default();
        let mut cut = Decoder::default();
        let tokens: Vec<_> = bytes.chunks(size).flat_map(|piece| cut.feed(piece)).collect();
        prop_assert_eq!(whole.feed(&bytes), tokens);
        prop_assert_eq!(whole, cut);
    }
}
