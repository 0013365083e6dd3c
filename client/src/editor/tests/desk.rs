//! A person at a terminal: keys go in, the screen is looked at.

use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use protocol::id::StreamId;
use protocol::time::Time;
use protocol::wire::{CatalogEntry, CatalogTrack, Label, Text, TrackKind};

use crate::editor::{Action, Editor, History, Look, Manners, Painter, Size, Throttle};

const SCROLLBACK: usize = 1_000;
/// What would make a terminal answer, change its title, its screen or its mouse.
const FORBIDDEN: [&str; 9] =
    ["\x1b[6n", "\x1b[5n", "\x1b[c", "\x1b[>", "\x1b]", "\x1bP", "\x1b[?1049", "\x1b[?100", "\x1b[?u"];

pub(super) const SHELL: Manners =
    Manners { look: Look { utf8: true, colour: true }, contained: false, eof_quits: true };
pub(super) const CONTAINER: Manners = Manners { contained: true, eof_quits: false, ..SHELL };

pub(super) struct Desk {
    pub(super) editor: Editor,
    pub(super) throttle: Throttle,
    pub(super) now: Time,
    /// What the shell was asked to do, but for what is said.
    pub(super) actions: Vec<Action>,
    /// Every byte that went to the terminal.
    pub(super) bytes: String,
    painter: Painter,
    terminal: vt100::Parser,
}

impl Desk {
    /// A terminal of that many columns and rows; the editor is told the same.
    pub(super) fn new(columns: u16, rows: u16) -> Self {
        Self::with(SHELL, columns, rows, &[])
    }

    pub(super) fn with(manners: Manners, columns: u16, rows: u16, history: &[&str]) -> Self {
        let size = Size::new(columns, rows);
        let terminal = if columns == 0 { (24, 80) } else { (rows, columns) };
        let mut desk = Self {
            editor: Editor::new(manners, size, History::new(history.iter().copied())),
            throttle: Throttle::default(),
            now: Time::from_micros(1_000_000),
            actions: Vec::new(),
            bytes: String::new(),
            painter: Painter::new(manners.look),
            terminal: vt100::Parser::new(terminal.0, terminal.1, SCROLLBACK),
        };
        desk.show();
        desk
    }

    /// Types; a capital letter and the like need no more than themselves.
    pub(super) fn write(&mut self, text: &str) {
        text.chars().for_each(|character| self.press(KeyCode::Char(character)));
    }

    pub(super) fn press(&mut self, code: KeyCode) {
        self.handle(&Event::Key(KeyEvent::new(code, KeyModifiers::NONE)));
    }

    pub(super) fn control(&mut self, character: char) {
        self.handle(&Event::Key(KeyEvent::new(KeyCode::Char(character), KeyModifiers::CONTROL)));
    }

    pub(super) fn alt(&mut self, character: char) {
        self.handle(&Event::Key(KeyEvent::new(KeyCode::Char(character), KeyModifiers::ALT)));
    }

    pub(super) fn enter(&mut self, line: &str) {
        self.write(line);
        self.press(KeyCode::Enter);
    }

    pub(super) fn handle(&mut self, event: &Event) {
        self.editor.handle_event(self.now, event);
        self.show();
    }

    /// Somebody's terminal of that size shows what comes from now on, as after an attach.
    pub(super) fn attach(&mut self, columns: u16, rows: u16) {
        self.terminal = vt100::Parser::new(rows, columns, SCROLLBACK);
        self.terminal.process(b"$ docker attach client1\r\n");
        self.handle(&Event::Resize(columns, rows));
    }

    /// Says an answer.
    pub(super) fn say(&mut self, lines: &str) {
        let bytes = self.painter.lines(lines);
        self.put(&bytes);
        self.show();
    }

    /// Says an event, as far as the throttle lets it through.
    pub(super) fn event(&mut self, line: &str) {
        if self.throttle.admit(self.now) {
            self.say(line);
        }
    }

    /// Lets time pass.
    pub(super) fn pass(&mut self, span: Duration) {
        self.now = self.now + span;
        if let Some(line) = self.throttle.poll_line(self.now) {
            self.say(&line);
        }
    }

    /// Does what the editor wants, and paints.
    pub(super) fn show(&mut self) {
        while let Some(action) = self.editor.poll_action() {
            match action {
                Action::Say(lines) => self.say(&lines),
                action => self.actions.push(action),
            }
        }
        let bytes = self.painter.paint(&self.editor.frame());
        self.put(&bytes);
    }

    pub(super) fn leave(&mut self) {
        let bytes = self.painter.leave();
        self.put(bytes);
    }

    fn put(&mut self, bytes: &str) {
        self.terminal.process(bytes.as_bytes());
        self.bytes.push_str(bytes);
        let forbidden = FORBIDDEN.iter().find(|forbidden| self.bytes.contains(*forbidden));
        assert_eq!(forbidden, None, "nothing asks the terminal or takes it over");
    }

    pub(super) fn screen(&self) -> &vt100::Screen {
        self.terminal.screen()
    }

    /// The rows of the screen down to the last that is not blank.
    pub(super) fn rows(&self) -> Vec<String> {
        self.screen().contents().lines().map(|row| row.trim_end().to_owned()).collect()
    }

    /// The row in which the cursor is, without what is dim in it: hints and marks.
    pub(super) fn line(&self) -> String {
        let row = self.screen().cursor_position().0;
        let cells = (0..self.screen().size().1).filter_map(|column| self.screen().cell(row, column));
        let cells = cells.filter(|cell| !cell.dim() && !cell.is_wide_continuation());
        let text: String =
            cells.map(|cell| if cell.has_contents() { cell.contents() } else { " " }).collect();
        text.trim_end().to_owned()
    }

    /// The column in which the cursor is.
    pub(super) fn column(&self) -> u16 {
        self.screen().cursor_position().1
    }
}

/// A catalog of producers with these ids and names, each with a picture and sound.
pub(super) fn catalog(producers: &[(&str, &str)]) -> Vec<CatalogEntry> {
    let track = |stream, kind, extension| CatalogTrack {
        stream,
        kind,
        extension: Label::new(extension).unwrap(),
        frame_duration: Duration::ZERO,
    };
    let entry = |(id, name): &(&str, &str)| CatalogEntry {
        producer: id.parse().unwrap(),
        epoch: 1,
        name: Text::new(name),
        viewers: 1,
        stalled: false,
        tracks: vec![
            track(StreamId::VIDEO, TrackKind::Video, "jpg"),
            track(StreamId::AUDIO, TrackKind::Audio, "mp3"),
        ],
    };
    producers.iter().map(entry).collect()
}
