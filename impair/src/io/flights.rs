//! Datagrams under way.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::SocketAddr;

use bytes::Bytes;
use protocol::time::Time;

use crate::link::Arrival;

/// Datagrams that may be under way, of all clients: 80 MB of them, a second at 600 Mbit/s.
const FLIGHTS_MAX: usize = 1 << 16;

/// Which way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Way {
    Up,
    Down,
}

/// A datagram that has arrived.
pub(super) struct Landed {
    pub(super) way: Way,
    pub(super) client: SocketAddr,
    pub(super) datagram: Bytes,
}

/// When, which number, which way, whose, what.
type Flight = (Time, u64, Way, SocketAddr, Bytes);

/// All of them, in the order of their arrival.
#[derive(Default)]
pub(super) struct Flights {
    heap: BinaryHeap<Reverse<Flight>>,
    launched: u64,
    overflowed: u64,
}

impl Flights {
    pub(super) fn launch(&mut self, way: Way, client: SocketAddr, arrival: Arrival) {
        if self.heap.len() >= FLIGHTS_MAX {
            self.overflowed += 1;
            return;
        }
        self.launched += 1;
        self.heap.push(Reverse((arrival.at, self.launched, way, client, arrival.datagram)));
    }

    pub(super) fn next(&self) -> Option<Time> {
        self.heap.peek().map(|Reverse((at, ..))| *at)
    }

    pub(super) fn land(&mut self, now: Time) -> Option<Landed> {
        if self.next()? > now {
            return None;
        }
        self.heap.pop().map(|Reverse((_, _, way, client, datagram))| Landed { way, client, datagram })
    }

    pub(super) const fn overflowed(&self) -> u64 {
        self.overflowed
    }
}
