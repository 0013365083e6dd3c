//! CATALOG and its pages (PROTOCOL 6.4).

use std::time::Duration;

use crate::id::{ProducerId, StreamId};
use crate::limits::{CONTROL_CRC_LEN, CONTROL_HEADER_LEN, TRACKS_MAX};
use crate::serial::Serial;

use super::announce::TrackKind;
use super::error::DecodeError;
use super::reader::{COUNT_MAX, Reader};
use super::text::{Label, Text};
use super::writer::Writer;

/// Bytes of a CATALOG_ACK without entries.
pub const CATALOG_FIXED_LEN: usize = CONTROL_HEADER_LEN + 4 + 4 + 1 + 1 + CONTROL_CRC_LEN;

/// CATALOG 0x04.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CatalogRequest {
    /// Number of the request.
    pub req: Serial,
    /// Entries above this id; `None` from the first.
    pub after: Option<ProducerId>,
}

impl CatalogRequest {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let req = reader.serial("req")?;
        let from_start = reader.u8("from start")?;
        let after = reader.producer_or_none()?;
        match (from_start, after) {
            (0, after) => Ok(Self { req, after: Some(after) }),
            (1, ProducerId::NONE) => Ok(Self { req, after: None }),
            _ => Err(DecodeError::Value("from start")),
        }
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) {
        writer.u32(self.req.0);
        writer.u8(u8::from(self.after.is_none()));
        writer.producer(self.after.unwrap_or_default());
    }
}

/// A track of a catalog entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CatalogTrack {
    /// The stream.
    pub stream: StreamId,
    /// What it carries.
    pub kind: TrackKind,
    /// Extension of its files.
    pub extension: Label,
    /// Nominal, zero if unknown.
    pub frame_duration: Duration,
}

/// A producer in the catalog.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CatalogEntry {
    /// The producer.
    pub producer: ProducerId,
    /// Nothing was heard of it for a second or more.
    pub stalled: bool,
    /// ms since 1970 at its start.
    pub epoch: u64,
    /// How many subscriptions it has.
    pub viewers: u32,
    /// For people.
    pub name: Text,
    /// Its tracks.
    pub tracks: Vec<CatalogTrack>,
}

impl CatalogEntry {
    /// Bytes on the wire.
    pub fn encoded_len(&self) -> usize {
        let tracks: usize =
            self.tracks.iter().map(|track| 1 + 1 + 1 + track.extension.as_str().len() + 4).sum();
        3 + 1 + 8 + 4 + 1 + self.name.as_str().len() + 1 + tracks
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            producer: reader.producer()?,
            stalled: match reader.u8("state")? {
                1 => false,
                2 => true,
                _ => return Err(DecodeError::Value("state")),
            },
            epoch: reader.u64("epoch")?,
            viewers: reader.u32("viewers")?,
            name: reader.text("name")?,
            tracks: reader.list(TRACKS_MAX, "tracks", |reader| {
                Ok(CatalogTrack {
                    stream: reader.stream()?,
                    kind: TrackKind::read(reader)?,
                    extension: reader.label("extension")?,
                    frame_duration: reader.micros("frame duration")?,
                })
            })?,
        })
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.producer(self.producer);
        writer.u8(if self.stalled { 2 } else { 1 });
        writer.u64(self.epoch);
        writer.u32(self.viewers);
        writer.text(&self.name);
        writer.list(TRACKS_MAX, &self.tracks, |writer, track| {
            writer.u8(track.stream.0);
            writer.u8(track.kind as u8);
            writer.label(&track.extension);
            writer.micros(track.frame_duration);
        });
    }
}

/// CATALOG_ACK 0x84.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CatalogPage {
    /// Of the CATALOG.
    pub req: Serial,
    /// Grows with every change.
    pub generation: u32,
    /// Ask again after the last entry.
    pub more: bool,
    /// In ascending order of ids. Those that a datagram has no room for are left to the next page.
    pub entries: Vec<CatalogEntry>,
}

impl CatalogPage {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let page = Self {
            req: reader.serial("req")?,
            generation: reader.u32("generation")?,
            more: match reader.u8("more")? {
                0 => false,
                1 => true,
                _ => return Err(DecodeError::Value("more")),
            },
            entries: reader.list(COUNT_MAX, "entries", CatalogEntry::read)?,
        };
        // Else a client would ask for the next page for ever.
        let ascending = page.entries.is_sorted_by(|a, b| a.producer < b.producer);
        if ascending && !(page.more && page.entries.is_empty()) {
            Ok(page)
        } else {
            Err(DecodeError::Value("entries"))
        }
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) {
        writer.u32(self.req.0);
        writer.u32(self.generation);
        let entries = writer.fitting(2, &self.entries, CatalogEntry::encoded_len);
        writer.u8(u8::from(self.more || entries.len() < self.entries.len()));
        writer.list(COUNT_MAX, entries, |writer, entry| entry.write(writer));
    }
}
