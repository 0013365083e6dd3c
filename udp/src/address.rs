//! Addresses as the kernel wants them, and as everybody else does.
//!
//! A dual-stack socket shows IPv4 peers as `::ffff:a.b.c.d`. That form never leaves this crate: one peer has
//! one address, whichever socket it is seen through.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

/// Which peers a bound socket reaches, and in which notation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    /// An IPv4 socket, or an IPv6 socket bound to one address: addresses are used as they are.
    Single,
    /// `[::]` with `IPV6_V6ONLY` off: IPv4 peers are addressed in the mapped notation.
    DualStack,
}

impl Family {
    /// The family of a socket bound to `addr`.
    pub(crate) fn of(addr: SocketAddr) -> Family {
        match addr.ip() {
            IpAddr::V6(ip) if ip.is_unspecified() => Family::DualStack,
            IpAddr::V4(_) | IpAddr::V6(_) => Family::Single,
        }
    }

    /// `ip` in the notation that this socket's kernel calls take.
    pub(crate) fn native_ip(self, ip: IpAddr) -> IpAddr {
        match (self, ip) {
            (Family::DualStack, IpAddr::V4(v4)) => IpAddr::V6(v4.to_ipv6_mapped()),
            (Family::DualStack | Family::Single, ip) => ip,
        }
    }

    /// `addr` in the notation that this socket's kernel calls take.
    pub(crate) fn native(self, addr: SocketAddr) -> SocketAddr {
        match (self, addr) {
            (Family::DualStack, SocketAddr::V4(v4)) => {
                SocketAddr::V6(SocketAddrV6::new(v4.ip().to_ipv6_mapped(), v4.port(), 0, 0))
            }
            (Family::DualStack | Family::Single, addr) => addr,
        }
    }
}

/// `addr` with a mapped IPv4 address unwrapped. The scope of a link-local IPv6 address stays.
pub(crate) fn canonical(addr: SocketAddr) -> SocketAddr {
    match addr {
        SocketAddr::V6(v6) => match v6.ip().to_ipv4_mapped() {
            Some(v4) => SocketAddr::V4(SocketAddrV4::new(v4, v6.port())),
            None => addr,
        },
        SocketAddr::V4(_) => addr,
    }
}

/// The local address an answer may carry as its source, given the address the question was sent to:
/// nobody sends *from* a multicast or broadcast address.
pub(crate) fn answerable(destination: IpAddr) -> Option<IpAddr> {
    let ip = destination.to_canonical();
    let usable = !ip.is_multicast() && !ip.is_unspecified() && ip != IpAddr::V4(Ipv4Addr::BROADCAST);
    usable.then_some(ip)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addr(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_dual_stack_socket_maps_ipv4_peers_and_leaves_ipv6_peers_alone() {
        let family = Family::of(addr("[::]:5000"));
        assert_eq!(family.native(addr("10.0.0.1:7")), addr("[::ffff:10.0.0.1]:7"));
        assert_eq!(family.native(addr("[fe80::1%3]:7")), addr("[fe80::1%3]:7"));
    }

    #[test]
    fn a_socket_of_one_address_uses_addresses_as_they_are() {
        for bound in ["0.0.0.0:0", "127.0.0.1:0", "[::1]:0"] {
            assert_eq!(Family::of(addr(bound)).native(addr("10.0.0.1:7")), addr("10.0.0.1:7"));
        }
    }

    #[test]
    fn canonical_unwraps_mapped_addresses_and_keeps_the_scope_of_others() {
        assert_eq!(canonical(addr("[::ffff:10.0.0.1]:7")), addr("10.0.0.1:7"));
        assert_eq!(canonical(addr("[fe80::1%3]:7")), addr("[fe80::1%3]:7"));
        assert_eq!(canonical(addr("10.0.0.1:7")), addr("10.0.0.1:7"));
    }

    #[test]
    fn an_answer_never_comes_from_a_group_address() {
        let answer_from = |text: &str| answerable(text.parse().unwrap()).map(|ip| ip.to_string());
        assert_eq!(answer_from("::ffff:10.0.0.1").as_deref(), Some("10.0.0.1"));
        assert_eq!(answer_from("fe80::1").as_deref(), Some("fe80::1"));
        for group in ["224.0.0.1", "ff02::1", "255.255.255.255", "0.0.0.0", "::ffff:224.0.0.1"] {
            assert_eq!(answer_from(group), None, "{group}");
        }
    }
}
