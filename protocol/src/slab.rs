//! A frame as the datagrams that carry it, one contiguous buffer (PROTOCOL 3).
//!
//! The buffer is header, shard, header, shard, ..: exactly the payloads of the UDP datagrams in a row, so that one
//! send with segmentation offload carries a frame, and so that one buffer serves every viewer.

use std::sync::{Arc, OnceLock};

use bytes::{Bytes, BytesMut};

use crate::id::EpochTag;
use crate::limits::DATA_HEADER_LEN;
use crate::parity;
use crate::wire::{DataFlags, DataHeader, OFFSET_CRC, parity_shards};

/// A whole frame, ready to send. Copies of it share their bytes, and the parity once somebody asked for it.
#[derive(Clone, Debug)]
pub struct Slab {
    header: DataHeader,
    bytes: Bytes,
    digest: u32,
    /// How many datagrams: each viewer of it asks.
    count: u16,
    parity: Arc<OnceLock<Option<Bytes>>>,
}

impl PartialEq for Slab {
    fn eq(&self, other: &Self) -> bool {
        self.header == other.header && self.bytes == other.bytes
    }
}

impl Eq for Slab {}

impl Slab {
    fn new(header: DataHeader, bytes: BytesMut) -> Self {
        let segment = DATA_HEADER_LEN + usize::from(header.shard_size);
        let crcs = bytes.chunks(segment).map(crc_of);
        let digest = crcs.fold(0, |digest, crc| crc32c::crc32c_append(digest, &crc));
        let header = DataHeader {
            crc: bytes.chunks(segment).next().map_or(0, |it| u32::from_be_bytes(crc_of(it))),
            ..header
        };
        Self { count: header.shards(), header, bytes: bytes.freeze(), digest, parity: Arc::default() }
    }

    /// Cuts `frame` into datagrams. `header.length`, `index` and `crc` are filled in here.
    ///
    /// `frame` has 1 to [`FRAME_LEN_MAX`](crate::limits::FRAME_LEN_MAX) bytes, `header.shard_size` is even and 2 to
    /// [`SHARD_LEN_MAX`](crate::limits::SHARD_LEN_MAX), and together they make at most 65 472 shards; `None` otherwise.
    pub fn pack(header: DataHeader, frame: &[u8]) -> Option<Self> {
        let length = u32::try_from(frame.len()).ok()?;
        let header = DataHeader { length, index: 0, ..header };
        header.check_cut().ok()?;
        let shards = frame.chunks(usize::from(header.shard_size));
        let mut bytes = BytesMut::with_capacity(frame.len() + shards.len() * DATA_HEADER_LEN);
        for (index, shard) in (0..).zip(shards) {
            bytes.extend_from_slice(&DataHeader { index, ..header }.with_crc(shard).encode());
            bytes.extend_from_slice(shard);
        }
        Some(Self::new(header, bytes))
    }

    /// Takes over a buffer that was filled shard by shard, each with its CRC in its header's place, and writes the rest of
    /// every header with the hop-private parts of this hop (tag, pending; no round, no RETX).
    pub(crate) fn adopt(header: DataHeader, mut bytes: BytesMut, tag: EpochTag, pending: u8) -> Self {
        let header = DataHeader {
            tag,
            pending,
            round: 0,
            flags: header.flags.without(DataFlags::RETX).without(DataFlags::PARITY),
            index: 0,
            ..header
        };
        let segment = DATA_HEADER_LEN + usize::from(header.shard_size);
        for (index, datagram) in (0..).zip(bytes.chunks_mut(segment)) {
            if let Some(head) = datagram.first_chunk_mut::<DATA_HEADER_LEN>() {
                let crc = u32::from_be_bytes(crc_of(head));
                *head = DataHeader { index, crc, ..header }.encode();
            }
        }
        Self::new(header, bytes)
    }

    /// The header of its first datagram.
    pub const fn header(&self) -> &DataHeader {
        &self.header
    }

    /// What proves that one has the whole frame: CRC-32C over the CRCs of its data shards.
    pub const fn digest(&self) -> u32 {
        self.digest
    }

    /// All datagrams in a row.
    pub const fn datagrams(&self) -> &Bytes {
        &self.bytes
    }

    /// Bytes of each datagram but the last, which may be shorter.
    pub fn segment(&self) -> usize {
        DATA_HEADER_LEN + usize::from(self.header.shard_size)
    }

    /// How many datagrams it has.
    pub const fn count(&self) -> u16 {
        self.count
    }

    /// The frame's bytes.
    pub fn frame(&self) -> Bytes {
        let mut frame = BytesMut::with_capacity(self.bytes.len());
        for datagram in self.bytes.chunks(self.segment()) {
            frame.extend_from_slice(datagram.get(DATA_HEADER_LEN..).unwrap_or_default());
        }
        frame.freeze()
    }

    /// The first `count` parity datagrams in a row, all of the length of [`Slab::segment`]. They are made when somebody asks
    /// for the first time. `None` where the frame is too large to have any (PROTOCOL 13).
    pub fn parity(&self, count: u16) -> Option<Bytes> {
        let all = self.parity.get_or_init(|| self.make_parity()).as_ref()?;
        let len = usize::from(count.min(parity_shards(self.count()))) * self.segment();
        Some(all.slice(..len.min(all.len())))
    }

    fn make_parity(&self) -> Option<Bytes> {
        let data = self.bytes.chunks(self.segment());
        let shards = parity::encode(
            self.header.shard_size,
            data.map(|datagram| datagram.get(DATA_HEADER_LEN..).unwrap_or_default()),
        )?;
        let flags = self.header.flags.with(DataFlags::PARITY);
        let mut bytes = BytesMut::with_capacity(shards.len() * self.segment());
        for (index, shard) in (self.count()..).zip(shards) {
            bytes.extend_from_slice(&DataHeader { flags, index, ..self.header }.with_crc(&shard).encode());
            bytes.extend_from_slice(&shard);
        }
        Some(bytes.freeze())
    }

    /// Bytes that it takes at present: its parity counts once somebody has asked for it.
    pub fn footprint(&self) -> usize {
        self.bytes.len() + self.parity.get().and_then(Option::as_ref).map_or(0, Bytes::len)
    }

    /// The datagrams of `indices` once more, marked RETX with `round`, in a row. Indices out of range are left out.
    ///
    /// Ascending indices keep the rule of a segmented send: only the last datagram may be shorter.
    pub fn repair(&self, indices: &[u16], round: u8) -> Bytes {
        let segment = self.segment();
        let mut run = BytesMut::with_capacity(indices.len() * segment);
        for &index in indices {
            let start = usize::from(index) * segment;
            let end = (start + segment).min(self.bytes.len());
            let Some((head, payload)) =
                self.bytes.get(start..end).and_then(|datagram| datagram.split_at_checked(DATA_HEADER_LEN))
            else {
                continue;
            };
            let header = DataHeader {
                index,
                crc: u32::from_be_bytes(crc_of(head)),
                round: round % 4,
                flags: self.header.flags.with(DataFlags::RETX),
                ..self.header
            };
            run.extend_from_slice(&header.encode());
            run.extend_from_slice(payload);
        }
        run.freeze()
    }
}

/// The CRC in the header of a datagram.
fn crc_of(datagram: &[u8]) -> [u8; 4] {
    datagram.get(OFFSET_CRC..).and_then(<[u8]>::first_chunk).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::id::{ProducerId, StreamId};
    use crate::limits::FRAME_LEN_MAX;
    use crate::serial::Serial;
    use crate::time::CaptureTime;

    /// A header of shards of `shard_size` bytes; length, index and CRC are wrong until a slab is packed.
    fn header(shard_size: u16) -> DataHeader {
        DataHeader {
            producer: ProducerId::from_bytes([0x1A, 0xAA, 0x99]),
            stream: StreamId::VIDEO,
            round: 0,
            flags: DataFlags::KEY,
            pending: 0,
            tag: EpochTag(0xCAFE_F00D),
            frame: Serial(u32::MAX),
            group: Serial(u32::MAX),
            length: 99,
            index: 99,
            shard_size,
            capture: CaptureTime(5),
            crc: 99,
        }
    }

    fn frame(len: usize) -> Vec<u8> {
        (0..251).cycle().take(len).collect()
    }

    fn shards(run: &[u8]) -> Vec<(DataHeader, &[u8])> {
        let shards: Vec<_> = DataHeader::split_run(run).collect();
        let bytes: usize = shards.iter().map(|(_, shard)| DATA_HEADER_LEN + shard.len()).sum();
        assert_eq!(bytes, run.len(), "nothing but well-formed DATA");
        shards
    }

    proptest! {
        #[test]
        fn a_frame_comes_back_from_its_datagrams(bytes in proptest::collection::vec(any::<u8>(), 1..4_000), half in 1..708_u16) {
            let slab = Slab::pack(header(half * 2), &bytes).unwrap();
            let mut frame = Vec::new();
            for (index, datagram) in (0..).zip(slab.datagrams().chunks(slab.segment())) {
                let (header, shard) = DataHeader::decode(datagram).unwrap();
                prop_assert_eq!(header, DataHeader { index, ..*slab.header() }.with_crc(shard));
                frame.extend_from_slice(shard);
            }
            prop_assert_eq!(&frame, &bytes);
            prop_assert_eq!(slab.frame(), bytes);
            prop_assert_eq!(usize::from(slab.count()), slab.datagrams().chunks(slab.segment()).count());
        }

        #[test]
        fn a_repair_is_the_datagrams_asked_for_but_for_round_and_retx(indices in proptest::collection::vec(0..12_u16, 0..20), round: u8) {
            let slab = Slab::pack(header(100), &frame(950)).unwrap();
            let repair = slab.repair(&indices, round);
            let sent: Vec<_> = slab.datagrams().chunks(slab.segment()).map(|it| DataHeader::decode(it).unwrap()).collect();
            let asked = indices.iter().filter_map(|index| sent.get(usize::from(*index)));
            let expected: Vec<_> = asked
                .map(|(header, shard)| {
                    let flags = header.flags.with(DataFlags::RETX);
                    (DataHeader { round: round % 4, flags, ..*header }, *shard)
                })
                .collect();
            prop_assert_eq!(shards(&repair), expected);
        }
    }

    #[test]
    fn a_frame_has_1_byte_to_4_mib() {
        assert_eq!(Slab::pack(header(1_164), &[]), None);
        let longest = FRAME_LEN_MAX as usize;
        assert_eq!(Slab::pack(header(1_164), &frame(longest)).map(|slab| slab.count()), Some(3_604));
        assert_eq!(Slab::pack(header(1_164), &frame(longest + 1)), None);
    }

    #[test]
    fn a_shard_size_that_no_receiver_takes_packs_nothing() {
        for refused in [0, 1, 99, 1_417, 1_418, u16::MAX] {
            assert_eq!(Slab::pack(header(refused), &frame(250)), None, "{refused}");
        }
        assert!(Slab::pack(header(1_416), &frame(250)).is_some());
        let shards = |len| Slab::pack(header(2), &frame(len)).map(|slab| slab.count());
        assert_eq!((shards(2 * 65_472), shards(2 * 65_472 + 1)), (Some(65_472), None));
    }

    #[test]
    fn only_the_last_datagram_may_be_shorter() {
        let slab = Slab::pack(header(100), &frame(250)).unwrap();
        assert_eq!((slab.segment(), slab.count(), slab.datagrams().len()), (136, 3, 136 + 136 + 86));
        let even = Slab::pack(header(100), &frame(200)).unwrap();
        assert_eq!((even.count(), even.datagrams().len()), (2, 272));
    }

    #[test]
    fn parity_datagrams_are_made_once_and_are_those_of_the_frame() {
        let slab = Slab::pack(header(100), &frame(950)).unwrap();
        assert_eq!(slab.footprint(), slab.datagrams().len(), "nobody has asked for any");
        let two = slab.parity(2).unwrap();
        assert_eq!(slab.clone().parity(1).unwrap(), two.slice(..136));
        let parity = shards(&two);
        for (index, (header, shard)) in (10..).zip(&parity) {
            assert!(header.same_frame(slab.header()) && header.flags.contains(DataFlags::PARITY));
            assert_eq!(header.crc, header.shard_crc(shard));
            assert_eq!((header.index, header.tag, shard.len()), (index, slab.header().tag, 100));
        }
        assert_eq!(slab.parity(99).map(|all| all.len()), Some(16 * 136));
        assert_eq!(slab.footprint(), slab.datagrams().len() + 16 * 136);
        let large = Slab::pack(header(2), &frame(2 * 513)).unwrap();
        assert_eq!((large.parity(1), large.footprint()), (None, large.datagrams().len()));
    }

    #[test]
    fn an_adopted_buffer_is_the_frame_in_the_words_of_this_hop() {
        let theirs = Slab::pack(header(100), &frame(250)).unwrap();
        let repair = theirs.repair(&[0, 1, 2], 3);
        let first = DataHeader { pending: 0xFF, ..shards(&repair)[0].0 };
        let ours = Slab::adopt(first, BytesMut::from(&repair[..]), EpochTag(7), 0b10);
        let expected = DataHeader { tag: EpochTag(7), pending: 0b10, ..header(100) };
        assert_eq!(ours, Slab::pack(expected, &frame(250)).unwrap());
        assert_eq!(ours.digest(), theirs.digest());
        for (at, (header, shard)) in (0..).zip(shards(ours.datagrams())) {
            assert_eq!(header.crc, header.shard_crc(shard), "no hop changes it");
            assert_eq!((header.index, header.round, header.flags), (at, 0, DataFlags::KEY));
        }
    }
}
