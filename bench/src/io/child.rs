//! A broker that is started for the run and ends with it.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU8;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::error::BenchError;

/// Every role ends within a second of a signal.
const END_WITHIN: Duration = Duration::from_secs(2);
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// What a user's environment may say to brokers is not for this one.
const VARIABLES: &[&str] = &[
    "RUST_LOG",
    "LOG_FORMAT",
    "LISTEN",
    "WORKERS",
    "STATE_DIR",
    "SESSIONS_PER_PREFIX",
    "EGRESS_RATE",
    "CHANNEL_MEMORY",
    "FRAME_MEMORY",
];

/// The broker's process.
pub(super) struct BrokerChild {
    child: Child,
    address: SocketAddr,
}

impl BrokerChild {
    /// Starts a broker on a free port of loopback. It says on stderr what goes wrong, and nothing else.
    pub(super) fn start(program: &Path, workers: Option<NonZeroU8>) -> Result<Self, BenchError> {
        let address = udp::probe_free((Ipv4Addr::LOCALHOST, 0).into())?;
        let mut command = Command::new(program);
        command.args(["broker", "--quiet", "--listen", &address.to_string()]);
        if let Some(workers) = workers {
            command.args(["--workers", &workers.to_string()]);
        }
        for variable in VARIABLES {
            command.env_remove(variable);
        }
        // A group of its own: the terminal's SIGINT is for the load, which then ends the broker.
        command.stdin(Stdio::null()).stdout(Stdio::null()).process_group(0);
        let child = command.spawn().map_err(BenchError::Child)?;
        Ok(Self { child, address })
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Fails where the process has ended.
    pub(super) fn check(&mut self) -> Result<(), BenchError> {
        match self.child.try_wait() {
            Ok(Some(status)) => Err(BenchError::ChildEnded(status.to_string())),
            Ok(None) | Err(_) => Ok(()),
        }
    }

    fn ask_to_end(&self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid {
            // One that has ended is not there to be asked.
            kill_process(pid, Signal::TERM).unwrap_or_default();
        }
    }
}

impl Drop for BrokerChild {
    fn drop(&mut self) {
        self.ask_to_end();
        let deadline = Instant::now() + END_WITHIN;
        while Instant::now() < deadline {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(LOOK_AGAIN);
        }
        self.child.kill().unwrap_or_default();
        self.child.wait().ok();
    }
}
