//! Binding: options in, a configured socket or an error that says what to do out.

use std::io;
use std::net::{IpAddr, SocketAddr};

use socket2::{Domain, Protocol, SockAddr, Type};
use thiserror::Error;

use crate::address::{Family, canonical};
use crate::buffers;

/// Receive buffer, bytes: room for 10 000 small datagrams at once or for 3 600 full ones, a second of 35 Mbit/s,
/// where the usual default of 212 992 overflows with 256 or 92. Who has more peers asks for
/// [more](crate::recv_buffer_for).
pub const DEFAULT_RECV_BUFFER: usize = 4 << 20;

/// Send buffer, bytes: some 15 full GSO runs. A larger one would only hide a congested link: at 1 Gbit/s
/// this is 8 ms of queue already.
pub const DEFAULT_SEND_BUFFER: usize = 1 << 20;

/// How a socket is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Share the port with other sockets of this user (`SO_REUSEPORT`): one socket per worker. See
    /// [`probe_free`] for what that hides.
    pub reuse_port: bool,
    /// Receive buffer to ask the kernel for, bytes; 0 leaves the system's default.
    pub recv_buffer: usize,
    /// Send buffer to ask the kernel for, bytes; 0 leaves the system's default.
    pub send_buffer: usize,
    /// Send runs of datagrams with one call (GSO) where the kernel and the path allow it.
    pub segmentation: bool,
    /// Receive runs of datagrams with one call (GRO) where the kernel can. Without it each datagram costs the sender
    /// of the same host as much as one over a network card that can't do it.
    pub coalescing: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            reuse_port: false,
            recv_buffer: DEFAULT_RECV_BUFFER,
            send_buffer: DEFAULT_SEND_BUFFER,
            segmentation: true,
            coalescing: true,
        }
    }
}

/// Why a socket could not be bound.
#[derive(Debug, Error)]
pub enum BindError {
    /// Another socket holds the port.
    #[error(
        "UDP address {0} is in use by another program: stop that one (`ss -lunp` shows it) or choose \
         another port"
    )]
    InUse(SocketAddr),
    /// The address belongs to no interface of this machine.
    #[error(
        "UDP address {0} is not available: no interface of this machine has it; choose one that has, or \
         0.0.0.0 or [::] for all of them"
    )]
    NotAvailable(SocketAddr),
    /// The user may not bind this port.
    #[error(
        "UDP address {0} is not permitted: ports below 1024 are the administrator's; choose a higher port"
    )]
    NotPermitted(SocketAddr),
    /// The kernel runs without this address family.
    #[error("UDP address {0} is not supported: this system runs without that version of IP; use the other")]
    NotSupported(SocketAddr),
    /// Anything else, in the system's words.
    #[error("UDP address {addr} could not be bound: {source}; check the system's limits and its log")]
    System {
        /// The address asked for.
        addr: SocketAddr,
        /// The system's error.
        source: io::Error,
    },
}

impl BindError {
    pub(crate) fn new(addr: SocketAddr, error: io::Error) -> BindError {
        match error.raw_os_error() {
            Some(libc::EADDRINUSE) => BindError::InUse(addr),
            Some(libc::EADDRNOTAVAIL) => BindError::NotAvailable(addr),
            Some(libc::EACCES | libc::EPERM) => BindError::NotPermitted(addr),
            Some(libc::EAFNOSUPPORT) => BindError::NotSupported(addr),
            _ => BindError::System { addr, source: error },
        }
    }
}

/// Fails if somebody else already holds `addr`; else gives it back, with a port that is free if its port is 0.
///
/// Sockets with `SO_REUSEPORT` share a port silently, so that a second broker would take half of the first
/// one's datagrams. The broker therefore asks here once before its workers bind.
///
/// # Errors
/// As [`Socket::bind`](crate::Socket::bind).
pub fn probe_free(addr: SocketAddr) -> Result<SocketAddr, BindError> {
    let options =
        Options { reuse_port: false, recv_buffer: 0, send_buffer: 0, segmentation: false, coalescing: false };
    let probed = bound(canonical(addr), &options).and_then(|socket| socket.local_addr());
    let port = probed.map_err(|error| BindError::new(addr, error))?.as_socket().map(|bound| bound.port());
    Ok(SocketAddr::new(addr.ip(), port.unwrap_or(addr.port())))
}

/// A non-blocking socket bound to `addr`, which is canonical.
pub(crate) fn bound(addr: SocketAddr, options: &Options) -> io::Result<socket2::Socket> {
    let socket = socket2::Socket::new(Domain::for_address(addr), Type::DGRAM, Some(Protocol::UDP))?;
    if matches!(addr.ip(), IpAddr::V6(_)) {
        socket.set_only_v6(Family::of(addr) != Family::DualStack)?;
    }
    if options.reuse_port {
        socket.set_reuse_port(true)?;
    }
    buffers::ask(&socket, options.recv_buffer, options.send_buffer);
    socket.set_nonblocking(true)?;
    socket.bind(&SockAddr::from(addr))?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_names_the_address_the_cause_and_the_remedy() {
        let addr: SocketAddr = "10.0.0.9:80".parse().unwrap();
        let cases = [
            (libc::EADDRINUSE, "in use", "choose another port"),
            (libc::EADDRNOTAVAIL, "not available", "0.0.0.0 or [::]"),
            (libc::EACCES, "not permitted", "choose a higher port"),
            (libc::EAFNOSUPPORT, "not supported", "use the other"),
            (libc::EMFILE, "Too many open files", "check the system's limits"),
        ];
        for (errno, cause, remedy) in cases {
            let text = BindError::new(addr, io::Error::from_raw_os_error(errno)).to_string();
            assert!(text.contains("10.0.0.9:80"), "{text}");
            assert!(text.contains(cause), "{text}");
            assert!(text.contains(remedy), "{text}");
        }
    }

    #[test]
    fn a_port_held_by_another_socket_is_an_error_even_where_sockets_would_share_it() {
        let shared = Options { reuse_port: true, ..Options::default() };
        let holder = bound("127.0.0.1:0".parse().unwrap(), &shared).unwrap();
        let taken = holder.local_addr().unwrap().as_socket().unwrap();
        assert!(bound(taken, &shared).is_ok(), "sockets that share a port hide each other");
        let error = probe_free(taken).unwrap_err();
        assert!(matches!(error, BindError::InUse(addr) if addr == taken), "{error}");
        drop(holder);
        assert_eq!(probe_free(taken).unwrap(), taken);
    }

    #[test]
    fn a_probe_of_port_0_gives_a_port_that_can_be_bound() {
        let free = probe_free("127.0.0.1:0".parse().unwrap()).unwrap();
        assert_ne!(free.port(), 0);
        bound(free, &Options::default()).unwrap();
    }

    #[test]
    fn an_address_of_nobody_here_is_not_available() {
        let error = probe_free("192.0.2.1:0".parse().unwrap()).unwrap_err();
        assert!(matches!(error, BindError::NotAvailable(_)), "{error}");
    }
}
