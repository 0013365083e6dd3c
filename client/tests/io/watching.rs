//! Pictures at a real pseudo-terminal: what stands on it, who is asked, what is left behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;

use client::view::LEAVE_PAGE;
use client::view::query::{PRESENCE, QUESTIONS};
use rustix::process::Signal;

use crate::support::{
    CONTAINED, LATENCY, PATIENCE, Pty, RENDERER, WATCH, broker, cinema, flicker, turning_cinema,
};

const USUAL: (u16, u16) = (80, 24);
const RED: [u8; 3] = [200, 30, 30];
const BLUE: [u8; 3] = [20, 40, 210];
const HALF: (&str, &str) = (RENDERER, "half");
const TRUE_COLOUR: (&str, &str) = ("COLORTERM", "truecolor");

/// Whether that is nearly the colour behind a cell.
fn shows(screen: &vt100::Screen, column: u16, row: u16, colour: [u8; 3]) -> bool {
    let Some(vt100::Color::Rgb(red, green, blue)) = screen.cell(row, column).map(vt100::Cell::bgcolor) else {
        return false;
    };
    [red, green, blue].into_iter().zip(colour).all(|(one, two)| one.abs_diff(two) < 12)
}

#[test]
fn watch_shows_the_picture_follows_the_size_and_gives_the_terminal_back() {
    let broker = broker();
    let _producer = cinema(broker.address, "1AAA99", RED);
    let mut pty = Pty::start(broker.address, USUAL, &[(WATCH, "1AAA99"), HALF, TRUE_COLOUR]);
    pty.wait_until(|screen| screen.alternate_screen() && shows(screen, 40, 11, RED));
    pty.wait_for("64x48 | ");
    pty.attach(120, 40);
    pty.wait_until(|screen| shows(screen, 60, 30, RED));
    pty.press("i");
    pty.wait_for("channel    1AAA99");
    pty.press("q");
    assert!(pty.join().success());
    assert!(pty.is_whole());
    assert!(!pty.screen().alternate_screen() && !pty.screen().hide_cursor());
    assert!(pty.screen().contents().contains("1AAA9901  "), "{}", pty.screen().contents());
}

#[test]
fn a_pause_holds_the_picture_and_the_return_is_live() {
    let broker = broker();
    let turned = Arc::new(AtomicBool::new(false));
    let _producer = turning_cinema(broker.address, "1AAA99", [RED, BLUE], Arc::clone(&turned));
    let mut pty = Pty::start(broker.address, USUAL, &[(WATCH, "1AAA99"), HALF, TRUE_COLOUR]);
    pty.wait_until(|screen| shows(screen, 60, 11, RED));
    pty.press(" i");
    pty.wait_until(|screen| screen.contents().contains("PAUSED") && frames(screen) > 0);
    let frames = frames(pty.screen());
    turned.store(true, Ordering::Relaxed);
    // A second and more of the other colour has come by then.
    pty.wait_until(|screen| self::frames(screen) > frames + 100);
    assert!(shows(pty.screen(), 60, 11, RED));
    pty.press(" ");
    pty.wait_until(|screen| shows(screen, 60, 11, BLUE));
    pty.press("q");
    assert!(pty.join().success());
}

/// Frames that were expected, as the figures of the channel say.
fn frames(screen: &vt100::Screen) -> u64 {
    let text = screen.contents();
    let row = text.lines().find_map(|row| row.trim_start().strip_prefix("frames"));
    row.and_then(|row| row.split_whitespace().next()).and_then(|count| count.parse().ok()).unwrap_or_default()
}

#[test]
fn several_channels_stand_side_by_side_and_a_number_shows_one() {
    let broker = broker();
    let _producers = [cinema(broker.address, "1AAA99", RED), cinema(broker.address, "2BBB99", BLUE)];
    let mut pty = Pty::start(broker.address, USUAL, &[(WATCH, "1AAA99 2BBB99"), HALF, TRUE_COLOUR]);
    pty.wait_until(|screen| shows(screen, 20, 11, RED) && shows(screen, 60, 11, BLUE));
    pty.press("2");
    pty.wait_until(|screen| shows(screen, 20, 11, BLUE) && shows(screen, 60, 11, BLUE));
    pty.press("g");
    pty.wait_until(|screen| shows(screen, 20, 11, RED) && shows(screen, 60, 11, BLUE));
    pty.press("q");
    assert!(pty.join().success());
}

#[test]
fn sigterm_ends_the_page_and_leaves_the_terminal_whole() {
    let broker = broker();
    let _producer = cinema(broker.address, "1AAA99", RED);
    let mut pty = Pty::start(broker.address, USUAL, &[(WATCH, "1AAA99"), HALF, TRUE_COLOUR]);
    pty.wait_until(|screen| shows(screen, 40, 11, RED));
    pty.signal(Signal::TERM);
    assert!(pty.join().success());
    assert!(pty.is_whole());
    assert!(!pty.screen().alternate_screen() && !pty.screen().hide_cursor());
}

#[test]
fn a_panic_leaves_the_terminal_whole_also_from_a_page() {
    let broker = broker();
    let _producer = cinema(broker.address, "1AAA99", RED);
    let mut pty = Pty::start(broker.address, USUAL, &[(WATCH, "1AAA99"), HALF, TRUE_COLOUR]);
    pty.wait_until(|screen| shows(screen, 40, 11, RED));
    pty.press("?");
    assert!(!pty.join().success());
    assert!(pty.is_whole());
    assert!(!pty.screen().alternate_screen() && !pty.screen().hide_cursor());
    let text = String::from_utf8_lossy(&pty.bytes).into_owned();
    let (left, reported) = (text.rfind(LEAVE_PAGE).unwrap(), text.find("asked to").unwrap());
    assert!(left < reported, "the report comes to a terminal that shows it: {text:?}");
    assert!(!text[left + LEAVE_PAGE.len()..].contains("\x1b[?2026h"), "and no picture comes after it");
}

#[test]
fn a_panic_leaves_the_terminal_whole_also_from_the_full_screen() {
    let broker = broker();
    let mut pty = Pty::start(broker.address, USUAL, &[HALF, TRUE_COLOUR]);
    pty.wait_for("connected to 127.0.0.1");
    pty.press("top\r");
    pty.wait_for("? keys");
    assert!(pty.screen().alternate_screen());
    pty.press("?");
    assert!(!pty.join().success());
    assert!(pty.is_whole());
    assert!(!pty.screen().alternate_screen() && !pty.screen().hide_cursor());
    let text = String::from_utf8_lossy(&pty.bytes).into_owned();
    let (left, reported) = (text.rfind(LEAVE_PAGE).unwrap(), text.find("asked to").unwrap());
    assert!(left < reported, "the report comes to a terminal that shows it: {text:?}");
}

/// Waits until so many more pictures are published.
fn wait_for_pictures(published: &Receiver<u32>, count: usize) {
    // Those of before don't count.
    published.try_iter().for_each(drop);
    for _ in 0..count {
        published.recv_timeout(PATIENCE).unwrap();
    }
}

/// The figure with this name in the row of a stream in the summary.
fn figure(summary: &str, name: &str) -> u64 {
    let columns = |row: &str| row.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let names = columns(summary.lines().find(|row| row.contains("expected")).unwrap());
    let figures = columns(summary.lines().find(|row| row.starts_with("1AAA9901")).unwrap());
    let place = names.iter().position(|one| one == name).unwrap();
    figures[place].parse().unwrap()
}

#[test]
fn a_terminal_that_reads_nothing_costs_no_frame_and_no_memory() {
    const STALLED: usize = 150;
    let broker = broker();
    let (_producer, published) = flicker(broker.address, "1AAA99");
    // A latency that no busy machine exceeds.
    let watch = [(WATCH, "1AAA99"), HALF, TRUE_COLOUR, (LATENCY, "1500")];
    let mut pty = Pty::start(broker.address, (160, 45), &watch);
    pty.wait_for("160x120 | ");
    wait_for_pictures(&published, 30);
    pty.look();
    let (written, memory) = (pty.bytes.len(), pty.memory());
    let eyes = pty.eyes();
    let closed = eyes.lock().unwrap();
    wait_for_pictures(&published, STALLED);
    let grown = pty.memory().saturating_sub(memory);
    pty.press("q");
    drop(closed);
    assert!(pty.join().success());
    let written = pty.bytes.len() - written;
    assert!(written < 500_000, "{written} bytes are more than a terminal keeps that reads nothing");
    assert!(grown < 2 << 20, "{grown} bytes; the frames have some {}", STALLED * 30_000);
    let summary = pty.screen().contents();
    let [expected, late, lost, skipped] =
        ["expected", "late", "lost", "skipped"].map(|name| figure(&summary, name));
    assert!(expected >= STALLED as u64, "{summary}");
    assert_eq!((late, lost, skipped), (0, 0, 0), "{summary}");
}

#[test]
fn in_a_container_pictures_go_on_while_the_terminal_answers_and_again_with_the_next_attach() {
    let broker = broker();
    let (_producer, published) = flicker(broker.address, "1AAA99");
    let mut pty = Pty::start(broker.address, USUAL, &[HALF, TRUE_COLOUR, (CONTAINED, "1")]);
    pty.wait_for("connected to 127.0.0.1");
    pty.press("watch 1AAA99\r");
    pty.wait_for("160x120 | ");
    pty.wait_for_bytes(PRESENCE);
    pty.press("\x1b[?62;22c");
    // Now it has gone, and nothing tells it but that no further question is answered.
    pty.wait_for("IDLE: press a key");
    wait_for_pictures(&published, 25);
    pty.look();
    let written = pty.bytes.len();
    wait_for_pictures(&published, 100);
    pty.look();
    let written = pty.bytes.len() - written;
    assert!(written < 2_000, "{written} bytes to nobody");
    pty.attach(100, 30);
    pty.wait_until(|screen| {
        let text = screen.contents();
        text.contains("160x120 | ") && text.contains("\nframecast> ") && !text.contains("IDLE")
    });
    let before = pty.bytes.len();
    pty.wait_until_bytes(before + 100_000);
    pty.press("watch off\r");
    pty.wait_until(|screen| {
        let text = screen.contents();
        text.contains("no pictures any more") && text.contains("\nframecast> ") && !text.contains("160x120")
    });
    pty.press("quit\r");
    assert!(pty.join().success());
    assert!(pty.is_whole());
}

#[test]
fn a_stop_lends_the_terminal_and_the_picture_comes_back() {
    let broker = broker();
    let _producer = cinema(broker.address, "1AAA99", RED);
    let mut pty = Pty::start(broker.address, USUAL, &[(WATCH, "1AAA99"), HALF, TRUE_COLOUR]);
    pty.wait_until(|screen| shows(screen, 40, 11, RED));
    pty.press("\x1a");
    pty.wait_for_stop();
    assert!(pty.is_whole());
    pty.wait_until(|screen| !screen.alternate_screen());
    pty.signal(Signal::CONT);
    pty.wait_until(|screen| screen.alternate_screen() && shows(screen, 40, 11, RED));
    pty.press("q");
    assert!(pty.join().success());
}

#[test]
fn the_terminal_is_asked_only_when_a_picture_is_wanted_and_its_answer_counts() {
    let broker = broker();
    let _producer = cinema(broker.address, "1AAA99", RED);
    let mut pty = Pty::start(broker.address, USUAL, &[]);
    pty.wait_for("connected to 127.0.0.1");
    assert!(!pty.has_written(QUESTIONS));
    pty.press("watch 1AAA99\r");
    pty.wait_for_bytes(QUESTIONS);
    pty.press("\x1b_Gi=4607;OK\x1b\\\x1bP>|kitty(0.35)\x1b\\\x1bP1$r48:2:1:2:3m\x1b\\st\x1b[?62;c");
    pty.wait_for_bytes("\x1b_Ga=T,f=24,o=z");
    pty.wait_for("framecast> st");
    pty.press("atus\r");
    pty.wait_for("1AAA9901  video");
    pty.press("watch off\r");
    pty.wait_for_bytes("\x1b_Ga=d,d=I");
    pty.press("quit\r");
    assert!(pty.join().success());
    assert!(pty.is_whole());
}

#[test]
fn a_terminal_that_does_not_answer_gets_half_blocks_above_the_prompt() {
    let broker = broker();
    let _producer = cinema(broker.address, "1AAA99", RED);
    let mut pty = Pty::start(broker.address, USUAL, &[TRUE_COLOUR]);
    pty.wait_for("connected to 127.0.0.1");
    pty.press("watch 1AAA99\r");
    pty.wait_until(|screen| shows(screen, 40, 15, RED));
    pty.press("half a comm");
    pty.wait_for("framecast> half a comm");
    pty.press("\x03watch off\r");
    pty.wait_for("unsubscribed 1AAA99");
    pty.wait_until(|screen| !shows(screen, 40, 15, RED));
    pty.signal(Signal::TERM);
    assert!(pty.join().success());
    assert!(pty.is_whole());
}

#[test]
fn the_full_screen_shows_the_channels_takes_commands_and_comes_back_to_the_prompt() {
    let broker = broker();
    let _producer = cinema(broker.address, "1AAA99", RED);
    let mut pty = Pty::start(broker.address, USUAL, &[HALF, TRUE_COLOUR]);
    pty.wait_for("connected to 127.0.0.1");
    pty.press("top\r");
    pty.wait_until(|screen| screen.alternate_screen() && screen.contents().contains("\n1AAA99 "));
    pty.press("\r");
    pty.wait_until(|screen| shows(screen, 60, 7, RED));
    pty.wait_for("subscribed 1AAA99 \"Aurora\"");
    pty.press(":unsub 1AAA99\r");
    pty.wait_for("\nunsubscribed 1AAA99");
    pty.press("q");
    pty.wait_until(|screen| !screen.alternate_screen() && screen.contents().contains("framecast> "));
    pty.press("quit\r");
    assert!(pty.join().success());
    assert!(pty.is_whole());
}

#[test]
fn sigterm_ends_the_full_screen_and_leaves_the_terminal_whole() {
    let broker = broker();
    let mut pty = Pty::start(broker.address, (40, 10), &[HALF]);
    pty.wait_for("connected to 127.0.0.1");
    pty.press("top\r");
    pty.wait_for("Enter subscribe");
    pty.signal(Signal::TERM);
    assert!(pty.join().success());
    assert!(pty.is_whole());
    assert!(!pty.screen().alternate_screen() && !pty.screen().hide_cursor());
}
