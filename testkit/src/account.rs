//! What an address sent to the broker and got from it, and whether it has proven that it exists (I11).

use std::collections::BTreeSet;

use protocol::limits::COOKIE_LEN;
use protocol::wire::{self, Datagram, Event, Message};

/// One address.
#[derive(Default)]
pub(crate) struct Account {
    pub(crate) received: u64,
    pub(crate) sent: u64,
    validated: bool,
    cookies: BTreeSet<[u8; COOKIE_LEN]>,
    challenges: BTreeSet<[u8; 8]>,
}

impl Account {
    /// The broker receives a datagram from there. Who sends back what was sent to it alone exists.
    pub(crate) fn receive(&mut self, datagram: &[u8]) {
        self.received += datagram.len() as u64;
        if self.validated || !is_any(datagram, &[Event::Hello, Event::PathResponse]) {
            return;
        }
        if let Ok(Datagram::Control(control)) = wire::decode(datagram) {
            self.validated = match &control.message {
                Message::Hello(hello) => hello.cookie.is_some_and(|cookie| self.cookies.contains(&cookie)),
                Message::PathResponse(data) => self.challenges.contains(data),
                _ => false,
            };
        }
    }

    /// The broker sends a datagram there.
    ///
    /// # Panics
    /// If nobody has proven to be there and more was drawn than sent.
    pub(crate) fn send(&mut self, datagram: &[u8]) {
        if !self.validated && is_any(datagram, &[Event::Retry, Event::PathChallenge]) {
            self.note_secret(datagram);
        }
        self.sent += datagram.len() as u64;
        let honest = self.validated || self.sent <= self.received;
        assert!(honest, "I11: {} bytes drew {}: {datagram:02X?}", self.received, self.sent);
    }

    fn note_secret(&mut self, datagram: &[u8]) {
        if let Ok(Datagram::Control(control)) = wire::decode(datagram) {
            match control.message {
                Message::Retry(retry) => drop(self.cookies.insert(retry.cookie)),
                Message::PathChallenge(data) => drop(self.challenges.insert(data)),
                _ => {}
            }
        }
    }
}

/// Whether a datagram begins as one of these events.
pub(crate) fn is_any(datagram: &[u8], events: &[Event]) -> bool {
    let event = datagram.first().and_then(|first| Event::from_wire(*first));
    event.is_some_and(|event| events.contains(&event))
}
