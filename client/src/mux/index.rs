//! What is known only at the end of a file: its duration, and where to find each second of it.

use super::chunk::{Chunk, Kind};
use super::ebml::{Elements, long_size};
use super::matroska::{DURATION_ROOM, Layout, SEEK_HEAD_ROOM, id};

/// Ticks between entries, at first: a second.
const STEP: u64 = 10_000;
/// Entries that are kept; then every second one is left out, and the step doubles. About 18 hours by the second.
const ENTRIES_MAX: usize = 1 << 16;

/// Where the clusters of a file are, as they were written.
#[derive(Debug)]
pub struct Index {
    layout: Option<Layout>,
    position: u64,
    entries: Vec<Entry>,
    step: u64,
    until: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Entry {
    at: u64,
    position: u64,
    track: u8,
}

/// What completes a file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Completion {
    /// To be written at the end.
    pub tail: Vec<u8>,
    /// To be written over what is there: how far from the beginning, and what.
    pub patches: Vec<(u64, Vec<u8>)>,
}

impl Default for Index {
    fn default() -> Self {
        Self { layout: None, position: 0, entries: Vec::new(), step: STEP, until: 0 }
    }
}

impl Index {
    /// A chunk was written, behind all that were before.
    pub fn note(&mut self, chunk: &Chunk) {
        match chunk.kind {
            Kind::Header(layout) => self.layout = Some(layout),
            Kind::Cluster { at, until, track } => {
                self.until = self.until.max(until);
                let due = self.entries.last().is_none_or(|last| at >= last.at.saturating_add(self.step));
                if due
                    && track.is_some_and(|track| self.entries.last().is_none_or(|last| track <= last.track))
                {
                    self.enter(Entry { at, position: self.position, track: track.unwrap_or_default() });
                }
            }
            Kind::Picture => {}
        }
        self.position += chunk.data.len() as u64;
    }

    fn enter(&mut self, entry: Entry) {
        if self.entries.len() == ENTRIES_MAX {
            let mut kept = false;
            self.entries.retain(|_| {
                kept = !kept;
                kept
            });
            self.step = self.step.saturating_mul(2);
        }
        self.entries.push(entry);
    }

    /// What completes the file; nothing where there was no header.
    pub fn completion(&self) -> Completion {
        let Some(layout) = self.layout else { return Completion::default() };
        let tail = self.cues(&layout);
        let end = self.position + tail.len() as u64;
        let mut parts = vec![(id::INFO, layout.info), (id::TRACKS, layout.tracks)];
        if !tail.is_empty() {
            parts.push((id::CUES, self.position));
        }
        let seeks = parts.into_iter().fold(Elements::default(), |seeks, (part, at)| {
            let seek = Elements::default()
                .data(id::SEEK_ID, &part.to_be_bytes())
                .number(id::SEEK_POSITION, at - layout.segment_data);
            seeks.group(id::SEEK, &seek)
        });
        let head = Elements::default().group(id::SEEK_HEAD, &seeks);
        let rest = SEEK_HEAD_ROOM.saturating_sub(head.len());
        let duration = Elements::default().real(id::DURATION, self.until as f64);
        debug_assert_eq!((duration.len(), rest >= 2), (DURATION_ROOM, true), "the header has the room");
        Completion {
            tail,
            patches: vec![
                (layout.segment_size, long_size(end - layout.segment_data).to_vec()),
                (layout.seek_head, head.void(rest).into_bytes().to_vec()),
                (layout.duration, duration.into_bytes().to_vec()),
            ],
        }
    }

    fn cues(&self, layout: &Layout) -> Vec<u8> {
        if self.entries.is_empty() {
            return Vec::new();
        }
        let points = self.entries.iter().fold(Elements::default(), |points, entry| {
            let place = Elements::default()
                .number(id::CUE_TRACK, entry.track.into())
                .number(id::CUE_CLUSTER_POSITION, entry.position - layout.segment_data);
            let point =
                Elements::default().number(id::CUE_TIME, entry.at).group(id::CUE_TRACK_POSITIONS, &place);
            points.group(id::CUE_POINT, &point)
        });
        Elements::default().group(id::CUES, &points).into_bytes().to_vec()
    }
}
