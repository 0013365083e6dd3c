//! The process under load: the broker, or the reference sender.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result};

use crate::bench::Lab;
use crate::reference::ARM;

/// Who is loaded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Server {
    /// The broker with so many workers.
    Broker {
        /// Workers.
        workers: u8,
    },
    /// The reference sender.
    Reference,
}

/// A server's process, killed at its end.
pub(crate) struct Running {
    child: Child,
    address: SocketAddr,
    server: Server,
}

impl Server {
    /// Starts it on a free port of loopback; with one worker, on the server's core.
    pub(crate) fn start(self, lab: &Lab, pinned: bool) -> Result<Running> {
        let address = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let mut command = match self {
            Self::Broker { workers } => {
                let mut command = Command::new(lab.framecast());
                command.args(["broker", "--quiet", "--listen", &address.to_string()]);
                command.args(["--workers", &workers.to_string()]);
                command
            }
            Self::Reference => {
                let mut command = Command::new(lab.myself());
                command.args(["reference", &address.to_string()]);
                command
            }
        };
        command.stdin(Stdio::null()).stdout(Stdio::null()).env_remove("RUST_LOG");
        let start = || command.spawn().with_context(|| format!("starting {self:?}"));
        let child = lab.cores().on_server(pinned, start)?;
        Ok(Running { child, address, server: self })
    }
}

impl Running {
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Everybody has joined.
    pub(crate) fn arm(&self) -> Result<()> {
        if self.server == Server::Reference {
            UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?.send_to(ARM, self.address)?;
        }
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended by itself has made its load fail already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
