use std::time::Duration;

use crossterm::event::KeyCode;

use super::desk::{Desk, catalog};
use crate::editor::Action;

#[test]
fn tab_completes_a_command_as_far_as_it_is_clear_and_lists_what_is_possible() {
    let mut desk = Desk::new(80, 24);
    desk.write("SU");
    desk.press(KeyCode::Tab);
    assert_eq!(desk.line(), "framecast> subscribe");
    desk.control('u');
    desk.write("sta");
    desk.press(KeyCode::Tab);
    assert_eq!(desk.line(), "framecast> stat");
    desk.press(KeyCode::Tab);
    let rows = desk.rows();
    assert!(rows[0].starts_with("  status  how each stream does"), "{rows:?}");
    assert!(rows[1].starts_with("  stats   every counter"), "{rows:?}");
    assert_eq!(desk.line(), "framecast> stat");
}

#[test]
fn tab_completes_ids_names_and_single_streams() {
    let mut desk = Desk::new(80, 24);
    desk.editor.learn(&catalog(&[("1AAA99", "Aurora"), ("1AAB99", "Boreas")]));
    desk.write("subscribe 1a");
    desk.press(KeyCode::Tab);
    assert_eq!(desk.line(), "framecast> subscribe 1AA");
    desk.press(KeyCode::Tab);
    assert_eq!(desk.rows()[..2], ["  1AAA99  \"Aurora\" 1 viewer", "  1AAB99  \"Boreas\" 1 viewer"]);
    desk.write("b");
    desk.press(KeyCode::Tab);
    assert_eq!(desk.line(), "framecast> subscribe 1AAB99");
    desk.write("auro");
    desk.press(KeyCode::Tab);
    assert_eq!(desk.line(), "framecast> subscribe 1AAB99 1AAA99");
    desk.write("; sub 1AAA99");
    desk.press(KeyCode::Tab);
    desk.press(KeyCode::Tab);
    assert!(desk.rows().contains(&"  1AAA9902  \"Aurora\" 1 viewer".to_owned()), "{:?}", desk.rows());
}

#[test]
fn a_catalog_is_asked_for_quietly_and_not_at_every_tab() {
    let mut desk = Desk::new(80, 24);
    desk.write("subscribe ");
    desk.press(KeyCode::Tab);
    desk.press(KeyCode::Tab);
    assert_eq!(desk.actions, [Action::AskCatalog]);
    desk.editor.learn(&catalog(&[("1AAA99", "Aurora")]));
    desk.show();
    assert_eq!(desk.line(), "framecast> subscribe 1AAA99", "the Tab that found nothing is answered late");
    desk.pass(Duration::from_secs(5));
    desk.press(KeyCode::Tab);
    assert_eq!(desk.actions, [Action::AskCatalog, Action::AskCatalog]);
}

#[test]
fn a_catalog_that_comes_when_something_else_is_typed_changes_nothing() {
    let mut desk = Desk::new(80, 24);
    desk.write("subscribe ");
    desk.press(KeyCode::Tab);
    desk.write("2");
    desk.editor.learn(&catalog(&[("1AAA99", "Aurora")]));
    desk.show();
    assert_eq!(desk.line(), "framecast> subscribe 2");
}

#[test]
fn what_is_subscribed_is_offered_where_it_ends() {
    let mut desk = Desk::new(80, 24);
    desk.editor.set_subscribed(vec!["1AAA99".parse().unwrap()]);
    desk.write("unsubscribe 1");
    desk.press(KeyCode::Tab);
    assert_eq!(desk.line(), "framecast> unsubscribe 1AAA99");
}

#[test]
fn a_long_list_is_cut_and_counted() {
    let ids: Vec<_> = (0..30).map(|index| format!("{:06X}", 0x00A0_0000 + index)).collect();
    let producers: Vec<_> = ids.iter().map(|id| (id.as_str(), "x")).collect();
    let mut desk = Desk::new(80, 40);
    desk.editor.learn(&catalog(&producers));
    desk.write("sub A");
    desk.press(KeyCode::Tab);
    desk.press(KeyCode::Tab);
    assert_eq!(desk.rows()[20], "  ... 10 more");
}

#[test]
fn a_name_full_of_escape_sequences_is_shown_harmless() {
    let hostile = "\x1b]0;owned\x07\x1b[2J\u{9b}31m\r\nx\u{202e}";
    let mut desk = Desk::new(80, 24);
    desk.editor.learn(&catalog(&[("1AAA99", hostile), ("1AAB99", "Boreas")]));
    desk.write("subscribe 1AA");
    desk.press(KeyCode::Tab);
    let row = desk.rows()[0].clone();
    assert!(
        row.starts_with(r#"  1AAA99  "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{d}\u{a}x\u{202e}""#),
        "{row}"
    );
    assert!(desk.line().starts_with("framecast> subscribe 1AA"));
}

#[test]
fn a_page_that_has_no_dim_letters_gets_the_line_without_its_hint() {
    let mut desk = Desk::new(80, 24);
    desk.write("subsc");
    assert!(desk.rows()[0].starts_with("framecast> subscribe"), "there is a hint: {:?}", desk.rows());
    assert_eq!(desk.editor.frame().prompt(), ("framecast> subsc".to_owned(), 16));
}
