//! What is shown of the channels: which, where, and how.

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent};
use protocol::id::{ProducerId, Target};
use protocol::time::Time;
use protocol::wire::CatalogEntry;

use super::inquiry::Inquiry;
use super::printer::Printer;
use super::terminal::{RawMode, Terminal};
use crate::editor::Frame as EditorFrame;
use crate::engine::event::{Frame, Snapshot};
use crate::view::query::Answers;
use crate::view::{
    Block, CellSize, CommandLine, Facts, Figures, Palette, Rates, Reel, Renderer, Top, View, Watch, Wish,
};

/// How often the figures on the screen are brought up to date while pictures are shown.
const FIGURES_EVERY: Duration = Duration::from_millis(500);
/// How often the full screen asks for the channels that there are.
const CATALOG_EVERY: Duration = Duration::from_secs(5);
/// Extensions of frames that are JPEG pictures.
const EXTENSIONS: [&str; 2] = ["jpg", "jpeg"];

/// What is shown of the channels.
pub(super) struct Pictures {
    /// What somebody has chosen.
    wished: Option<Renderer>,
    palette: Palette,
    /// `None` where there is none.
    terminal: Option<Terminal>,
    /// What is used; `None` until the terminal was asked.
    renderer: Option<Renderer>,
    show: Show,
    /// The page is all there is: leaving it is leaving.
    is_alone: bool,
    size: (u16, u16),
    cell: CellSize,
    repaints: u32,
    rates: Rates,
    /// Subscriptions that were made for the pictures alone.
    pub(super) subscribed: Vec<Target>,
    /// The newest frame of each channel while nothing moves.
    held: Vec<Frame>,
    /// Frames that are not due yet.
    reel: Reel,
    /// The newest frames, for snapshots.
    newest: Vec<Frame>,
    due: Option<Time>,
    catalog_due: Option<Time>,
    /// What the terminal is being asked.
    pub(super) inquiry: Inquiry,
}

/// What the pictures are shown in.
#[derive(Clone, Copy)]
pub(super) struct World<'a> {
    pub(super) now: Time,
    pub(super) snapshot: &'a Snapshot,
    pub(super) figures: &'a Figures,
    pub(super) is_recording: bool,
    /// Somebody seems to be there.
    pub(super) is_present: bool,
}

/// Where pictures are.
enum Show {
    Nothing,
    Block(Block),
    Page(Box<Watch>),
    Top(Box<Top>),
}

impl Pictures {
    pub(super) fn new(wished: Option<Renderer>, terminal: Option<&Terminal>) -> Self {
        let (size, cell) = RawMode::window();
        let palette = terminal.map_or(Palette::Grey, |terminal| terminal.palette);
        let mut pictures = Self {
            wished,
            palette,
            terminal: terminal.cloned(),
            renderer: None,
            show: Show::Nothing,
            is_alone: false,
            size,
            cell,
            repaints: 0,
            rates: Rates::default(),
            subscribed: Vec::new(),
            held: Vec::new(),
            reel: Reel::default(),
            newest: Vec::new(),
            due: None,
            catalog_due: None,
            inquiry: Inquiry::default(),
        };
        pictures.renderer = pictures.known();
        pictures
    }

    /// The renderer that needs no question.
    fn known(&self) -> Option<Renderer> {
        match self.wished {
            Some(renderer) => Some(renderer),
            None if !self.has(|terminal| terminal.look.utf8) || self.palette == Palette::Grey => {
                Some(Renderer::Ascii)
            }
            None => None,
        }
    }

    /// Shows these channels above the prompt, or on a page of their own. Whether the terminal is to be asked first.
    pub(super) fn begin(&mut self, now: Time, channels: Vec<ProducerId>, on_page: bool) -> bool {
        self.held.retain(|frame| channels.contains(&frame.producer));
        self.show = if on_page {
            let mut page = Watch::new(channels, self.size, self.cell);
            page.greet(now);
            Show::Page(Box::new(page))
        } else {
            Show::Block(Block::new(channels))
        };
        self.due = Some(now);
        self.repaints = self.repaints.wrapping_add(1);
        self.renderer.is_none()
    }

    /// The same, and the page is all there is.
    pub(super) fn begin_alone(&mut self, now: Time, channels: Vec<ProducerId>) -> bool {
        self.is_alone = true;
        self.begin(now, channels, true)
    }

    /// Nothing more is shown. The subscriptions that were made for it.
    pub(super) fn end(&mut self) -> Vec<Target> {
        self.show = Show::Nothing;
        self.due = None;
        self.held.clear();
        self.reel.clear();
        self.newest.clear();
        std::mem::take(&mut self.subscribed)
    }

    /// The terminal has answered, or has not. Whether that changes how pictures are shown.
    pub(super) fn learn(&mut self, answers: Answers) -> bool {
        let before = (self.renderer, self.palette);
        let renderer =
            if self.has(|terminal| terminal.multiplexed) { Renderer::Half } else { answers.renderer() };
        let promised = self.terminal.as_ref().map_or(Palette::Grey, |terminal| terminal.palette);
        self.palette = answers.palette(promised);
        self.renderer = Some(self.known().unwrap_or(renderer));
        before != (self.renderer, self.palette)
    }

    /// Whether how pictures are shown depends on no answer.
    pub(super) fn is_chosen(&self) -> bool {
        self.known().is_some()
    }

    /// Whether pictures can be shown: the terminal was asked, or needs no question.
    const fn is_known(&self) -> bool {
        self.renderer.is_some()
    }

    /// Whether it is worth a question that somebody is there: pictures would stop otherwise.
    pub(super) fn is_lost_on_nobody(&self) -> bool {
        self.is_shown() && self.is_known() && self.has(|terminal| terminal.contained)
    }

    /// Nothing is brought up to date until somebody is there again.
    pub(super) fn rest(&mut self, is_present: bool) {
        if self.is_idle(is_present) {
            self.due = None;
            self.catalog_due = None;
        }
    }

    /// How pictures are shown.
    pub(super) fn choice(&self) -> (Renderer, Palette) {
        (self.renderer.unwrap_or(Renderer::Half), self.palette)
    }

    /// Somebody chooses another renderer.
    pub(super) const fn choose(&mut self, renderer: Renderer) {
        self.wished = Some(renderer);
        self.renderer = Some(renderer);
    }

    /// Shows the full screen. Whether the terminal is to be asked first.
    pub(super) fn begin_top(&mut self, now: Time, is_alone: bool) -> bool {
        let utf8 = self.has(|terminal| terminal.look.utf8);
        self.is_alone = is_alone;
        self.show = Show::Top(Box::new(Top::new(self.size, self.cell, utf8)));
        self.due = Some(now);
        self.catalog_due = Some(now);
        self.renderer.is_none()
    }

    /// Whether a page has the screen, and what is said is for it.
    pub(super) const fn has_page(&self) -> bool {
        matches!(self.show, Show::Page(_) | Show::Top(_))
    }

    /// Takes a key, where a page has the keys.
    pub(super) fn handle_event(&mut self, event: &Event) -> bool {
        match &mut self.show {
            Show::Page(page) => page.handle_event(event),
            Show::Top(top) if !top.is_commanding() => top.handle_event(event),
            Show::Top(top) => {
                if let Event::Key(KeyEvent { code: KeyCode::Enter | KeyCode::Esc, .. }) = event {
                    top.end_command();
                }
                return false;
            }
            Show::Nothing | Show::Block(_) => return false,
        }
        true
    }

    /// What the keys of a page have asked for.
    pub(super) fn poll_wish(&mut self) -> Option<Wish> {
        match &mut self.show {
            Show::Page(page) => page.poll_wish(),
            Show::Top(top) => top.poll_wish(),
            Show::Nothing | Show::Block(_) => None,
        }
    }

    /// Something was said.
    pub(super) fn say(&mut self, now: Time, lines: &str) {
        match &mut self.show {
            Show::Page(page) => page.say(now, lines),
            Show::Top(top) => top.say(now, lines),
            Show::Nothing | Show::Block(_) => {}
        }
        self.touch(now);
    }

    /// The broker's newest catalog.
    pub(super) fn learn_catalog(&mut self, now: Time, catalog: &[CatalogEntry]) {
        if let Show::Top(top) = &mut self.show {
            top.learn(catalog);
            self.touch(now);
        }
    }

    /// Whether the catalog is to be asked for.
    pub(super) fn wants_catalog(&mut self, now: Time) -> bool {
        let wants = matches!(self.show, Show::Top(_)) && self.catalog_due.is_some_and(|due| now >= due);
        if wants {
            self.catalog_due = Some(now + CATALOG_EVERY);
        }
        wants
    }

    pub(super) const fn is_shown(&self) -> bool {
        !matches!(self.show, Show::Nothing)
    }

    pub(super) const fn is_alone(&self) -> bool {
        self.is_alone
    }

    /// The terminal has another size, or somebody else looks at it.
    pub(super) fn resize(&mut self, now: Time) {
        (self.size, self.cell) = RawMode::window();
        let (size, cell) = (self.size, self.cell);
        match &mut self.show {
            Show::Page(page) => page.resize(size, cell),
            Show::Top(top) => top.resize(size, cell),
            Show::Nothing | Show::Block(_) => {}
        }
        self.repaint(now);
    }

    /// Everything is painted anew.
    pub(super) fn repaint(&mut self, now: Time) {
        self.repaints = self.repaints.wrapping_add(1);
        match &mut self.show {
            Show::Page(page) => page.repaint(),
            Show::Top(top) => top.repaint(),
            Show::Nothing | Show::Block(_) => {}
        }
        self.touch(now);
    }

    /// Something has changed that can be seen.
    pub(super) fn touch(&mut self, now: Time) {
        if self.is_shown() {
            self.due = Some(now);
            self.catalog_due.get_or_insert(now);
        }
    }

    /// Somebody is there again: what rested goes on.
    pub(super) fn touch_idle(&mut self, now: Time) {
        if self.due.is_none() {
            self.touch(now);
        }
    }

    /// When the next frame is due, or the figures are to be brought up to date.
    pub(super) fn poll_timeout(&self) -> Option<Time> {
        [self.due, self.reel.poll_timeout(), self.inquiry.poll_timeout()].into_iter().flatten().min()
    }

    /// Whether that is now.
    pub(super) fn is_due(&mut self, now: Time) -> bool {
        let is_due = self.due.is_some_and(|due| now >= due);
        if is_due {
            self.due = Some(now + FIGURES_EVERY);
        }
        is_due
    }

    fn shows(&self, producer: ProducerId) -> bool {
        match &self.show {
            Show::Nothing => false,
            Show::Block(block) => block.channels().contains(&producer),
            Show::Page(page) => page.channels().contains(&producer),
            Show::Top(top) => top.producer() == Some(producer),
        }
    }

    fn is_paused(&self) -> bool {
        match &self.show {
            Show::Page(page) => page.is_paused(),
            Show::Top(top) => top.is_paused(),
            Show::Nothing | Show::Block(_) => false,
        }
    }

    /// The channel that somebody has chosen to see alone, or first.
    pub(super) fn chosen(&self) -> Option<ProducerId> {
        match &self.show {
            Show::Page(watch) => watch.producer(),
            Show::Top(top) => top.producer(),
            Show::Block(_) | Show::Nothing => None,
        }
    }

    /// Takes a frame that was delivered: it is shown when it is due.
    pub(super) fn take(&mut self, frame: &Frame) {
        let is_picture = EXTENSIONS.iter().any(|known| frame.extension.as_str().eq_ignore_ascii_case(known));
        if is_picture && self.shows(frame.producer) {
            self.reel.push(frame.clone());
        }
    }

    /// Shows the frames whose moment has come.
    pub(super) fn play(&mut self, now: Time, printer: &Printer, is_present: bool) {
        let is_held = self.is_paused() || self.is_idle(is_present) || self.renderer.is_none();
        while let Some(frame) = self.reel.pop_due(now) {
            put(&mut self.newest, &frame);
            if is_held {
                put(&mut self.held, &frame);
            } else {
                self.held.retain(|held| held.producer != frame.producer);
                printer.show_picture(frame);
            }
        }
        if !is_held {
            // The live picture after a pause.
            for frame in self.held.drain(..) {
                printer.show_picture(frame);
            }
        }
    }

    /// Nobody seems to be there, and the log of a container would fill with pictures.
    fn is_idle(&self, is_present: bool) -> bool {
        !is_present && self.has(|terminal| terminal.contained)
    }

    fn has(&self, property: impl Fn(&Terminal) -> bool) -> bool {
        self.terminal.as_ref().is_some_and(property)
    }

    /// The newest frame of a channel.
    pub(super) fn newest(&self, producer: ProducerId) -> Option<&Frame> {
        self.newest.iter().find(|frame| frame.producer == producer)
    }

    /// What is to be seen, `line` being the editor's frame.
    pub(super) fn view(&mut self, world: World<'_>, line: &EditorFrame) -> View {
        self.rates.note(world.now, world.figures);
        let renderer = self.choice().0;
        let is_idle = self.is_idle(world.is_present);
        let facts = Facts {
            now: world.now,
            snapshot: world.snapshot,
            figures: world.figures,
            rates: &self.rates,
            renderer,
            is_recording: world.is_recording,
            is_idle,
        };
        match &mut self.show {
            Show::Top(top) => {
                top.note(&facts);
                let (text, cursor) = line.prompt();
                let cursor = u16::try_from(cursor).unwrap_or(u16::MAX);
                View::Page(Arc::new(top.scene(&facts, &CommandLine { text, cursor })))
            }
            Show::Nothing => View::Line,
            Show::Block(block) => block
                .scene(self.size, self.cell, self.repaints, &facts)
                .map_or(View::Line, |scene| View::Block(Arc::new(scene))),
            Show::Page(page) => View::Page(Arc::new(page.scene(&facts))),
        }
    }
}

fn put(frames: &mut Vec<Frame>, frame: &Frame) {
    match frames.iter_mut().find(|one| one.producer == frame.producer) {
        Some(place) => place.clone_from(frame),
        None => frames.push(frame.clone()),
    }
}
