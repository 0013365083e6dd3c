//! A thread that sends what viewers say, so that whoever reads it does not pay for the sends.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use anyhow::{Context as _, Result, bail};
use performance::Said;
use udp::{Options, SendOutcome, Socket};

/// A port of loopback that the system chooses.
pub(crate) const NOWHERE: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0));

/// What is to be said to whom.
type Order = (SocketAddr, Vec<Said>);

/// The thread. It ends when nobody has a use for it.
pub(crate) struct Speaker {
    port: u16,
    orders: Sender<Order>,
    done: Receiver<SendOutcome>,
}

impl Speaker {
    /// Starts it on the cores of the caller.
    pub(crate) fn start() -> Result<Self> {
        // Bound to all addresses: each viewer speaks from its own.
        let any = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        let mut socket = Socket::bind(any, &Options::default()).context("the viewers' socket")?;
        let port = socket.local_addr().port();
        let ((orders, wanted), (tell, done)) = (channel::<Order>(), channel());
        thread::Builder::new().name("viewers".to_owned()).spawn(move || {
            for (to, said) in wanted {
                let fault = said
                    .iter()
                    .map(|(from, bytes)| socket.try_send(to, Some(from.ip()), bytes, 0))
                    .find(|outcome| *outcome != SendOutcome::Sent);
                if tell.send(fault.unwrap_or(SendOutcome::Sent)).is_err() {
                    break;
                }
            }
        })?;
        Ok(Self { port, orders, done })
    }

    /// The port that it speaks from.
    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// Sends all of it, each from the address of its viewer, before it comes back.
    pub(crate) fn say(&self, to: SocketAddr, said: &[Said]) -> Result<()> {
        self.orders.send((to, said.to_vec())).context("the viewers' thread is gone")?;
        match self.done.recv().context("the viewers' thread is gone")? {
            SendOutcome::Sent => Ok(()),
            fault => bail!("a FEEDBACK was not sent: {fault:?}"),
        }
    }
}
