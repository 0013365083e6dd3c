//! What somebody without a place in the session can do: send whatever, from whatever address.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use impair::{Link, LinkModel};

use super::{ClientId, World, broker_address};
use crate::network::InFlight;

/// How far away the attacker is.
const DISTANCE: Duration = Duration::from_millis(5);

impl World {
    /// Somebody sends a datagram and says that it comes from `from`.
    pub fn inject(&mut self, from: SocketAddr, to: SocketAddr, bytes: Bytes) {
        let mut link = Link::new(LinkModel::clean(DISTANCE), self.now, 0);
        let steering = self.rng.u8(..);
        self.network.send(self.now, &mut link, &InFlight { from, to, bytes, steering });
    }

    /// From now on one datagram in so many is copied for [`World::overheard`]; 0 for none.
    pub const fn overhear(&mut self, one_in: u32) {
        self.network.overhear(one_in);
    }

    /// One of the last datagrams that were copied: from, to, content.
    pub fn overheard(&mut self) -> Option<(SocketAddr, SocketAddr, Bytes)> {
        let copies = self.network.overheard();
        let pick = self.rng.usize(..copies.len().max(1));
        copies.get(pick).map(|copy| (copy.from, copy.to, copy.bytes.clone()))
    }

    /// Where a client is.
    pub fn client_address(&self, id: ClientId) -> Option<SocketAddr> {
        self.clients.get(&id.0).map(|node| node.outside.address)
    }

    /// Where a producer is.
    pub fn producer_address(&self, number: usize) -> Option<SocketAddr> {
        self.producers.get(&number).map(|node| node.outside.address)
    }

    /// Where the broker is.
    pub fn broker_address(&self) -> SocketAddr {
        broker_address()
    }
}
