//! Waiting for the socket within a runtime: registered by the first who waits, and to write only where it did not take something.
//!
//! A kernel tells whoever waits to write each time that a network card lets go of what was sent. Nearly always nobody wants to know.
#![expect(deprecated, reason = "unsound for types that may change their descriptor; a UdpSocket never does")]

use std::io;
use std::net::UdpSocket;
use std::sync::{Arc, OnceLock};

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// A socket and what it waits for.
#[derive(Debug)]
pub(crate) struct Readiness {
    socket: Arc<UdpSocket>,
    reading: OnceLock<AsyncFd<Arc<UdpSocket>>>,
    /// A second descriptor of the same socket, while somebody waits to write.
    writing: OnceLock<AsyncFd<UdpSocket>>,
}

impl Readiness {
    /// Takes a socket that does not block.
    pub(crate) fn new(socket: UdpSocket) -> Self {
        Self { socket: Arc::new(socket), reading: OnceLock::new(), writing: OnceLock::new() }
    }

    pub(crate) fn socket(&self) -> &UdpSocket {
        &self.socket
    }

    pub(crate) async fn readable(&self) -> io::Result<()> {
        let reading = if let Some(reading) = self.reading.get() {
            reading
        } else {
            let reading = AsyncFd::with_interest(Arc::clone(&self.socket), Interest::READABLE)?;
            self.reading.get_or_init(|| reading)
        };
        reading.readable().await.map(drop)
    }

    pub(crate) async fn writable(&self) -> io::Result<()> {
        let writing = if let Some(writing) = self.writing.get() {
            writing
        } else {
            let writing = AsyncFd::with_interest(self.socket.try_clone()?, Interest::WRITABLE)?;
            self.writing.get_or_init(|| writing)
        };
        writing.writable().await.map(drop)
    }

    /// Ends the wait to write: who waits next waits for what happens from now on.
    pub(crate) fn wait_no_more(&mut self) {
        self.writing.take();
    }

    /// Reads if there may be something; `WouldBlock` of `call` says that there is nothing more.
    pub(crate) fn try_read(&self, mut call: impl FnMut(&UdpSocket) -> io::Result<()>) -> io::Result<()> {
        match self.reading.get() {
            Some(reading) => reading.try_io(Interest::READABLE, |socket| call(socket)),
            None => call(&self.socket),
        }
    }
}
