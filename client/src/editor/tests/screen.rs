use std::time::Duration;

use crossterm::event::{Event, KeyCode};

use super::desk::{CONTAINER, Desk, SHELL};
use crate::editor::{Look, Manners};

const STATUS: &str = "broker 10.0.0.1:5000 connected | 1AAA9901 12.0/s | type help";

#[test]
fn nobody_who_attaches_faces_an_empty_screen() {
    let mut desk = Desk::with(CONTAINER, 0, 0, &[]);
    desk.editor.set_status(STATUS.to_owned());
    desk.say("connected to 10.0.0.1:5000\n");
    desk.attach(80, 24);
    let shown = ["$ docker attach client1", "framecast>", STATUS];
    assert_eq!(desk.rows(), shown);
    desk.handle(&Event::Resize(80, 25));
    desk.handle(&Event::Resize(80, 24));
    assert_eq!(desk.rows(), shown, "docker resizes twice, and nothing above is touched");
    assert!(desk.screen().bracketed_paste());
    desk.write("list");
    desk.attach(40, 10);
    assert_eq!(desk.line(), "framecast> list", "what somebody has typed is there for the next one");
}

#[test]
fn a_status_that_changes_changes_its_row_alone() {
    let mut desk = Desk::new(80, 24);
    desk.editor.set_status(STATUS.to_owned());
    desk.write("li");
    desk.press(KeyCode::Home);
    let (before, column) = (desk.bytes.len(), desk.column());
    desk.editor.set_status(STATUS.replace("12.0", "11.5"));
    desk.show();
    assert_eq!(desk.rows()[1], STATUS.replace("12.0", "11.5"));
    assert_eq!(desk.column(), column);
    assert!(desk.bytes.len() - before < 80, "{:?}", desk.bytes.split_at(before).1);
    let before = desk.bytes.len();
    desk.show();
    assert_eq!(desk.bytes.len(), before, "what has not changed is not painted");
}

#[test]
fn a_storm_of_events_keeps_the_typed_text_and_a_few_lines() {
    let mut desk = Desk::new(80, 24);
    desk.editor.set_status(STATUS.to_owned());
    desk.show();
    let line = "subscribe 1AAA99 2BBB99 --lat";
    let mut typed = line.chars();
    for count in 0..900 {
        desk.event(&format!("ended 1AAA99: number {count}\n"));
        if count % 30 == 0 {
            desk.write(&typed.next().map(String::from).unwrap_or_default());
        }
        desk.pass(Duration::from_micros(3_334));
    }
    assert_eq!(desk.line(), format!("framecast> {line}"));
    let rows = desk.rows();
    assert!((8..=20).contains(&rows.len()), "{rows:#?}");
    assert_eq!(rows.iter().filter(|row| row.ends_with(" similar")).count(), 3, "{rows:#?}");
    let withheld = |row: &String| row.strip_prefix("... ")?.strip_suffix(" similar")?.parse::<usize>().ok();
    let said = rows.iter().filter(|row| row.starts_with("ended")).count();
    let counted: usize = rows.iter().filter_map(withheld).sum();
    assert_eq!(said + counted, 900, "{rows:#?}");
}

#[test]
fn what_is_said_stands_above_the_prompt_also_when_the_screen_scrolls() {
    let mut desk = Desk::new(40, 10);
    desk.editor.set_status(STATUS.to_owned());
    desk.write("half");
    for count in 0..50 {
        desk.say(&format!("line {count}\n"));
    }
    let rows = desk.rows();
    assert_eq!(rows[7], "line 49");
    assert_eq!(rows[8], "framecast> half");
    assert_eq!(rows[9], "broker 10.0.0.1:5000 connected | 1AAA9>");
    assert_eq!(desk.line(), "framecast> half");
}

#[test]
fn a_line_that_is_longer_than_the_screen_scrolls_sideways_and_is_whole_once_it_is_entered() {
    let mut desk = Desk::new(40, 10);
    desk.editor.set_status(STATUS.to_owned());
    let line = "record /a/folder/whose/name/is/much/longer/than/this/screen";
    desk.write(line);
    assert!(desk.rows()[0].starts_with("framecast> <"), "{:?}", desk.rows());
    assert!(desk.rows()[0].ends_with("screen"));
    desk.press(KeyCode::Home);
    assert_eq!(desk.rows()[0], "framecast> record /a/folder/whose/name>");
    assert_eq!(desk.column(), 11);
    for step in 0..line.len() {
        let at = desk.screen().cell(desk.screen().cursor_position().0, desk.column()).unwrap();
        assert_eq!(at.contents(), &line[step..=step], "the cursor stands on the character that it edits");
        desk.press(KeyCode::Right);
    }
    desk.press(KeyCode::Enter);
    assert_eq!(desk.rows()[..2], [format!("framecast> {line}"), "framecast>".to_owned()]);
}

#[test]
fn at_the_smallest_sizes_the_block_stays_within_its_rows() {
    for (columns, rows) in [(1, 1), (2, 2), (5, 3), (12, 4), (20, 3)] {
        let mut desk = Desk::new(columns, rows);
        desk.editor.set_status(STATUS.to_owned());
        desk.write("subscribe 放送 1AAA99");
        desk.press(KeyCode::Home);
        let row = desk.screen().cursor_position().0;
        assert!(row + 1 >= rows.saturating_sub(1) || row == 0, "{columns}x{rows}: {:?}", desk.rows());
        assert!(desk.rows().len() <= 2, "{columns}x{rows}: {:?}", desk.rows());
    }
}

#[test]
fn clearing_the_screen_leaves_the_block_at_its_top() {
    let mut desk = Desk::new(80, 24);
    desk.editor.set_status(STATUS.to_owned());
    desk.say("one\ntwo\n");
    desk.write("half");
    desk.control('l');
    assert_eq!(desk.rows(), ["framecast> half", STATUS]);
}

#[test]
fn without_utf8_everything_written_is_ascii() {
    let look = Look { utf8: false, ..SHELL.look };
    let mut desk = Desk::with(Manners { look, ..SHELL }, 80, 24, &[]);
    desk.editor.set_status("\"é\"".to_owned());
    desk.say("subscribed 1AAA99 \"Übertragung 放送\"\n");
    desk.write("record 放");
    assert!(desk.bytes.is_ascii());
    assert_eq!(desk.rows(), ["subscribed 1AAA99 \"?bertragung ??\"", "framecast> record ?", "\"?\""]);
    assert_eq!(desk.column(), 19);
}

#[test]
fn a_key_at_the_end_of_the_line_costs_few_bytes() {
    let mut desk = Desk::new(80, 24);
    desk.editor.set_status(STATUS.to_owned());
    desk.write("subscribe 1AAA9");
    let before = desk.bytes.len();
    desk.write("9");
    assert!(desk.bytes.len() - before < 20, "{:?}", desk.bytes.split_at(before).1);
}

#[test]
fn rows_are_written_without_wrapping_for_whoever_looks_with_a_narrower_terminal() {
    let mut desk = Desk::new(80, 24);
    desk.editor.set_status(STATUS.to_owned());
    desk.write("record 放送");
    desk.press(KeyCode::Home);
    desk.handle(&Event::Resize(70, 24));
    for piece in desk.bytes.split("\x1b[?7h") {
        let wrapping = piece.split("\x1b[?7l").next().unwrap_or_default();
        let text = ["framecast", "broker", "放", "送"].into_iter().find(|text| wrapping.contains(text));
        assert_eq!(text, None, "{piece:?}");
    }
    assert_eq!(desk.rows(), ["framecast> record 放送", STATUS]);
}
