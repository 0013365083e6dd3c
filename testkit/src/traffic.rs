//! What goes over a hop, by kind, as it is sent.

use protocol::limits::DATA_HEADER_LEN;
use protocol::wire::{DataFlags, DataHeader};

/// Datagrams and bytes of one direction of a hop, UDP payload without lower headers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Traffic {
    /// DATA sent for the first time.
    pub first: Tally,
    /// DATA sent again.
    pub repair: Tally,
    /// Parity.
    pub parity: Tally,
    /// Everything else.
    pub control: Tally,
}

/// Datagrams and their bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// How many.
    pub datagrams: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.datagrams += other.datagrams;
        self.bytes += other.bytes;
    }
}

impl Traffic {
    /// Books one datagram.
    pub fn note(&mut self, datagram: &[u8]) {
        let tally = match DataHeader::peek(datagram).map(|(header, _)| header.flags) {
            Ok(flags) if flags.contains(DataFlags::PARITY) => &mut self.parity,
            Ok(flags) if flags.contains(DataFlags::RETX) => &mut self.repair,
            Ok(_) => &mut self.first,
            Err(_) => &mut self.control,
        };
        tally.add(Tally { datagrams: 1, bytes: datagram.len() as u64 });
    }

    /// Adds what went elsewhere.
    pub fn add(&mut self, other: &Self) {
        self.first.add(other.first);
        self.repair.add(other.repair);
        self.parity.add(other.parity);
        self.control.add(other.control);
    }

    /// Bytes of all kinds.
    pub const fn bytes(&self) -> u64 {
        self.first.bytes + self.repair.bytes + self.parity.bytes + self.control.bytes
    }

    /// Repair and parity bytes over first-sent ones.
    pub fn extra(&self) -> f64 {
        (self.repair.bytes + self.parity.bytes) as f64 / self.first.bytes.max(DATA_HEADER_LEN as u64) as f64
    }
}
