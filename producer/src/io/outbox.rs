//! What the socket did not take yet.

use std::collections::VecDeque;
use std::net::SocketAddr;

use protocol::limits::FRAME_LEN_MAX;
use udp::{SendOutcome, Socket};

use crate::engine::Transmit;

/// Bytes that wait for the socket: two of the largest frames. Behind a link that is slower than its frames more
/// would only be older.
const BYTES_MAX: usize = 2 * FRAME_LEN_MAX as usize;

/// Datagrams on their way to the socket, in order.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    queue: VecDeque<Transmit>,
    bytes: usize,
    dropped: u64,
}

impl Outbox {
    /// Appends datagrams, or drops and counts them where too many wait: the broker asks again for what it lacks.
    pub(super) fn push(&mut self, transmit: Transmit) {
        if self.bytes > BYTES_MAX {
            self.dropped += transmit.bytes.len().div_ceil(transmit.segment.max(1)) as u64;
            return;
        }
        self.bytes += transmit.bytes.len();
        self.queue.push_back(transmit);
    }

    /// Hands over what the socket takes.
    pub(super) fn flush(&mut self, socket: &mut Socket, to: SocketAddr) {
        self.flush_with(|transmit| socket.try_send(to, None, &transmit.bytes, transmit.segment));
    }

    fn flush_with(&mut self, mut send: impl FnMut(&Transmit) -> SendOutcome) {
        while let Some(front) = self.queue.front_mut() {
            // What the kernel refuses is lost and counted by the socket.
            if let SendOutcome::Blocked { sent_bytes } = send(front) {
                let sent = sent_bytes.min(front.bytes.len());
                front.bytes = front.bytes.slice(sent..);
                self.bytes -= sent;
                return;
            }
            self.bytes -= front.bytes.len();
            self.queue.pop_front();
        }
    }

    /// Whether everything was handed over; else the socket is blocked.
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Datagrams dropped because too many waited.
    pub(super) const fn dropped(&self) -> u64 {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn transmit(len: usize) -> Transmit {
        Transmit { bytes: (0..=250).cycle().take(len).collect(), segment: 1_200 }
    }

    #[test]
    fn what_a_blocked_socket_left_goes_out_first_and_once() {
        let mut outbox = Outbox::default();
        outbox.push(transmit(3_000));
        outbox.push(transmit(100));
        let mut sent: Vec<Bytes> = Vec::new();
        outbox.flush_with(|it| {
            sent.push(it.bytes.slice(..1_200));
            SendOutcome::Blocked { sent_bytes: 1_200 }
        });
        assert!(!outbox.is_empty());
        outbox.flush_with(|it| {
            sent.push(it.bytes.clone());
            SendOutcome::Sent
        });
        assert!(outbox.is_empty());
        assert_eq!(sent.concat(), [&transmit(3_000).bytes[..], &transmit(100).bytes].concat());
        assert_eq!(outbox.bytes, 0);
    }

    #[test]
    fn behind_a_socket_that_stays_blocked_datagrams_are_dropped_and_counted() {
        let mut outbox = Outbox::default();
        for _ in 0..4 {
            outbox.push(transmit(FRAME_LEN_MAX as usize));
        }
        assert_eq!(outbox.dropped(), (FRAME_LEN_MAX as usize).div_ceil(1_200) as u64);
    }
}
