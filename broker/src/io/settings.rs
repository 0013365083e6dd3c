//! What the broker is told at its start.

use std::net::SocketAddr;
use std::num::{NonZeroU8, NonZeroU64};
use std::path::PathBuf;
use std::thread;

use crate::engine::SessionLimits;

use super::error::StartError;

/// Workers that a broker can have. Only Linux spreads the datagrams of one port over several sockets. There, 64 are
/// more than the fan-out of one host can use, and far below the 256 that a session id can name.
pub const WORKERS_MAX: u8 = if cfg!(target_os = "linux") { 64 } else { 1 };

/// Receive buffer that a worker asks for at most, bytes: 160 000 small messages. Who is so far behind answers what has been repeated since.
const RECV_BUFFER_MAX: usize = 64 << 20;

/// What the broker is told at its start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it listens; with port 0 the system chooses one.
    pub listen: SocketAddr,
    /// Workers, 1 to [`WORKERS_MAX`]; `None` for one per core that the process may use.
    pub workers: Option<NonZeroU8>,
    /// Where it keeps what outlives a restart, if anything does (PROTOCOL 4.4).
    pub state_dir: Option<PathBuf>,
    /// How many sessions each worker grants, and how many bytes of frames are kept.
    pub limits: SessionLimits,
    /// Bits per second of UDP payload that all workers together send at most, each an equal share; `None`: nothing waits.
    pub egress_rate: Option<NonZeroU64>,
    /// How the sockets are set up; `reuse_port` follows from the number of workers, and the receive buffer is at least what the sessions
    /// of one need.
    pub socket: udp::Options,
}

impl Settings {
    /// A broker at `listen` with the defaults of everything else.
    pub fn new(listen: SocketAddr) -> Self {
        Self {
            listen,
            workers: None,
            state_dir: None,
            limits: SessionLimits::default(),
            egress_rate: None,
            socket: udp::Options::default(),
        }
    }

    /// How many workers there will be.
    pub(super) fn worker_count(&self) -> Result<u8, StartError> {
        match self.workers.map(NonZeroU8::get) {
            Some(asked) if asked > WORKERS_MAX => Err(StartError::Workers { asked }),
            Some(asked) => Ok(asked),
            None => Ok(usable_cores().min(WORKERS_MAX)),
        }
    }

    /// How the socket of each of so many workers is set up.
    pub(super) fn socket_options(&self, workers: u8) -> udp::Options {
        // After a loss that they have in common all viewers speak at once. The kernel counts one's message with hundreds of bytes.
        let needed = udp::recv_buffer_for(self.limits.total).min(RECV_BUFFER_MAX);
        let recv_buffer = self.socket.recv_buffer.max(needed);
        udp::Options { reuse_port: workers > 1, recv_buffer, ..self.socket }
    }

    /// Whether others than this host can reach it.
    pub(super) fn is_exposed(&self) -> bool {
        !self.listen.ip().to_canonical().is_loopback()
    }
}

/// The cores that affinity and control groups leave to this process.
fn usable_cores() -> u8 {
    thread::available_parallelism().map_or(1, |cores| u8::try_from(cores.get()).unwrap_or(u8::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(listen: &str, workers: Option<u8>) -> Settings {
        let workers = workers.and_then(NonZeroU8::new);
        Settings { workers, ..Settings::new(listen.parse().unwrap()) }
    }

    #[test]
    fn the_number_of_workers_is_the_one_asked_for_or_that_of_the_cores() {
        let count = |workers| settings("127.0.0.1:0", workers).worker_count();
        assert_eq!(count(Some(1)).unwrap(), 1);
        assert_eq!(count(Some(WORKERS_MAX)).unwrap(), WORKERS_MAX);
        assert!((1..=WORKERS_MAX).contains(&count(None).unwrap()));
        let error = count(Some(WORKERS_MAX + 1)).unwrap_err().to_string();
        assert!(error.contains(&format!("{} workers", WORKERS_MAX + 1)), "{error}");
        assert!(error.contains(&format!("at most {WORKERS_MAX}")), "{error}");
    }

    #[test]
    fn the_receive_buffer_follows_the_sessions_that_a_worker_may_have() {
        let asked = |total| {
            let limits = SessionLimits { total, ..SessionLimits::default() };
            Settings { limits, ..settings("127.0.0.1:0", None) }.socket_options(1).recv_buffer
        };
        assert_eq!(asked(10), udp::DEFAULT_RECV_BUFFER);
        assert_eq!(asked(50_000), udp::recv_buffer_for(50_000));
        assert_eq!(asked(1_000_000), RECV_BUFFER_MAX);
    }

    #[test]
    fn only_workers_that_are_several_share_a_port() {
        let shares = |workers| settings("127.0.0.1:0", None).socket_options(workers).reuse_port;
        assert!(!shares(1) && shares(2));
    }

    #[test]
    fn loopback_in_any_spelling_is_not_exposed() {
        for local in ["127.0.0.1:0", "127.8.8.8:0", "[::1]:0", "[::ffff:127.0.0.1]:0"] {
            assert!(!settings(local, None).is_exposed(), "{local}");
        }
        for open in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
            assert!(settings(open, None).is_exposed(), "{open}");
        }
    }
}
