//! The socket without any comfort.

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::Duration;

use anyhow::Result;
use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSocketState};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};

/// Bytes of a slot: a run of datagrams.
const SLOT: usize = 1 << 16;
/// The broker's own buffers.
const RECV_BUFFER: usize = 4 << 20;
const SEND_BUFFER: usize = 1 << 20;

/// The two ends of a datagram's way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Way {
    pub(crate) peer: SocketAddr,
    pub(crate) local: Option<IpAddr>,
}

/// A socket and room to receive.
pub(crate) struct Wire {
    socket: UdpSocket,
    state: UdpSocketState,
    /// Bound to all addresses: the kernel has to be told which one an answer comes from.
    tells_source: bool,
    slots: Vec<u8>,
    metas: [RecvMeta; BATCH_SIZE],
}

impl Wire {
    pub(crate) fn bind(listen: SocketAddr) -> Result<Self> {
        let socket = Socket::new(Domain::for_address(listen), Type::DGRAM, Some(Protocol::UDP))?;
        socket.set_recv_buffer_size(RECV_BUFFER)?;
        socket.set_send_buffer_size(SEND_BUFFER)?;
        socket.bind(&SockAddr::from(listen))?;
        let socket = UdpSocket::from(socket);
        let state = UdpSocketState::new((&socket).into())?;
        let (slots, metas) = (vec![0; SLOT * BATCH_SIZE], [RecvMeta::default(); BATCH_SIZE]);
        let tells_source = listen.ip().is_unspecified();
        Ok(Self { socket, state, tells_source, slots, metas })
    }

    pub(crate) fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Waits until something came, or as long as `limit`.
    pub(crate) fn wait(&self, limit: Option<Duration>) -> io::Result<()> {
        let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
        self.poll(PollFlags::IN, limit)
    }

    fn poll(&self, event: PollFlags, limit: Option<Timespec>) -> io::Result<()> {
        poll(&mut [PollFd::new(&self.socket, event)], limit.as_ref())?;
        Ok(())
    }

    /// Receives one batch; the number of datagrams.
    pub(crate) fn receive(&mut self, mut each: impl FnMut(&Self, Way, &[u8])) -> io::Result<usize> {
        let mut slots = std::mem::take(&mut self.slots);
        let mut metas = self.metas;
        let received = {
            let mut chunks = slots.chunks_exact_mut(SLOT);
            let mut room: [IoSliceMut<'_>; BATCH_SIZE] =
                std::array::from_fn(|_| IoSliceMut::new(chunks.next().unwrap_or_default()));
            match self.state.recv((&self.socket).into(), &mut room, &mut metas) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
                other => other?,
            }
        };
        let mut count = 0;
        for (slot, meta) in slots.chunks_exact(SLOT).zip(&metas).take(received) {
            let way = Way { peer: meta.addr, local: meta.dst_ip };
            for datagram in slot.get(..meta.len).unwrap_or_default().chunks(meta.stride.max(1)) {
                each(self, way, datagram);
                count += 1;
            }
        }
        self.slots = slots;
        Ok(count)
    }

    /// One segmented send, which waits where the send buffer is full.
    pub(crate) fn send(&self, way: Way, contents: &[u8], segment: usize) -> io::Result<()> {
        let segment_size = (contents.len() > segment).then_some(segment);
        // As the broker does: where there is one address, its sends name none.
        let src_ip = way.local.filter(|_| self.tells_source);
        let transmit = Transmit { destination: way.peer, ecn: None, contents, segment_size, src_ip };
        loop {
            match self.state.try_send((&self.socket).into(), &transmit) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.poll(PollFlags::OUT, None)?,
                other => return other,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    /// The address that a peer sees where `listen` is bound and 127.0.0.5 is to be answered from.
    fn source_of(listen: Ipv4Addr) -> IpAddr {
        let wire = Wire::bind((listen, 0).into()).unwrap();
        let peer = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let local = Some(IpAddr::from([127, 0, 0, 5]));
        wire.send(Way { peer: peer.local_addr().unwrap(), local }, b"a word", 6).unwrap();
        peer.recv_from(&mut [0; 6]).unwrap().1.ip()
    }

    #[test]
    fn the_kernel_is_told_a_source_only_where_there_are_several() {
        assert_eq!(source_of(Ipv4Addr::UNSPECIFIED), IpAddr::from([127, 0, 0, 5]));
        assert_eq!(source_of(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv4Addr::LOCALHOST));
    }
}
