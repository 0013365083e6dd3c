//! The socket: tokio tells when it is ready, `quinn-udp` makes the calls.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};

use quinn_udp::{Transmit, UdpSocketState};
use socket2::SockRef;

use crate::address::{Family, canonical};
use crate::batch::system::send_many;
use crate::batch::{BATCH_MAX, Outgoing};
use crate::bind::{BindError, Options, bound};
use crate::buffers::{self, Buffers};
use crate::counters::Counters;
use crate::drop_count::DropCount;
use crate::ledger::Ledger;
use crate::readiness::Readiness;
use crate::recv::RecvBuffers;
use crate::send::{SendOutcome, Sender};

/// A bound UDP socket. Datagrams never leave fragmented (DF is set).
///
/// Its calls never wait: a loop sends and receives until it is told to wait, then awaits
/// [`readable`](Socket::readable) or [`writable`](Socket::writable). A thread that waits by itself does so for its descriptor.
#[derive(Debug)]
pub struct Socket {
    io: Readiness,
    /// The last receive did not empty the queue.
    more: bool,
    state: UdpSocketState,
    family: Family,
    local_addr: SocketAddr,
    buffers: Buffers,
    drop_count: Option<DropCount>,
    sender: Sender,
    ledger: Ledger,
}

impl Socket {
    /// Binds `addr`; port 0 lets the system choose. `[::]` serves IPv4 peers, too, who are seen and addressed
    /// by their IPv4 addresses.
    ///
    /// # Errors
    /// [`BindError`], which names the address, the cause and the remedy.
    pub fn bind(addr: SocketAddr, options: &Options) -> Result<Socket, BindError> {
        Socket::open(canonical(addr), options).map_err(|error| BindError::new(addr, error))
    }

    fn open(addr: SocketAddr, options: &Options) -> io::Result<Socket> {
        let io = UdpSocket::from(bound(addr, options)?);
        let state = UdpSocketState::new((&io).into())?;
        if !options.coalescing {
            refuse_runs(&io)?;
        }
        // Read once: quinn-udp lowers it for all destinations as soon as one of them fails.
        let max_segments = if options.segmentation { state.max_gso_segments() } else { 1 };
        Ok(Socket {
            family: Family::of(addr),
            local_addr: io.local_addr()?,
            buffers: buffers::granted(&SockRef::from(&io), options.recv_buffer, options.send_buffer),
            drop_count: DropCount::of(&io, addr.is_ipv6()),
            sender: Sender::new(max_segments),
            ledger: Ledger::default(),
            io: Readiness::new(io),
            more: false,
            state,
        })
    }

    /// The address bound, with the port that the system chose.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// The kernel's buffers, as asked for and as granted.
    pub fn buffers(&self) -> Buffers {
        self.buffers
    }

    /// What this socket did so far.
    pub fn counters(&self) -> &Counters {
        &self.ledger.counters
    }

    /// Datagrams that the kernel dropped before they were received, mostly for want of receive buffer.
    /// `None` where the system does not tell (all but Linux). Reads the kernel's table of sockets: for a
    /// report once a second, not for each turn of a loop.
    pub fn kernel_drops(&self) -> Option<u64> {
        self.drop_count?.read()
    }

    /// The [`kernel_drops`](Socket::kernel_drops) of several sockets together, for which the kernel's table is read once and not once
    /// for each.
    pub fn kernel_drops_of<'a>(sockets: impl IntoIterator<Item = &'a Socket>) -> Option<u64> {
        DropCount::sum(sockets.into_iter().filter_map(Socket::drop_count))
    }

    /// Where that is read without the socket; `None` where the system does not tell.
    pub fn drop_count(&self) -> Option<DropCount> {
        self.drop_count
    }

    /// Waits until [`try_recv`](Socket::try_recv) is worth a call. Safe to cancel.
    ///
    /// # Errors
    /// Only while the runtime shuts down.
    ///
    /// # Panics
    /// Outside of a tokio runtime with I/O enabled.
    pub async fn readable(&self) -> io::Result<()> {
        self.io.readable().await
    }

    /// Waits until [`try_send`](Socket::try_send) is worth a call. Safe to cancel.
    ///
    /// # Errors
    /// Only while the runtime shuts down, and where the system has no descriptor left.
    ///
    /// # Panics
    /// Outside of a tokio runtime with I/O enabled.
    pub async fn writable(&self) -> io::Result<()> {
        self.io.writable().await
    }

    /// Receives one batch into `buffers`, and gives each of [its datagrams](RecvBuffers::datagrams) to `each`.
    ///
    /// Gives the number of datagrams; 0 means that the queue is empty. Errors are counted, and none ends
    /// the reception.
    pub fn try_recv(
        &mut self,
        buffers: &mut RecvBuffers,
        mut each: impl FnMut(SocketAddr, Option<IpAddr>, &[u8]),
    ) -> usize {
        let count = self.try_fill(buffers);
        buffers.datagrams().for_each(|(from, local, datagram)| each(from, local, datagram));
        count
    }

    /// Receives one batch into `buffers`; as [`try_recv`](Socket::try_recv), for who looks at it as a whole.
    pub fn try_fill(&mut self, buffers: &mut RecvBuffers) -> usize {
        let Socket { io, state, ledger, more, .. } = self;
        // Where nothing is read at all, nothing is left of the batch before.
        buffers.clear();
        let filled = io.try_read(|socket| {
            buffers.fill(ledger, |slots, metas| state.recv(socket.into(), slots, metas))?;
            // Who has emptied the queue need not ask the kernel again to hear that it is empty: what comes later makes the
            // socket readable anew.
            if buffers.emptied_the_queue() { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(()) }
        });
        // Where it would block without bringing anything, there is nothing to hand out.
        *more = filled.is_ok();
        buffers.count(ledger)
    }

    /// Whether the last receive left off before the queue was empty, as far as can be told.
    pub fn has_more(&self) -> bool {
        self.more
    }

    /// Sends `contents` to `to`, cut into datagrams of `segment` bytes of which the last may be shorter; 0
    /// means that it is a single datagram. Empty `contents` send nothing.
    ///
    /// Takes one call per run of [`MAX_SEGMENTS`](crate::MAX_SEGMENTS) datagrams and
    /// [`MAX_RUN_BYTES`](crate::MAX_RUN_BYTES) where the destination's path takes segmentation, else one per
    /// datagram. `from_ip` is the local address to send from, which matters on a socket bound to all
    /// addresses: a peer only knows the one it talked to. Elsewhere it is ignored.
    pub fn try_send(
        &mut self,
        to: SocketAddr,
        from_ip: Option<IpAddr>,
        contents: &[u8],
        segment: usize,
    ) -> SendOutcome {
        let outgoing = self.told_apart(Outgoing { to, from: from_ip, contents, segment });
        self.io.wait_no_more();
        let Socket { io, state, sender, ledger, family, .. } = self;
        send_one(sender, ledger, &outgoing, (io, state, *family))
    }

    /// Sends several in order, as many as possible with one kernel call, until one of them was not taken as a whole: how many were, and
    /// how the next one ended. Each is what [`try_send`](Socket::try_send) sends.
    pub fn try_send_all(&mut self, sends: &[Outgoing<'_>]) -> (usize, SendOutcome) {
        self.io.wait_no_more();
        let mut done = 0;
        for chunk in sends.chunks(BATCH_MAX) {
            let (sent, last) = self.try_send_batch(chunk);
            done += sent;
            if last != SendOutcome::Sent {
                return (done, last);
            }
        }
        (done, SendOutcome::Sent)
    }

    fn try_send_batch(&mut self, sends: &[Outgoing<'_>]) -> (usize, SendOutcome) {
        let nothing = Outgoing { to: self.local_addr, from: None, contents: &[], segment: 0 };
        let mut batch = [nothing; BATCH_MAX];
        for (place, outgoing) in batch.iter_mut().zip(sends) {
            *place = self.told_apart(*outgoing);
        }
        let batch = batch.get(..sends.len()).unwrap_or_default();
        let Socket { io, state, sender, ledger, family, .. } = self;
        sender.send_all(
            batch,
            ledger,
            |alike, segment| send_many(io.socket(), *family, alike, segment),
            |sender, ledger, outgoing| send_one(sender, ledger, outgoing, (io, state, *family)),
        )
    }

    /// With a destination that is one address however it is written, and a source only where the kernel has to be told.
    fn told_apart<'a>(&self, outgoing: Outgoing<'a>) -> Outgoing<'a> {
        let to = canonical(outgoing.to);
        let matters = |ip: &IpAddr| self.local_addr.ip().is_unspecified() && ip.is_ipv4() == to.is_ipv4();
        let from = outgoing.from.map(|ip| ip.to_canonical()).filter(matters);
        Outgoing { to, from, ..outgoing }
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.io.socket().as_fd()
    }
}

/// One send, in as few calls as the kernel takes it in.
fn send_one(
    sender: &mut Sender,
    ledger: &mut Ledger,
    outgoing: &Outgoing<'_>,
    (io, state, family): (&Readiness, &UdpSocketState, Family),
) -> SendOutcome {
    let Outgoing { to, from, contents, segment } = *outgoing;
    let (destination, src_ip) = (family.native(to), from.map(|ip| family.native_ip(ip)));
    sender.send(to, contents, segment, ledger, |contents, segment_size| {
        let transmit = Transmit { destination, ecn: None, contents, segment_size, src_ip };
        state.try_send(io.socket().into(), &transmit)
    })
}

/// Takes back the GRO that quinn-udp asks for on every socket.
#[cfg(target_os = "linux")]
fn refuse_runs(io: &UdpSocket) -> io::Result<()> {
    use nix::sys::socket::{setsockopt, sockopt::UdpGroSegment};
    Ok(setsockopt(io, UdpGroSegment, &false)?)
}

/// Other kernels have no GRO.
#[cfg(not(target_os = "linux"))]
fn refuse_runs(_: &UdpSocket) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests;
