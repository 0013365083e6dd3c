//! Kernel buffers: what was asked for, and what was granted.

use std::fmt;

use socket2::SockRef;

/// No kernel grants less than this, bytes; below it there is nothing left to try.
const SMALLEST_BUFFER: usize = 4096;

/// Linux doubles what it is asked for, to cover its own bookkeeping, and reports the doubled value.
const BOOKKEEPING_FACTOR: usize = if cfg!(target_os = "linux") { 2 } else { 1 };

/// What the kernel counts for a datagram of up to a hundred bytes while it waits: its record of it and the smallest
/// piece of memory that data gets (Linux 6.18 on loopback; drivers of network cards may take more).
const SMALL_DATAGRAM: usize = 832;

/// The receive buffer to ask for so that `datagrams` small ones can wait at once, bytes. The kernel takes memory for
/// what waits and not for what could: a large limit costs an idle socket nothing.
pub const fn recv_buffer_for(datagrams: usize) -> usize {
    datagrams.saturating_mul(SMALL_DATAGRAM) / BOOKKEEPING_FACTOR
}

/// How many small datagrams can wait at once in a receive buffer of so many bytes.
const fn small_datagrams_in(recv_buffer: usize) -> usize {
    recv_buffer.saturating_mul(BOOKKEEPING_FACTOR) / SMALL_DATAGRAM
}

/// The kernel's buffers of one socket, bytes. Granted equals asked where the wish was honoured; asked is 0
/// where the system's default was left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buffers {
    /// Receive buffer asked for.
    pub recv_asked: usize,
    /// Receive buffer granted.
    pub recv_granted: usize,
    /// Send buffer asked for.
    pub send_asked: usize,
    /// Send buffer granted.
    pub send_granted: usize,
}

impl Buffers {
    /// What the kernel granted less of than was asked for; printed, each says how to get it.
    pub fn shortfalls(&self) -> impl Iterator<Item = Shortfall> {
        self.recv_shortfall().into_iter().chain(self.send_shortfall())
    }

    /// What the receive buffer lacks of what was asked for.
    pub fn recv_shortfall(&self) -> Option<Shortfall> {
        Shortfall::of(Direction::Receive, self.recv_asked, self.recv_granted)
    }

    fn send_shortfall(&self) -> Option<Shortfall> {
        Shortfall::of(Direction::Send, self.send_asked, self.send_granted)
    }
}

/// A buffer that came out smaller than asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shortfall {
    direction: Direction,
    asked: usize,
    granted: usize,
}

impl Shortfall {
    fn of(direction: Direction, asked: usize, granted: usize) -> Option<Shortfall> {
        (granted < asked).then_some(Shortfall { direction, asked, granted })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Receive,
    Send,
}

impl fmt::Display for Shortfall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shortfall { direction, asked, granted } = self;
        let (name, setting) = match (direction, cfg!(target_os = "linux")) {
            (Direction::Receive, true) => ("receive", "net.core.rmem_max"),
            (Direction::Send, true) => ("send", "net.core.wmem_max"),
            (Direction::Receive, false) => ("receive", "kern.ipc.maxsockbuf"),
            (Direction::Send, false) => ("send", "kern.ipc.maxsockbuf"),
        };
        write!(f, "the kernel granted {granted} of {asked} bytes of {name} buffer, ")?;
        match direction {
            Direction::Receive => {
                let datagrams = small_datagrams_in(*granted);
                write!(f, "room for {datagrams} small datagrams at once: a larger burst loses some")?;
            }
            Direction::Send => write!(f, "which a burst fills sooner: it then leaves in parts")?,
        }
        write!(f, "; `sysctl -w {setting}={asked}` raises its limit")
    }
}

/// Asks for both buffers, 0 meaning the system's default. A refusal is no error: [`granted`] tells.
pub(crate) fn ask(socket: &socket2::Socket, recv: usize, send: usize) {
    ask_downwards(recv, |bytes| socket.set_recv_buffer_size(bytes));
    ask_downwards(send, |bytes| socket.set_send_buffer_size(bytes));
}

/// Linux cuts a wish down to its limit; BSD kernels refuse it whole, so that half is asked for next.
fn ask_downwards(mut bytes: usize, set: impl Fn(usize) -> std::io::Result<()>) {
    while bytes > 0 && set(bytes).is_err() {
        bytes = if bytes > SMALLEST_BUFFER { bytes / 2 } else { 0 };
    }
}

/// Reads back what `socket` has.
pub(crate) fn granted(socket: &SockRef<'_>, recv_asked: usize, send_asked: usize) -> Buffers {
    let usable = |reported: std::io::Result<usize>| reported.unwrap_or(0) / BOOKKEEPING_FACTOR;
    Buffers {
        recv_asked,
        recv_granted: usable(socket.recv_buffer_size()),
        send_asked,
        send_granted: usable(socket.send_buffer_size()),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::io;

    use super::*;

    #[test]
    fn a_smaller_grant_is_named_with_its_remedy() {
        let buffers =
            Buffers { recv_asked: 4_194_304, recv_granted: 212_992, send_asked: 0, send_granted: 212_992 };
        let lines: Vec<String> = buffers.shortfalls().map(|it| it.to_string()).collect();
        assert_eq!(lines.len(), 1);
        assert!(lines[0].contains("granted 212992 of 4194304 bytes of receive buffer"), "{}", lines[0]);
        assert!(lines[0].contains("=4194304` raises its limit"), "{}", lines[0]);
        if cfg!(target_os = "linux") {
            assert!(lines[0].contains("room for 512 small datagrams"), "{}", lines[0]);
        }
    }

    #[test]
    fn what_is_asked_for_so_many_datagrams_has_room_for_them() {
        for datagrams in [0, 1, 512, 1 << 16] {
            assert_eq!(small_datagrams_in(recv_buffer_for(datagrams)), datagrams);
        }
    }

    #[test]
    fn a_kernel_that_refuses_a_wish_whole_is_asked_for_less() {
        let asked = RefCell::new(Vec::new());
        ask_downwards(1 << 20, |bytes| {
            asked.borrow_mut().push(bytes);
            if bytes > 300_000 { Err(io::ErrorKind::OutOfMemory.into()) } else { Ok(()) }
        });
        assert_eq!(*asked.borrow(), [1 << 20, 1 << 19, 1 << 18]);
    }

    #[test]
    fn asking_ends_even_where_every_wish_is_refused_and_zero_asks_nothing() {
        let calls = RefCell::new(0);
        let refuse = |_| {
            *calls.borrow_mut() += 1;
            Err(io::ErrorKind::OutOfMemory.into())
        };
        ask_downwards(16_384, refuse);
        assert_eq!(*calls.borrow(), 3, "16384, 8192, 4096");
        ask_downwards(0, refuse);
        assert_eq!(*calls.borrow(), 3);
    }
}
