use std::time::Duration;

use crossterm::event::KeyCode;

use super::desk::{CONTAINER, Desk};
use crate::editor::{Action, LEAVE};

#[test]
fn control_c_clears_the_line_and_says_in_an_empty_one_how_to_leave() {
    let mut desk = Desk::new(80, 24);
    desk.write("subs");
    desk.control('c');
    assert_eq!(desk.rows(), ["framecast> subs^C", "framecast>"]);
    desk.pass(Duration::from_secs(3));
    desk.control('c');
    assert_eq!(desk.rows()[1], "'quit' or Ctrl-C twice to leave");
    assert_eq!(desk.actions, []);
}

#[test]
fn control_c_twice_within_two_seconds_leaves() {
    let mut desk = Desk::new(80, 24);
    desk.control('c');
    desk.pass(Duration::from_millis(1_900));
    desk.control('c');
    assert_eq!(desk.actions, [Action::Quit]);
}

#[test]
fn control_c_does_not_leave_when_the_second_is_late_or_something_was_typed_between() {
    let mut desk = Desk::new(80, 24);
    desk.control('c');
    desk.pass(Duration::from_secs(2));
    desk.control('c');
    desk.write("x");
    desk.control('c');
    assert_eq!(desk.actions, []);
}

#[test]
fn control_d_leaves_a_shell_only_from_an_empty_line() {
    let mut desk = Desk::new(80, 24);
    desk.write("x");
    desk.control('d');
    assert_eq!(desk.actions, []);
    desk.press(KeyCode::Backspace);
    desk.control('d');
    assert_eq!(desk.actions, [Action::Quit]);
}

#[test]
fn in_a_container_control_d_ends_nothing_and_says_what_does() {
    let mut desk = Desk::with(CONTAINER, 80, 24, &[]);
    desk.control('d');
    assert_eq!(desk.actions, []);
    assert_eq!(desk.rows()[0], "'quit' or Ctrl-C twice to leave, Ctrl-P Ctrl-Q to detach");
}

#[test]
fn the_keys_of_docker_do_nothing() {
    let mut desk = Desk::with(CONTAINER, 80, 24, &["list"]);
    desk.write("x");
    let before = desk.bytes.len();
    desk.control('p');
    desk.control('q');
    assert_eq!(desk.bytes.len(), before);
}

#[test]
fn control_z_asks_for_a_stop_and_the_block_comes_back_after_it() {
    let mut desk = Desk::new(80, 24);
    desk.write("half");
    desk.control('z');
    assert_eq!(desk.actions, [Action::Suspend]);
    desk.leave();
    assert_eq!(desk.rows(), [""; 0]);
    assert!(!desk.screen().bracketed_paste());
    desk.editor.repaint();
    desk.show();
    assert_eq!(desk.line(), "framecast> half");
    assert!(desk.screen().bracketed_paste());
}

#[test]
fn a_client_that_is_leaving_shows_no_prompt_and_ends_at_once_at_control_c() {
    let mut desk = Desk::new(80, 24);
    desk.editor.set_status("broker connected".to_owned());
    desk.enter("quit");
    desk.editor.close();
    desk.write("x");
    assert_eq!(desk.rows(), ["framecast> quit"]);
    desk.control('c');
    assert_eq!(desk.actions.last(), Some(&Action::Quit));
    desk.leave();
    assert!(desk.bytes.ends_with(LEAVE));
}
