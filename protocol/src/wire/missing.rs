//! The missing items of a FEEDBACK: which shards of a frame are asked for (PROTOCOL 7.1).

use crate::serial::Serial;

use super::error::DecodeError;
use super::reader::{COUNT_MAX, Reader};
use super::writer::Writer;

const FORM_ALL: u8 = 0;
const FORM_BITMAP: u8 = 1;
const FORM_RANGES: u8 = 2;

/// Ranges of one item: the item stays below 270 bytes, so that others find room beside it.
const RANGES_MAX: usize = 64;
/// Bytes of a bitmap: what its length can say.
const BITMAP_MAX: usize = COUNT_MAX;
/// Bytes of a range.
const RANGE_LEN: usize = 4;
/// Bytes before a bitmap: its first index and its length.
const BITMAP_HEAD_LEN: usize = 3;
/// Indices that 16 bits can name.
const INDICES: u32 = 1 << 16;

/// Neighbouring shards.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ShardRange {
    /// The first index.
    pub first: u16,
    /// How many, at least one.
    pub count: u16,
}

/// Which shards of a frame are missing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MissingShards {
    /// The whole frame.
    All,
    /// Bit 7 of the first byte is shard `first`.
    Bitmap {
        /// Index of the first bit.
        first: u16,
        /// Up to 255 bytes.
        bits: Vec<u8>,
    },
    /// Runs of neighbours, up to 64, ascending and apart.
    Ranges(Vec<ShardRange>),
}

/// A frame and what is missing of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Missing {
    /// The frame.
    pub frame: Serial,
    /// The round in which it is asked for, from 1.
    pub round: u8,
    /// The shards.
    pub shards: MissingShards,
}

impl MissingShards {
    /// The form that names most of `indices` (ascending) of a frame of `k` shards; of two that name as many, the
    /// shorter. What one item has no room for is left to the next round.
    pub fn from_missing(indices: &[u16], k: u16) -> Self {
        if !indices.is_empty() && indices.len() >= usize::from(k) {
            return Self::All;
        }
        let (ranges, bitmap) = (ranges_of(indices), bitmap_of(indices));
        let ranges_name: usize = ranges.iter().map(|range| usize::from(range.count)).sum();
        let bitmap_names: usize = bitmap.iter().map(|byte| byte.count_ones() as usize).sum();
        let ranges_longer = 1 + ranges.len() * RANGE_LEN > BITMAP_HEAD_LEN + bitmap.len();
        match indices.first() {
            Some(&first) if bitmap_names > ranges_name || bitmap_names == ranges_name && ranges_longer => {
                Self::Bitmap { first, bits: bitmap }
            }
            _ => Self::Ranges(ranges),
        }
    }

    /// The indices asked for, ascending, none of them `k` or above.
    pub fn indices(&self, k: u16) -> Vec<u16> {
        match self {
            Self::All => (0..k).collect(),
            Self::Bitmap { first, bits } => (0_u16..)
                .zip(bits.iter().flat_map(|byte| (0..8).map(move |bit| byte & (0x80 >> bit) != 0)))
                .filter(|(_, set)| *set)
                .filter_map(|(offset, _)| first.checked_add(offset))
                .filter(|index| *index < k)
                .collect(),
            Self::Ranges(ranges) => ranges
                .iter()
                .flat_map(|range| {
                    range.first..range.first.saturating_add(range.count).min(k).max(range.first)
                })
                .collect(),
        }
    }
}

/// Neighbours among `indices`, as many as one item takes.
fn ranges_of(indices: &[u16]) -> Vec<ShardRange> {
    let mut ranges: Vec<ShardRange> = Vec::new();
    for &index in indices {
        let neighbour = ranges.last_mut().filter(|range| index.wrapping_sub(range.first) == range.count);
        if let Some(range) = neighbour {
            range.count += 1;
        } else if ranges.len() < RANGES_MAX {
            ranges.push(ShardRange { first: index, count: 1 });
        } else {
            break;
        }
    }
    ranges
}

/// The bits of `indices` from the first one on, as many as one item takes.
fn bitmap_of(indices: &[u16]) -> Vec<u8> {
    let mut bits = Vec::new();
    let first = indices.first().copied().unwrap_or_default();
    for offset in indices.iter().map(|index| index.saturating_sub(first)) {
        let byte = usize::from(offset / 8);
        if byte >= BITMAP_MAX {
            break;
        }
        bits.resize(bits.len().max(byte + 1), 0_u8);
        if let Some(byte) = bits.get_mut(byte) {
            *byte |= 0x80 >> (offset % 8);
        }
    }
    bits
}

impl Missing {
    /// Bytes on the wire.
    pub fn encoded_len(&self) -> usize {
        let form = match &self.shards {
            MissingShards::All => 0,
            MissingShards::Bitmap { bits, .. } => BITMAP_HEAD_LEN + bits.len(),
            MissingShards::Ranges(ranges) => 1 + ranges.len() * RANGE_LEN,
        };
        4 + 1 + 1 + form
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (frame, round) = (reader.serial("missing frame")?, reader.u8("round")?);
        let shards = match reader.u8("form")? {
            FORM_ALL => MissingShards::All,
            FORM_BITMAP => MissingShards::Bitmap {
                first: reader.u16("bitmap")?,
                bits: reader.counted(BITMAP_MAX, "bitmap")?.to_vec(),
            },
            FORM_RANGES => MissingShards::Ranges(read_ranges(reader)?),
            _ => return Err(DecodeError::Value("form")),
        };
        if round == 0 { Err(DecodeError::Value("round")) } else { Ok(Self { frame, round, shards }) }
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) {
        writer.u32(self.frame.0);
        writer.u8(self.round);
        match &self.shards {
            MissingShards::All => writer.u8(FORM_ALL),
            MissingShards::Bitmap { first, bits } => {
                writer.u8(FORM_BITMAP);
                writer.u16(*first);
                writer.counted(BITMAP_MAX, bits);
            }
            MissingShards::Ranges(ranges) => {
                writer.u8(FORM_RANGES);
                writer.list(RANGES_MAX, ranges, |writer, range| {
                    writer.u16(range.first);
                    writer.u16(range.count);
                });
            }
        }
    }
}

/// Ranges that follow one another, so that no index is asked for twice.
fn read_ranges(reader: &mut Reader<'_>) -> Result<Vec<ShardRange>, DecodeError> {
    let mut end_before = 0;
    reader.list(RANGES_MAX, "ranges", |reader| {
        let range = ShardRange { first: reader.u16("range")?, count: reader.u16("range")? };
        let end = u32::from(range.first) + u32::from(range.count);
        if range.count == 0 || u32::from(range.first) < end_before || end > INDICES {
            return Err(DecodeError::Value("range"));
        }
        end_before = end;
        Ok(range)
    })
}
