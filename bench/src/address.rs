//! Which addresses the peers of one socket have.
//!
//! On loopback every address of 127.0.0.0/8 is this host: one socket, bound to all of them, sends each peer's datagrams
//! from an address of its own and tells the answers apart by where they came to. Anywhere else a socket has one peer.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Peers of one socket: a frame for each of them fits the receive buffer several times, and a receive brings a batch.
const PEERS_PER_SOCKET: usize = 64;
/// The first of the peers' addresses: outside of what anybody uses by hand.
const FIRST: Ipv4Addr = Ipv4Addr::new(127, 77, 0, 1);

/// How peers are spread over sockets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Spread {
    /// Several peers per socket, by their own addresses.
    Shared,
    /// A socket each.
    Own,
}

impl Spread {
    /// What reaches `broker`.
    pub(crate) fn towards(broker: SocketAddr) -> Self {
        match broker.ip() {
            IpAddr::V4(ip) if ip.is_loopback() && cfg!(target_os = "linux") => Self::Shared,
            IpAddr::V4(_) | IpAddr::V6(_) => Self::Own,
        }
    }

    /// How many peers a socket has.
    pub(crate) const fn peers_per_socket(self) -> usize {
        match self {
            Self::Shared => PEERS_PER_SOCKET,
            Self::Own => 1,
        }
    }

    /// The address that the peer in this place of its socket sends from; `None` where the system chooses.
    pub(crate) fn address(self, place: usize) -> Option<IpAddr> {
        let place = u32::try_from(place).ok()?;
        match self {
            Self::Shared => Some(Ipv4Addr::from_bits(FIRST.to_bits() + place).into()),
            Self::Own => None,
        }
    }

    /// The place of the peer that a datagram to `local` is for.
    pub(crate) fn place(self, local: Option<IpAddr>) -> Option<usize> {
        match (self, local) {
            (Self::Own, _) => Some(0),
            (Self::Shared, Some(IpAddr::V4(ip))) => {
                ip.to_bits().checked_sub(FIRST.to_bits()).and_then(|place| usize::try_from(place).ok())
            }
            (Self::Shared, _) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_peer_is_found_by_the_address_it_sends_from() {
        let spread = Spread::towards("127.0.0.1:5000".parse().unwrap());
        assert_eq!(spread, Spread::Shared);
        for place in 0..spread.peers_per_socket() {
            assert_eq!(spread.place(spread.address(place)), Some(place));
        }
        assert_eq!(spread.place(Some("127.0.0.1".parse().unwrap())), None, "somebody else's");
        assert_eq!(spread.place(None), None);
    }

    #[test]
    fn beyond_loopback_a_peer_has_a_socket_of_its_own() {
        for broker in ["192.0.2.1:5000", "[::1]:5000"] {
            let spread = Spread::towards(broker.parse().unwrap());
            assert_eq!((spread, spread.peers_per_socket(), spread.address(0)), (Spread::Own, 1, None));
            assert_eq!(spread.place(None), Some(0));
        }
    }
}
