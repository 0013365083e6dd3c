//! Frames that wait for the moment at which they are to be seen.

use std::collections::BTreeMap;

use protocol::id::{ProducerId, StreamId};
use protocol::time::Time;

use crate::engine::event::Frame;

/// Bytes of frames that may wait: ten seconds of a dozen channels in high quality.
const BYTES_MAX: usize = 64 << 20;

/// Frames that wait, the earliest first.
#[derive(Debug, Default)]
pub struct Reel {
    frames: BTreeMap<(Time, ProducerId, StreamId, u64, u32), Frame>,
    bytes: usize,
    left_out: u64,
}

impl Reel {
    /// Takes in a frame. Where too much waits, the earliest goes: it is the one that is outdated first.
    pub fn push(&mut self, frame: Frame) {
        self.bytes += frame.data.len();
        let place = (frame.play_at, frame.producer, frame.stream, frame.epoch, frame.number.0);
        if let Some(same) = self.frames.insert(place, frame) {
            self.bytes -= same.data.len();
        }
        while self.bytes > BYTES_MAX && self.frames.len() > 1 {
            self.pop();
            self.left_out += 1;
        }
    }

    /// The next frame whose moment has come.
    pub fn pop_due(&mut self, now: Time) -> Option<Frame> {
        if self.poll_timeout().is_some_and(|due| due <= now) { self.pop() } else { None }
    }

    /// When [`Reel::pop_due`] has the next one.
    pub fn poll_timeout(&self) -> Option<Time> {
        self.frames.keys().next().map(|(due, ..)| *due)
    }

    /// Frames that were left out because too much waited.
    pub const fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Nothing waits any more.
    pub fn clear(&mut self) {
        self.frames.clear();
        self.bytes = 0;
    }

    fn pop(&mut self) -> Option<Frame> {
        let (_, frame) = self.frames.pop_first()?;
        self.bytes -= frame.data.len();
        Some(frame)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use protocol::serial::Serial;
    use protocol::wire::{Label, TrackKind};

    use super::*;

    fn frame(number: u32, due: u64, length: usize) -> Frame {
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
            play_at: Time::from_micros(due),
            data: Bytes::from(vec![0; length]),
        }
    }

    #[test]
    fn a_frame_is_seen_when_it_is_due_and_not_before() {
        let mut reel = Reel::default();
        reel.push(frame(2, 200, 10));
        reel.push(frame(1, 100, 10));
        assert_eq!(reel.poll_timeout(), Some(Time::from_micros(100)));
        assert_eq!(reel.pop_due(Time::from_micros(99)), None);
        let numbers = std::iter::from_fn(|| reel.pop_due(Time::from_micros(200)));
        assert_eq!(numbers.map(|frame| frame.number.0).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(reel.poll_timeout(), None);
    }

    #[test]
    fn what_waits_is_bounded_and_what_is_left_out_is_counted() {
        let mut reel = Reel::default();
        for number in 0..100 {
            reel.push(frame(number, 1_000 + u64::from(number), 1 << 20));
        }
        assert_eq!(reel.left_out(), 36);
        assert_eq!(reel.pop_due(Time::from_micros(2_000)).unwrap().number, Serial(36));
    }
}
