//! Media that leaves over a while instead of at once (PROTOCOL 7.9).

use std::time::Duration;

use bytes::Bytes;

use crate::id::TrackKey;
use crate::limits::LATENCY;
use crate::slab::Slab;
use crate::spread::{AT_ONCE_MAX, Spread};
use crate::time::{Time, micros};
use crate::wire::TrackKind;

/// At a path's rate, datagrams that are due within this leave in one run.
const TICK: Duration = Duration::from_millis(5);
/// Who has a longer latency waits no longer for what is before a frame than one of this. What waits here makes those HEARTBEATs late
/// that show what the path carries, and later ones speak of frames that did not leave, which the peer asks for: at half of the rate
/// a viewer of 3 s missed a quarter of its pictures and said 80 things a second.
const PATIENCE_MAX: Duration = LATENCY;
/// Frames that may leave at the same time; the next one leaves at once.
const FRAMES_MAX: usize = 64;

/// Sound may overtake repairs again and again: what did not leave within this has to be asked for again.
const REPAIR_LIFE: Duration = Duration::from_millis(500);
const NEVER: Time = Time::from_micros(u64::MAX);

/// What waits to leave.
#[derive(Clone, Debug, Default)]
pub(super) struct Pacer {
    waiting: Vec<Waiting>,
    /// When all that leaves at the path's rate has left.
    free: Time,
}

#[derive(Clone, Debug)]
struct Waiting {
    what: What,
    bytes: Bytes,
    segment: usize,
    left: u16,
    /// Datagrams of a run.
    run: u16,
    gap: Duration,
    next: Time,
    /// Until when it is of use.
    until: Time,
    /// Nothing overtakes it: what comes of it is to show what the path carries.
    trial: bool,
}

/// What it is that waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum What {
    /// A frame, by its wide number.
    Frame(TrackKey, u64),
    /// The parity of a frame of this track.
    Parity(TrackKey),
    /// Shards that are sent again.
    Repair,
}

impl What {
    /// The number of the frame of which it is the first copy.
    const fn frame(self) -> Option<u64> {
        match self {
            Self::Frame(_, number) => Some(number),
            Self::Parity(_) | Self::Repair => None,
        }
    }
}

/// What will not leave any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Withdrawn {
    /// The lowest frame of which something did not leave.
    pub(super) first: Option<u64>,
    /// Datagrams of frames.
    pub(super) datagrams: u64,
    /// Their bytes.
    pub(super) bytes: u64,
    /// Datagrams of parity.
    pub(super) parity: u64,
    /// Their bytes.
    pub(super) parity_bytes: u64,
}

/// Datagrams that leave now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Run {
    /// The datagrams in a row.
    pub bytes: Bytes,
    /// Bytes of each but the last, which may be shorter.
    pub segment: usize,
    /// The wide number of the frame of which they are the first copy. `None` for repairs and parity.
    pub frame: Option<u64>,
}

impl Pacer {
    /// A frame of a path with room leaves over half of `interval` (zero: not known). Its end; `None` where it leaves at
    /// once.
    pub(super) fn spread(
        &mut self,
        now: Time,
        (key, number, slab): (&TrackKey, u64, &Slab),
        interval: Duration,
    ) -> Option<Time> {
        if self.waiting.len() >= FRAMES_MAX {
            return None;
        }
        let Spread { run, gap, whole } = Spread::of(slab.count(), interval)?;
        self.waiting.push(Waiting { run, gap, ..Waiting::of_frame(now, (key, number, slab)) });
        Some(now + whole)
    }

    /// A frame leaves behind everything before it, at `rate` bytes per second. Its end.
    pub(super) fn follow(
        &mut self,
        now: Time,
        (key, number, slab): (&TrackKey, u64, &Slab),
        rate: u64,
    ) -> Time {
        let begins = self.free.max(now);
        let run = run_at(rate, slab.segment());
        let gap = time_at(rate, usize::from(run) * slab.segment());
        self.waiting.push(Waiting { run, gap, ..Waiting::of_frame(begins, (key, number, slab)) });
        self.free = begins + time_at(rate, slab.datagrams().len());
        self.free
    }

    /// Datagrams leave ahead of everything that waits, at `rate` bytes per second: sound and repairs, but behind a `trial`. Their
    /// end.
    pub(super) fn overtake(
        &mut self,
        now: Time,
        (frame, trial): (Option<(TrackKey, u64)>, bool),
        run: Run,
        rate: u64,
    ) -> Time {
        let Run { bytes, segment, .. } = run;
        let run = run_at(rate, segment);
        let (gap, whole) = (time_at(rate, usize::from(run) * segment), time_at(rate, bytes.len()));
        let tried = self.waiting.iter().filter(|waiting| waiting.trial);
        let tried = tried.map(|waiting| waiting.next + waiting.rest()).max().unwrap_or(now);
        let others = || self.waiting.iter().filter(|waiting| !waiting.trial);
        let begins = others().map(|waiting| waiting.next).min().unwrap_or(self.free).max(tried).max(now);
        for waiting in self.waiting.iter_mut().filter(|waiting| !waiting.trial) {
            waiting.next = waiting.next.max(tried) + whole;
        }
        self.free = self.free.max(begins) + whole;
        let (what, until) = match frame {
            Some((key, number)) => (What::Frame(key, number), NEVER),
            None => (What::Repair, now + REPAIR_LIFE),
        };
        self.waiting.push(Waiting { what, bytes, segment, left: 0, run, gap, next: begins, until, trial });
        begins + whole
    }

    /// The parity of a frame leaves from `at` on, behind it.
    pub(super) fn behind(&mut self, at: Time, key: &TrackKey, run: Run) {
        let Run { bytes, segment, .. } = run;
        let (run, gap, what) = (AT_ONCE_MAX, TICK, What::Parity(*key));
        let (until, trial) = (NEVER, false);
        self.waiting.push(Waiting { what, bytes, segment, left: 0, run, gap, next: at, until, trial });
    }

    /// What waits of a track's frames stays here for good.
    pub(super) fn withdraw(&mut self, key: &TrackKey) -> Withdrawn {
        let mut withdrawn = Withdrawn::default();
        let theirs = |waiting: &Waiting| matches!(waiting.what, What::Frame(track, _) | What::Parity(track) if track == *key);
        for waiting in self.take_out(theirs) {
            let (datagrams, bytes) = waiting.size();
            if let What::Frame(_, number) = waiting.what {
                withdrawn.first = Some(withdrawn.first.map_or(number, |first| first.min(number)));
                withdrawn.datagrams += datagrams;
                withdrawn.bytes += bytes;
            } else {
                withdrawn.parity += datagrams;
                withdrawn.parity_bytes += bytes;
            }
        }
        withdrawn
    }

    /// Takes out what will not leave. It leaves no hole: what waits behind it moves up.
    fn take_out(&mut self, is_out: impl Fn(&Waiting) -> bool) -> Vec<Waiting> {
        let (mut out, stay): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.waiting).into_iter().partition(is_out);
        self.waiting = stay;
        // The last ones first, so that the places of the others are still right.
        out.sort_by_key(|waiting| std::cmp::Reverse(waiting.next));
        for gone in &out {
            let span = gone.rest();
            for waiting in self.waiting.iter_mut().filter(|waiting| waiting.next > gone.next) {
                waiting.next = waiting.next.before(span).max(gone.next);
            }
            self.free = self.free.before(span).max(gone.next);
        }
        out
    }

    /// The next run that is due.
    pub(super) fn poll(&mut self, now: Time) -> Option<Run> {
        if self.waiting.iter().any(|waiting| now > waiting.until) {
            self.take_out(|waiting| now > waiting.until);
        }
        let due = self.waiting.iter().enumerate().min_by_key(|(_, waiting)| waiting.next);
        let (place, _) = due.filter(|(_, waiting)| waiting.next <= now)?;
        let waiting = self.waiting.get_mut(place)?;
        let len = (usize::from(waiting.run) * waiting.segment).min(waiting.bytes.len());
        let frame = waiting.what.frame();
        let run = Run { bytes: waiting.bytes.split_to(len), segment: waiting.segment, frame };
        waiting.left += waiting.run;
        waiting.next = (waiting.next + waiting.gap).max(now);
        if waiting.bytes.is_empty() {
            self.waiting.remove(place);
        }
        Some(run)
    }

    /// When the next run is due.
    pub(super) fn due(&self) -> Option<Time> {
        self.waiting.iter().map(|waiting| waiting.next).min()
    }

    /// Whether a frame of `bytes` that leaves at `rate` would come too late where everything has `latency`.
    pub(super) fn is_late(
        &self,
        now: Time,
        (kind, bytes): (TrackKind, usize),
        rate: u64,
        latency: Duration,
    ) -> bool {
        let takes = time_at(rate, bytes);
        if kind == TrackKind::Audio {
            return takes > latency * 3 / 4;
        }
        // Sound may still overtake it.
        let waits = self.free.since(now);
        waits > latency.min(PATIENCE_MAX) / 5 || waits + takes > latency / 2
    }

    /// Whether sound has time to leave behind everything before it.
    pub(super) fn has_time(&self, now: Time, bytes: usize, rate: u64, latency: Duration) -> bool {
        self.free.since(now) + time_at(rate, bytes) <= latency.min(PATIENCE_MAX) * 3 / 4
    }

    /// What is left of a frame does not leave any more: datagrams and bytes.
    pub(super) fn forget(&mut self, key: &TrackKey, number: u64) -> (u64, u64) {
        sum(&self.take_out(|waiting| waiting.what == What::Frame(*key, number)))
    }

    /// Datagrams and bytes that wait.
    pub(super) fn backlog(&self) -> (u64, u64) {
        sum(&self.waiting)
    }

    /// Bytes of repairs that wait.
    pub(super) fn repairs(&self) -> u64 {
        let repairs = self.waiting.iter().filter(|waiting| waiting.what == What::Repair);
        repairs.map(|waiting| waiting.bytes.len() as u64).sum()
    }

    /// The first shard of a frame that did not leave yet.
    pub(super) fn first_waiting(&self, key: &TrackKey, number: u64) -> Option<u16> {
        let waiting = self.waiting.iter().find(|waiting| waiting.what == What::Frame(*key, number))?;
        Some(waiting.left)
    }
}

impl Waiting {
    fn of_frame(next: Time, (key, number, slab): (&TrackKey, u64, &Slab)) -> Self {
        Self {
            what: What::Frame(*key, number),
            bytes: slab.datagrams().clone(),
            segment: slab.segment(),
            left: 0,
            run: 1,
            gap: Duration::ZERO,
            next,
            until: NEVER,
            trial: false,
        }
    }

    /// How long what did not leave yet takes at its rate.
    fn rest(&self) -> Duration {
        let (datagrams, _) = self.size();
        let runs = datagrams.div_ceil(self.run.max(1).into());
        self.gap.saturating_mul(u32::try_from(runs).unwrap_or(u32::MAX))
    }

    /// Datagrams and bytes that did not leave yet.
    fn size(&self) -> (u64, u64) {
        let len = self.bytes.len();
        (len.div_ceil(self.segment.max(1)) as u64, len as u64)
    }
}

/// Datagrams and bytes of all of them.
fn sum(waiting: &[Waiting]) -> (u64, u64) {
    waiting.iter().map(Waiting::size).fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1))
}

/// Datagrams that leave in one go at `rate` bytes per second: what a tick is worth, and one at least.
fn run_at(rate: u64, segment: usize) -> u16 {
    let bytes = rate.saturating_mul(micros(TICK)) / micros(Duration::from_secs(1));
    u16::try_from(bytes / (segment.max(1) as u64)).unwrap_or(u16::MAX).max(1)
}

/// How long `bytes` take at `rate` bytes per second.
fn time_at(rate: u64, bytes: usize) -> Duration {
    Duration::from_micros((bytes as u64).saturating_mul(micros(Duration::from_secs(1))) / rate.max(1))
}

#[cfg(test)]
mod tests;
