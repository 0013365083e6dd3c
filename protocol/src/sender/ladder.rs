//! Which frames a slow viewer is spared: whole frames, by a fixed ladder, with hysteresis (PROTOCOL 7.8).

use std::time::Duration;

use crate::time::Time;
use crate::wire::{DataFlags, DataHeader, Thinning, TrackKind};

/// A step down is judged for this long before the next one.
const DOWN_WAIT: Duration = Duration::from_secs(2);
/// A step up waits this long after any step; twice as long after each one that did not hold.
const UP_WAIT: Duration = Duration::from_secs(10);
/// It never waits longer than this: who gets a better path sees it within minutes.
const UP_WAIT_MAX: Duration = Duration::from_secs(160);
/// A step up that holds this long was right: the next one waits no longer than the first.
const HOLDS_AFTER: Duration = Duration::from_secs(20);
/// Probes that a step up needs,
const PROBES_MIN: u32 = 5;
/// and how many of the last ones count: older ones fade.
const PROBES_MAX: u32 = 16;

/// A step of the ladder, downwards.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(super) enum Step {
    /// Everything is sent.
    #[default]
    Whole,
    /// Every 2nd picture; of dependent frames those that none depends on are left out.
    Second,
    /// Every 3rd picture; of dependent frames the key frames.
    Third,
    /// Every 4th picture; of dependent frames the key frames.
    Fourth,
    /// Sound only.
    Sound,
    /// Nothing.
    Paused,
}

impl Step {
    const ALL: [Self; 6] = [Self::Whole, Self::Second, Self::Third, Self::Fourth, Self::Sound, Self::Paused];

    /// The next one down that leaves out more of such media.
    pub(super) fn below(self, media: Media) -> Option<Self> {
        Self::ALL.into_iter().find(|step| *step > self && step.matters(media))
    }

    /// The next one up that leaves out less of such media.
    pub(super) fn above(self, media: Media) -> Option<Self> {
        Self::ALL.into_iter().rev().find(|step| *step < self && step.matters(media))
    }

    /// Whether it differs from the one above it.
    const fn matters(self, media: Media) -> bool {
        match self {
            Self::Whole | Self::Paused => true,
            Self::Second | Self::Third => media.alone || media.dependent,
            Self::Fourth => media.alone,
            Self::Sound => media.sound && media.others,
        }
    }

    /// Whether a frame is sent, those that depend on others aside.
    pub(super) const fn keeps(self, kind: TrackKind, header: &DataHeader, number: u64) -> bool {
        match (self, kind) {
            (Self::Paused, _) => false,
            (Self::Whole, _) | (_, TrackKind::Audio) => true,
            (Self::Sound, _) => false,
            (_, TrackKind::Data) => true,
            (step, TrackKind::Video) => match step.every() {
                Some(every) if is_alone(header) => number.is_multiple_of(every),
                _ if header.flags.contains(DataFlags::KEY) => true,
                _ => matches!(step, Self::Second) && !header.flags.contains(DataFlags::DISCARDABLE),
            },
        }
    }

    /// How a track of this kind looks on this step. `alone`: its frames don't depend on each other.
    pub(super) const fn thinning(self, kind: TrackKind, alone: bool) -> Thinning {
        match (self, kind) {
            (Self::Paused, _) => Thinning::Paused,
            (Self::Whole, _) | (_, TrackKind::Audio) => Thinning::Whole,
            (Self::Sound, _) => Thinning::SoundOnly,
            (_, TrackKind::Data) => Thinning::Whole,
            (Self::Second, _) if alone => Thinning::Every2nd,
            (Self::Third, _) if alone => Thinning::Every3rd,
            (Self::Fourth, _) if alone => Thinning::Every4th,
            (Self::Second, _) => Thinning::WithoutDiscardable,
            (Self::Third | Self::Fourth, _) => Thinning::KeyFrames,
        }
    }

    const fn every(self) -> Option<u64> {
        match self {
            Self::Second => Some(2),
            Self::Third => Some(3),
            Self::Fourth => Some(4),
            Self::Whole | Self::Sound | Self::Paused => None,
        }
    }
}

/// Whether no other frame is needed to show this one, and none needs it.
pub(super) const fn is_alone(header: &DataHeader) -> bool {
    header.flags.contains(DataFlags::KEY) && header.flags.contains(DataFlags::END_OF_GROUP)
}

/// What a viewer receives: which steps make a difference.
#[expect(clippy::struct_excessive_bools, reason = "four facts that don't depend on each other")]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Media {
    /// Pictures that don't depend on each other.
    pub(super) alone: bool,
    /// Pictures that do.
    pub(super) dependent: bool,
    /// Sound.
    pub(super) sound: bool,
    /// Anything else than sound.
    pub(super) others: bool,
}

/// Where a viewer stands, and when that may change.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ladder {
    step: Step,
    changed: Option<Time>,
    /// The newest step was one up.
    raised: bool,
    /// Steps up in a row that did not hold.
    failed: u32,
    probes: u32,
    fitting: u32,
}

impl Ladder {
    pub(super) const fn step(&self) -> Step {
        self.step
    }

    /// The path carries less than is sent. True where that makes it one step less.
    pub(super) fn lower(&mut self, now: Time, media: Media) -> bool {
        if self.changed.is_some_and(|changed| now.since(changed) < DOWN_WAIT) {
            return false;
        }
        let Some(below) = self.step.below(media) else { return false };
        if self.raised && self.changed.is_some_and(|changed| now.since(changed) < HOLDS_AFTER) {
            self.failed += 1;
        }
        self.step_to(now, below, false);
        true
    }

    /// An echo showed whether the path would carry the next step up.
    pub(super) const fn note_probe(&mut self, fits: bool) {
        if self.probes >= PROBES_MAX {
            (self.probes, self.fitting) = (self.probes / 2, self.fitting / 2);
        }
        self.probes += 1;
        self.fitting += fits as u32;
    }

    /// The path seems to carry what is sent. True where that makes it one step more.
    pub(super) fn raise(&mut self, now: Time, media: Media) -> bool {
        let stood = self.changed.map_or(Duration::MAX, |changed| now.since(changed));
        if self.raised && stood >= HOLDS_AFTER {
            self.failed = 0;
        }
        let Some(above) = self.step.above(media) else { return false };
        let likely = self.probes >= PROBES_MIN && self.fitting * 4 >= self.probes * 3;
        if stood < self.up_wait() || !likely {
            return false;
        }
        self.step_to(now, above, true);
        true
    }

    /// The viewer asked again: a pause is over. True where there was one.
    pub(super) fn resume(&mut self, now: Time, media: Media) -> bool {
        let Some(above) = self.step.above(media).filter(|_| self.step == Step::Paused) else { return false };
        self.step_to(now, above, true);
        true
    }

    fn up_wait(&self) -> Duration {
        UP_WAIT.saturating_mul(1 << self.failed.min(8)).min(UP_WAIT_MAX)
    }

    const fn step_to(&mut self, now: Time, step: Step, raised: bool) {
        (self.step, self.changed, self.raised) = (step, Some(now), raised);
        (self.probes, self.fitting) = (0, 0);
    }
}

#[cfg(test)]
mod tests;
