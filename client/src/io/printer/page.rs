//! The thread that owns the output: it may block, nobody else does.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::thread;
use std::time::Duration;

use protocol::id::ProducerId;
use protocol::time::Time;
use tokio::sync::{mpsc, watch};

use super::super::clock::Clock;
use super::super::gallery::Gallery;
use super::super::terminal;
use super::{Piece, Sight};
use crate::engine::event::Frame;
use crate::view::{Stage, View};

/// Another process may have made the stream non-blocking: it is tried again this much later.
const RETRY_PAUSE: Duration = Duration::from_millis(10);
/// A picture that is not quite right yet is made better after this long.
const REFINE_PAUSE: Duration = Duration::from_millis(80);
/// Takes the prompt off its line, with whatever was typed behind it.
pub(super) const ERASE_LINE: &str = "\r\x1b[K";

/// What wakes the thread.
enum Next {
    Piece(Piece),
    /// A picture that had to wait can be painted.
    Picture,
    End,
}

/// What the thread knows of the output.
pub(super) struct Page<W: Write> {
    output: BufWriter<W>,
    prompt: Option<&'static str>,
    shown: bool,
    stage: Option<(Stage, Clock)>,
    sights: watch::Receiver<Sight>,
    gallery: Gallery,
    /// When a picture can be painted that has to wait.
    due: Option<Time>,
    /// No frame is there yet, or the terminal is lent to somebody else: the next new frame ends that.
    is_away: bool,
}

impl<W: Write> Page<W> {
    pub(super) fn new(
        output: W,
        prompt: Option<&'static str>,
        stage: Option<(Stage, Clock)>,
        sights: watch::Receiver<Sight>,
        gallery: Gallery,
    ) -> Self {
        let output = BufWriter::new(output);
        Self { output, prompt, shown: false, stage, sights, gallery, due: None, is_away: true }
    }

    pub(super) async fn write_all(&mut self, pieces: &mut mpsc::Receiver<Piece>) -> io::Result<()> {
        self.show_prompt()?;
        loop {
            match self.next(pieces).await {
                Next::Piece(piece) => self.write(piece)?,
                Next::Picture => {}
                Next::End => break,
            }
            while let Ok(piece) = pieces.try_recv() {
                self.write(piece)?;
            }
            if !pieces.is_closed() {
                self.show_prompt()?;
            }
            self.flush()?;
        }
        self.erase_prompt()?;
        self.leave()?;
        self.flush()
    }

    /// What comes first.
    async fn next(&self, pieces: &mut mpsc::Receiver<Piece>) -> Next {
        let piece = |piece: Option<Piece>| piece.map_or(Next::End, Next::Piece);
        let Some((clock, due)) = self.stage.as_ref().map(|(_, clock)| clock).zip(self.due) else {
            return piece(pieces.recv().await);
        };
        tokio::select! {
            next = pieces.recv() => piece(next),
            () = clock.sleep_until(Some(due)) => Next::Picture,
        }
    }

    fn write(&mut self, piece: Piece) -> io::Result<()> {
        match piece {
            Piece::Lines(lines) => {
                if let Some((stage, _)) = &mut self.stage {
                    let bytes = stage.lines(&lines);
                    return self.put(&bytes);
                }
                self.erase_prompt()?;
                self.put(&lines)
            }
            Piece::Sight => {
                // It is painted when everything that was said before is on the screen.
                Ok(())
            }
            Piece::Choose(renderer, palette) => {
                let bytes = self.stage.as_mut().map(|(stage, _)| stage.choose(renderer, palette));
                self.put(&bytes.unwrap_or_default())
            }
            Piece::Ask(question) => self.put(question),
            Piece::Away(done) => {
                self.leave()?;
                self.sights.mark_unchanged();
                self.is_away = true;
                // Whoever asked may have waited long enough.
                done.send(()).ok();
                Ok(())
            }
            Piece::Entered => {
                self.shown = false;
                Ok(())
            }
        }
    }

    fn show_prompt(&mut self) -> io::Result<()> {
        if self.stage.is_some() {
            return self.show_sight();
        }
        let Some(prompt) = self.prompt.filter(|_| !self.shown) else { return Ok(()) };
        self.shown = true;
        self.put(prompt)?;
        self.flush()
    }

    /// Paints what is to be seen, and the newest pictures if it is their time.
    fn show_sight(&mut self) -> io::Result<()> {
        let Some((stage, clock)) = &mut self.stage else { return Ok(()) };
        // Whoever has sent the sights is no longer there to send more.
        let has_changed = self.sights.has_changed().unwrap_or(false);
        self.is_away &= !has_changed;
        if self.is_away {
            self.due = None;
            return Ok(());
        }
        let sight = self.sights.borrow_and_update().clone();
        let now = clock.now();
        let waits = stage.poll_timeout(now);
        let mut taken = BTreeMap::new();
        let has_pictures = sight.view != View::Line && (self.gallery.has_frames() || stage.is_unfinished());
        if waits.is_none() && has_pictures {
            taken = self.gallery.take();
            for (producer, frame) in &taken {
                stage.take(*producer, &frame.data);
            }
        } else if !has_changed && has_pictures {
            self.due = waits;
            return Ok(());
        }
        let bytes = stage.show(now, &sight.frame, &sight.view);
        let rest = has_pictures && waits.is_some() || stage.is_unfinished();
        self.due = rest.then(|| waits.unwrap_or(now + REFINE_PAUSE));
        self.gallery.note(stage.figures());
        terminal::note_mode(stage.mode());
        self.put(&bytes)?;
        if !taken.is_empty() {
            self.flush()?;
            self.note_written(&taken);
        }
        Ok(())
    }

    /// These are on the screen now.
    fn note_written(&mut self, taken: &BTreeMap<ProducerId, Frame>) {
        let Some((stage, clock)) = &mut self.stage else { return };
        let now = clock.now();
        for (producer, frame) in taken {
            let lag = now.since(frame.captured);
            tracing::debug!("shown {producer} {} {} us after its capture", frame.number.0, lag.as_micros());
            stage.note_lag(*producer, lag);
        }
        self.gallery.note(stage.figures());
    }

    /// Leaves the terminal as it was found.
    fn leave(&mut self) -> io::Result<()> {
        let Some((stage, _)) = &mut self.stage else { return Ok(()) };
        let bytes = stage.leave();
        terminal::note_mode(stage.mode());
        self.put(&bytes)?;
        self.flush()
    }

    fn erase_prompt(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.shown) { self.put(ERASE_LINE) } else { Ok(()) }
    }

    fn put(&mut self, text: &str) -> io::Result<()> {
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            let written = patiently(|| terminal::unless_given_up(|| self.output.write(rest), rest.len()))?;
            if written == 0 {
                return Err(ErrorKind::WriteZero.into());
            }
            rest = rest.get(written..).unwrap_or_default();
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        patiently(|| terminal::unless_given_up(|| self.output.flush(), ()))
    }
}

fn patiently<T>(mut attempt: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match attempt() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(RETRY_PAUSE),
            result => return result,
        }
    }
}
