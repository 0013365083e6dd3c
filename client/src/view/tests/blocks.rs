use super::theatre::{Theatre, frame, producer};
use crate::view::Block;

const RED: [u8; 3] = [200, 30, 30];

fn block() -> Block {
    Block::new(vec![producer("1AAA99")])
}

#[test]
fn the_picture_stands_above_the_prompt_and_what_is_said_above_the_picture() {
    let mut theatre = Theatre::new((80, 24), &["1AAA99"]);
    theatre.editor.set_status("connected".to_owned());
    theatre.say("before\n");
    theatre.stage.take(producer("1AAA99"), &frame(RED));
    theatre.show_block(&block(), 0);
    assert!(!theatre.screen().alternate_screen());
    assert_eq!((theatre.row(22), theatre.row(23)), ("framecast>".to_owned(), "connected".to_owned()));
    assert!(theatre.row(21).starts_with(" 1AAA99 \"Aurora\""));
    assert!(theatre.shows(40, 15, RED), "{}", theatre.screen().contents());
    assert_eq!(theatre.row(9), "before", "directly above the block");
    for count in 0..30 {
        theatre.say(&format!("line {count}\n"));
    }
    assert_eq!((theatre.row(8), theatre.row(9)), ("line 28".to_owned(), "line 29".to_owned()));
    assert!(theatre.shows(40, 10, RED) && theatre.shows(40, 20, RED));
    assert_eq!(theatre.row(22), "framecast>");
    assert_eq!(theatre.screen().cursor_position(), (22, 11), "the cursor stays in the prompt");
}

#[test]
fn what_is_typed_survives_the_picture() {
    let mut theatre = Theatre::new((80, 24), &["1AAA99"]);
    theatre.show_block(&block(), 0);
    theatre.editor.handle_event(theatre.now, &crossterm::event::Event::Paste("record clips".to_owned()));
    theatre.stage.take(producer("1AAA99"), &frame(RED));
    theatre.show_block(&block(), 0);
    assert_eq!(theatre.row(22), "framecast> record clips");
    theatre.say("an event\n");
    theatre.show_block(&block(), 0);
    assert_eq!(theatre.row(22), "framecast> record clips");
    assert_eq!(theatre.screen().cursor_position(), (22, 23));
}

#[test]
fn the_picture_goes_without_a_trace_and_the_prompt_follows_what_was_said() {
    let mut theatre = Theatre::new((80, 24), &["1AAA99"]);
    theatre.editor.set_status("connected".to_owned());
    theatre.stage.take(producer("1AAA99"), &frame(RED));
    theatre.show_block(&block(), 0);
    theatre.say("no pictures any more\n");
    theatre.show(&crate::view::View::Line);
    let rows: Vec<_> = theatre.screen().contents().lines().map(str::to_owned).collect();
    assert_eq!(rows[9..], ["no pictures any more", "framecast> ", "connected"], "{rows:#?}");
    for count in 0..40 {
        theatre.say(&format!("line {count}\n"));
        theatre.show(&crate::view::View::Line);
    }
    assert_eq!(theatre.row(21), "line 39", "the whole screen scrolls again");
}

#[test]
fn another_size_moves_the_block_and_leaves_no_rest_of_it() {
    let mut theatre = Theatre::new((80, 24), &["1AAA99"]);
    theatre.stage.take(producer("1AAA99"), &frame(RED));
    theatre.show_block(&block(), 0);
    theatre.resize((80, 40));
    theatre.show_block(&block(), 1);
    for row in 0..18 {
        assert!(!theatre.shows(40, row, RED), "a rest in row {row}");
    }
    assert!(theatre.shows(40, 30, RED));
    assert_eq!(theatre.row(38), "framecast>");
    theatre.resize((40, 10));
    theatre.show_block(&block(), 2);
    assert_eq!(theatre.row(8), "framecast>");
}

#[test]
fn what_was_said_is_there_again_after_a_new_size_and_after_an_attach() {
    let mut theatre = Theatre::new((80, 24), &["1AAA99"]);
    theatre.say("before\n");
    theatre.show_block(&block(), 0);
    theatre.say("an event\nanother\n");
    theatre.resize((40, 10));
    theatre.show_block(&block(), 1);
    assert_eq!(
        [1, 2, 3].map(|row| theatre.row(row)),
        ["before", "an event", "another"].map(str::to_owned)[..]
    );
    // Somebody else's terminal.
    theatre.terminal = vt100::Parser::new(24, 80, 0);
    theatre.terminal.process(b"$ ls\r\n$ docker attach client-1\r\n");
    theatre.resize((80, 24));
    theatre.show_block(&block(), 2);
    assert_eq!(
        [7, 8, 9].map(|row| theatre.row(row)),
        ["before", "an event", "another"].map(str::to_owned)[..]
    );
    assert_eq!(theatre.row(22), "framecast>");
}

#[test]
fn a_long_talk_is_kept_in_a_bounded_memory() {
    let mut theatre = Theatre::new((80, 24), &["1AAA99"]);
    theatre.show_block(&block(), 0);
    for count in 0..10_000 {
        theatre.say(&format!("line {count}\n"));
    }
    theatre.resize((80, 20));
    theatre.show_block(&block(), 1);
    assert!(theatre.bytes.len() < 40_000, "{} bytes", theatre.bytes.len());
    assert_eq!(theatre.row(7), "line 9999");
}

#[test]
fn where_there_is_no_room_there_is_a_prompt() {
    let mut theatre = Theatre::new((40, 6), &["1AAA99"]);
    theatre.stage.take(producer("1AAA99"), &frame(RED));
    theatre.show_block(&block(), 0);
    assert_eq!(theatre.row(0), "framecast>");
}

#[test]
fn clearing_the_screen_clears_what_was_said() {
    let mut theatre = Theatre::new((80, 24), &["1AAA99"]);
    theatre.show_block(&block(), 0);
    theatre.say("before\n");
    let clear = crossterm::event::KeyEvent::new(
        crossterm::event::KeyCode::Char('l'),
        crossterm::event::KeyModifiers::CONTROL,
    );
    theatre.editor.handle_event(theatre.now, &crossterm::event::Event::Key(clear));
    theatre.show_block(&block(), 0);
    assert!(!theatre.screen().contents().contains("before"));
    assert_eq!(theatre.row(22), "framecast>");
}

#[test]
fn whoever_detaches_while_pictures_are_shown_keeps_a_terminal_that_scrolls_as_a_whole() {
    let mut theatre = Theatre::new((80, 24), &["1AAA99"]);
    theatre.say("before\n");
    theatre.stage.take(producer("1AAA99"), &frame(RED));
    theatre.show_block(&block(), 0);
    theatre.say("an event\n");
    theatre.show_block(&block(), 0);
    // What the shell behind the client does from here on.
    theatre.terminal.process(b"\x1b[24;1Hread escape sequence\r\n$ ls\r\n$ ");
    assert_eq!((theatre.row(21), theatre.row(23)), ("read escape sequence".to_owned(), "$".to_owned()));
    assert!(!theatre.screen().hide_cursor());
}
