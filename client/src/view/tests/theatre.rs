//! A terminal with a stage: frames and keys go in, the screen is looked at.

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use jpeg_encoder::{ColorType, Encoder};
use protocol::id::{ProducerId, StreamId};
use protocol::time::Time;
use protocol::wire::{Text, TrackKind};

use crate::editor::{Editor, Frame, History, Look, Manners, Painter, Size};
use crate::engine::event::{Snapshot, StreamCounters, StreamStatus};
use crate::view::{
    Block, CellSize, Facts, Figures, Palette, Picture, Rates, Renderer, Stage, View, Watch, Wish,
};

pub(super) const LOOK: Look = Look { utf8: true, colour: true };
const STEP: Duration = Duration::from_micros(83_333);

/// A terminal with a stage.
pub(super) struct Theatre {
    pub(super) stage: Stage,
    pub(super) terminal: vt100::Parser,
    pub(super) page: Watch,
    pub(super) editor: Editor,
    pub(super) now: Time,
    /// Bytes of the newest show.
    pub(super) bytes: String,
    pub(super) snapshot: Snapshot,
    rates: Rates,
    pub(super) cell: CellSize,
    pub(super) size: (u16, u16),
}

pub(super) fn producer(id: &str) -> ProducerId {
    id.parse().unwrap()
}

/// A picture of one colour as a frame.
pub(super) fn frame(colour: [u8; 3]) -> Vec<u8> {
    jpeg(&Picture::new(64, 48, colour.repeat(64 * 48)).unwrap())
}

pub(super) fn jpeg(picture: &Picture) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (width, height) = (u16::try_from(picture.width()), u16::try_from(picture.height()));
    Encoder::new(&mut bytes, 95)
        .encode(picture.bytes(), width.unwrap(), height.unwrap(), ColorType::Rgb)
        .unwrap();
    bytes
}

impl Theatre {
    pub(super) fn new(size: (u16, u16), channels: &[&str]) -> Self {
        let manners = Manners { look: LOOK, contained: false, eof_quits: true };
        let producers: Vec<_> = channels.iter().map(|id| producer(id)).collect();
        let cell = CellSize::default();
        let mut stage = Stage::new(Painter::new(LOOK));
        stage.choose(Renderer::Half, Palette::FULL);
        Self {
            stage,
            terminal: vt100::Parser::new(size.1, size.0, 1_000),
            page: Watch::new(producers.clone(), size, cell),
            editor: Editor::new(manners, Size::new(size.0, size.1), History::default()),
            now: Time::from_micros(1_000_000),
            bytes: String::new(),
            snapshot: snapshot(&producers),
            rates: Rates::default(),
            cell,
            size,
        }
    }

    pub(super) fn press(&mut self, code: KeyCode) {
        self.page.handle_event(&Event::Key(KeyEvent::new(code, KeyModifiers::NONE)));
        self.show_page();
    }

    pub(super) fn type_on(&mut self, text: &str) {
        text.chars().for_each(|character| self.press(KeyCode::Char(character)));
    }

    pub(super) fn wishes(&mut self) -> Vec<Wish> {
        std::iter::from_fn(|| self.page.poll_wish()).collect()
    }

    /// The terminal has another size, and shows nobody knows what.
    pub(super) fn resize(&mut self, size: (u16, u16)) {
        self.size = size;
        self.terminal.screen_mut().set_size(size.1, size.0);
        self.page.resize(size, self.cell);
        self.editor.handle_event(self.now, &Event::Resize(size.0, size.1));
    }

    /// A frame is shown, on the page.
    pub(super) fn play(&mut self, id: &str, frame: &[u8]) {
        self.now = self.now + STEP;
        self.stage.take(producer(id), frame);
        self.show_page();
    }

    pub(super) fn show_page(&mut self) {
        let scene = self.page.scene(&facts(self.now, &self.snapshot, &self.stage.figures(), &self.rates));
        self.show(&View::Page(Arc::new(scene)));
    }

    pub(super) fn show_block(&mut self, block: &Block, repaints: u32) {
        let figures = self.stage.figures();
        let facts = facts(self.now, &self.snapshot, &figures, &self.rates);
        let scene = block.scene(self.size, self.cell, repaints, &facts);
        self.show(&scene.map_or(View::Line, |scene| View::Block(Arc::new(scene))));
    }

    pub(super) fn show(&mut self, view: &View) {
        let frame: Frame = self.editor.frame();
        let bytes = self.stage.show(self.now, &frame, view);
        self.rates.note(self.now, &self.stage.figures());
        self.put(bytes);
    }

    pub(super) fn say(&mut self, lines: &str) {
        let bytes = self.stage.lines(lines);
        self.put(bytes);
    }

    pub(super) fn leave(&mut self) {
        let bytes = self.stage.leave();
        self.put(bytes);
    }

    pub(super) fn pass(&mut self, span: Duration) {
        self.now = self.now + span;
    }

    fn put(&mut self, bytes: String) {
        self.terminal.process(bytes.as_bytes());
        self.bytes = bytes;
    }

    pub(super) fn screen(&self) -> &vt100::Screen {
        self.terminal.screen()
    }

    pub(super) fn row(&self, row: u16) -> String {
        let width = self.screen().size().1;
        self.screen().contents_between(row, 0, row, width).trim_end().to_owned()
    }

    /// The colour behind a cell.
    pub(super) fn back(&self, column: u16, row: u16) -> vt100::Color {
        self.screen().cell(row, column).unwrap().bgcolor()
    }

    /// Whether that is nearly the colour behind a cell.
    pub(super) fn shows(&self, column: u16, row: u16, colour: [u8; 3]) -> bool {
        let vt100::Color::Rgb(red, green, blue) = self.back(column, row) else { return false };
        [red, green, blue].into_iter().zip(colour).all(|(one, two)| one.abs_diff(two) < 8)
    }
}

fn facts<'a>(now: Time, snapshot: &'a Snapshot, figures: &'a Figures, rates: &'a Rates) -> Facts<'a> {
    Facts { now, snapshot, figures, rates, renderer: Renderer::Half, is_recording: false, is_idle: false }
}

fn snapshot(producers: &[ProducerId]) -> Snapshot {
    let stream = |producer: &ProducerId| StreamStatus {
        producer: *producer,
        stream: StreamId::VIDEO,
        kind: TrackKind::Video,
        name: Text::new("Aurora"),
        live: true,
        counters: StreamCounters::default(),
        frames_per_second: 12.0,
        bits_per_second: 985_000.0,
        loss: 0.001,
        delay: Duration::from_millis(12),
        age: None,
        age_error: None,
        latency: Duration::from_millis(500),
        first_frame: None,
        thinning: protocol::wire::Thinning::Whole,
    };
    Snapshot {
        broker: "10.0.0.1:5000".parse().unwrap(),
        connected: true,
        rtt: Some(Duration::from_micros(400)),
        jitter: Duration::ZERO,
        loss: 0.0,
        loss_run: None,
        streams: producers.iter().map(stream).collect(),
        waiting: Vec::new(),
        datagrams_received: 0,
        datagrams_sent: 0,
        drops: Vec::new(),
    }
}
