//! What a worker waits for: its socket, the time, and other threads that ring.
//!
//! A runtime would do all of it, at a price: what wakes it, and each timer that comes earlier than the last, goes through the kernel
//! once more, and its timers wake it in several steps: at a hundred viewers an eighth of what the broker cost (ARCHITECTURE).

use std::io::{self, PipeReader, PipeWriter, Read as _, Write as _};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Where a worker waits.
pub(super) struct Bell {
    asleep: Arc<AtomicBool>,
    wire: PipeReader,
}

/// Wakes the worker that waits at the bell. To one that is awake it costs a look.
#[derive(Clone)]
pub(super) struct Ringer {
    asleep: Arc<AtomicBool>,
    wire: Arc<PipeWriter>,
}

/// What of the socket ends a wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Ready {
    /// Something came, an error included.
    pub(super) readable: bool,
    /// It takes something again.
    pub(super) writable: bool,
}

/// A bell and its first ringer.
pub(super) fn bell() -> io::Result<(Bell, Ringer)> {
    let (reader, writer) = io::pipe()?;
    let asleep = Arc::new(AtomicBool::new(false));
    let ringer = Ringer { asleep: Arc::clone(&asleep), wire: Arc::new(writer) };
    Ok((Bell { asleep, wire: reader }, ringer))
}

impl Ringer {
    /// What the worker is to find has to be there by now.
    pub(super) fn ring(&self) {
        fence(Ordering::SeqCst);
        if self.asleep.swap(false, Ordering::SeqCst) {
            // Whose worker has gone rings in vain.
            self.wire.as_ref().write_all(&[1]).unwrap_or_default();
        }
    }
}

impl Bell {
    /// Waits until the socket is as `wanted`, or somebody rings, or `limit` is over; not at all where `came` says that there is something
    /// to do already. What the socket is then.
    pub(super) fn wait(
        &self,
        socket: &impl AsFd,
        wanted: Ready,
        limit: Option<Duration>,
        came: impl FnOnce() -> bool,
    ) -> io::Result<Ready> {
        self.asleep.store(true, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        let waited = if came() { Ok(Ready::default()) } else { self.poll(socket, wanted, limit) };
        self.asleep.store(false, Ordering::SeqCst);
        waited
    }

    fn poll(&self, socket: &impl AsFd, wanted: Ready, limit: Option<Duration>) -> io::Result<Ready> {
        let mut flags = PollFlags::empty();
        flags.set(PollFlags::IN, wanted.readable);
        flags.set(PollFlags::OUT, wanted.writable);
        let mut fds = [PollFd::new(socket, flags), PollFd::new(&self.wire, PollFlags::IN)];
        // A limit beyond what the system can count is none.
        let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
        match poll(&mut fds, limit.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let [socket, wire] = fds.map(|fd| fd.revents());
        if wire.contains(PollFlags::IN) {
            (&self.wire).read_exact(&mut [0])?;
        }
        let failed = socket.intersects(PollFlags::ERR | PollFlags::HUP);
        Ok(Ready {
            readable: wanted.readable && (failed || socket.contains(PollFlags::IN)),
            writable: wanted.writable && (failed || socket.contains(PollFlags::OUT)),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use udp::{Options, SendOutcome, Socket};

    use super::*;

    /// A test that waits longer than this waits in vain.
    const GUARD: Option<Duration> = Some(Duration::from_secs(5));
    const READ: Ready = Ready { readable: true, writable: false };

    fn socket() -> Socket {
        Socket::bind("127.0.0.1:0".parse().unwrap(), &Options::default()).unwrap()
    }

    #[test]
    fn a_ring_ends_a_wait_whether_it_came_before_or_comes_during_it() {
        let (bell, ringer) = bell().unwrap();
        let socket = socket();
        let rung = AtomicBool::new(false);
        thread::scope(|threads| {
            threads.spawn(|| {
                rung.store(true, Ordering::SeqCst);
                ringer.ring();
            });
            while !rung.load(Ordering::SeqCst) {
                let woken = bell.wait(&socket, READ, GUARD, || rung.load(Ordering::SeqCst)).unwrap();
                assert_eq!(woken, Ready::default());
            }
        });
    }

    #[test]
    fn a_ring_that_nobody_waited_for_wakes_nobody_later() {
        let (bell, ringer) = bell().unwrap();
        ringer.ring();
        assert!(!bell.asleep.load(Ordering::SeqCst));
        let limit = Some(Duration::from_millis(1));
        assert_eq!(bell.wait(&socket(), READ, limit, || false).unwrap(), Ready::default());
    }

    #[test]
    fn a_socket_ends_a_wait_as_it_is_wanted() {
        let (bell, _ringer) = bell().unwrap();
        let mut socket = socket();
        let both = Ready { readable: true, writable: true };
        let writable = Ready { readable: false, writable: true };
        assert_eq!(bell.wait(&socket, both, GUARD, || false).unwrap(), writable);
        assert_eq!(socket.try_send(socket.local_addr(), None, b"x", 0), SendOutcome::Sent);
        assert_eq!(bell.wait(&socket, READ, GUARD, || false).unwrap(), READ);
        assert_eq!(bell.wait(&socket, writable, GUARD, || false).unwrap(), writable);
    }
}
