//! DATA and its shards.

use proptest::prelude::*;
use protocol::limits::{FRAME_LEN_MAX, SHARD_LEN_MAX};
use protocol::time::CaptureTime;
use protocol::wire::{DataFlags, DataHeader, parity_shards};

use super::{producer, serial, stream, tag};

/// A well-formed header of any frame, of a data shard or a parity shard, with the CRC of [`shard_of`] it.
pub(crate) fn data_header() -> impl Strategy<Value = DataHeader> {
    // 65 bytes and more per shard keep the largest frame below 65 472 shards.
    let sizes = (33..=SHARD_LEN_MAX / 2, 1..=FRAME_LEN_MAX);
    (base(), sizes, any::<u16>()).prop_map(|(base, (half, length), pick)| {
        let header = DataHeader { length, shard_size: half * 2, ..base };
        let k = header.shards();
        let parity = header.flags.contains(DataFlags::PARITY);
        let index = if parity { k + pick % parity_shards(k) } else { pick % k };
        let header = DataHeader { index, ..header };
        header.with_crc(&shard_of(&header))
    })
}

/// Bytes for the shard of a header.
pub(crate) fn shard_of(header: &DataHeader) -> Vec<u8> {
    (0..=u8::MAX).cycle().take(header.payload_len()).collect()
}

fn base() -> impl Strategy<Value = DataHeader> {
    let private = (0..4_u8, any::<u8>(), tag());
    let frame = (any::<u8>().prop_map(DataFlags), serial(), serial(), any::<u32>());
    (producer(), stream(), private, frame).prop_map(|(producer, stream, private, frame)| {
        let (round, pending, tag) = private;
        let (flags, number, group, capture) = frame;
        DataHeader {
            producer,
            stream,
            round,
            flags,
            pending,
            tag,
            frame: number,
            group: if flags.contains(DataFlags::KEY) { number } else { group },
            length: 0,
            index: 0,
            shard_size: 0,
            capture: CaptureTime(capture),
            crc: 0,
        }
    })
}
