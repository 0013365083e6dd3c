//! The log of the process while a client has its terminal: lines above the prompt, not across it.
//!
//! Whoever writes the log may be on any thread, in the middle of anything. It never waits for the terminal: what finds the
//! queue full is counted, and owned up to with the next line.

use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;

/// Lines that may wait for the loop: it takes them each time that it turns.
const LINES_MAX: usize = 256;

/// The client that has the terminal of the process.
static CLIENT: Mutex<Option<Client>> = Mutex::new(None);

struct Client {
    lines: mpsc::Sender<String>,
    left_out: u64,
}

/// Shows whole lines of the log where a client of this process has its terminal. False where none has: then they are
/// the caller's to write.
pub fn show_log(lines: &[u8]) -> bool {
    let mut client = client();
    let Some(Client { lines: queue, left_out }) = &mut *client else { return false };
    let mut text = String::from_utf8_lossy(lines).into_owned();
    if *left_out > 0 {
        text.insert_str(0, &format!("{left_out} lines of the log are left out here\n"));
    }
    match queue.try_send(text) {
        Ok(()) => *left_out = 0,
        Err(_) => *left_out += 1,
    }
    true
}

fn client() -> MutexGuard<'static, Option<Client>> {
    // Nothing that is done under the lock leaves it half done.
    CLIENT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The lines of the log, for as long as the terminal is the client's.
pub(super) struct Logbook(mpsc::Receiver<String>);

impl Logbook {
    /// From now on the log comes here.
    pub(super) fn open() -> Self {
        let (lines, receiver) = mpsc::channel(LINES_MAX);
        *client() = Some(Client { lines, left_out: 0 });
        Self(receiver)
    }

    /// The next lines. Safe to cancel.
    pub(super) async fn next(&mut self) -> String {
        match self.0.recv().await {
            Some(lines) => lines,
            // Another client has the terminal by now.
            None => std::future::pending().await,
        }
    }
}

impl Drop for Logbook {
    fn drop(&mut self) {
        *client() = None;
        // The terminal is as it was found by now, and takes the rest as it takes any other log.
        while let Ok(lines) = self.0.try_recv() {
            io::stderr().write_all(lines.as_bytes()).ok();
        }
    }
}

/// A log line without its colours.
pub(super) fn plain(lines: &str) -> String {
    let mut text = String::with_capacity(lines.len());
    let mut rest = lines;
    while let Some((before, sequence)) = rest.split_once("\x1b[") {
        text.push_str(before);
        let end =
            sequence.find(|last: char| ('@'..='~').contains(&last)).map_or(sequence.len(), |end| end + 1);
        rest = sequence.get(end..).unwrap_or_default();
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_the_clients_while_it_is_there_and_what_is_too_much_is_owned_up_to() {
        assert!(!show_log(b"before\n"));
        let mut book = Logbook::open();
        for _ in 0..LINES_MAX + 3 {
            assert!(show_log(b"again\n"));
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for _ in 0..LINES_MAX {
            assert_eq!(runtime.block_on(book.next()), "again\n");
        }
        assert!(show_log(b"last\n"));
        assert_eq!(runtime.block_on(book.next()), "3 lines of the log are left out here\nlast\n");
        drop(book);
        assert!(!show_log(b"after\n"));
    }

    #[test]
    fn colours_are_taken_off() {
        assert_eq!(plain("\x1b[2m12:00\x1b[0m \x1b[33m WARN\x1b[0m it rains\n"), "12:00  WARN it rains\n");
    }
}
