//! Keys, pastes and answers of the terminal, read by a thread that may block.

use std::io::{self, ErrorKind};
use std::os::fd::AsFd;
use std::thread;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use tokio::sync::mpsc;

use crate::keyboard::{Decoder, Token};

/// Keys that are read ahead while the loop is busy.
const KEYS_MAX: usize = 256;
/// Bytes that are read at once.
const READ_LEN: usize = 1_024;

/// The thread that reads, seen from the loop.
pub(super) struct Keyboard(mpsc::Receiver<Token>);

impl Keyboard {
    /// Starts to read.
    ///
    /// The thread is left behind where the client ends first: nothing can wake a blocked read.
    pub(super) fn start() -> io::Result<Self> {
        let (sender, tokens) = mpsc::channel(KEYS_MAX);
        thread::Builder::new().name("keyboard".to_owned()).spawn(move || {
            if let Err(error) = read_all(&sender) {
                tracing::warn!("the keyboard can't be read: {error}; taken for the end of input");
            }
        })?;
        Ok(Self(tokens))
    }

    /// What comes next; `None` where the terminal is gone. Safe to cancel.
    pub(super) async fn next(&mut self) -> Option<Token> {
        self.0.recv().await
    }
}

/// Reads until the terminal is gone, or nobody wants its keys any more.
fn read_all(sender: &mpsc::Sender<Token>) -> io::Result<()> {
    let stdin = io::stdin();
    let mut decoder = Decoder::default();
    let mut buffer = [0; READ_LEN];
    loop {
        let patience = decoder.patience().and_then(|patience| Timespec::try_from(patience).ok());
        let tokens = match poll(&mut [PollFd::new(&stdin, PollFlags::IN)], patience.as_ref()) {
            Ok(0) => decoder.give_up(),
            Ok(_) => match rustix::io::read(stdin.as_fd(), &mut buffer) {
                // A terminal that was hung up says so in either way.
                Ok(0) | Err(Errno::IO) => return Ok(()),
                Ok(length) => decoder.feed(buffer.get(..length).unwrap_or_default()),
                Err(error) if is_passing(error.kind()) => continue,
                Err(error) => return Err(error.into()),
            },
            Err(error) if is_passing(error.kind()) => continue,
            Err(error) => return Err(error.into()),
        };
        for token in tokens {
            if sender.blocking_send(token).is_err() {
                return Ok(());
            }
        }
    }
}

fn is_passing(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Interrupted | ErrorKind::WouldBlock)
}
