//! A thread of its own writes the log: who logs never waits for who reads it.
//!
//! A terminal that was stopped (Ctrl-S) or a pipe that nobody empties would hold up whatever logs next, and with it the
//! broadcast. What finds no room is left out, and the log says how much that was.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Bytes that may wait for the writer: some thousand lines.
const WAITING_MAX: usize = 256 * 1_024;
/// A process that ends waits so long for its last lines to be taken.
const END_WAIT: Duration = Duration::from_secs(1);

/// What the log goes through, until it is dropped: then everything is written, if it is taken within a second.
pub(crate) struct Scribe(Arc<Desk>);

impl Scribe {
    /// Starts the thread, which gives whole lines to `write`.
    pub(super) fn start(write: impl FnMut(&[u8]) + Send + 'static) -> io::Result<Self> {
        let desk = Arc::<Desk>::default();
        let its = Arc::clone(&desk);
        thread::Builder::new().name("log".to_owned()).spawn(move || its.write_all(write))?;
        Ok(Self(desk))
    }

    /// Where lines go. Never blocks for longer than it takes to copy one.
    pub(super) fn line(&self) -> impl Fn() -> Line + use<> {
        let desk = Arc::clone(&self.0);
        move || Line(Arc::clone(&desk))
    }
}

impl Drop for Scribe {
    fn drop(&mut self) {
        let waits = |waiting: &mut Waiting| waiting.is_writing || !waiting.lines.is_empty();
        // What is not taken by then is lost, as it is with whoever reads it.
        drop(self.0.changed.wait_timeout_while(self.0.waiting(), END_WAIT, waits));
    }
}

/// One line on its way.
pub(super) struct Line(Arc<Desk>);

impl Write for Line {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Between those who log and the thread.
#[derive(Default)]
struct Desk {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    lines: Vec<u8>,
    /// Lines that found no room since the last ones were taken.
    left_out: u64,
    is_writing: bool,
}

impl Desk {
    fn push(&self, line: &[u8]) {
        let mut waiting = self.waiting();
        if waiting.lines.len() + line.len() > WAITING_MAX {
            waiting.left_out += 1;
            return;
        }
        waiting.lines.extend_from_slice(line);
        self.changed.notify_all();
    }

    /// The thread.
    fn write_all(&self, mut write: impl FnMut(&[u8])) {
        let mut lines = Vec::new();
        loop {
            let left_out = self.take(&mut lines);
            write(&lines);
            lines.clear();
            if left_out > 0 {
                tracing::warn!(
                    lines = left_out,
                    "lines are missing before this one: the log was read too slowly"
                );
            }
        }
    }

    /// Waits for lines and takes them all. Returns how many are missing behind them.
    fn take(&self, lines: &mut Vec<u8>) -> u64 {
        let mut waiting = self.waiting();
        waiting.is_writing = false;
        self.changed.notify_all();
        let nothing = |waiting: &mut Waiting| waiting.lines.is_empty();
        waiting = self.changed.wait_while(waiting, nothing).unwrap_or_else(PoisonError::into_inner);
        waiting.is_writing = true;
        std::mem::swap(&mut waiting.lines, lines);
        std::mem::take(&mut waiting.left_out)
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // Nothing that is done under the lock leaves it half done.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn who_logs_waits_for_no_reader_and_what_has_no_room_is_counted() {
        let ((begin, begun), (go, gone), (write, written)) = (channel(), channel::<()>(), channel());
        let scribe = Scribe::start(move |lines| {
            begin.send(()).ok();
            // Once it may go, it never waits again.
            gone.recv().ok();
            write.send(lines.len()).ok();
        });
        let scribe = scribe.unwrap();
        let log = scribe.line();
        let line = [b'x'; 1_024];
        log().write_all(&line).unwrap();
        begun.recv().unwrap();
        let room = WAITING_MAX / line.len();
        for _ in 0..room + 3 {
            log().write_all(&line).unwrap();
        }
        assert_eq!(scribe.0.waiting().left_out, 3);
        drop(go);
        drop(scribe);
        assert_eq!(
            written.try_iter().sum::<usize>(),
            line.len() + WAITING_MAX,
            "all is written before the end"
        );
    }
}
