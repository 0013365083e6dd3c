use crossterm::event::KeyCode;

use super::desk::{Desk, SHELL};
use crate::editor::{Action, Look, Manners};

const BEFORE: [&str; 3] = ["subscribe 1AAA99", "list", "subscribe 2BBB99 --latency 1s"];

#[test]
fn arrows_go_through_the_lines_of_before_and_back_to_what_was_typed() {
    let mut desk = desk();
    desk.write("sta");
    desk.press(KeyCode::Up);
    assert_eq!(desk.line(), "framecast> subscribe 2BBB99 --latency 1s");
    desk.press(KeyCode::Up);
    assert_eq!(desk.line(), "framecast> list");
    desk.press(KeyCode::Up);
    desk.press(KeyCode::Up);
    assert_eq!(desk.line(), "framecast> subscribe 1AAA99");
    (0..5).for_each(|_| desk.press(KeyCode::Down));
    assert_eq!(desk.line(), "framecast> sta");
}

#[test]
fn a_search_finds_older_and_older_lines_and_enter_carries_one_out() {
    let mut desk = desk();
    desk.control('r');
    desk.write("sub");
    assert_eq!(desk.line(), "history 'sub': subscribe 2BBB99 --latency 1s");
    desk.control('r');
    assert_eq!(desk.line(), "history 'sub': subscribe 1AAA99");
    desk.control('r');
    assert_eq!(desk.line(), "history 'sub': subscribe 1AAA99", "there is no older one");
    desk.press(KeyCode::Enter);
    assert_eq!(desk.actions, [Action::Enter("subscribe 1AAA99".to_owned())]);
}

#[test]
fn a_search_is_narrowed_widened_edited_and_given_up() {
    let mut desk = desk();
    desk.write("half");
    desk.control('r');
    desk.write("lisx");
    assert_eq!(desk.line(), "not in history 'lisx':");
    desk.press(KeyCode::Backspace);
    assert_eq!(desk.line(), "history 'lis': list");
    desk.press(KeyCode::End);
    desk.write("x");
    assert_eq!(desk.line(), "framecast> listx");
    desk.control('r');
    desk.write("sub");
    desk.press(KeyCode::Esc);
    assert_eq!(desk.line(), "framecast> listx");
    assert_eq!(desk.actions, []);
}

#[test]
fn a_hint_shows_dim_what_was_entered_before_and_the_right_arrow_takes_it() {
    let mut desk = desk();
    desk.write("subscribe 1");
    assert_eq!(desk.line(), "framecast> subscribe 1");
    assert_eq!(desk.rows(), ["framecast> subscribe 1AAA99"]);
    assert_eq!(desk.column(), 22);
    desk.press(KeyCode::Right);
    assert_eq!(desk.column(), 27);
    assert_eq!(desk.line(), "framecast> subscribe 1AAA99");
    desk.press(KeyCode::Enter);
    assert_eq!(desk.actions, [Action::Enter("subscribe 1AAA99".to_owned())]);
}

#[test]
fn a_hint_is_not_part_of_the_line_and_can_be_taken_word_by_word() {
    let mut desk = desk();
    desk.write("subscribe 2");
    desk.alt('f');
    desk.alt('f');
    assert_eq!(desk.line(), "framecast> subscribe 2BBB99 --latency");
    assert_eq!(desk.rows(), ["framecast> subscribe 2BBB99 --latency 1s"]);
    desk.press(KeyCode::Enter);
    assert_eq!(desk.actions, [Action::Enter("subscribe 2BBB99 --latency".to_owned())]);
}

#[test]
fn without_colours_there_are_no_hints_and_nothing_is_dim() {
    let look = Look { colour: false, ..SHELL.look };
    let mut desk = Desk::with(Manners { look, ..SHELL }, 80, 24, &BEFORE);
    desk.editor.set_status("broker connected".to_owned());
    desk.write("subscribe 1");
    assert_eq!(desk.rows(), ["framecast> subscribe 1", "broker connected"]);
    assert!(!desk.bytes.contains("\x1b[2m"));
}

fn desk() -> Desk {
    Desk::with(SHELL, 80, 24, &BEFORE)
}
