//! The server: the least program on libsrt that sends what one publisher sends on to every viewer.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener};

use anyhow::Context as _;

use super::libsrt::{Library, Poll, Socket};
use super::message::MESSAGE_MAX;
use super::{PUBLISHES, never_wait, settle};

/// Callers that wait to be accepted: more than come at a time.
const BACKLOG: i32 = 1_024;
const FOREVER: i64 = -1;

/// Serves until it is killed.
pub(crate) fn serve(port: u16) -> anyhow::Result<()> {
    let library = Library::start()?;
    let listener = Socket::new(&library)?;
    settle(&listener)?;
    // What is accepted is as its listener is.
    never_wait(&listener)?;
    listener.bind(port).with_context(|| format!("UDP port {port}: choose one that is free"))?;
    listener.listen(BACKLOG)?;
    let poll = Poll::new(&library)?;
    poll.add(&listener)?;
    // Nobody can see from outside that a UDP port listens: a TCP port of the same number says it.
    let _sign = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .with_context(|| format!("TCP port {port}: choose one that is free"))?;
    let mut callers = Callers { publisher: None, viewers: Vec::new() };
    loop {
        for id in poll.wait(FOREVER)? {
            if id == listener.id() {
                callers.admit(&listener, &poll)?;
            } else {
                callers.send_on(id);
            }
        }
    }
}

struct Callers {
    publisher: Option<Socket>,
    viewers: Vec<Socket>,
}

impl Callers {
    /// A caller that has gone before it was accepted is none.
    fn admit(&mut self, listener: &Socket, poll: &Poll) -> anyhow::Result<()> {
        while let Ok(caller) = listener.accept() {
            if caller.stream_id().is_ok_and(|wish| wish == PUBLISHES) {
                poll.add(&caller)?;
                self.publisher = Some(caller);
            } else {
                self.viewers.push(caller);
            }
        }
        Ok(())
    }

    /// All that the publisher has sent, to every viewer. One without room for a message misses it, one that is gone is forgotten.
    fn send_on(&mut self, id: i32) {
        let Some(publisher) = self.publisher.take_if(|publisher| publisher.id() == id) else { return };
        let mut room = [0; MESSAGE_MAX];
        let end = loop {
            match publisher.receive(&mut room) {
                Ok(message) => self.viewers.retain(|viewer| match viewer.send(message) {
                    Ok(()) => true,
                    Err(error) => error.kind() == ErrorKind::WouldBlock,
                }),
                Err(error) => break error,
            }
        };
        if end.kind() == ErrorKind::WouldBlock {
            self.publisher = Some(publisher);
        }
    }
}
