//! The output: a bounded queue, and a thread that may block on it.
//!
//! The network never waits for a slow reader. A full queue costs events, which are counted and owned up to as soon
//! as there is room; answers are held, and no further command is carried out until they have gone.

mod page;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Write};
use std::thread;

use protocol::time::Time;
use tokio::sync::{mpsc, oneshot, watch};

use super::clock::Clock;
use super::gallery::Gallery;
use super::logbook::plain;
use crate::editor::{Frame, Painter, Throttle};
use crate::engine::event::Frame as EngineFrame;
use crate::shell::output::{Format, Notice};
use crate::view::{Figures, Palette, Renderer, Stage, View};
use page::Page;

/// Notices that may wait for the reader: a few seconds of the busiest news.
const NOTICES_MAX: usize = 1_024;

/// The queue towards the output.
pub(super) struct Printer {
    format: Format,
    queue: mpsc::Sender<Piece>,
    held: VecDeque<String>,
    left_out: u64,
    /// Where a person types, events give way to the typing.
    throttle: Option<(Clock, Throttle)>,
    sights: watch::Sender<Sight>,
    gallery: Gallery,
    /// Lines for a page, in place of the output.
    diverted: Option<Vec<String>>,
    done: oneshot::Receiver<io::Result<()>>,
}

/// What stands below the last line.
pub(super) enum Front {
    /// Nothing: the output is data.
    Bare,
    /// A prompt, behind which the terminal itself shows what is typed.
    Prompt(&'static str),
    /// The frames of the editor.
    Painted(Painter, Clock),
}

/// What stands below the last line.
#[derive(Clone, Debug, Default)]
struct Sight {
    frame: Frame,
    view: View,
}

enum Piece {
    Lines(String),
    /// The person has ended a line: the prompt is not where the cursor is any more.
    Entered,
    /// There is a newer sight, or a newer picture.
    Sight,
    /// How pictures are shown from now on.
    Choose(Renderer, Palette),
    /// A question for the terminal.
    Ask(&'static str),
    /// The terminal is lent to somebody else; says when it is as it was found.
    Away(oneshot::Sender<()>),
}

impl Printer {
    pub(super) fn start(format: Format, output: Box<dyn Write + Send>, front: Front) -> io::Result<Self> {
        let (queue, mut pieces) = mpsc::channel(NOTICES_MAX);
        let (sights, latest) = watch::channel(Sight::default());
        let (sender, done) = oneshot::channel();
        let (prompt, stage, throttle) = match front {
            Front::Bare => (None, None, None),
            Front::Prompt(prompt) => (Some(prompt), None, None),
            Front::Painted(painter, clock) => {
                (None, Some((Stage::new(painter), clock)), Some((clock, Throttle::default())))
            }
        };
        let gallery = Gallery::default();
        let pictures = gallery.clone();
        // Pictures have their times.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        thread::Builder::new().name("output".to_owned()).spawn(move || {
            let mut page = Page::new(output, prompt, stage, latest, pictures);
            let result = runtime.block_on(page.write_all(&mut pieces));
            // Closed first: whoever learns the result finds that nothing is taken any more.
            drop(pieces);
            sender.send(result).ok();
        })?;
        Ok(Self {
            format,
            queue,
            held: VecDeque::new(),
            left_out: 0,
            throttle,
            sights,
            gallery,
            diverted: None,
            done,
        })
    }

    /// Says the answer to a command: late rather than never.
    pub(super) fn answer(&mut self, notice: &Notice<'_>) {
        if let Some(lines) = self.format.render(notice) {
            self.say(lines);
        }
    }

    /// Says whole lines as an answer.
    pub(super) fn say(&mut self, lines: String) {
        if let Some(diverted) = &mut self.diverted {
            diverted.push(lines);
            return;
        }
        self.own_up();
        self.held.push_back(lines);
        self.pass_on();
    }

    /// Says an event: now or never.
    pub(super) fn event(&mut self, notice: &Notice<'_>) {
        if let Some(lines) = self.format.render(notice) {
            self.report(lines);
        }
    }

    /// Says lines of the log, as an event: now or never.
    pub(super) fn log(&mut self, lines: String) {
        // Pages have styles of their own.
        let lines = if self.diverted.is_some() { plain(&lines) } else { lines };
        self.report(lines);
    }

    fn report(&mut self, lines: String) {
        if let Some(diverted) = &mut self.diverted {
            diverted.push(lines);
            return;
        }
        self.pass_on();
        if self.throttle.as_mut().is_some_and(|(clock, throttle)| !throttle.admit(clock.now())) {
            return;
        }
        if self.is_behind() || self.queue.try_send(Piece::Lines(lines)).is_err() {
            self.left_out += 1;
        }
    }

    /// A line of the person came in.
    pub(super) fn note_entered(&self) {
        // Where the queue is full the prompt is out of place for a moment.
        self.queue.try_send(Piece::Entered).ok();
    }

    /// Shows this; what was not painted yet is outdated by it.
    pub(super) fn show(&self, frame: Frame, view: View) {
        self.sights.send_replace(Sight { frame, view });
        // Where the queue is full the thread looks for the newest sight anyway.
        self.queue.try_send(Piece::Sight).ok();
    }

    /// Shows the newest picture of a channel.
    pub(super) fn show_picture(&self, frame: EngineFrame) {
        if self.gallery.put(frame) {
            self.queue.try_send(Piece::Sight).ok();
        }
    }

    /// How far the pictures have come.
    pub(super) fn figures(&self) -> Figures {
        self.gallery.figures()
    }

    /// How pictures are shown from now on.
    pub(super) fn choose(&self, renderer: Renderer, palette: Palette) {
        self.queue.try_send(Piece::Choose(renderer, palette)).ok();
    }

    /// Asks the terminal.
    pub(super) fn ask(&self, question: &'static str) {
        self.queue.try_send(Piece::Ask(question)).ok();
    }

    /// Keeps lines for [`Printer::diverted`], while a page is on the screen.
    pub(super) fn divert(&mut self, is_diverted: bool) {
        if !is_diverted {
            self.diverted = None;
        } else if self.diverted.is_none() {
            self.diverted = Some(Vec::new());
        }
    }

    /// Lines that were kept.
    pub(super) fn diverted(&mut self) -> Vec<String> {
        self.diverted.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Leaves the terminal as it was found, until the next frame that is painted anew. Resolves when that is done.
    pub(super) fn leave_terminal(&self) -> oneshot::Receiver<()> {
        let (sender, left) = oneshot::channel();
        self.queue.try_send(Piece::Away(sender)).ok();
        left
    }

    /// When events that were withheld are to be owned up to.
    pub(super) fn poll_timeout(&self) -> Option<Time> {
        self.throttle.as_ref().and_then(|(_, throttle)| throttle.poll_timeout())
    }

    /// Whether answers wait for room.
    pub(super) fn is_behind(&self) -> bool {
        !self.held.is_empty()
    }

    /// Passes on what was held.
    pub(super) fn pass_on(&mut self) {
        if self.queue.is_closed() {
            self.held.clear();
            return;
        }
        let withheld = self.throttle.as_mut().and_then(|(clock, throttle)| throttle.poll_line(clock.now()));
        self.held.extend(withheld);
        if self.held.is_empty() && self.queue.capacity() > 0 {
            self.own_up();
        }
        while let Ok(place) = self.queue.try_reserve() {
            let Some(lines) = self.held.pop_front() else { break };
            place.send(Piece::Lines(lines));
        }
    }

    /// Says how many events are missing, where they are.
    fn own_up(&mut self) {
        let count = std::mem::take(&mut self.left_out);
        if count > 0 {
            let message = format!("{count} events are left out here: the output is read too slowly");
            self.held.extend(self.format.render(&Notice::Error(&message)));
        }
    }

    /// Waits for room for what is held; for ever where nothing is. Safe to cancel.
    pub(super) async fn room(&self) {
        if !self.is_behind() || self.queue.reserve().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Waits until nothing is taken any more. Safe to cancel.
    pub(super) async fn closed(&self) {
        self.queue.closed().await;
    }

    pub(super) fn is_closed(&self) -> bool {
        self.queue.is_closed()
    }

    /// Waits until everything is written. A reader that has left is no error.
    pub(super) async fn finish(self) -> io::Result<()> {
        for lines in self.held {
            if self.queue.send(Piece::Lines(lines)).await.is_err() {
                break;
            }
        }
        drop(self.queue);
        match self.done.await {
            Ok(Err(error)) if error.kind() != ErrorKind::BrokenPipe => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }
}
