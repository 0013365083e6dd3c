//! Datagrams that went wrong: from right ones, by a seeded generator.

use protocol::limits::DATA_HEADER_LEN;
use protocol::wire::{self, DataHeader, Datagram};

/// xorshift64*: the same seed, the same datagrams.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// 0 to `end` - 1.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(number).unwrap() % end
    }

    fn byte(&mut self) -> u8 {
        const EDGES: [u8; 8] = [0x00, 0x01, 0x02, 0x10, 0x7F, 0x80, 0xFE, 0xFF];
        if self.below(2) == 0 { EDGES[self.below(8)] } else { self.below(256).to_le_bytes()[0] }
    }
}

/// One to four mutations; mostly with right CRCs, so that they get past them.
pub(crate) fn mutate(random: &mut Random, original: &[u8], other: &[u8]) -> Vec<u8> {
    let mut bytes = original.to_vec();
    for _ in 0..=random.below(4) {
        mutate_once(random, &mut bytes, other);
    }
    let wants_crc = random.below(8) > 0;
    if wants_crc && bytes.first() == Some(&0) {
        let shards: Vec<_> =
            DataHeader::split_run(&bytes).map(|(header, shard)| header.with_crc(shard).crc).collect();
        let lengths: Vec<_> =
            DataHeader::split_run(&bytes).map(|(_, shard)| DATA_HEADER_LEN + shard.len()).collect();
        let mut at = 0;
        for (crc, length) in shards.iter().zip(lengths) {
            bytes[at + DATA_HEADER_LEN - 4..at + DATA_HEADER_LEN].copy_from_slice(&crc.to_be_bytes());
            at += length;
        }
    } else if wants_crc && bytes.len() >= 4 {
        let covered = bytes.len() - 4;
        let crc = crc32c(&bytes[..covered]);
        bytes[covered..].copy_from_slice(&crc.to_be_bytes());
    }
    bytes
}

fn mutate_once(random: &mut Random, bytes: &mut Vec<u8>, other: &[u8]) {
    // The padding of a HELLO is of little interest.
    let end = bytes.len().min(160);
    if end == 0 {
        bytes.push(random.byte());
        return;
    }
    let at = random.below(end);
    match random.below(10) {
        0 => bytes.truncate(at),
        1 => bytes.insert(at, random.byte()),
        2 => drop(bytes.remove(at)),
        3 => bytes.extend((0..random.below(40)).map(|_| random.byte()).collect::<Vec<u8>>()),
        4 => bytes.splice(at.., other[at.min(other.len())..].iter().copied()).for_each(drop),
        5 => bytes[at] ^= 1 << random.below(8),
        _ => bytes[at] = random.byte(),
    }
}

/// Whether our own decoder takes all of it; of several DATA in a row, each.
pub(crate) fn is_accepted(datagram: &[u8]) -> bool {
    if datagram.first() == Some(&0) {
        let shards =
            DataHeader::split_run(datagram).filter(|(header, shard)| header.crc == header.shard_crc(shard));
        let taken: usize = shards.map(|(_, shard)| DATA_HEADER_LEN + shard.len()).sum();
        return taken == datagram.len();
    }
    matches!(wire::decode(datagram), Ok(Datagram::Control(_)))
}

/// Castagnoli, reflected, bit by bit.
fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| crc >> 1 ^ if crc & 1 == 1 { 0x82F6_3B78 } else { 0 })
    })
}
