//! One buffer to one destination in as few kernel calls as possible.
//!
//! The calls themselves are a closure, so that every refusal a kernel can think of is tested here.

use std::io;
use std::net::SocketAddr;

use crate::decision::{SendDecision, SendFault, errno, on_send};
use crate::ledger::Ledger;
use crate::refusals::Refusals;

/// Datagrams per GSO send. 54 of 1200 bytes just fit [`MAX_RUN_BYTES`]; kernels refuse more than 64.
pub const MAX_SEGMENTS: usize = 54;

/// Bytes per GSO send. The run is one UDP payload to the kernel, which refuses more than 65 507.
pub const MAX_RUN_BYTES: usize = 65_000;

/// How a send ended. `sent_bytes` is always a whole number of segments (or everything).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum SendOutcome {
    /// The kernel took everything.
    Sent,
    /// The send buffer is full: keep the contents from `sent_bytes` on and wait for
    /// [`Socket::writable`](crate::Socket::writable).
    Blocked {
        /// Bytes that the kernel took.
        sent_bytes: usize,
    },
    /// The kernel refused a datagram. It and what follows count as lost: what refuses one datagram refuses
    /// the next, and the receiver asks for what it lacks.
    Dropped {
        /// Bytes that the kernel took.
        sent_bytes: usize,
        /// Why it took no more.
        fault: SendFault,
    },
}

/// What sending remembers between calls.
#[derive(Debug)]
pub(crate) struct Sender {
    /// 1 where there is no segmentation offload at all.
    max_segments: usize,
    refusals: Refusals,
}

impl Sender {
    /// `max_segments`: what the kernel offers per call, 1 for no segmentation.
    pub(crate) fn new(max_segments: usize) -> Sender {
        Sender { max_segments: max_segments.clamp(1, MAX_SEGMENTS), refusals: Refusals::default() }
    }

    /// Sends `contents` to `to`, cut into datagrams of `segment` bytes; 0 means that it is one datagram.
    /// `call` hands bytes to the kernel, as several datagrams if given a segment size.
    pub(crate) fn send(
        &mut self,
        to: SocketAddr,
        contents: &[u8],
        segment: usize,
        ledger: &mut Ledger,
        mut call: impl FnMut(&[u8], Option<usize>) -> io::Result<()>,
    ) -> SendOutcome {
        let segment = if segment == 0 { contents.len() } else { segment };
        let run_bytes = self.run_bytes(segment);
        let mut segmented = contents.len() > segment && run_bytes > segment && self.refusals.allow(to.ip());
        let mut suspected = false;
        let mut rest = contents;
        while !rest.is_empty() {
            let length = if segmented { run_bytes } else { segment }.min(rest.len());
            let (run, after) = rest.split_at(length);
            let sent_bytes = contents.len() - rest.len();
            match deliver(run, (length > segment).then_some(segment), &mut call) {
                Ok(()) => {
                    ledger.sent(length.div_ceil(segment), length);
                    if suspected {
                        // A datagram on its own passes: it was the segmentation that was refused.
                        self.refusals.refuse(to.ip());
                        suspected = false;
                    }
                    rest = after;
                }
                Err((SendDecision::Unsegmented, errno)) => {
                    ledger.fell_back(to, errno);
                    segmented = false;
                    suspected = true;
                }
                Err((SendDecision::Blocked, _)) => {
                    ledger.blocked();
                    return SendOutcome::Blocked { sent_bytes };
                }
                Err((SendDecision::Drop(fault) | SendDecision::RetryOnce(fault), errno)) => {
                    ledger.lost(fault, errno, rest.len().div_ceil(segment), to);
                    return SendOutcome::Dropped { sent_bytes, fault };
                }
            }
        }
        SendOutcome::Sent
    }

    /// Whether the path to `to` is known to refuse segmentation.
    pub(crate) fn is_refused(&mut self, to: SocketAddr) -> bool {
        self.refusals.holds(to.ip())
    }

    /// The bytes of a full run of datagrams of `segment` bytes.
    pub(crate) fn run_bytes(&self, segment: usize) -> usize {
        let fitting = MAX_RUN_BYTES.checked_div(segment).unwrap_or(1);
        segment * fitting.clamp(1, self.max_segments)
    }
}

/// One call, and a second one where the first only brought the news of an earlier datagram.
fn deliver(
    run: &[u8],
    segment: Option<usize>,
    call: &mut impl FnMut(&[u8], Option<usize>) -> io::Result<()>,
) -> Result<(), (SendDecision, i32)> {
    let mut attempt = || {
        call(run, segment).map_err(|error| {
            let errno = errno(&error);
            (on_send(errno, segment.is_some()), errno)
        })
    };
    match attempt() {
        Err((SendDecision::RetryOnce(_), _)) => attempt(),
        outcome => outcome,
    }
}

#[cfg(test)]
mod tests;
