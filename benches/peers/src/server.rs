//! The process under load.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use bench::Usage;

const LISTENS_WITHIN: Duration = Duration::from_secs(10);

/// A server, killed at its end.
pub(crate) struct Server {
    child: Child,
}

impl Server {
    /// Starts it and waits until it listens on these TCP ports.
    pub(crate) fn start(command: &mut Command, ports: &[u16]) -> anyhow::Result<Self> {
        let program = command.get_program().display().to_string();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().with_context(|| format!("starting {program}"))?;
        let server = Self { child };
        let begun = Instant::now();
        while !ports.iter().all(|port| TcpStream::connect((Ipv4Addr::LOCALHOST, *port)).is_ok()) {
            if begun.elapsed() > LISTENS_WITHIN {
                bail!("{program} does not listen within {LISTENS_WITHIN:?}");
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(server)
    }

    pub(crate) fn usage(&self) -> anyhow::Result<Usage> {
        bench::io::usage_of(self.child.id()).context("the server has ended")
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended by itself has made its load fail already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A TCP port that is free now.
pub(crate) fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Whether there is a program of this name where programs are looked for.
pub(crate) fn is_installed(program: &str) -> bool {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders).any(|folder| folder.join(program).is_file())
}
