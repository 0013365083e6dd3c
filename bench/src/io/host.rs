//! A socket and the peers behind it.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::rc::Rc;

use bytes::Buf as _;
use protocol::time::Time;
use protocol::wire::DataFlags;
use tokio::sync::watch;
use tokio::task::yield_now;
use udp::{BindError, Options, RecvBuffers, SendOutcome, Socket};

use super::clock::Clock;
use super::dues::Dues;
use crate::act::Act;
use crate::address::Spread;
use crate::impairment::Impairment;
use crate::peer::{Peer, Transmit};
use crate::tally::Traffic;

/// Receives in one turn, a full receive buffer of datagrams: what has come is looked at before a timer asks for it again.
const RECEIVES_PER_TURN: usize = 64;
/// Where the flags of a DATA datagram stand.
const FLAGS_AT: usize = 6;

/// What the peers of a thread share.
pub(super) trait Shared {
    /// The act has changed.
    fn follow(&mut self, act: Act);

    /// Where traffic is counted at this time, if it is.
    fn traffic(&mut self, now: Time) -> Option<&mut Traffic>;
}

/// What the sockets of a thread share.
pub(super) struct Stage<C> {
    pub(super) context: RefCell<C>,
    pub(super) buffers: RefCell<RecvBuffers>,
    pub(super) clock: Clock,
    /// Whether moments are kept to the microsecond.
    pub(super) exact: bool,
    /// When its sockets are due; looked at where moments are exact.
    pub(super) dues: RefCell<Dues>,
}

impl<C> Stage<C> {
    /// A socket is due then; nobody asks where moments are not exact.
    fn note_due(&self, number: usize, due: Option<Time>) {
        if self.exact {
            self.dues.borrow_mut().note(number, due);
        }
    }
}

/// A socket and the peers behind it.
pub(super) struct Host<P> {
    socket: Socket,
    broker: SocketAddr,
    spread: Spread,
    impairment: Impairment,
    peers: Vec<P>,
    due: Vec<Option<Time>>,
    touched: Vec<bool>,
    /// When each leaves, and from which peer: each waits as long as all others, so that the first is due first.
    outbox: VecDeque<(Time, usize, Transmit)>,
    blocked: bool,
}

impl<P> Host<P> {
    /// Binds. Needs a runtime.
    pub(super) fn bind(
        broker: SocketAddr,
        spread: Spread,
        peers: Vec<P>,
        impairment: Impairment,
        coalescing: bool,
    ) -> Result<Self, BindError> {
        let any: IpAddr = match broker {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let options = Options { coalescing, ..Options::default() };
        let socket = Socket::bind(SocketAddr::new(any, 0), &options)?;
        let (due, touched) = (vec![None; peers.len()], vec![true; peers.len()]);
        let outbox = VecDeque::new();
        Ok(Self { socket, broker, spread, impairment, peers, due, touched, outbox, blocked: false })
    }

    /// Serves until all peers are gone; gives the socket back, whose drops are counted together with those of all others. `number` is
    /// its own among those of the thread.
    pub(super) async fn serve<C: Shared>(
        mut self,
        number: usize,
        stage: Rc<Stage<C>>,
        mut acts: watch::Receiver<Act>,
    ) -> io::Result<Socket>
    where
        P: Peer<C>,
    {
        loop {
            let more = self.turn(&stage);
            if self.peers.iter().all(Peer::is_over) {
                stage.note_due(number, None);
                return Ok(self.socket);
            }
            if more {
                stage.note_due(number, Some(stage.clock.now()));
                yield_now().await;
            } else {
                let due = self.next_due();
                stage.note_due(number, due);
                self.pause(due, &stage, &mut acts).await?;
            }
        }
    }

    /// Does what there is to do; true where more is left.
    fn turn<C: Shared>(&mut self, stage: &Stage<C>) -> bool
    where
        P: Peer<C>,
    {
        let mut context = stage.context.borrow_mut();
        let mut buffers = stage.buffers.borrow_mut();
        let mut more = true;
        for _ in 0..RECEIVES_PER_TURN {
            if self.receive(&mut buffers, &mut context, stage.clock) == 0 {
                more = false;
                break;
            }
            self.look_after(&mut context, stage.clock.now());
        }
        self.fire_timers(&mut context, stage.clock.now());
        self.look_after(&mut context, stage.clock.now());
        more
    }

    fn receive<C: Shared>(&mut self, buffers: &mut RecvBuffers, context: &mut C, clock: Clock) -> usize
    where
        P: Peer<C>,
    {
        let Self { socket, broker, spread, impairment, peers, touched, .. } = self;
        socket.try_recv(buffers, |from, local, datagram| {
            let place = spread.place(local).filter(|_| from == *broker);
            let Some((place, peer)) = place.and_then(|place| Some((place, peers.get_mut(place)?))) else {
                return;
            };
            let now = clock.now();
            let lost = impairment.drops();
            if let Some(traffic) = context.traffic(now) {
                count_arrival(traffic, datagram, lost);
            }
            if lost {
                return;
            }
            peer.handle_datagram(now, datagram, context);
            if let Some(touched) = touched.get_mut(place) {
                *touched = true;
            }
        })
    }

    fn fire_timers<C>(&mut self, context: &mut C, now: Time)
    where
        P: Peer<C>,
    {
        for ((peer, due), touched) in self.peers.iter_mut().zip(&self.due).zip(&mut self.touched) {
            if due.is_some_and(|due| due <= now) {
                peer.handle_timeout(now, context);
                *touched = true;
            }
        }
    }

    /// Sends what the peers that did something have to say, and notes when they are due.
    fn look_after<C: Shared>(&mut self, context: &mut C, now: Time)
    where
        P: Peer<C>,
    {
        for (place, touched) in self.touched.iter_mut().enumerate() {
            if !std::mem::take(touched) {
                continue;
            }
            let (Some(peer), Some(due)) = (self.peers.get_mut(place), self.due.get_mut(place)) else {
                continue;
            };
            while let Some(transmit) = peer.poll_transmit() {
                let lost = self.impairment.drops();
                if let Some(traffic) = context.traffic(now) {
                    traffic.control_out += 1;
                    traffic.control_out_bytes += transmit.bytes.len() as u64;
                    traffic.impaired += u64::from(lost);
                }
                if !lost {
                    self.outbox.push_back((now + self.impairment.delay(), place, transmit));
                }
            }
            *due = peer.poll_timeout(now, context);
        }
        self.send(now);
    }

    fn send(&mut self, now: Time) {
        self.blocked = false;
        while let Some((_, place, transmit)) = self.outbox.front_mut().filter(|(leaves, ..)| *leaves <= now) {
            let from = self.spread.address(*place);
            match self.socket.try_send(self.broker, from, &transmit.bytes, transmit.segment) {
                SendOutcome::Sent | SendOutcome::Dropped { .. } => drop(self.outbox.pop_front()),
                SendOutcome::Blocked { sent_bytes } => {
                    transmit.bytes.advance(sent_bytes.min(transmit.bytes.len()));
                    self.blocked = true;
                    return;
                }
            }
        }
    }

    /// When there is something to do, whatever comes in. A blocked socket tells by itself when it takes more.
    fn next_due(&self) -> Option<Time> {
        let leaves = self.outbox.front().filter(|_| !self.blocked).map(|(leaves, ..)| *leaves);
        self.due.iter().flatten().copied().chain(leaves).min()
    }

    async fn pause<C: Shared>(
        &mut self,
        due: Option<Time>,
        stage: &Stage<C>,
        acts: &mut watch::Receiver<Act>,
    ) -> io::Result<()> {
        let sleep = async {
            if stage.exact {
                stage.clock.sleep_nearly_until(due).await;
            } else {
                stage.clock.sleep_until(due).await;
            }
        };
        tokio::select! {
            ready = self.socket.readable() => ready,
            ready = self.socket.writable(), if self.blocked => ready,
            () = sleep => {
                if stage.exact {
                    // The thread is everybody's: no longer than until the first of all sockets is due.
                    stage.clock.finish_sleep(stage.dues.borrow().first());
                }
                Ok(())
            }
            changed = acts.changed() => {
                if changed.is_err() {
                    return Err(io::ErrorKind::BrokenPipe.into());
                }
                stage.context.borrow_mut().follow(*acts.borrow_and_update());
                // Everybody looks at the act anew.
                self.touched.fill(true);
                Ok(())
            }
        }
    }
}

fn count_arrival(traffic: &mut Traffic, datagram: &[u8], lost: bool) {
    if lost {
        traffic.impaired += 1;
    } else if datagram.first() == Some(&0) {
        traffic.data += 1;
        let flags = datagram.get(FLAGS_AT).copied().unwrap_or_default();
        traffic.resent += u64::from(flags & DataFlags::RETX.0 != 0);
        traffic.parity += u64::from(flags & DataFlags::PARITY.0 != 0);
    } else {
        traffic.control_in += 1;
        traffic.control_in_bytes += datagram.len() as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datagrams_are_counted_by_what_they_are_and_lost_ones_as_nothing_else() {
        let data = |flags: u8| [0, 0, 0, 0, 0, 0, flags, 0];
        let mut traffic = Traffic::default();
        for (flags, lost) in
            [(0, false), (DataFlags::RETX.0, false), (DataFlags::PARITY.0, false), (0x30, true)]
        {
            count_arrival(&mut traffic, &data(flags), lost);
        }
        count_arrival(&mut traffic, &[0x07; 5], false);
        let Traffic { data, resent, parity, control_in, control_in_bytes, impaired, .. } = traffic;
        assert_eq!((data, resent, parity, impaired), (3, 1, 1, 1));
        assert_eq!((control_in, control_in_bytes), (1, 5));
    }
}
