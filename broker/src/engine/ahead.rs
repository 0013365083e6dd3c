//! A look at the peers of a batch of datagrams before these are handled.
//!
//! What tens of thousands of viewers say comes from one after the other, and the memory of each is cold: its handler follows pointers,
//! and waits at every one of them. A look at all viewers of a batch does nothing else, so that the processor fetches what
//! lies at several of them at once.

use std::hint::black_box;

use protocol::wire;

use super::Broker;
use super::session::Role;
use super::sessions::Slot;

/// Datagrams that are looked at together: one receive.
const BATCH: usize = 32;

impl Broker {
    /// Looks at the peers of the datagrams that are handled next. It changes nothing but what is at hand then.
    pub fn look_ahead<'a>(&self, datagrams: impl Iterator<Item = &'a [u8]>) {
        // First where they are, then what is there: the one is not to wait for the other.
        let mut slots = [None::<Slot>; BATCH];
        let mut count = 0;
        for (place, datagram) in slots.iter_mut().zip(datagrams) {
            *place = wire::peek_session(datagram).and_then(|(_, id)| self.sessions.slot(id));
            count += usize::from(place.is_some());
        }
        // What speaks alone gains nothing.
        if count > 1 {
            let peers = slots.into_iter().flatten().filter_map(|slot| self.sessions.at(slot));
            let looks = peers.map(|session| match &session.role {
                Role::Viewer(viewer) => viewer.look(),
                Role::Producer(_) | Role::Probe => 0,
            });
            black_box(looks.fold(0, u64::wrapping_add));
        }
    }
}
