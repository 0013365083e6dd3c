//! The socket and the engine behind it.

use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use bytes::Bytes;
use protocol::random::Random;
use protocol::time::Time;
use protocol::wire::Role;
use udp::{Options, RecvBuffers, SendOutcome, Socket};

use super::clock::Clock;
use super::error::ShellError;
use crate::engine::Client;
use crate::engine::event::Snapshot;

/// Batches that are received in one turn: then timers and commands have theirs.
const BATCHES_PER_TURN: usize = 16;
/// Datagrams that wait for a full send buffer; beyond it the oldest goes, which a newer one outdates anyway.
const OUTBOX_MAX: usize = 256;

/// The socket and the engine behind it.
pub(super) struct Network {
    pub(super) client: Client,
    broker: SocketAddr,
    socket: Socket,
    buffers: RecvBuffers,
    outbox: VecDeque<Bytes>,
    blocked: bool,
    outdated: u64,
}

impl Network {
    /// Binds and dials. Needs a runtime.
    pub(super) fn open(
        clock: Clock,
        broker: SocketAddr,
        local: Option<SocketAddr>,
        role: Role,
    ) -> Result<Self, ShellError> {
        let broker = reachable(broker);
        let local = local.unwrap_or_else(|| any_of_kind(broker));
        if local.is_ipv4() != broker.is_ipv4() && !(local.is_ipv6() && local.ip().is_unspecified()) {
            return Err(ShellError::Family { local, broker });
        }
        let socket = Socket::bind(local, &Options::default())?;
        for shortfall in socket.buffers().shortfalls() {
            tracing::debug!("{shortfall}");
        }
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)?;
        Ok(Self {
            client: Client::new(clock.now(), broker, role, Random::from_seed(seed)),
            broker,
            socket,
            buffers: RecvBuffers::new(),
            outbox: VecDeque::new(),
            blocked: false,
            outdated: 0,
        })
    }

    /// The broker's address.
    pub(super) const fn broker(&self) -> SocketAddr {
        self.broker
    }

    /// Takes in what has come, and lets time pass.
    pub(super) fn receive(&mut self, now: Time) {
        let Self { client, socket, buffers, .. } = self;
        for _ in 0..BATCHES_PER_TURN {
            let received =
                socket.try_recv(buffers, |from, _, datagram| client.handle_datagram(now, from, datagram));
            if received == 0 {
                break;
            }
        }
        client.handle_timeout(now);
    }

    /// Sends what the engine has to say, as far as the kernel takes it.
    pub(super) fn send(&mut self) {
        while let Some(datagram) = self.client.poll_transmit() {
            if self.outbox.len() == OUTBOX_MAX {
                self.outbox.pop_front();
                self.outdated += 1;
            }
            self.outbox.push_back(datagram);
        }
        self.blocked = false;
        while let Some(datagram) = self.outbox.front() {
            if let SendOutcome::Blocked { .. } = self.socket.try_send(self.broker, None, datagram, 0) {
                self.blocked = true;
                return;
            }
            self.outbox.pop_front();
        }
    }

    /// Whether everything was sent.
    pub(super) fn is_sent(&self) -> bool {
        self.outbox.is_empty()
    }

    /// Waits until there is something to receive, or room for what is to be sent. Safe to cancel.
    pub(super) async fn ready(&self) -> io::Result<()> {
        if self.blocked {
            tokio::select! {
                readable = self.socket.readable() => readable,
                writable = self.socket.writable() => writable,
            }
        } else {
            self.socket.readable().await
        }
    }

    /// The engine's figures, and what was lost on this side of it.
    pub(super) fn snapshot(&self, now: Time) -> Snapshot {
        let mut snapshot = self.client.snapshot(now);
        snapshot.drops.extend([
            ("receive_buffer_full", self.socket.kernel_drops().unwrap_or_default()),
            ("send_buffer_full", self.outdated),
            ("send_refused", self.socket.counters().datagrams_lost_in_total()),
        ]);
        snapshot
    }
}

/// The address at which the broker answers: a mapped one is IPv4, and one that stands for all is this machine.
fn reachable(broker: SocketAddr) -> SocketAddr {
    let canonical = broker.ip().to_canonical();
    let ip = match canonical {
        ip if !ip.is_unspecified() => ip,
        ip if ip.is_ipv4() => Ipv4Addr::LOCALHOST.into(),
        _ => Ipv6Addr::LOCALHOST.into(),
    };
    if ip == broker.ip() { broker } else { SocketAddr::new(ip, broker.port()) }
}

fn any_of_kind(broker: SocketAddr) -> SocketAddr {
    match broker {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_broker_is_dialled_where_its_answers_come_from() {
        for (named, dialled) in [
            ("10.0.0.1:5000", "10.0.0.1:5000"),
            ("[::ffff:10.0.0.1]:5000", "10.0.0.1:5000"),
            ("0.0.0.0:5000", "127.0.0.1:5000"),
            ("[::]:5000", "[::1]:5000"),
            ("[fe80::1%2]:5000", "[fe80::1%2]:5000"),
        ] {
            assert_eq!(reachable(named.parse().unwrap()), dialled.parse().unwrap(), "{named}");
        }
    }
}
