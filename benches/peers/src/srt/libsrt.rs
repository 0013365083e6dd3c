//! libsrt, as far as it is needed here: the one place with `unsafe` code.
//!
//! The bindings on crates.io (`libsrt-sys`, of 2020) build a libsrt of their own, 1.4, with CMake and libclang. These are to the
//! libsrt that the system has, found by `build.rs`; the names and numbers are those of its `srt.h`.
#![expect(unsafe_code, reason = "a C library; each block says why it is sound")]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::io::{Error, ErrorKind, Result};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::ptr;
use std::sync::Arc;

use libc::{sockaddr, sockaddr_in};

/// The longest stream id, `SRTO_STREAMID`.
const STREAM_ID_MAX: usize = 512;
/// What one wait tells of.
const EVENTS_MAX: usize = 256;
/// `SRT_EPOLL_IN | SRT_EPOLL_ERR`
const READABLE_OR_BROKEN: c_int = 0x1 | 0x8;
/// `SRT_EASYNCSND`, `SRT_EASYNCRCV`: no room, or nothing there, just now.
const WOULD_BLOCK: [c_int; 2] = [6_001, 6_002];
/// `SRTO_STREAMID`
const STREAM_ID: c_int = 46;
/// `LOG_CRIT`: a connection that ends is told by the call that finds it so, there is no need to print it as well.
const LOG_LEVEL: c_int = 2;

/// A setting of a socket, with its number in `srt.h`.
#[derive(Clone, Copy)]
#[repr(i32)]
pub(super) enum Setting {
    /// `SRTO_SNDSYN`
    SendWaits = 1,
    /// `SRTO_RCVSYN`: accepting waits as well.
    ReceiveWaits = 2,
    /// `SRTO_TLPKTDROP`
    DropsTooLate = 31,
    /// `SRTO_RCVLATENCY`, ms
    Latency = 43,
    /// `SRTO_PEERLATENCY`, ms: the least that the other end may have.
    PeerLatency = 44,
}

/// `SRT_EPOLL_EVENT`
#[derive(Clone, Copy)]
#[repr(C)]
struct Event {
    socket: c_int,
    events: c_int,
}

unsafe extern "C" {
    fn srt_startup() -> c_int;
    fn srt_cleanup() -> c_int;
    fn srt_setloglevel(level: c_int);
    fn srt_create_socket() -> c_int;
    fn srt_close(socket: c_int) -> c_int;
    fn srt_bind(socket: c_int, name: *const sockaddr, len: c_int) -> c_int;
    fn srt_listen(socket: c_int, backlog: c_int) -> c_int;
    fn srt_accept(socket: c_int, name: *mut sockaddr, len: *mut c_int) -> c_int;
    fn srt_connect(socket: c_int, name: *const sockaddr, len: c_int) -> c_int;
    fn srt_getsockname(socket: c_int, name: *mut sockaddr, len: *mut c_int) -> c_int;
    fn srt_setsockflag(socket: c_int, option: c_int, value: *const c_void, len: c_int) -> c_int;
    fn srt_getsockflag(socket: c_int, option: c_int, value: *mut c_void, len: *mut c_int) -> c_int;
    fn srt_send(socket: c_int, bytes: *const c_char, len: c_int) -> c_int;
    fn srt_recv(socket: c_int, bytes: *mut c_char, len: c_int) -> c_int;
    fn srt_epoll_create() -> c_int;
    fn srt_epoll_release(poll: c_int) -> c_int;
    fn srt_epoll_add_usock(poll: c_int, socket: c_int, events: *const c_int) -> c_int;
    fn srt_epoll_uwait(poll: c_int, events: *mut Event, len: c_int, timeout_ms: i64) -> c_int;
    fn srt_getlasterror(os: *mut c_int) -> c_int;
    fn srt_getlasterror_str() -> *const c_char;
}

/// The library is started; it ends with the last of its sockets.
#[derive(Clone)]
pub(super) struct Library(#[expect(dead_code, reason = "held for its end")] Arc<Started>);

struct Started;

impl Library {
    pub(super) fn start() -> Result<Self> {
        // SAFETY: may be called at any time, any number of times, from any thread.
        check(unsafe { srt_startup() })?;
        // SAFETY: a number for a library that has started.
        unsafe { srt_setloglevel(LOG_LEVEL) };
        Ok(Self(Arc::new(Started)))
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // SAFETY: once for one start that succeeded; whoever has a socket holds the library.
        unsafe { srt_cleanup() };
    }
}

/// A socket of SRT's, closed at its end. libsrt lets any thread use it.
pub(super) struct Socket {
    id: c_int,
    library: Library,
}

impl Socket {
    pub(super) fn new(library: &Library) -> Result<Self> {
        // SAFETY: the library has started.
        let id = check(unsafe { srt_create_socket() })?;
        Ok(Self { id, library: library.clone() })
    }

    /// What [`Poll::wait`] calls it.
    pub(super) const fn id(&self) -> i32 {
        self.id
    }

    pub(super) fn set(&self, setting: Setting, value: i32) -> Result<()> {
        self.set_bytes(setting as c_int, &value.to_ne_bytes())
    }

    /// What a caller wants of the listener.
    pub(super) fn set_stream_id(&self, name: &str) -> Result<()> {
        self.set_bytes(STREAM_ID, name.as_bytes())
    }

    /// What the caller at the other end wants.
    pub(super) fn stream_id(&self) -> Result<String> {
        let mut name = [0_u8; STREAM_ID_MAX + 1];
        let mut len = name.len() as c_int;
        // SAFETY: `len` is the room behind the pointer, and libsrt makes it what it wrote.
        check(unsafe { srt_getsockflag(self.id, STREAM_ID, name.as_mut_ptr().cast(), &raw mut len) })?;
        Ok(String::from_utf8_lossy(name.get(..len as usize).unwrap_or_default()).into_owned())
    }

    pub(super) fn bind(&self, port: u16) -> Result<()> {
        let (name, len) = address(port);
        // SAFETY: a whole address and its length, read before the call returns.
        check(unsafe { srt_bind(self.id, (&raw const name).cast(), len) }).map(drop)
    }

    pub(super) fn listen(&self, backlog: i32) -> Result<()> {
        // SAFETY: numbers.
        check(unsafe { srt_listen(self.id, backlog) }).map(drop)
    }

    /// A caller; `WouldBlock` without one if receiving doesn't wait.
    pub(super) fn accept(&self) -> Result<Self> {
        // SAFETY: the caller's address isn't asked for, which null pointers say.
        let id = check(unsafe { srt_accept(self.id, ptr::null_mut(), ptr::null_mut()) })?;
        Ok(Self { id, library: self.library.clone() })
    }

    /// Calls a listener on this machine and waits for its answer.
    pub(super) fn connect(&self, port: u16) -> Result<()> {
        let (name, len) = address(port);
        // SAFETY: a whole address and its length, read before the call returns.
        check(unsafe { srt_connect(self.id, (&raw const name).cast(), len) }).map(drop)
    }

    /// The UDP port that it is bound to.
    pub(super) fn port(&self) -> Result<u16> {
        let (mut name, mut len) = address(0);
        // SAFETY: `len` is the room behind the pointer; a socket of IPv4 fills it with an address of IPv4.
        check(unsafe { srt_getsockname(self.id, (&raw mut name).cast(), &raw mut len) })?;
        Ok(u16::from_be(name.sin_port))
    }

    /// Hands over one message, whole or not at all.
    pub(super) fn send(&self, message: &[u8]) -> Result<()> {
        // SAFETY: so many bytes are behind the pointer, copied before the call returns.
        check(unsafe { srt_send(self.id, message.as_ptr().cast(), message.len() as c_int) }).map(drop)
    }

    /// The next message, at the beginning of `room`.
    pub(super) fn receive<'room>(&self, room: &'room mut [u8]) -> Result<&'room [u8]> {
        // SAFETY: so much room is behind the pointer, written before the call returns.
        let len = check(unsafe { srt_recv(self.id, room.as_mut_ptr().cast(), room.len() as c_int) })?;
        Ok(room.get(..len as usize).unwrap_or_default())
    }

    fn set_bytes(&self, option: c_int, value: &[u8]) -> Result<()> {
        // SAFETY: so many bytes are behind the pointer, copied before the call returns.
        check(unsafe { srt_setsockflag(self.id, option, value.as_ptr().cast(), value.len() as c_int) })
            .map(drop)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // SAFETY: the id is this socket's alone, and nobody uses it after this. Its polls forget it.
        unsafe { srt_close(self.id) };
    }
}

/// Waits for many sockets at once.
pub(super) struct Poll {
    id: c_int,
    _library: Library,
}

impl Poll {
    pub(super) fn new(library: &Library) -> Result<Self> {
        // SAFETY: the library has started.
        let id = check(unsafe { srt_epoll_create() })?;
        Ok(Self { id, _library: library.clone() })
    }

    /// From now on the socket is told of for as long as it has something to receive or to accept, or is broken.
    pub(super) fn add(&self, socket: &Socket) -> Result<()> {
        let events = READABLE_OR_BROKEN;
        // SAFETY: the events are read before the call returns.
        check(unsafe { srt_epoll_add_usock(self.id, socket.id, &raw const events) }).map(drop)
    }

    /// The sockets that are worth a look, after `timeout_ms` at the latest (-1: whenever there is one).
    pub(super) fn wait(&self, timeout_ms: i64) -> Result<impl Iterator<Item = i32> + use<>> {
        let mut events = [Event { socket: 0, events: 0 }; EVENTS_MAX];
        let (room, len) = (events.as_mut_ptr(), events.len() as c_int);
        // SAFETY: so many events have room behind the pointer, written before the call returns.
        let ready = check(unsafe { srt_epoll_uwait(self.id, room, len, timeout_ms) })?;
        // There may be more that are ready than there was room for.
        Ok(events.into_iter().take(ready as usize).map(|event| event.socket))
    }
}

impl Drop for Poll {
    fn drop(&mut self) {
        // SAFETY: the id is this poll's alone, and nobody uses it after this.
        unsafe { srt_epoll_release(self.id) };
    }
}

/// A port of this machine.
fn address(port: u16) -> (sockaddr_in, c_int) {
    let at = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
    // SAFETY: plain numbers, for each of which zero is a value.
    let mut name: sockaddr_in = unsafe { std::mem::zeroed() };
    name.sin_family = libc::AF_INET as libc::sa_family_t;
    name.sin_port = at.port().to_be();
    name.sin_addr.s_addr = u32::from(*at.ip()).to_be();
    (name, size_of::<sockaddr_in>() as c_int)
}

/// Every call answers with -1 for an error, which libsrt keeps per thread.
fn check(answer: c_int) -> Result<c_int> {
    if answer >= 0 {
        return Ok(answer);
    }
    // SAFETY: the number of the operating system isn't asked for, which the null pointer says.
    let code = unsafe { srt_getlasterror(ptr::null_mut()) };
    // SAFETY: a string that ends with a zero, valid until this thread's next call.
    let text = unsafe { CStr::from_ptr(srt_getlasterror_str()) }.to_string_lossy();
    let kind = if WOULD_BLOCK.contains(&code) { ErrorKind::WouldBlock } else { ErrorKind::Other };
    Err(Error::new(kind, format!("libsrt: {text} ({code})")))
}
