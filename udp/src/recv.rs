//! A batch of datagrams per call, GRO runs split into the datagrams that were sent.

use std::fmt;
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr};

use quinn_udp::{BATCH_SIZE, RecvMeta};

use crate::address::{answerable, canonical};
use crate::decision::{RecvDecision, errno, on_recv};
use crate::ledger::Ledger;

/// Bytes per slot: the largest UDP datagram or GRO run, so that nothing is ever cut short.
const SLOT_BYTES: usize = 1 << 16;

/// Calls per receive while each only brings the news of an earlier datagram; the next turn goes on.
const MAX_CALLS: usize = 8;

/// Where datagrams are received: 64 KiB for each of the kernel calls' up to 32 slots, allocated once.
/// Memory is used up to the largest batch seen. One per thread serves any number of sockets.
pub struct RecvBuffers {
    bytes: Box<[u8]>,
    metas: [RecvMeta; BATCH_SIZE],
    filled: usize,
}

impl Default for RecvBuffers {
    fn default() -> RecvBuffers {
        RecvBuffers {
            bytes: vec![0; BATCH_SIZE * SLOT_BYTES].into_boxed_slice(),
            metas: [RecvMeta::default(); BATCH_SIZE],
            filled: 0,
        }
    }
}

impl fmt::Debug for RecvBuffers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecvBuffers").field("filled", &self.filled).finish_non_exhaustive()
    }
}

impl RecvBuffers {
    /// Buffers for one thread.
    pub fn new() -> RecvBuffers {
        RecvBuffers::default()
    }

    /// Forgets what the last receive brought.
    pub(crate) const fn clear(&mut self) {
        self.filled = 0;
    }

    /// Fills the slots with one `call`; gives `WouldBlock`, and nothing else, if the caller should wait for
    /// the socket to become readable.
    pub(crate) fn fill(
        &mut self,
        ledger: &mut Ledger,
        mut call: impl FnMut(&mut [IoSliceMut<'_>], &mut [RecvMeta]) -> io::Result<usize>,
    ) -> io::Result<()> {
        let mut slots = self.bytes.chunks_exact_mut(SLOT_BYTES);
        let mut slots: [IoSliceMut<'_>; BATCH_SIZE] =
            std::array::from_fn(|_| IoSliceMut::new(slots.next().unwrap_or_default()));
        for _ in 0..MAX_CALLS {
            let errno = match call(&mut slots, &mut self.metas) {
                Ok(filled) => {
                    self.filled = filled;
                    return Ok(());
                }
                Err(error) => errno(&error),
            };
            match on_recv(errno) {
                RecvDecision::Empty => return Err(io::ErrorKind::WouldBlock.into()),
                RecvDecision::Again(fault) => ledger.recv_failed(fault, errno),
                RecvDecision::Wait(fault) => {
                    ledger.recv_failed(fault, errno);
                    return Err(io::ErrorKind::WouldBlock.into());
                }
            }
        }
        Ok(())
    }

    /// Whether the last [`fill`](RecvBuffers::fill) emptied the queue: it brought something, and there was room for more.
    pub(crate) const fn emptied_the_queue(&self) -> bool {
        self.filled > 0 && self.filled < BATCH_SIZE
    }

    /// Counts what the last [`fill`](RecvBuffers::fill) brought; gives the number of datagrams.
    pub(crate) fn count(&self, ledger: &mut Ledger) -> usize {
        let mut total = 0;
        for (run, meta) in self.runs() {
            let datagrams = split(run, meta.stride).count();
            ledger.received(datagrams, run.len());
            total += datagrams;
        }
        ledger.counters.recvs += u64::from(total > 0);
        total
    }

    /// What the last receive brought, in the order in which it came: the peer's address, the local address it sent to (`None` for a
    /// group address; pass it to [`try_send`](crate::Socket::try_send)) and the datagram.
    pub fn datagrams(&self) -> impl Iterator<Item = (SocketAddr, Option<IpAddr>, &[u8])> {
        self.runs().flat_map(|(run, meta)| {
            let (from, local) = (canonical(meta.addr), meta.dst_ip.and_then(answerable));
            split(run, meta.stride).map(move |datagram| (from, local, datagram))
        })
    }

    /// What each slot brought.
    fn runs(&self) -> impl Iterator<Item = (&[u8], &RecvMeta)> {
        let slots = self.bytes.chunks_exact(SLOT_BYTES).zip(&self.metas).take(self.filled);
        slots.map(|(slot, meta)| (slot.get(..meta.len).unwrap_or(slot), meta))
    }
}

/// The datagrams of a run: `stride` bytes each, the last may be shorter. An empty datagram is one, too.
fn split(run: &[u8], stride: usize) -> impl Iterator<Item = &[u8]> {
    run.chunks(stride.max(1)).chain(run.is_empty().then_some(run))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::RecvFault;

    fn failing_with(errnos: &[i32]) -> (io::Result<()>, Ledger, usize) {
        let mut ledger = Ledger::default();
        let mut buffers = RecvBuffers::new();
        let mut calls = 0;
        let outcome = buffers.fill(&mut ledger, |slots, metas| {
            let errno = errnos.get(calls).copied().unwrap_or(0);
            calls += 1;
            if errno != 0 {
                return Err(io::Error::from_raw_os_error(errno));
            }
            slots[0][..5].copy_from_slice(b"hello");
            (metas[0].len, metas[0].stride) = (5, 2);
            Ok(1)
        });
        let datagrams = buffers.count(&mut ledger);
        (outcome, ledger, datagrams)
    }

    #[test]
    fn a_run_is_split_by_its_stride() {
        let parts = |run: &'static [u8], stride| split(run, stride).collect::<Vec<_>>();
        assert_eq!(parts(b"aabbc", 2), [&b"aa"[..], b"bb", b"c"]);
        assert_eq!(parts(b"aabb", 2), [&b"aa"[..], b"bb"]);
        assert_eq!(parts(b"aa", 2), [&b"aa"[..]]);
        assert_eq!(parts(b"", 0), [&b""[..]]);
    }

    #[test]
    fn errors_of_earlier_sends_do_not_hide_what_arrived() {
        let (outcome, ledger, datagrams) = failing_with(&[libc::ECONNREFUSED, libc::EINTR]);
        assert!(outcome.is_ok());
        assert_eq!(datagrams, 3);
        assert_eq!(ledger.counters.recv_faults(RecvFault::Reported), 1);
        assert_eq!(ledger.counters.recv_faults(RecvFault::Interrupted), 1);
        assert_eq!((ledger.counters.recvs, ledger.counters.gro_runs), (1, 1));
    }

    #[test]
    fn an_error_that_stays_makes_the_caller_wait_instead_of_spin() {
        for errno in [libc::ENOMEM, libc::EBADF] {
            let (outcome, ledger, datagrams) = failing_with(&[errno]);
            assert_eq!(outcome.unwrap_err().kind(), io::ErrorKind::WouldBlock);
            assert_eq!(datagrams, 0);
            assert_eq!(RecvFault::ALL.iter().map(|it| ledger.counters.recv_faults(*it)).sum::<u64>(), 1);
        }
    }

    #[test]
    fn endless_errors_end_the_turn_and_nothing_is_counted_for_an_empty_queue() {
        let (outcome, ledger, _) = failing_with(&[libc::ECONNREFUSED; 100]);
        assert!(outcome.is_ok(), "the socket stays readable, so that the next turn goes on");
        assert_eq!(ledger.counters.recv_faults(RecvFault::Reported), MAX_CALLS as u64);
        let (outcome, ledger, _) = failing_with(&[libc::EAGAIN]);
        assert_eq!(outcome.unwrap_err().kind(), io::ErrorKind::WouldBlock);
        assert_eq!(ledger.counters, crate::Counters::default());
    }
}
