//! All datagrams under way, in the order of their arrival.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::net::SocketAddr;

use bytes::Bytes;
use impair::Link;
use protocol::time::Time;

/// Copied datagrams that are kept.
const COPIES_MAX: usize = 256;

/// A datagram between two addresses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct InFlight {
    pub(crate) from: SocketAddr,
    pub(crate) to: SocketAddr,
    pub(crate) bytes: Bytes,
    /// Picks the worker that a datagram to the broker reaches, where any may.
    pub(crate) steering: u8,
}

/// What is under way.
#[derive(Default)]
pub(crate) struct Network {
    flights: BinaryHeap<Reverse<Flight>>,
    launched: u64,
    trace: u32,
    /// One in so many is copied; 0 for none.
    overhear: u32,
    copies: VecDeque<InFlight>,
}

struct Flight {
    at: Time,
    number: u64,
    what: InFlight,
}

impl Network {
    /// Sends a datagram over `link`.
    pub(crate) fn send(&mut self, now: Time, link: &mut Link, flight: &InFlight) {
        self.note(now, flight);
        self.copy(flight);
        // Flipped bits get past the kernel, as what a relay sends on with a right checksum of its own.
        for arrival in link.carry(now, flight.bytes.clone()) {
            self.launched += 1;
            let what = InFlight { bytes: arrival.datagram, ..*flight };
            self.flights.push(Reverse(Flight { at: arrival.at, number: self.launched, what }));
        }
    }

    pub(crate) fn next_arrival(&self) -> Option<Time> {
        self.flights.peek().map(|Reverse(flight)| flight.at)
    }

    pub(crate) fn arrive(&mut self, now: Time) -> Option<InFlight> {
        if self.next_arrival()? > now {
            return None;
        }
        self.flights.pop().map(|Reverse(flight)| flight.what)
    }

    /// A checksum of everything that was ever sent, when, by whom and to whom.
    pub(crate) const fn trace(&self) -> u32 {
        self.trace
    }

    pub(crate) const fn overhear(&mut self, one_in: u32) {
        self.overhear = one_in;
    }

    pub(crate) const fn overheard(&self) -> &VecDeque<InFlight> {
        &self.copies
    }

    fn copy(&mut self, flight: &InFlight) {
        if self.overhear == 0 || !self.launched.is_multiple_of(self.overhear.into()) {
            return;
        }
        if self.copies.len() >= COPIES_MAX {
            self.copies.pop_front();
        }
        self.copies.push_back(flight.clone());
    }

    fn note(&mut self, now: Time, flight: &InFlight) {
        let mut facts = [0; 12];
        let (when, ports) = facts.split_at_mut(8);
        when.copy_from_slice(&now.as_micros().to_be_bytes());
        let (from, to) = ports.split_at_mut(2);
        from.copy_from_slice(&flight.from.port().to_be_bytes());
        to.copy_from_slice(&flight.to.port().to_be_bytes());
        self.trace = crc32c::crc32c_append(crc32c::crc32c_append(self.trace, &facts), &flight.bytes);
    }
}

impl Ord for Flight {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

impl PartialOrd for Flight {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Flight {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Flight {}
