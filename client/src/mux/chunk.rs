//! What the muxer hands out: pieces of the stream that can be left out one by one, but for the first.

use bytes::Bytes;

use super::matroska::{Layout, ticks};
use super::timeline::Position;

/// A piece of the stream.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chunk {
    /// Its bytes.
    pub data: Bytes,
    /// Pictures in it.
    pub pictures: u64,
    /// MPEG frames of sound in it.
    pub sounds: u64,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// Nothing is understood without it.
    Header(Layout),
    /// Times in ticks; the track by which a player may find it.
    Cluster { at: u64, until: u64, track: Option<u8> },
    /// A picture of a stream of pictures alone.
    Picture,
}

impl Chunk {
    /// Whether the stream needs it: nothing is understood without the header.
    pub const fn is_header(&self) -> bool {
        matches!(self.kind, Kind::Header(_))
    }

    /// A picture of a stream of pictures alone.
    pub(crate) const fn picture(data: Bytes) -> Self {
        Self { data, pictures: 1, sounds: 0, kind: Kind::Picture }
    }

    pub(super) fn cluster(blocks: &[super::matroska::Block]) -> Self {
        let pictures = blocks.iter().filter(|block| block.is_picture()).count() as u64;
        let end = blocks.iter().map(|block| block.at.plus(block.duration)).max().unwrap_or(Position::START);
        let at = blocks.first().map_or(0, |block| ticks(block.at));
        let track = blocks.iter().map(|block| block.track).min();
        Self {
            data: super::matroska::cluster(blocks).freeze(),
            pictures,
            sounds: blocks.len() as u64 - pictures,
            kind: Kind::Cluster { at, until: ticks(end), track },
        }
    }
}
