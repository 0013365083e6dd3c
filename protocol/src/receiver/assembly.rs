//! One frame as its shards come in (PROTOCOL 3).

use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};

use crate::id::EpochTag;
use crate::limits::DATA_HEADER_LEN;
use crate::parity::{self, PARITY_DATA_SHARDS_MAX};
use crate::shards::ShardSet;
use crate::slab::Slab;
use crate::wire::{DataFlags, DataHeader};

/// A frame that is not whole yet, laid out like the [`Slab`] that it will become.
#[derive(Clone, Debug)]
pub(super) struct Assembly {
    header: DataHeader,
    have: ShardSet,
    bytes: BytesMut,
    /// By index, the first parity shard being 0: at most M of them.
    parity: BTreeMap<u16, Bytes>,
    repaired: bool,
    coded: bool,
}

/// What a shard did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Insert {
    /// It was new; others are missing.
    Stored,
    /// It was the last one missing, or the one with which parity gives the others.
    Complete,
    /// It was there already.
    Duplicate,
    /// It disagrees with the shards that came before about the frame.
    Conflict,
}

impl Assembly {
    /// Room for the frame that `header` describes. The memory is touched only where shards are written.
    pub(super) fn new(header: &DataHeader) -> Self {
        let shards = header.shards();
        let len = usize::from(shards) * DATA_HEADER_LEN + header.length as usize;
        Self {
            header: *header,
            have: ShardSet::empty(shards),
            bytes: BytesMut::zeroed(len),
            parity: BTreeMap::new(),
            repaired: false,
            coded: false,
        }
    }

    /// Takes in one data or parity shard.
    pub(super) fn insert(&mut self, header: &DataHeader, payload: &[u8]) -> Insert {
        if !self.header.same_frame(header) {
            return Insert::Conflict;
        }
        if header.flags.contains(DataFlags::PARITY) {
            return self.insert_parity(header.index, payload);
        }
        let start = usize::from(header.index) * self.segment() + DATA_HEADER_LEN;
        if self.bytes.len() < start + payload.len() {
            return Insert::Conflict;
        }
        if !self.have.insert(header.index) {
            return Insert::Duplicate;
        }
        self.write(start, header, payload);
        self.repaired |= header.flags.contains(DataFlags::RETX);
        self.outcome()
    }

    fn insert_parity(&mut self, index: u16, payload: &[u8]) -> Insert {
        let k = self.have.capacity();
        let Some(nth) = index.checked_sub(k).filter(|_| k <= PARITY_DATA_SHARDS_MAX) else {
            return Insert::Conflict;
        };
        if self.parity.insert(nth, Bytes::copy_from_slice(payload)).is_some() {
            return Insert::Duplicate;
        }
        self.outcome()
    }

    /// Writes a shard to its place, and its CRC in front of it.
    fn write(&mut self, start: usize, header: &DataHeader, shard: &[u8]) {
        if let Some(place) = self.bytes.get_mut(start - size_of::<u32>()..start + shard.len()) {
            let (crc, place) = place.split_at_mut(size_of::<u32>());
            crc.copy_from_slice(&header.crc.to_be_bytes());
            place.copy_from_slice(shard);
        }
    }

    /// Complete as soon as there are k shards of whatever kind.
    fn outcome(&self) -> Insert {
        if self.deficit() == 0 { Insert::Complete } else { Insert::Stored }
    }

    /// How many more shards it takes.
    pub(super) fn deficit(&self) -> u16 {
        let parity = u16::try_from(self.parity.len()).unwrap_or(u16::MAX);
        self.have.capacity().saturating_sub(self.have.count()).saturating_sub(parity)
    }

    /// Makes the data shards that are missing from the parity that came. `None` where that gives no frame of this length:
    /// behind the end of its last shard there are zeros.
    fn restore(&mut self) -> Option<()> {
        let segment = self.segment();
        let data = (0..).zip(self.bytes.chunks(segment)).filter(|(index, _)| self.have.contains(*index));
        let data = data.map(|(index, datagram)| (index, datagram.get(DATA_HEADER_LEN..).unwrap_or_default()));
        let parity = self.parity.iter().map(|(index, shard)| (*index, &shard[..]));
        let restored = parity::restore((self.have.capacity(), self.header.shard_size), data, parity)?;
        for (index, shard) in restored {
            let flags = self.header.flags.without(DataFlags::PARITY);
            let header = DataHeader { flags, index, ..self.header };
            let (shard, fill) = shard.split_at_checked(header.payload_len())?;
            if fill.iter().any(|byte| *byte != 0) {
                return None;
            }
            self.write(usize::from(index) * segment + DATA_HEADER_LEN, &header.with_crc(shard), shard);
        }
        self.coded = true;
        Some(())
    }

    fn segment(&self) -> usize {
        DATA_HEADER_LEN + usize::from(self.header.shard_size)
    }

    /// The frame's first header.
    pub(super) const fn header(&self) -> &DataHeader {
        &self.header
    }

    /// The shards that came.
    pub(super) const fn have(&self) -> &ShardSet {
        &self.have
    }

    /// Whether a shard of it was resent.
    pub(super) const fn is_repaired(&self) -> bool {
        self.repaired
    }

    /// Bytes that it holds.
    pub(super) fn len(&self) -> usize {
        self.bytes.len() + self.parity.values().map(Bytes::len).sum::<usize>()
    }

    /// The whole frame with its hop-private parts set, and whether it took parity; `None` where parity gave no frame.
    pub(super) fn finish(mut self, tag: EpochTag, pending: u8) -> Option<(Slab, bool)> {
        if !self.have.is_full() {
            self.restore()?;
        }
        Some((Slab::adopt(self.header, self.bytes, tag, pending), self.coded))
    }
}
