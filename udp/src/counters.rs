//! What a socket did, in numbers.

use crate::decision::{RecvFault, SendFault};

/// Totals since the socket was bound.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counters {
    /// Datagrams received.
    pub datagrams_in: u64,
    /// Bytes received, payload only.
    pub bytes_in: u64,
    /// Receive calls that brought datagrams.
    pub recvs: u64,
    /// Runs that the kernel had joined (GRO), each of two datagrams or more.
    pub gro_runs: u64,
    /// Datagrams handed to the kernel.
    pub datagrams_out: u64,
    /// Bytes handed to the kernel, payload only.
    pub bytes_out: u64,
    /// Send calls that succeeded, GSO runs included.
    pub sends: u64,
    /// Send calls that succeeded with a GSO run of two datagrams or more.
    pub gso_sends: u64,
    /// GSO runs that were refused and sent again datagram by datagram.
    pub gso_fallbacks: u64,
    /// Sends put off because the send buffer was full.
    pub would_block: u64,
    /// Datagrams that the kernel did not take, by reason, in the order of [`SendFault::ALL`].
    pub datagrams_lost: [u64; SendFault::ALL.len()],
    /// Receive calls that ended in an error, in the order of [`RecvFault::ALL`].
    pub recv_faults: [u64; RecvFault::ALL.len()],
}

impl Counters {
    /// Datagrams that the kernel did not take for this reason.
    pub fn datagrams_lost(&self, fault: SendFault) -> u64 {
        self.datagrams_lost.get(fault as usize).copied().unwrap_or_default()
    }

    /// Datagrams that the kernel did not take, for whatever reason.
    pub fn datagrams_lost_in_total(&self) -> u64 {
        self.datagrams_lost.iter().sum()
    }

    /// Receive calls that ended in this error. No datagram is lost by one.
    pub fn recv_faults(&self, fault: RecvFault) -> u64 {
        self.recv_faults.get(fault as usize).copied().unwrap_or_default()
    }
}
