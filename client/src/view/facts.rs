//! What a page is told of the world: the engine's figures, the projector's, and how the two are joined.

use std::collections::BTreeMap;
use std::time::Duration;

use protocol::id::ProducerId;
use protocol::time::Time;
use protocol::wire::TrackKind;

use super::meter::Meter;
use super::projector::{Figures, Shown};
use super::renderer::Renderer;
use crate::engine::event::{Snapshot, StreamStatus};

/// What a page is told of the world.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// When that was.
    pub now: Time,
    /// The engine's figures.
    pub snapshot: &'a Snapshot,
    /// The projector's.
    pub figures: &'a Figures,
    /// How often each channel's picture changes.
    pub rates: &'a Rates,
    /// How pictures are shown.
    pub renderer: Renderer,
    /// Whether frames are written to files.
    pub is_recording: bool,
    /// Why no pictures come though they could: nobody seems to be there.
    pub is_idle: bool,
}

/// Pictures per second of each channel, and bytes per second to the terminal.
#[derive(Clone, Debug, Default)]
pub struct Rates {
    channels: BTreeMap<ProducerId, Meter>,
    bytes: Meter,
}

impl Rates {
    /// The projector has come so far.
    pub fn note(&mut self, now: Time, figures: &Figures) {
        for (producer, shown) in &figures.channels {
            self.channels.entry(*producer).or_default().note(now, shown.shown);
        }
        self.bytes.note(now, figures.bytes);
    }

    /// Pictures per second of a channel.
    pub fn shown(&self, producer: ProducerId) -> f64 {
        self.channels.get(&producer).map_or(0.0, Meter::rate)
    }

    /// Bytes per second to the terminal.
    pub fn bytes(&self) -> f64 {
        self.bytes.rate()
    }
}

impl Facts<'_> {
    /// The stream with a channel's pictures.
    pub fn video(&self, producer: ProducerId) -> Option<&StreamStatus> {
        let streams = self.snapshot.streams.iter();
        let mut video = streams.filter(|one| one.producer == producer && one.kind == TrackKind::Video);
        video.next()
    }

    /// What became of a channel's frames.
    pub fn shown(&self, producer: ProducerId) -> Shown {
        self.figures.channels.get(&producer).copied().unwrap_or_default()
    }

    /// What stands where a channel has no picture.
    pub fn note(&self, producer: ProducerId) -> String {
        let shown = self.shown(producer);
        if !self.snapshot.connected {
            format!("no answer from {}", self.snapshot.broker)
        } else if shown.broken > 0 {
            format!("{producer}: no JPEG that can be shown")
        } else if self.video(producer).is_some_and(|video| video.live) {
            format!("{producer}: no picture yet")
        } else {
            format!("waiting for {producer}")
        }
    }

    /// The latency that a channel was granted.
    pub fn latency(&self, producer: ProducerId) -> Option<Duration> {
        self.video(producer).map(|video| video.latency)
    }
}
