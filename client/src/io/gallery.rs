//! The newest frame of each channel, on its way from the network to the terminal.
//!
//! One place for each channel: a newer frame takes it. The network never waits, and a terminal that takes nothing
//! costs no memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use protocol::id::ProducerId;

use crate::engine::event::Frame;

use crate::view::Figures;

/// Both ends of the gallery.
#[derive(Clone, Debug, Default)]
pub(super) struct Gallery {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    frames: BTreeMap<ProducerId, Frame>,
    figures: Figures,
}

impl Gallery {
    /// Puts a frame into its channel's place. Whether nothing was there: then the other end is to be told.
    pub(super) fn put(&self, frame: Frame) -> bool {
        let mut state = self.state();
        let is_news = state.frames.is_empty();
        state.frames.insert(frame.producer, frame);
        is_news
    }

    /// Takes all frames away.
    pub(super) fn take(&self) -> BTreeMap<ProducerId, Frame> {
        std::mem::take(&mut self.state().frames)
    }

    /// Whether there is a frame.
    pub(super) fn has_frames(&self) -> bool {
        !self.state().frames.is_empty()
    }

    /// The projector has come so far.
    pub(super) fn note(&self, figures: Figures) {
        self.state().figures = figures;
    }

    /// How far the projector has come.
    pub(super) fn figures(&self) -> Figures {
        self.state().figures.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that is done under the lock leaves it half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use protocol::id::StreamId;
    use protocol::serial::Serial;
    use protocol::time::Time;
    use protocol::wire::{Label, TrackKind};

    use super::*;

    #[test]
    fn a_terminal_that_takes_nothing_costs_one_frame_of_memory() {
        let gallery = Gallery::default();
        let told = (0..1_000).filter(|number| gallery.put(frame(*number))).count();
        assert_eq!(told, 1, "the other end is told once");
        assert_eq!(gallery.take().into_values().collect::<Vec<_>>(), [frame(999)], "the newest wins");
        assert!(!gallery.has_frames());
        assert!(gallery.put(frame(0)));
    }

    fn frame(number: u32) -> Frame {
        Frame {
            producer: "1AAA99".parse().unwrap(),
            stream: StreamId::VIDEO,
            kind: TrackKind::Video,
            extension: Label::new("jpg").unwrap(),
            epoch: 1,
            number: Serial(number),
            media_time: protocol::time::CaptureTime(0),
            captured: Time::ZERO,
            captured_error: None,
            play_at: Time::ZERO,
            data: Bytes::from_static(b"picture"),
        }
    }
}
