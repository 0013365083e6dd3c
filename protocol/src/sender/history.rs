//! The frames of one track that can still be asked for: one copy for all peers.

use std::collections::VecDeque;
use std::time::Duration;

use crate::serial::Serial;
use crate::slab::Slab;
use crate::time::{Time, micros};
use crate::wire::{ClockPoint, DataHeader, SkipRange, SkipReason, Thinning, TrackHeartbeat};

/// Wide numbers begin here, so that there is room below the first frame.
const WIDE_BASE: u64 = 1 << 32;

/// Whole frames by number, each for as long as someone may ask; the newest one for good.
#[derive(Clone, Debug)]
pub struct History {
    /// The wide number of the first frame that was announced: what the first one to come is compared with.
    first: u64,
    frames: VecDeque<Held>,
    gaps: VecDeque<Gap>,
    bytes: usize,
    taken_in: u32,
}

#[derive(Clone, Debug)]
struct Held {
    number: u64,
    slab: Slab,
    since: Time,
    /// When it would have come at best, by its capture time and the frames before it.
    best: Time,
}

#[derive(Clone, Copy, Debug)]
struct Gap {
    from: u64,
    to: u64,
    reason: SkipReason,
    since: Time,
}

impl History {
    /// The history of a track whose first frame is announced as `first`.
    pub fn beginning_at(first: Serial) -> Self {
        Self {
            first: WIDE_BASE + u64::from(first.0),
            frames: VecDeque::new(),
            gaps: VecDeque::new(),
            bytes: 0,
            taken_in: 0,
        }
    }

    /// The wide number of `serial`, next to the newest frame or else to the first one.
    pub fn widen(&self, serial: Serial) -> u64 {
        serial.widen(self.newest().map_or(self.first, |(newest, _)| newest))
    }

    /// Takes in a frame; its wide number. A number that is held already keeps its first frame: `None`.
    pub fn insert(&mut self, now: Time, slab: Slab) -> Option<u64> {
        let number = self.widen(slab.header().frame);
        let place = self.frames.partition_point(|held| held.number < number);
        if self.frames.get(place).is_some_and(|held| held.number == number) {
            return None;
        }
        self.bytes += slab.footprint();
        self.taken_in = self.taken_in.wrapping_add(1);
        let best = self.best_arrival(now, place, &slab);
        self.frames.insert(place, Held { number, slab, since: now, best });
        Some(number)
    }

    /// How many frames it has taken in: the place of the newest one in the order in which they came.
    pub const fn taken_in(&self) -> Serial {
        Serial(self.taken_in)
    }

    /// Notes frames that this end lacks for good.
    pub fn note_gap(&mut self, now: Time, from: Serial, to: Serial, reason: SkipReason) {
        let gap = Gap { from: self.widen(from), to: self.widen(to), reason, since: now };
        if gap.to < gap.from {
            // So far from the newest frame that nothing tells where it is.
            return;
        }
        if let Some(last) = self.gaps.back_mut()
            && last.reason == reason
            && last.to + 1 == gap.from
        {
            (last.to, last.since) = (gap.to, now);
            return;
        }
        if self.gaps.len() == GAPS_MAX {
            self.gaps.pop_front();
        }
        self.gaps.push_back(gap);
    }

    /// Forgets what is older than `keep`, but never the newest frame.
    pub fn expire(&mut self, now: Time, keep: Duration) {
        let old = |since: Time| now.since(since) > keep;
        while self.frames.len() > 1 && self.frames.front().is_some_and(|held| old(held.since)) {
            self.drop_oldest();
        }
        while self.gaps.front().is_some_and(|gap| old(gap.since)) {
            self.gaps.pop_front();
        }
    }

    /// Forgets the oldest frames down to so many bytes, but never the newest one.
    pub fn keep_within(&mut self, bytes: usize) {
        while self.bytes > bytes && self.forget_oldest() {}
    }

    /// Forgets the oldest frame to make room, but never the newest one; false where there is nothing to forget.
    pub fn forget_oldest(&mut self) -> bool {
        let forgets = self.frames.len() > 1;
        if forgets {
            self.drop_oldest();
        }
        forgets
    }

    /// Since when the oldest frame is here.
    pub fn oldest_since(&self) -> Option<Time> {
        self.frames.front().map(|held| held.since)
    }

    fn drop_oldest(&mut self) {
        if let Some(held) = self.frames.pop_front() {
            self.bytes = self.bytes.saturating_sub(held.slab.footprint());
        }
    }

    /// The frame of a wide number.
    pub fn get(&self, number: u64) -> Option<&Slab> {
        let place = self.frames.partition_point(|held| held.number < number);
        self.frames.get(place).filter(|held| held.number == number).map(|held| &held.slab)
    }

    /// When the frame would have come here at best: its latency counts from then, however late it was.
    pub(super) fn due_since(&self, number: u64) -> Option<Time> {
        let place = self.frames.partition_point(|held| held.number < number);
        self.frames.get(place).filter(|held| held.number == number).map(|held| held.best)
    }

    /// A frame comes no later after the one before it than it was captured, at best; a thousandth more, since clocks drift.
    fn best_arrival(&self, now: Time, place: usize, slab: &Slab) -> Time {
        let Some(before) = place.checked_sub(1).and_then(|before| self.frames.get(before)) else {
            return now;
        };
        let step = slab.header().capture.micros_after(before.slab.header().capture);
        let Ok(step) = u64::try_from(step) else { return now };
        now.min(before.best + Duration::from_micros(step + step / 1_000))
    }

    /// The newest frame and its wide number.
    pub fn newest(&self) -> Option<(u64, &Slab)> {
        self.frames.back().map(|held| (held.number, &held.slab))
    }

    /// The frames from `number` on, ascending.
    pub fn from(&self, number: u64) -> impl Iterator<Item = (u64, &Slab)> {
        let place = self.frames.partition_point(|held| held.number < number);
        self.frames.iter().skip(place).map(|held| (held.number, &held.slab))
    }

    /// Bytes per second of those frames that `keeps` takes, by what is held: the oldest one only begins the measure.
    pub(super) fn rate(&self, keeps: impl Fn(u64, &DataHeader) -> bool) -> u64 {
        let (Some(oldest), Some(newest)) = (self.frames.front(), self.frames.back()) else { return 0 };
        let measured = self.frames.iter().skip(usize::from(self.frames.len() > 1));
        let kept = measured.filter(|held| keeps(held.number, held.slab.header()));
        let bytes: u64 = kept.map(|held| held.slab.datagrams().len() as u64).sum();
        let span = newest.since.since(oldest.since);
        let span_us = if span.is_zero() { 1_000_000 } else { micros(span) };
        bytes * 1_000_000 / span_us
    }

    /// How many frames are held.
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Whether no frame is held.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Bytes held; of parity what was made before they were measured.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds up the bytes anew: parity is made when somebody asks for it.
    pub fn measure(&mut self) {
        self.bytes = self.frames.iter().map(|held| held.slab.footprint()).sum();
    }

    /// Whether the frame is neither held nor given up, though frames around it are here.
    fn is_pending(&self, number: u64) -> bool {
        let after_oldest = self.frames.front().is_some_and(|oldest| number > oldest.number);
        after_oldest
            && self.get(number).is_none()
            && !self.gaps.iter().any(|gap| (gap.from..=gap.to).contains(&number))
    }

    /// This track's block in a HEARTBEAT for a peer whose first frame is `first` and last one `last`. `None` before
    /// the first frame.
    pub(super) fn heartbeat(
        &self,
        track: crate::id::TrackKey,
        first: u64,
        last: Option<u64>,
    ) -> Option<TrackHeartbeat> {
        let within = |number: u64| last.is_none_or(|last| number <= last);
        let held = self.frames.iter().rev().find(|held| within(held.number))?;
        let newest = held.number;
        let pending = (0..8_u8).fold(0, |bits, back| {
            let number = newest.saturating_sub(1 + u64::from(back));
            bits | (u8::from(number >= first && self.is_pending(number)) << back)
        });
        let oldest = self.frames.front().map_or(newest, |held| held.number).max(first);
        let skipped = self
            .gaps
            .iter()
            .rev()
            .filter(|gap| gap.to >= first && within(gap.from))
            .take(TrackHeartbeat::SKIPPED_MAX)
            .map(|gap| SkipRange {
                from: Serial::narrow(gap.from.max(first)),
                to: Serial::narrow(last.map_or(gap.to, |last| last.min(gap.to))),
                reason: gap.reason,
            })
            .collect();
        Some(TrackHeartbeat {
            track,
            newest: Serial::narrow(newest),
            length: held.slab.header().length,
            held: held.slab.count(),
            pending,
            oldest_held: Serial::narrow(oldest.min(newest)),
            thinning: Thinning::Whole,
            clock: ClockPoint::default(),
            skipped,
        })
    }
}

/// Gaps that are remembered: HEARTBEAT names the latest 16.
const GAPS_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{DataFlags, DataHeader};

    fn slab(number: u32) -> Slab {
        let header = DataHeader {
            producer: crate::id::ProducerId::from_bytes([1, 2, 3]),
            stream: crate::id::StreamId::VIDEO,
            round: 0,
            flags: DataFlags::default(),
            pending: 0,
            tag: crate::id::EpochTag(1),
            frame: Serial(number),
            group: Serial(number),
            length: 0,
            index: 0,
            shard_size: 1_164,
            capture: crate::time::CaptureTime(0),
            crc: 0,
        };
        Slab::pack(header, b"frame").unwrap()
    }

    #[test]
    fn a_first_frame_behind_the_wrap_is_later_than_the_one_that_was_announced() {
        let mut history = History::beginning_at(Serial(u32::MAX));
        let announced = history.widen(Serial(u32::MAX));
        let after = history.insert(Time::ZERO, slab(0)).unwrap();
        assert_eq!(after, announced + 1);
        assert_eq!(history.insert(Time::ZERO, slab(u32::MAX)), Some(announced), "it was only overtaken");
    }
}
