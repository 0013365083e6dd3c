//! All viewers, in one thread of their own.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use anyhow::Context as _;

use super::libsrt::{Library, Poll, Socket};
use super::message::{Assembly, MESSAGE_MAX};
use super::{WATCHES, call};
use crate::load::Seen;

/// Viewers on one UDP port: libsrt has two threads per port, one of which wakes up a hundred times a second. The datagrams of a frame of
/// 10 kB to so many fit into a socket's receive buffer of 208 KiB, Linux's usual limit.
const VIEWERS_PER_PORT: usize = 10;
/// How often the thread looks whether it is to end, ms.
const LOOK_EVERY_MS: i64 = 100;

/// The viewers; they end with this, all of them before anything else begins.
pub(super) struct Viewers {
    goes_on: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Viewers {
    /// So many, connected to the server at this port.
    pub(super) fn start(library: &Library, count: usize, port: u16, seen: &Seen) -> anyhow::Result<Self> {
        let poll = Poll::new(library)?;
        let mut viewers = HashMap::with_capacity(count);
        let mut local_port = 0;
        for number in 0..count {
            if number % VIEWERS_PER_PORT == 0 {
                local_port = 0;
            }
            let socket = call(library, WATCHES, local_port, port)
                .with_context(|| format!("viewer {} of {count}", number + 1))?;
            local_port = socket.port()?;
            poll.add(&socket)?;
            viewers.insert(socket.id(), Viewer { socket, assembly: Assembly::default(), is_first: true });
        }
        let goes_on = Arc::new(AtomicBool::new(true));
        let (asked, seen) = (goes_on.clone(), seen.clone());
        let thread = thread::spawn(move || view(&poll, viewers, &seen, || asked.load(Ordering::Relaxed)));
        Ok(Self { goes_on, thread: Some(thread) })
    }
}

impl Drop for Viewers {
    fn drop(&mut self) {
        self.goes_on.store(false, Ordering::Relaxed);
        // One that has panicked has made the run fail already: its viewers see nothing.
        self.thread.take().map(JoinHandle::join);
    }
}

struct Viewer {
    socket: Socket,
    assembly: Assembly,
    is_first: bool,
}

impl Viewer {
    /// Takes all that has come. No: the connection has ended.
    fn take(&mut self, seen: &Seen) -> bool {
        let mut room = [0; MESSAGE_MAX];
        loop {
            match self.socket.receive(&mut room) {
                Ok(message) => {
                    if let Some(frame) = self.assembly.take(message) {
                        seen.note(frame, self.is_first);
                        self.is_first = false;
                    }
                }
                Err(error) => return error.kind() == ErrorKind::WouldBlock,
            }
        }
    }
}

/// Until `goes_on` says no.
fn view(poll: &Poll, mut viewers: HashMap<i32, Viewer>, seen: &Seen, goes_on: impl Fn() -> bool) {
    while goes_on() {
        let Ok(ready) = poll.wait(LOOK_EVERY_MS) else { break };
        for id in ready {
            if viewers.get_mut(&id).is_some_and(|viewer| !viewer.take(seen)) {
                viewers.remove(&id);
            }
        }
    }
}
