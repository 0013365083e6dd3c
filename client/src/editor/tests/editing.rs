use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};

use super::desk::Desk;
use crate::editor::Action;
use crate::shell::command::LINE_LEN_MAX;

#[test]
fn what_is_typed_stands_behind_the_prompt_and_enter_makes_it_a_command() {
    let mut desk = Desk::new(80, 24);
    desk.write("list");
    assert_eq!(desk.line(), "framecast> list");
    assert_eq!(desk.column(), 15);
    desk.press(KeyCode::Enter);
    assert_eq!(desk.actions, [Action::Enter("list".to_owned())]);
    assert_eq!(desk.rows(), ["framecast> list", "framecast>"]);
}

#[test]
fn a_line_feed_is_as_good_as_enter_and_an_empty_line_asks_for_nothing() {
    let mut desk = Desk::new(80, 24);
    desk.control('j');
    assert_eq!(desk.actions, []);
    desk.write("list");
    desk.control('j');
    assert_eq!(desk.actions, [Action::Enter("list".to_owned())]);
}

#[test]
fn every_key_that_moves_or_deletes_does_what_it_does_in_a_shell() {
    let mut desk = Desk::new(80, 24);
    desk.write("subscribe 1AAA99 2BBB99");
    desk.press(KeyCode::Home);
    assert_eq!(desk.column(), 11);
    desk.alt('f');
    assert_eq!(desk.column(), 20);
    desk.press(KeyCode::Delete);
    desk.press(KeyCode::Left);
    desk.press(KeyCode::Right);
    desk.write(" ");
    desk.control('k');
    assert_eq!(desk.line(), "framecast> subscribe");
    desk.control('y');
    assert_eq!(desk.line(), "framecast> subscribe 1AAA99 2BBB99");
    desk.alt('b');
    desk.control('d');
    assert_eq!(desk.line(), "framecast> subscribe 1AAA99 BBB99");
    desk.control('w');
    assert_eq!(desk.line(), "framecast> subscribe BBB99");
    desk.control('e');
    desk.press(KeyCode::Backspace);
    desk.control('a');
    desk.alt('d');
    assert_eq!(desk.line(), "framecast>  BBB9");
    desk.press(KeyCode::End);
    desk.control('u');
    assert_eq!(desk.line(), "framecast>");
    desk.control('y');
    assert_eq!(desk.line(), "framecast>  BBB9");
}

#[test]
fn arrows_with_control_move_by_words() {
    let mut desk = Desk::new(80, 24);
    desk.write("sub 1AAA99");
    desk.handle(&Event::Key(KeyEvent::new(KeyCode::Left, KeyModifiers::CONTROL)));
    assert_eq!(desk.column(), 15);
    desk.handle(&Event::Key(KeyEvent::new(KeyCode::Right, KeyModifiers::CONTROL)));
    assert_eq!(desk.column(), 21);
}

#[test]
fn the_cursor_stands_where_wide_characters_and_marks_put_it() {
    let mut desk = Desk::new(80, 24);
    desk.write("record 放送e\u{301}x");
    assert_eq!(desk.line(), "framecast> record 放送e\u{301}x");
    assert_eq!(desk.column(), 24);
    desk.press(KeyCode::Left);
    desk.press(KeyCode::Left);
    assert_eq!(desk.column(), 22, "a letter and its accent are one step");
    desk.press(KeyCode::Backspace);
    assert_eq!(desk.line(), "framecast> record 放e\u{301}x");
    assert_eq!(desk.column(), 20);
    desk.write("映");
    assert_eq!(desk.line(), "framecast> record 放映e\u{301}x");
}

#[test]
fn a_paste_of_several_lines_waits_for_enter_and_is_several_commands() {
    let mut desk = Desk::new(80, 24);
    desk.handle(&Event::Paste("list # all\r\nstatus\n".to_owned()));
    assert_eq!(desk.actions, []);
    assert_eq!(desk.rows(), ["framecast> list # all\\nstatus"]);
    desk.press(KeyCode::Enter);
    assert_eq!(desk.actions, [Action::Enter("list # all\nstatus".to_owned())]);
    assert_eq!(desk.rows(), ["framecast> list # all", "framecast> status", "framecast>"]);
    desk.press(KeyCode::Up);
    assert_eq!(desk.line(), "framecast> status", "each line is one of the history");
}

#[test]
fn a_paste_steers_nothing() {
    let mut desk = Desk::new(80, 24);
    desk.handle(&Event::Paste("li\x1b[2Jst\x07\u{202e}".to_owned()));
    assert_eq!(desk.line(), "framecast> li[2Jst");
}

#[test]
fn a_paste_that_no_line_can_hold_is_refused_as_a_whole() {
    let mut desk = Desk::new(80, 24);
    desk.write("x");
    desk.handle(&Event::Paste("y".repeat(LINE_LEN_MAX)));
    assert_eq!(desk.line(), "framecast> x");
    assert!(desk.rows()[0].starts_with("error: a line has 4096 bytes at most"), "{:?}", desk.rows());
}
