//! The client at a real pseudo-terminal: its mode, its signals, its size.

use client::editor::LEAVE;
use rustix::process::Signal;

use crate::support::{Pty, broker, producer, run_child};

const USUAL: (u16, u16) = (80, 24);
const NOBODY: (u16, u16) = (0, 0);
const CONTROL_C: &str = "\x03";
const CONTROL_R: &str = "\x12";

#[test]
#[ignore = "the other tests start it, each at a terminal of its own"]
fn the_client_at_the_other_end() {
    run_child();
}

#[test]
fn whoever_attaches_to_a_terminal_that_nobody_looked_at_sees_prompt_and_status_at_once() {
    let broker = broker();
    let mut pty = Pty::start(broker.address, NOBODY, &[]);
    pty.wait_for("connected to 127.0.0.1");
    let status = format!("broker {} connected", broker.address);
    // What was still on its way to the terminal as it was would be the first that the new one shows.
    pty.wait_for(&status);
    for (columns, rows) in [USUAL, (40, 10)] {
        pty.attach(columns, rows);
        pty.wait_until(|screen| {
            let rows: Vec<_> = screen.rows(0, columns).collect();
            rows[0].trim_end() == "framecast>" && rows[1].starts_with(&status)
        });
    }
}

#[test]
fn a_completed_command_is_carried_out_and_its_answer_stands_above_the_prompt() {
    let broker = broker();
    let _producer = producer(broker.address, "1AAA99");
    let mut pty = Pty::start(broker.address, USUAL, &[]);
    pty.wait_for("connected to 127.0.0.1");
    pty.press("sub 1AAA99\r");
    pty.wait_for("subscribed 1AAA99 \"Aurora\"");
    pty.press("unsub\t1\t");
    pty.wait_for("framecast> unsubscribe 1AAA99");
    pty.wait_for("1AAA9901 ");
    pty.press("\r");
    pty.wait_for("\nunsubscribed 1AAA99");
}

#[test]
fn sigterm_leaves_the_terminal_whole_with_the_summary_and_status_0() {
    let broker = broker();
    let mut pty = Pty::start(broker.address, USUAL, &[]);
    pty.wait_for("connected to 127.0.0.1");
    pty.press("half a comm");
    pty.wait_for("half a comm");
    assert!(!pty.is_whole(), "keys come one by one");
    pty.signal(Signal::TERM);
    assert!(pty.join().success());
    assert!(pty.is_whole());
    assert!(!pty.screen().bracketed_paste());
    let text = pty.screen().contents();
    assert!(text.contains("no streams\nrtt "), "{text}");
    assert!(!text.contains("half a comm"), "{text}");
}

#[test]
fn a_panic_leaves_the_terminal_whole() {
    let broker = broker();
    let mut pty = Pty::start(broker.address, USUAL, &[]);
    pty.wait_for("connected to 127.0.0.1");
    pty.press("#panic\r");
    assert!(!pty.join().success());
    assert!(pty.is_whole());
    assert!(!pty.screen().bracketed_paste());
    let text = String::from_utf8_lossy(&pty.bytes).into_owned();
    let (left, reported) = (text.find(LEAVE).unwrap(), text.find("asked to").unwrap());
    assert!(left < reported, "the report comes to a terminal that shows it: {text:?}");
}

#[test]
fn control_c_twice_leaves_with_the_summary_and_status_0() {
    let broker = broker();
    let mut pty = Pty::start(broker.address, USUAL, &[]);
    pty.wait_for("connected to 127.0.0.1");
    pty.press(CONTROL_C);
    pty.wait_for("'quit' or Ctrl-C twice to leave");
    pty.press(CONTROL_C);
    assert!(pty.join().success());
    assert!(pty.is_whole());
    assert!(pty.screen().contents().contains("no streams\nrtt "), "{}", pty.screen().contents());
}

#[test]
fn a_stop_lends_the_terminal_and_what_was_typed_is_there_when_the_client_goes_on() {
    let broker = broker();
    let mut pty = Pty::start(broker.address, USUAL, &[]);
    pty.wait_for("connected to 127.0.0.1");
    pty.press("half a comm");
    pty.wait_for("framecast> half a comm");
    for stop in [Some(Signal::TSTP), None] {
        match stop {
            Some(signal) => pty.signal(signal),
            None => pty.press("\x1a"),
        }
        pty.wait_for_stop();
        assert!(pty.is_whole());
        pty.wait_until(|screen| !screen.bracketed_paste() && !screen.contents().contains("half"));
        pty.signal(Signal::CONT);
        pty.wait_until(|screen| screen.bracketed_paste() && screen.contents().contains("> half a comm"));
        assert!(!pty.is_whole());
    }
}

#[test]
fn what_was_entered_is_found_again_by_the_next_client() {
    let broker = broker();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history");
    let variables = [("HISTORY", path.to_str().unwrap())];
    let mut pty = Pty::start(broker.address, USUAL, &variables);
    pty.wait_for("connected to 127.0.0.1");
    pty.press("help record\r quit\r");
    assert!(pty.join().success());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "help record\n", "a blank keeps a line private");
    let mut pty = Pty::start(broker.address, USUAL, &variables);
    pty.wait_for("connected to 127.0.0.1");
    pty.press(CONTROL_R);
    pty.press("rec");
    pty.wait_for("history 'rec': help record");
    pty.press("\r");
    pty.wait_for("record DIR | off: write frames to files");
}

#[test]
fn a_dumb_terminal_keeps_its_mode_and_its_own_editing() {
    let broker = broker();
    let mut pty = Pty::start(broker.address, USUAL, &[("TERM", "dumb")]);
    pty.wait_for("connected to 127.0.0.1");
    assert!(pty.is_whole());
    pty.press("help quit\n");
    pty.wait_for("unsubscribe, say goodbye and leave");
    pty.press("quit\n");
    assert!(pty.join().success());
    assert!(!String::from_utf8_lossy(&pty.bytes).contains("\x1b[?"));
}
