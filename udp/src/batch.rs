//! Several destinations in one kernel call.
//!
//! A frame for a thousand viewers is a thousand sends. Between two calls the kernel's code and data push the program's own out of the
//! processor's nearest memory, and each comes back at a price: sixteen sends in one call pay it once.

use std::net::{IpAddr, SocketAddr};

use crate::ledger::Ledger;
use crate::send::{SendOutcome, Sender};

/// Sends of one kernel call at most: more save next to nothing, and what came in meanwhile waits for them.
pub const BATCH_MAX: usize = 16;

/// Datagrams to one destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outgoing<'a> {
    /// Where to.
    pub to: SocketAddr,
    /// The local address to send from; see [`Socket::try_send`](crate::Socket::try_send).
    pub from: Option<IpAddr>,
    /// One or more datagrams.
    pub contents: &'a [u8],
    /// Bytes of each but the last, which may be shorter; 0 means that it is one datagram.
    pub segment: usize,
}

impl Outgoing<'_> {
    /// The segment size that the kernel has to be told: one datagram has none.
    fn cut(&self) -> Option<usize> {
        (self.segment != 0 && self.contents.len() > self.segment).then_some(self.segment)
    }
}

impl Sender {
    /// Sends in order until one of them was not [`Sent`](SendOutcome::Sent): how many were, and how the last one ended.
    ///
    /// `many` hands several to the kernel, all from one address and cut alike, and gives how many it took; `one` is a send by itself,
    /// for what the kernel did not take: there it says why.
    pub(crate) fn send_all(
        &mut self,
        sends: &[Outgoing<'_>],
        ledger: &mut Ledger,
        mut many: impl FnMut(&[Outgoing<'_>], Option<usize>) -> usize,
        mut one: impl FnMut(&mut Self, &mut Ledger, &Outgoing<'_>) -> SendOutcome,
    ) -> (usize, SendOutcome) {
        let mut rest = sends;
        while let Some((first, others)) = rest.split_first() {
            let (alike, _) = rest.split_at(self.alike(first, others));
            let taken = if alike.len() > 1 { many(alike, first.cut()).min(alike.len()) } else { 0 };
            for sent in alike.iter().take(taken) {
                let datagrams = sent.cut().map_or(1, |segment| sent.contents.len().div_ceil(segment));
                ledger.sent(datagrams, sent.contents.len());
            }
            if taken == 0 {
                let outcome = one(self, ledger, first);
                if outcome != SendOutcome::Sent {
                    return (sends.len() - rest.len(), outcome);
                }
            }
            rest = rest.get(taken.max(1)..).unwrap_or_default();
        }
        (sends.len(), SendOutcome::Sent)
    }

    /// How many sends from the first on can be one call. A destination that refuses segmentation ends it, and is sent to by itself:
    /// those behind it are the next call.
    fn alike(&mut self, first: &Outgoing<'_>, others: &[Outgoing<'_>]) -> usize {
        let mut fits = |send: &Outgoing<'_>| {
            let segmented = send.cut();
            let within = segmented.is_none_or(|segment| send.contents.len() <= self.run_bytes(segment));
            let alike = !send.contents.is_empty() && (send.from, segmented) == (first.from, first.cut());
            within && alike && !(segmented.is_some() && self.is_refused(send.to))
        };
        if fits(first) {
            1 + others.iter().take(BATCH_MAX - 1).take_while(|send| fits(send)).count()
        } else {
            1
        }
    }
}

#[cfg(target_os = "linux")]
pub(crate) mod system {
    use std::cell::RefCell;
    use std::collections::BTreeMap;
    use std::io::IoSlice;
    use std::net::{IpAddr, UdpSocket};
    use std::os::fd::AsRawFd as _;

    use nix::cmsg_space;
    use nix::sys::socket::{ControlMessage, MsgFlags, MultiHeaders, SockaddrStorage, sendmmsg};

    use super::{BATCH_MAX, Outgoing};
    use crate::address::Family;

    /// Hands sends to the kernel: how many it took, 0 where it refused the first.
    pub(crate) fn send_many(
        socket: &UdpSocket,
        family: Family,
        sends: &[Outgoing<'_>],
        segment: Option<usize>,
    ) -> usize {
        let Ok(cut) = segment.map(u16::try_from).transpose() else { return 0 };
        let mut slices = [[IoSlice::new(&[])]; BATCH_MAX];
        let mut addresses = [None; BATCH_MAX];
        for ((slice, address), send) in slices.iter_mut().zip(&mut addresses).zip(sends) {
            *slice = [IoSlice::new(send.contents)];
            *address = Some(SockaddrStorage::from(family.native(send.to)));
        }
        let count = sends.len().min(BATCH_MAX);
        let from = sends.first().and_then(|first| first.from).map(|ip| family.native_ip(ip));
        let (v4, v6) = (from.and_then(source_v4), from.and_then(source_v6));
        let mut control = Vec::with_capacity(2);
        control.extend(cut.as_ref().map(ControlMessage::UdpGsoSegments));
        control.extend(v4.as_ref().map(ControlMessage::Ipv4PacketInfo));
        control.extend(v6.as_ref().map(ControlMessage::Ipv6PacketInfo));
        let layout = Layout { cut: cut.is_some(), v4: v4.is_some(), v6: v6.is_some() };
        let slices = slices.get(..count).unwrap_or_default();
        HEADERS.with_borrow_mut(|kept| {
            let headers =
                kept.entry(layout).or_insert_with(|| MultiHeaders::preallocate(BATCH_MAX, layout.room()));
            sendmmsg(socket.as_raw_fd(), headers, slices, addresses, control, MsgFlags::empty())
                .map_or(0, Iterator::count)
        })
    }

    /// Which control messages there are.
    #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    struct Layout {
        cut: bool,
        v4: bool,
        v6: bool,
    }

    impl Layout {
        /// Its capacity is what the kernel reads: exactly the messages that there are.
        fn room(self) -> Option<Vec<u8>> {
            match (self.cut, self.v4, self.v6) {
                (true, true, _) => Some(cmsg_space!(u16, libc::in_pktinfo)),
                (true, _, true) => Some(cmsg_space!(u16, libc::in6_pktinfo)),
                (true, ..) => Some(cmsg_space!(u16)),
                (_, true, _) => Some(cmsg_space!(libc::in_pktinfo)),
                (_, _, true) => Some(cmsg_space!(libc::in6_pktinfo)),
                _ => None,
            }
        }
    }

    thread_local! {
        /// Room for the headers of a call. They point into themselves and can't change threads, so they are the thread's and not the
        /// socket's.
        static HEADERS: RefCell<BTreeMap<Layout, MultiHeaders<SockaddrStorage>>> =
            const { RefCell::new(BTreeMap::new()) };
    }

    fn source_v4(ip: IpAddr) -> Option<libc::in_pktinfo> {
        let IpAddr::V4(ip) = ip else { return None };
        let address = |bits| libc::in_addr { s_addr: bits };
        let spec = address(u32::from_ne_bytes(ip.octets()));
        Some(libc::in_pktinfo { ipi_ifindex: 0, ipi_spec_dst: spec, ipi_addr: address(0) })
    }

    fn source_v6(ip: IpAddr) -> Option<libc::in6_pktinfo> {
        let IpAddr::V6(ip) = ip else { return None };
        Some(libc::in6_pktinfo { ipi6_ifindex: 0, ipi6_addr: libc::in6_addr { s6_addr: ip.octets() } })
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) mod system {
    use std::net::UdpSocket;

    use super::Outgoing;
    use crate::address::Family;

    /// Other kernels take one at a time.
    pub(crate) fn send_many(_: &UdpSocket, _: Family, _: &[Outgoing<'_>], _: Option<usize>) -> usize {
        0
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::SendFault;

    /// A kernel that takes `takes` of each call that hands over several, and what `alone` says of one by itself.
    #[derive(Default)]
    struct Kernel {
        calls: Vec<Vec<u8>>,
        alone: Vec<u8>,
        /// What was taken or tried, as it came.
        order: Vec<u8>,
    }

    /// A send whose first byte is its name.
    fn outgoing(contents: &[u8], segment: usize) -> Outgoing<'_> {
        Outgoing { to: "10.0.0.1:5000".parse().unwrap(), from: None, contents, segment }
    }

    impl Kernel {
        fn send(
            &mut self,
            sender: &mut Sender,
            sends: &[Outgoing<'_>],
            takes: usize,
            alone: SendOutcome,
        ) -> (usize, SendOutcome) {
            let name = |send: &Outgoing<'_>| send.contents.first().copied().unwrap_or(b'-');
            let Self { calls, alone: singles, order } = self;
            let order = RefCell::new(order);
            sender.send_all(
                sends,
                &mut Ledger::default(),
                |alike, _| {
                    calls.push(alike.iter().map(name).collect());
                    order.borrow_mut().extend(alike.iter().take(takes).map(name));
                    takes
                },
                |_, _, send| {
                    singles.push(name(send));
                    order.borrow_mut().push(name(send));
                    alone
                },
            )
        }
    }

    fn sender() -> Sender {
        Sender::new(64)
    }

    #[test]
    fn what_is_cut_alike_and_leaves_from_one_address_is_one_call() {
        let elsewhere = Outgoing { from: Some("10.0.0.9".parse().unwrap()), ..outgoing(b"ee", 1) };
        let sends =
            [outgoing(b"aa", 1), outgoing(b"bbb", 1), outgoing(b"cc", 2), outgoing(b"d", 1), elsewhere];
        let mut kernel = Kernel::default();
        let ended = kernel.send(&mut sender(), &sends, usize::MAX, SendOutcome::Sent);
        assert_eq!(ended, (5, SendOutcome::Sent));
        assert_eq!(kernel.calls, [b"ab", b"cd"], "the last two are one datagram each");
        assert_eq!(kernel.alone, b"e");
    }

    #[test]
    fn what_the_kernel_leaves_goes_by_itself_and_says_why() {
        let sends = [outgoing(b"a", 0), outgoing(b"b", 0), outgoing(b"c", 0)];
        let mut kernel = Kernel::default();
        let fault = SendOutcome::Dropped { sent_bytes: 0, fault: SendFault::Denied };
        assert_eq!(kernel.send(&mut sender(), &sends, 0, fault), (0, fault));
        assert_eq!((kernel.calls, kernel.alone), (vec![b"abc".to_vec()], b"a".to_vec()));

        let mut kernel = Kernel::default();
        let blocked = SendOutcome::Blocked { sent_bytes: 0 };
        assert_eq!(kernel.send(&mut sender(), &sends, 2, blocked), (2, blocked));
        assert_eq!((kernel.calls, kernel.alone), (vec![b"abc".to_vec()], b"c".to_vec()));
    }

    #[test]
    fn a_run_that_is_too_long_goes_by_itself() {
        let long = vec![b'l'; 70_000];
        let mut kernel = Kernel::default();
        let sends = [outgoing(&long, 1_200), outgoing(&long, 1_200)];
        assert_eq!(kernel.send(&mut sender(), &sends, 2, SendOutcome::Sent).0, 2);
        assert_eq!((kernel.calls.len(), &kernel.alone[..]), (0, &b"ll"[..]));
    }

    /// A sender that was refused a run to `to`.
    fn refused(to: SocketAddr) -> Sender {
        let mut sender = sender();
        let mut once = Some(libc::EIO);
        let outcome = sender.send(to, b"xy", 1, &mut Ledger::default(), |_, _| {
            once.take().map_or(Ok(()), |errno| Err(std::io::Error::from_raw_os_error(errno)))
        });
        assert_eq!(outcome, SendOutcome::Sent);
        sender
    }

    #[test]
    fn who_refuses_segmentation_goes_by_itself_and_in_its_turn_while_the_others_share_calls() {
        let refusing: SocketAddr = "10.0.0.2:5000".parse().unwrap();
        let to_refusing = |contents, segment| Outgoing { to: refusing, ..outgoing(contents, segment) };
        let sends = [
            outgoing(b"aa", 1),
            outgoing(b"bb", 1),
            to_refusing(b"cc", 1),
            outgoing(b"dd", 1),
            outgoing(b"ee", 1),
            outgoing(b"ff", 1),
            to_refusing(b"gg", 1),
        ];
        let mut kernel = Kernel::default();
        let ended = kernel.send(&mut refused(refusing), &sends, usize::MAX, SendOutcome::Sent);
        assert_eq!(ended, (7, SendOutcome::Sent));
        assert_eq!(kernel.calls, [&b"ab"[..], b"def"]);
        assert_eq!((&kernel.alone[..], &kernel.order[..]), (&b"cg"[..], &b"abcdefg"[..]));
        let mut kernel = Kernel::default();
        let single = [to_refusing(b"a", 0), outgoing(b"b", 0), to_refusing(b"c", 2)];
        assert_eq!(kernel.send(&mut refused(refusing), &single, usize::MAX, SendOutcome::Sent).0, 3);
        assert_eq!(kernel.calls, [b"abc"], "what is one datagram is not segmented");
    }

    #[test]
    fn nobody_overtakes_one_that_refuses_segmentation_and_finds_the_buffer_full() {
        let refusing: SocketAddr = "10.0.0.2:5000".parse().unwrap();
        let third = Outgoing { to: refusing, ..outgoing(b"cc", 1) };
        let sends = [outgoing(b"aa", 1), outgoing(b"bb", 1), third, outgoing(b"dd", 1), outgoing(b"ee", 1)];
        let mut kernel = Kernel::default();
        let blocked = SendOutcome::Blocked { sent_bytes: 0 };
        assert_eq!(kernel.send(&mut refused(refusing), &sends, usize::MAX, blocked), (2, blocked));
        assert_eq!(kernel.order, b"abc");
    }
}
