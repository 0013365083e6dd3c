//! A client behind the relay: its two links, and a socket towards the broker that a task of its own serves.

use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use protocol::time::Time;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;
use udp::{BindError, Options, RecvBuffers, SendOutcome, Socket};

use crate::link::Link;
use crate::model::Links;

/// Datagrams that may wait for the client's socket: a few frames.
const OUTGOING_MAX: usize = 1 << 12;

/// What the broker sent to a client.
pub(super) struct Answer {
    pub(super) client: SocketAddr,
    /// Which life of the client at this address.
    pub(super) number: u64,
    pub(super) datagram: Bytes,
}

/// A client.
pub(super) struct Guest {
    pub(super) up: Link,
    pub(super) down: Link,
    pub(super) heard: Time,
    /// The relay's address that it talks to.
    pub(super) via: Option<IpAddr>,
    pub(super) number: u64,
    outgoing: Sender<Bytes>,
    task: JoinHandle<()>,
}

impl Guest {
    /// Opens the socket of a client.
    pub(super) fn open(
        (client, number): (SocketAddr, u64),
        broker: SocketAddr,
        links: &Links,
        seeds: (u64, u64),
        answers: Sender<Answer>,
    ) -> Result<Self, BindError> {
        let any: SocketAddr =
            if broker.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0_u16; 8], 0).into() };
        let socket = Socket::bind(any, &Options { segmentation: false, ..Options::default() })?;
        let (outgoing, orders) = channel(OUTGOING_MAX);
        let post = Post { socket, broker, client, number };
        Ok(Self {
            up: Link::new(links.up, Time::ZERO, seeds.0),
            down: Link::new(links.down, Time::ZERO, seeds.1),
            heard: Time::ZERO,
            via: None,
            number,
            outgoing,
            task: tokio::task::spawn(post.serve(orders, answers)),
        })
    }

    /// Sends a datagram to the broker; `false` where the client's socket can't keep up.
    pub(super) fn send(&self, datagram: Bytes) -> bool {
        self.outgoing.try_send(datagram).is_ok()
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What the task of a client owns.
struct Post {
    socket: Socket,
    broker: SocketAddr,
    client: SocketAddr,
    number: u64,
}

impl Post {
    /// Passes datagrams on until the relay lets go of the client. An error of the runtime ends it as well; the client then
    /// loses everything, as on a path that is gone, and comes anew after it was idle.
    async fn serve(mut self, mut orders: Receiver<Bytes>, answers: Sender<Answer>) {
        let mut buffers = RecvBuffers::new();
        if self.socket.writable().await.is_err() {
            return;
        }
        loop {
            tokio::select! {
                order = orders.recv() => {
                    let Some(datagram) = order else { return };
                    self.send(&datagram).await;
                }
                ready = self.socket.readable() => {
                    if ready.is_err() || !self.receive(&mut buffers, &answers).await {
                        return;
                    }
                }
            }
        }
    }

    async fn send(&mut self, datagram: &[u8]) {
        if let SendOutcome::Blocked { .. } = self.socket.try_send(self.broker, None, datagram, 0)
            && self.socket.writable().await.is_ok()
        {
            // What fails now is the network's loss; the socket counts it.
            let _lost_or_sent = self.socket.try_send(self.broker, None, datagram, 0);
        }
    }

    /// Whether the relay still wants to know.
    async fn receive(&mut self, buffers: &mut RecvBuffers, answers: &Sender<Answer>) -> bool {
        let (broker, client, number) = (self.broker, self.client, self.number);
        let mut came = Vec::new();
        self.socket.try_recv(buffers, |from, _, datagram| {
            if from == broker {
                came.push(Answer { client, number, datagram: Bytes::copy_from_slice(datagram) });
            }
        });
        for answer in came {
            if answers.send(answer).await.is_err() {
                return false;
            }
        }
        true
    }
}
