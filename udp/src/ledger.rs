//! The book of one socket: everything that happens is counted, and what someone should know is logged at
//! most once a second per class.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::counters::Counters;
use crate::decision::{RecvFault, SendFault};

/// Between two lines of log of one class: a fault of the network hits thousands of datagrams a second.
const LOG_INTERVAL: Duration = Duration::from_secs(1);

/// Counters and the limits of their log.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) counters: Counters,
    send_log: [LogLimit; SendFault::ALL.len()],
    recv_log: [LogLimit; RecvFault::ALL.len()],
    fallback_log: LogLimit,
}

impl Ledger {
    /// One send call took `bytes` in `datagrams`.
    pub(crate) fn sent(&mut self, datagrams: usize, bytes: usize) {
        self.counters.sends += 1;
        self.counters.gso_sends += u64::from(datagrams > 1);
        self.counters.datagrams_out += datagrams as u64;
        self.counters.bytes_out += bytes as u64;
    }

    /// A full send buffer put a send off.
    pub(crate) fn blocked(&mut self) {
        self.counters.would_block += 1;
    }

    /// A GSO run to `to` was refused; it goes out again datagram by datagram.
    pub(crate) fn fell_back(&mut self, to: SocketAddr, errno: i32) {
        self.counters.gso_fallbacks += 1;
        if let Some(since_last) = self.fallback_log.admit(Instant::now(), 1) {
            tracing::info!(
                %to, errno, fallbacks = since_last,
                "segmentation offload was refused: sending datagram by datagram"
            );
        }
    }

    /// `datagrams` to `to` were not taken by the kernel.
    pub(crate) fn lost(&mut self, fault: SendFault, errno: i32, datagrams: usize, to: SocketAddr) {
        let datagrams = datagrams as u64;
        add(&mut self.counters.datagrams_lost, fault as usize, datagrams);
        let limit = self.send_log.get_mut(fault as usize);
        if let Some(since_last) = limit.and_then(|it| it.admit(Instant::now(), datagrams)) {
            tracing::warn!(%to, errno, datagrams = since_last, "datagrams not sent: {fault}");
        }
    }

    /// One receive call filled a buffer with `datagrams`, joined by the kernel if there are several.
    pub(crate) fn received(&mut self, datagrams: usize, bytes: usize) {
        self.counters.gro_runs += u64::from(datagrams > 1);
        self.counters.datagrams_in += datagrams as u64;
        self.counters.bytes_in += bytes as u64;
    }

    /// A receive call ended in an error.
    pub(crate) fn recv_failed(&mut self, fault: RecvFault, errno: i32) {
        add(&mut self.counters.recv_faults, fault as usize, 1);
        let limit = self.recv_log.get_mut(fault as usize);
        if let Some(since_last) = limit.and_then(|it| it.admit(Instant::now(), 1)) {
            tracing::warn!(errno, times = since_last, "receiving was disturbed: {fault}");
        }
    }
}

fn add(counters: &mut [u64], index: usize, n: u64) {
    if let Some(counter) = counters.get_mut(index) {
        *counter += n;
    }
}

/// Lets one line through per [`LOG_INTERVAL`] and adds up what the others would have said.
#[derive(Debug, Default)]
struct LogLimit {
    last: Option<Instant>,
    unsaid: u64,
}

impl LogLimit {
    /// Adds `n` occurrences; gives the number not yet logged if a line is due.
    fn admit(&mut self, now: Instant, n: u64) -> Option<u64> {
        self.unsaid += n;
        if self.last.is_some_and(|last| now.saturating_duration_since(last) < LOG_INTERVAL) {
            return None;
        }
        self.last = Some(now);
        Some(std::mem::take(&mut self.unsaid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_logged_once_a_second_with_all_that_happened_since() {
        let start = Instant::now();
        let mut limit = LogLimit::default();
        assert_eq!(limit.admit(start, 9), Some(9));
        assert_eq!(limit.admit(start + Duration::from_millis(1), 9), None);
        assert_eq!(limit.admit(start + Duration::from_millis(999), 1), None);
        assert_eq!(limit.admit(start + Duration::from_secs(1), 2), Some(12));
        assert_eq!(limit.admit(start + Duration::from_millis(1001), 2), None);
    }

    #[test]
    fn every_class_has_a_counter_of_its_own() {
        let mut ledger = Ledger::default();
        let to: SocketAddr = "127.0.0.1:9".parse().unwrap();
        for (n, fault) in SendFault::ALL.into_iter().enumerate() {
            ledger.lost(fault, 0, n + 1, to);
        }
        for fault in RecvFault::ALL {
            ledger.recv_failed(fault, 0);
        }
        for (n, fault) in SendFault::ALL.into_iter().enumerate() {
            assert_eq!(ledger.counters.datagrams_lost(fault), n as u64 + 1, "{fault:?}");
        }
        assert_eq!(ledger.counters.datagrams_lost_in_total(), 55);
        assert!(RecvFault::ALL.iter().all(|fault| ledger.counters.recv_faults(*fault) == 1));
    }
}
