//! DATA 0x00: one shard of one frame (PROTOCOL 3).

use crate::id::{EpochTag, ProducerId, StreamId, TrackKey};
use crate::limits::{DATA_HEADER_LEN, FRAME_LEN_MAX, SHARD_LEN_MAX, VERSION};
use crate::serial::Serial;
use crate::time::CaptureTime;

use super::error::DecodeError;
use super::event::Event;
use super::header::check_mode;
use super::reader::Reader;

/// Offset of version, mode and round.
pub const OFFSET_MODE: usize = 5;
/// Offset of the flags.
pub const OFFSET_FLAGS: usize = 6;
/// Offset of the pending bits.
pub const OFFSET_PENDING: usize = 7;
/// Offset of the epoch tag.
pub const OFFSET_TAG: usize = 8;
/// Offset of the CRC, the end of the header.
pub(crate) const OFFSET_CRC: usize = DATA_HEADER_LEN - 4;

/// A frame has at most this many data shards: with 64 parity shards the index still fits 16 bits.
const SHARDS_MAX: u32 = 65_472;

/// The flags of a DATA datagram.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct DataFlags(pub u8);

impl DataFlags {
    /// Opens a group: decodable on its own.
    pub const KEY: Self = Self(0x80);
    /// The last frame of its group.
    pub const END_OF_GROUP: Self = Self(0x40);
    /// A repair shard.
    pub const PARITY: Self = Self(0x20);
    /// Sent before.
    pub const RETX: Self = Self(0x10);
    /// Nothing depends on it.
    pub const DISCARDABLE: Self = Self(0x08);
    /// Configuration of the decoder.
    pub const CONFIG: Self = Self(0x04);
    /// The temporal layer.
    pub const LAYER_MASK: Self = Self(0x03);

    /// Whether all bits of `other` are set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// These flags and `other`.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// These flags without `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

/// The 36 bytes before a shard.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct DataHeader {
    /// The producer.
    pub producer: ProducerId,
    /// The track.
    pub stream: StreamId,
    /// Round of a repair mod 4; hop-private.
    pub round: u8,
    /// Flags; RETX is hop-private.
    pub flags: DataFlags,
    /// Bit i: frame (number - 1 - i) is not whole at the sender yet; hop-private.
    pub pending: u8,
    /// The life of the publication on this side of the broker; hop-private.
    pub tag: EpochTag,
    /// Frame number.
    pub frame: Serial,
    /// Number of the key frame that opens the group.
    pub group: Serial,
    /// Bytes of the frame, 1 to 4 MiB.
    pub length: u32,
    /// Which shard.
    pub index: u16,
    /// Bytes of every shard but the last.
    pub shard_size: u16,
    /// Presentation time of the first sample.
    pub capture: CaptureTime,
    /// CRC-32C of the canonical header and the shard.
    pub crc: u32,
}

/// M, the number of parity shards that a frame of `k` data shards has.
pub const fn parity_shards(k: u16) -> u16 {
    if k <= 32 { 16 } else { 64 }
}

impl DataHeader {
    /// The track that the frame belongs to.
    pub const fn track(&self) -> TrackKey {
        TrackKey { producer: self.producer, stream: self.stream, tag: self.tag }
    }

    /// The header of a datagram and its shard, which has exactly the length that the header says, and its CRC.
    ///
    /// # Errors
    /// [`DecodeError`] for anything that is not a well-formed DATA of this version.
    pub fn decode(datagram: &[u8]) -> Result<(Self, &[u8]), DecodeError> {
        let (header, payload) = Self::peek(datagram)?;
        if header.crc == header.shard_crc(payload) { Ok((header, payload)) } else { Err(DecodeError::Crc) }
    }

    /// Like [`DataHeader::decode`] for what one's own process has just made or judged: the CRC is not checked again.
    ///
    /// # Errors
    /// [`DecodeError`] for anything that is not well-formed, its CRC aside.
    pub fn peek(datagram: &[u8]) -> Result<(Self, &[u8]), DecodeError> {
        let (header, payload) = Self::decode_head(datagram)?;
        match payload.len().cmp(&header.payload_len()) {
            std::cmp::Ordering::Less => Err(DecodeError::Truncated("shard")),
            std::cmp::Ordering::Equal => Ok((header, payload)),
            std::cmp::Ordering::Greater => Err(DecodeError::Trailing("shard")),
        }
    }

    /// The datagrams of a captured run of several DATA in a row. Ends at the first one that is not well-formed; CRCs are
    /// not checked.
    pub fn split_run(run: &[u8]) -> impl Iterator<Item = (Self, &[u8])> {
        let mut rest = run;
        std::iter::from_fn(move || {
            let (header, tail) = Self::decode_head(rest).ok()?;
            let (payload, next) = tail.split_at_checked(header.payload_len())?;
            rest = next;
            Some((header, payload))
        })
    }

    fn decode_head(datagram: &[u8]) -> Result<(Self, &[u8]), DecodeError> {
        let mut reader = Reader::new(datagram);
        if reader.u8("event")? != Event::Data as u8 {
            return Err(DecodeError::Value("event"));
        }
        let ids = reader.array::<4>("ids")?;
        let mode = reader.u8("version")?;
        check_mode(mode)?;
        let mut ids = Reader::new(&ids);
        let header = Self {
            producer: ids.producer()?,
            stream: ids.stream()?,
            round: mode & 3,
            flags: DataFlags(reader.u8("flags")?),
            pending: reader.u8("pending")?,
            tag: reader.tag()?,
            frame: reader.serial("frame number")?,
            group: reader.serial("group")?,
            length: reader.u32("frame length")?,
            index: reader.u16("index")?,
            shard_size: reader.u16("shard size")?,
            capture: CaptureTime(reader.u32("capture time")?),
            crc: reader.u32("CRC")?,
        };
        header.check()?;
        Ok((header, reader.rest()))
    }

    fn check(&self) -> Result<(), DecodeError> {
        self.check_cut()?;
        let (k, index) = (u32::from(self.shards()), u32::from(self.index));
        let parity = k..k + u32::from(parity_shards(self.shards()));
        let indices = if self.flags.contains(DataFlags::PARITY) { parity } else { 0..k };
        if !indices.contains(&index) {
            return Err(DecodeError::Value("index"));
        }
        if self.flags.contains(DataFlags::KEY) && self.group != self.frame {
            return Err(DecodeError::Value("group"));
        }
        Ok(())
    }

    /// Whether a frame of this length can be cut into shards of this size.
    pub(crate) fn check_cut(&self) -> Result<(), DecodeError> {
        if self.length == 0 || self.length > FRAME_LEN_MAX {
            return Err(DecodeError::Value("frame length"));
        }
        if self.shard_size == 0 || !self.shard_size.is_multiple_of(2) || self.shard_size > SHARD_LEN_MAX {
            return Err(DecodeError::Value("shard size"));
        }
        if self.length.div_ceil(self.shard_size.into()) > SHARDS_MAX {
            return Err(DecodeError::Value("shard size"));
        }
        Ok(())
    }

    /// The 36 bytes.
    pub fn encode(&self) -> [u8; DATA_HEADER_LEN] {
        let mut bytes = [0; DATA_HEADER_LEN];
        bytes[0] = Event::Data as u8;
        bytes[1..4].copy_from_slice(&self.producer.to_bytes());
        bytes[4] = self.stream.0;
        bytes[OFFSET_MODE] = VERSION << 4 | self.round & 3;
        bytes[OFFSET_FLAGS] = self.flags.0;
        bytes[OFFSET_PENDING] = self.pending;
        bytes[OFFSET_TAG..12].copy_from_slice(&self.tag.0.to_be_bytes());
        bytes[12..16].copy_from_slice(&self.frame.0.to_be_bytes());
        bytes[16..20].copy_from_slice(&self.group.0.to_be_bytes());
        bytes[20..24].copy_from_slice(&self.length.to_be_bytes());
        bytes[24..26].copy_from_slice(&self.index.to_be_bytes());
        bytes[26..28].copy_from_slice(&self.shard_size.to_be_bytes());
        bytes[28..32].copy_from_slice(&self.capture.0.to_be_bytes());
        bytes[OFFSET_CRC..].copy_from_slice(&self.crc.to_be_bytes());
        bytes
    }

    /// k: how many data shards the frame has.
    pub fn shards(&self) -> u16 {
        u16::try_from(self.length.div_ceil(self.shard_size.max(1).into())).unwrap_or(u16::MAX)
    }

    /// Bytes of this datagram's shard.
    pub fn payload_len(&self) -> usize {
        let size = u32::from(self.shard_size);
        let start = u32::from(self.index) * size;
        let len = if self.flags.contains(DataFlags::PARITY) {
            size
        } else {
            self.length.saturating_sub(start).min(size)
        };
        len as usize
    }

    /// The header as the CRC covers it: hop-private parts and the CRC itself are zero.
    fn canonical(&self) -> Self {
        Self {
            round: 0,
            flags: self.flags.without(DataFlags::RETX),
            pending: 0,
            tag: EpochTag(0),
            crc: 0,
            ..*self
        }
    }

    /// What all shards of a frame have in common.
    fn of_frame(&self) -> Self {
        Self {
            flags: self.flags.without(DataFlags::RETX).without(DataFlags::PARITY),
            index: 0,
            ..self.canonical()
        }
    }

    /// Whether two shards speak of the same frame in the same words.
    pub fn same_frame(&self, other: &Self) -> bool {
        self.of_frame() == other.of_frame()
    }

    /// CRC-32C of the canonical header and a shard: the same on every hop and in every repair.
    pub fn shard_crc(&self, shard: &[u8]) -> u32 {
        crc32c::crc32c_append(crc32c::crc32c(&self.canonical().encode()), shard)
    }

    /// This header with the CRC of its shard.
    #[must_use]
    pub fn with_crc(self, shard: &[u8]) -> Self {
        Self { crc: self.shard_crc(shard), ..self }
    }
}
