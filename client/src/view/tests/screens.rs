use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use protocol::id::StreamId;
use protocol::wire::{CatalogEntry, CatalogTrack, Label, Text, TrackKind};

use super::theatre::{Theatre, frame, producer};
use crate::view::{CommandLine, Facts, Rates, Renderer, Top, View, Wish};

const RED: [u8; 3] = [200, 30, 30];
const USUAL: (u16, u16) = (80, 24);

/// The full screen on a terminal.
struct Screen {
    theatre: Theatre,
    top: Top,
    line: CommandLine,
}

fn entry(id: &str, name: &str, viewers: u32) -> CatalogEntry {
    CatalogEntry {
        producer: producer(id),
        epoch: 1,
        name: Text::new(name),
        viewers,
        stalled: false,
        tracks: vec![CatalogTrack {
            stream: StreamId::VIDEO,
            kind: TrackKind::Video,
            extension: Label::new("jpg").unwrap(),
            frame_duration: Duration::ZERO,
        }],
    }
}

impl Screen {
    /// A screen of three channels, one of which plays.
    fn new(size: (u16, u16), utf8: bool) -> Self {
        let theatre = Theatre::new(size, &["1AAA99"]);
        let mut top = Top::new(size, theatre.cell, utf8);
        top.learn(&[
            entry("1AAA99", "Aurora", 3),
            entry("2BBB99", "Borealis", 9),
            entry("3CCC99", "Cosmos", 1),
        ]);
        let mut screen = Self { theatre, top, line: CommandLine::default() };
        screen.show();
        screen
    }

    fn show(&mut self) {
        let figures = self.theatre.stage.figures();
        let facts = Facts {
            now: self.theatre.now,
            snapshot: &self.theatre.snapshot,
            figures: &figures,
            rates: &Rates::default(),
            renderer: Renderer::Half,
            is_recording: false,
            is_idle: false,
        };
        self.top.note(&facts);
        let scene = self.top.scene(&facts, &self.line);
        self.theatre.show(&View::Page(Arc::new(scene)));
    }

    fn press(&mut self, code: KeyCode) {
        self.top.handle_event(&Event::Key(KeyEvent::new(code, KeyModifiers::NONE)));
        self.show();
    }

    fn type_on(&mut self, text: &str) {
        text.chars().for_each(|character| self.press(KeyCode::Char(character)));
    }

    fn contents(&self) -> String {
        self.theatre.screen().contents()
    }

    /// The ids in the table, from the top on.
    fn ids(&self) -> Vec<String> {
        let rows = (2..12).map(|row| self.theatre.row(row).chars().take(6).collect::<String>());
        rows.filter(|id| id.ends_with("99")).collect()
    }
}

#[test]
fn everything_has_its_place_at_80_by_24() {
    let mut screen = Screen::new(USUAL, true);
    screen.top.say(screen.theatre.now, "connected to 10.0.0.1:5000\n");
    screen.theatre.stage.take(producer("1AAA99"), &frame(RED));
    screen.theatre.pass(Duration::from_secs(1));
    screen.show();
    let text = screen.contents();
    assert!(
        screen.theatre.row(0).contains("broker 10.0.0.1:5000 connected | rtt 0.4 ms | 3 channels"),
        "{text}"
    );
    assert!(screen.theatre.row(1).starts_with("id      fps     rate      loss"), "{text}");
    assert!(screen.theatre.row(2).starts_with("1AAA99  12.0/s  985 kb/s  0.1 %"), "{text}");
    assert_eq!(screen.ids(), ["1AAA99", "2BBB99", "3CCC99"]);
    assert!(screen.theatre.shows(60, 7, RED), "the picture stands beside the table\n{text}");
    let graphs = screen.theatre.row(14);
    for title in ["rate 985 kb/s", "loss", "latency 12 ms", "rtt 0.4 ms"] {
        assert!(graphs.contains(title), "{title} in {graphs:?}\n{text}");
    }
    assert!(text.contains('█'), "a graph\n{text}");
    assert!(screen.theatre.row(20).starts_with("connected to 10.0.0.1:5000"), "{text}");
    assert!(screen.theatre.row(23).contains("? keys | q leave"), "{text}");
}

#[test]
fn at_40_by_10_the_table_and_the_keys_are_left() {
    let screen = Screen::new((40, 10), true);
    let text = screen.contents();
    assert_eq!(screen.ids(), ["1AAA99", "2BBB99", "3CCC99"], "{text}");
    assert!(!text.contains("latency 12 ms") && !text.contains("log"), "{text}");
    assert!(screen.theatre.row(9).starts_with("Enter subscribe"), "{text}");
    for size in [(1, 1), (3, 2), (10, 4), (64, 14), (63, 18), (200, 60)] {
        let mut screen = Screen::new(size, true);
        screen.type_on("?");
        screen.theatre.stage.take(producer("1AAA99"), &frame(RED));
        screen.show();
    }
}

#[test]
fn a_new_size_is_followed_at_once() {
    let mut screen = Screen::new(USUAL, true);
    for size in [(40, 10), (120, 40), USUAL] {
        screen.theatre.resize(size);
        screen.top.resize(size, screen.theatre.cell);
        screen.show();
        let last = screen.theatre.row(size.1 - 1);
        assert!(last.starts_with("Enter subscribe"), "{size:?}: {}", screen.contents());
    }
}

#[test]
fn a_filter_shows_what_has_it_in_its_id_or_name() {
    let mut screen = Screen::new(USUAL, true);
    screen.type_on("/bor");
    assert_eq!(screen.ids(), ["2BBB99"], "{}", screen.contents());
    assert_eq!(screen.theatre.row(23).trim_end(), "/bor");
    screen.press(KeyCode::Enter);
    screen.type_on("o");
    assert_eq!(screen.ids(), ["2BBB99"], "keys are commands again");
    screen.press(KeyCode::Esc);
    assert_eq!(screen.ids().len(), 3);
    screen.type_on("/3c");
    screen.press(KeyCode::Backspace);
    screen.press(KeyCode::Backspace);
    assert_eq!(screen.ids().len(), 3);
}

#[test]
fn the_table_is_sorted_by_each_column_in_both_directions() {
    let mut screen = Screen::new((120, 24), true);
    screen.type_on("oooooo");
    assert_eq!(screen.ids(), ["2BBB99", "1AAA99", "3CCC99"], "by viewers\n{}", screen.contents());
    screen.type_on("O");
    assert_eq!(screen.ids(), ["3CCC99", "1AAA99", "2BBB99"]);
    screen.type_on("oo");
    assert_eq!(screen.ids(), ["3CCC99", "2BBB99", "1AAA99"], "by id, turned around");
}

#[test]
fn the_chosen_channel_is_subscribed_to_and_its_picture_shown() {
    let mut screen = Screen::new(USUAL, true);
    screen.press(KeyCode::Down);
    assert!(screen.contents().contains("Enter subscribes to 2BBB99"), "{}", screen.contents());
    screen.press(KeyCode::Enter);
    screen.press(KeyCode::End);
    screen.type_on("sq");
    let wishes: Vec<_> = std::iter::from_fn(|| screen.top.poll_wish()).collect();
    assert_eq!(wishes, [Wish::Toggle(producer("2BBB99")), Wish::Snapshot(producer("3CCC99")), Wish::Leave]);
    screen.press(KeyCode::Up);
    screen.press(KeyCode::Home);
    assert_eq!(screen.top.producer(), Some(producer("1AAA99")));
}

#[test]
fn a_channel_that_is_unsubscribed_from_shows_no_last_picture() {
    let mut screen = Screen::new(USUAL, true);
    screen.theatre.stage.take(producer("1AAA99"), &frame(RED));
    screen.show();
    let is_red = |screen: &Screen| (0..24).any(|row| screen.theatre.shows(60, row, RED));
    assert!(is_red(&screen), "{}", screen.contents());
    screen.theatre.snapshot.streams[0].live = false;
    screen.show();
    assert!(!is_red(&screen));
    assert!(screen.contents().contains("Enter subscribes to 1AAA99"), "{}", screen.contents());
    assert!(screen.theatre.row(2).contains("off     - "), "{}", screen.contents());
}

#[test]
fn a_colon_opens_the_command_line() {
    let mut screen = Screen::new(USUAL, true);
    screen.type_on(":");
    assert!(screen.top.is_commanding());
    screen.line = CommandLine { text: "framecast> sub 2BBB99".to_owned(), cursor: 21 };
    screen.show();
    assert_eq!(screen.theatre.row(23), "framecast> sub 2BBB99");
    assert!(screen.theatre.screen().cell(23, 21).unwrap().inverse(), "there is a cursor");
    screen.top.end_command();
    screen.show();
    assert!(screen.theatre.row(23).starts_with("Enter subscribe"));
}

#[test]
fn the_keys_are_explained_and_the_picture_can_be_held() {
    let mut screen = Screen::new(USUAL, true);
    screen.type_on("?");
    assert!(screen.contents().contains("sort by the next column"));
    screen.press(KeyCode::Esc);
    assert!(!screen.contents().contains("sort by the next column"));
    screen.type_on(" ");
    assert!(screen.top.is_paused() && screen.theatre.row(0).contains("PAUSED"));
}

#[test]
fn without_utf8_everything_written_is_ascii() {
    let mut screen = Screen::new(USUAL, false);
    screen.theatre.pass(Duration::from_secs(2));
    screen.show();
    assert!(screen.contents().is_ascii(), "{}", screen.contents());
}
