//! DATA (PROTOCOL 3).

use protocol::id::StreamId;
use protocol::limits::DATA_HEADER_LEN;
use protocol::serial::Serial;
use protocol::slab::Slab;
use protocol::time::CaptureTime;
use protocol::wire::{DataFlags, DataHeader};

use super::{PRODUCER, TAG};

/// The frame that the DATA files are shards of: two of 16 bytes and one of 8.
const FRAME: &[u8; 40] = b"Forty bytes of a frame: whole or not so.";

/// Every DATA that has a golden file, with its shard.
pub(crate) fn datas() -> Vec<(&'static str, DataHeader, Vec<u8>)> {
    let plain = DataHeader {
        producer: PRODUCER,
        stream: StreamId::VIDEO,
        round: 0,
        flags: DataFlags::default(),
        pending: 0,
        tag: TAG,
        frame: Serial(1_002),
        group: Serial(1_001),
        length: 40,
        index: 0,
        shard_size: 16,
        capture: CaptureTime(0x0001_2345),
        crc: 0,
    };
    let key = DataHeader {
        flags: DataFlags::KEY.with(DataFlags::END_OF_GROUP),
        frame: Serial(1_001),
        index: 1,
        ..plain
    };
    let last = DataHeader {
        flags: DataFlags::DISCARDABLE.with(DataFlags(2)),
        pending: 0b1000_0001,
        index: 2,
        ..plain
    };
    let resent = DataHeader { flags: DataFlags::RETX.with(DataFlags::CONFIG), round: 2, index: 1, ..plain };
    let parity = DataHeader { flags: DataFlags::PARITY, index: 3, ..plain };
    [
        ("DATA", plain, FRAME[..16].to_vec()),
        ("DATA-key", key, FRAME[16..32].to_vec()),
        ("DATA-last", last, FRAME[32..].to_vec()),
        ("DATA-retx", resent, FRAME[16..32].to_vec()),
        ("DATA-parity", parity, parity_shard(plain)),
    ]
    .map(|(name, header, shard)| (name, header.with_crc(&shard), shard))
    .to_vec()
}

/// The first parity shard of the frame.
fn parity_shard(header: DataHeader) -> Vec<u8> {
    let slab = Slab::pack(header, FRAME).unwrap();
    slab.parity(1).unwrap()[DATA_HEADER_LEN..].to_vec()
}
