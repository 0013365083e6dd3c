//! What a slow path is spared, and when the rest leaves (PROTOCOL 7.8, 7.9).

use std::time::Duration;

use bytes::Bytes;

use crate::id::TrackKey;
use crate::limits::{DATA_HEADER_LEN, HEARTBEAT_INTERVAL};
use crate::serial::Serial;
use crate::slab::Slab;
use crate::spread::Spread;
use crate::time::{Stamp, Time, micros};
use crate::wire::{self, DataHeader, Feedback, SkipItem, TrackFeedback, TrackKind};

use super::pacer::{Pacer, Run};
use super::rate::Echo;
use super::thinning::Thinning;
use super::{Histories, History, Repair, Sender};

/// Behind a frame that was paced a HEARTBEAT follows this soon: it shows what the path carries.
const HEARTBEAT_PROBE: Duration = Duration::from_millis(5);
/// HEARTBEATs that probe are this far apart at least: further than FEEDBACKs, so that each one is echoed.
const HEARTBEAT_PROBE_EVERY: Duration = Duration::from_millis(300);
/// The peer asks for frames that were left out: it hears of them, but not more often than this.
const HEARTBEAT_SKIPPED: Duration = Duration::from_millis(20);
/// Repairs that would leave later than this have to be asked for again.
const REPAIRS_WITHIN: Duration = Duration::from_millis(200);
/// On a path faster than this frames of any size leave at once: both ends are on one host or one cable.
const PACED_RTT_MIN: Duration = Duration::from_millis(2);

/// What each frame has to know of [`Thinning`], beside the sender's own figures: whoever follows the pointer waits for memory,
/// and most paths have nothing to tell.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Glance {
    /// Something is left out, or may be, or was and is still to be told.
    pub(super) active: bool,
    /// A queue stands in the path: worth to look more closely.
    pub(super) queueing: bool,
}

impl Sender {
    /// Notes what has become of [`Thinning`]: after everything that may change it.
    fn glance(&mut self) {
        self.glance = self.thinning.as_ref().map_or(Glance::default(), |thinning| Glance {
            active: thinning.is_active() || thinning.is_unsaid(),
            queueing: thinning.is_queueing(),
        });
    }

    /// Frames of an open track may be left out from now on: those that are recalled, and where the peer `thins`, also if the
    /// path turns out to be too slow (PROTOCOL 7.8). `latency` is what the peer plays it with.
    pub fn let_leave_out(&mut self, key: TrackKey, kind: TrackKind, latency: Duration, thins: bool) {
        self.thins = thins;
        if let Some(track) = self.tracks.get_mut(&key) {
            track.spared = Some((kind, latency));
        }
        if let Some(thinning) = &mut self.thinning {
            thinning.open(key, kind, latency);
        }
    }

    /// What the path took before there was media: `transit_us` is how far the peer's clock was ahead of one's own when something came
    /// there, less when it left here. The first frames may fill a queue at once, and nothing later shows the path without it.
    pub fn expect_path(&mut self, now: Time, transit_us: i64, round_trip: Duration) {
        self.begin_thinning();
        if let Some(thinning) = &mut self.thinning {
            thinning.expect_path(now, transit_us, round_trip);
        }
    }

    /// The first frame goes out. Who watches a channel that is silent does without all of this.
    #[cold]
    pub(super) fn begin_thinning(&mut self) {
        let mut spared = self.tracks.iter().filter_map(|(key, track)| Some((*key, track.spared?))).peekable();
        if spared.peek().is_some() {
            let mut thinning = Box::new(Thinning::new(self.thins));
            spared.for_each(|(key, (kind, latency))| thinning.open(key, kind, latency));
            self.thinning = Some(thinning);
        }
    }

    /// How frames of a track are left out at present.
    pub fn thinning(&self, key: &TrackKey) -> wire::Thinning {
        self.thinning.as_ref().map_or(wire::Thinning::Whole, |thinning| thinning.of(key))
    }

    /// Whether a frame is left out for this peer, whose path is too slow: it is told by [`Sender::poll_skip`] and the next
    /// HEARTBEAT.
    pub fn leaves_out(&mut self, now: Time, key: &TrackKey, number: u64, slab: &Slab) -> bool {
        if !self.glance.active {
            return false;
        }
        let Some((track, thinning)) = self.tracks.get(key).zip(self.thinning.as_mut()) else { return false };
        let for_peer = number >= track.first;
        // What was sent already may need it, and can't be called back.
        let overtaken = track.sent.is_some_and(|(newest, _)| number < newest);
        let frame = (number, slab.header(), overtaken);
        let (pacer, bytes) = (&*self.pacer.make(), slab.datagrams().len());
        let late = |kind, latency, rate| pacer.is_late(now, (kind, bytes), rate, latency);
        let left_out = for_peer && thinning.leaves_out(now, key, frame, late);
        self.glance();
        left_out
    }

    /// Whether a frame of a join is left out for this peer, since something that it needs was.
    pub fn leaves_out_orphan(&mut self, key: &TrackKey, number: u64, slab: &Slab) -> bool {
        let thinning = self.thinning.as_mut();
        let orphan = thinning.is_some_and(|thinning| thinning.leaves_out_orphan(key, number, slab.header()));
        self.glance();
        orphan
    }

    /// What the peer has to know ahead of the next frame of a track: the latest frames that were left out, once.
    pub fn poll_skip(&mut self, key: &TrackKey) -> Vec<SkipItem> {
        let thinning = self.thinning.as_mut().filter(|_| self.glance.active);
        let Some(thinning) = thinning else { return Vec::new() };
        let left_out = thinning.poll_skip(key);
        self.glance();
        left_out
    }

    /// These first-sent datagrams of a frame never left: they waited here until they were of no use. The frame counts as left
    /// out, and the peer is told so ([`Sender::poll_skip`]) instead of asking for it, in the place of what is new; also of those
    /// that have left and need it. Its track.
    pub fn recall(&mut self, number: u64, datagrams: &[u8], histories: &impl Histories) -> Option<TrackKey> {
        let (header, _) = DataHeader::split_run(datagrams).next()?;
        let key = header.track();
        let thinning = self.thinning.as_mut()?;
        let sent = self.tracks.get(&key).and_then(|track| track.sent).map_or(number, |(newest, _)| newest);
        let later = histories.history(&key).into_iter().flat_map(|history| history.from(number + 1));
        let later = later.take_while(|(later, _)| *later <= sent).map(|(later, slab)| (later, slab.header()));
        thinning.recall(&key, (number, &header), later);
        let (waiting, waiting_bytes) =
            self.pacer.get_mut().map_or((0, 0), |pacer| pacer.forget(&key, number));
        let lengths =
            DataHeader::split_run(datagrams).map(|(_, payload)| (DATA_HEADER_LEN + payload.len()) as u64);
        let (count, bytes) = lengths.fold((0, 0), |(count, bytes), length| (count + 1, bytes + length));
        self.datagrams = self.datagrams.saturating_sub(waiting + count);
        self.bytes = self.bytes.saturating_sub(waiting_bytes + bytes);
        // A HEARTBEAT that stands behind them counted these, but not what the pacer still had.
        let recalled = &mut self.rare.make().recalled;
        *recalled = recalled.wrapping_add(Serial::narrow(count).0);
        self.glance();
        Some(key)
    }

    /// Whether these first-sent datagrams of a frame, which have not left, are of no use to the peer, since something that the frame
    /// needs was recalled after it was noted.
    pub fn is_orphaned(&self, number: u64, datagrams: &[u8]) -> bool {
        let Some(thinning) = self.thinning.as_ref().filter(|_| self.glance.active) else { return false };
        let Some((header, _)) = DataHeader::split_run(datagrams).next() else { return false };
        let key = header.track();
        thinning.is_orphan(&key, number, &header)
    }

    /// The peer asked for its media again: a pause for a path that is too slow is over.
    pub fn resume(&mut self, now: Time, histories: &impl Histories) {
        if self.thinning.as_mut().is_some_and(|thinning| thinning.resume(now, histories)) {
            self.want_heartbeat(now);
        }
        self.glance();
    }

    /// Whether the path was found slow: media leaves at its rate, and frames may be left out.
    pub const fn is_slow(&self) -> bool {
        self.glance.active
    }

    /// A HEARTBEAT was echoed for the first time: whether the path carries what is sent.
    pub(super) fn judge_path(
        &mut self,
        now: Time,
        (sent, round_trip): (Stamp, Duration),
        feedback: &Feedback,
        histories: &impl Histories,
    ) {
        let (total, rtt) = (self.peer_total(), self.rtt.smoothed());
        let Some(thinning) = &mut self.thinning else { return };
        let echo = Echo {
            seq: feedback.heartbeat,
            arrived: sent.before(feedback.hold),
            round_trip,
            received: feedback.datagrams,
            received_bytes: feedback.bytes,
            duplicates: feedback.duplicates,
            missed: total.late + total.lost,
        };
        if thinning.handle_echo(now, rtt, echo, histories) {
            self.want_heartbeat(now);
        }
        self.glance();
    }

    /// Whether a frame was left out for the peer on purpose.
    pub(super) fn spared(&self, key: &TrackKey, number: u64) -> bool {
        self.thinning.as_ref().is_some_and(|thinning| thinning.has_left_out(key, number))
    }

    /// Whether a frame is of no use to the peer, since something that it needs was left out: the range that named it may be
    /// forgotten by now.
    pub(super) fn is_orphan(&self, key: &TrackKey, number: u64, slab: &Slab) -> bool {
        self.thinning.as_ref().is_some_and(|thinning| thinning.is_orphan(key, number, slab.header()))
    }

    /// A peer that asks for frames that were left out hears of them.
    pub(super) fn tell_spared(&mut self, now: Time, block: &TrackFeedback, history: &History) {
        if block.missing.iter().any(|item| self.spared(&block.track, history.widen(item.frame))) {
            let last = self.heartbeat_last.unwrap_or(now);
            self.want_heartbeat(now.max(last + HEARTBEAT_SKIPPED));
        }
    }

    // ---- Pacing ----

    /// Whether a frame that was just noted leaves over a while: then [`Sender::poll_paced`] gives it out, else it is to be
    /// sent at once. `interval` is the duration of its frames, zero if unknown (PROTOCOL 7.9).
    pub fn defer(
        &mut self,
        now: Time,
        (key, number, slab): (&TrackKey, u64, &Slab),
        interval: Duration,
    ) -> bool {
        let frame = (key, number, slab);
        let bytes = slab.datagrams().len();
        let thinning = self.thinning.as_mut().filter(|_| self.glance.active);
        let rate = thinning.and_then(|thinning| thinning.pace(key, bytes));
        let end = match rate {
            // A trial behind what leaves at the old rate would show nothing, and sound could put it off for ever.
            Some((rate, trial)) if trial || self.is_urgent_sound(now, key, bytes, rate) => {
                let (bytes, segment) = (slab.datagrams().clone(), slab.segment());
                let run = Run { bytes, segment, frame: Some(number) };
                Some(self.pacer.make().overtake(now, (Some((*key, number)), trial), run, rate))
            }
            Some((rate, _)) => Some(self.pacer.make().follow(now, frame, rate)),
            None if self.rtt.measured().is_some_and(|rtt| rtt < PACED_RTT_MIN) => None,
            None if Spread::of(slab.count(), interval).is_none() => None,
            None => self.pacer.make().spread(now, frame, interval),
        };
        let Some(end) = end else {
            self.burst.note_sent(now, bytes as u64);
            return false;
        };
        if let Some((_, sent)) = self.tracks.get_mut(key).and_then(|track| track.sent.as_mut()) {
            *sent = (*sent).max(end);
        }
        self.put_heartbeat_behind(now, end, rate.is_some());
        true
    }

    /// Whether a frame is sound that would come too late behind what waits to leave at `rate`.
    fn is_urgent_sound(&mut self, now: Time, key: &TrackKey, bytes: usize, rate: u64) -> bool {
        let latency = self.thinning.as_ref().and_then(|thinning| thinning.latency_of_sound(key));
        latency.is_some_and(|latency| !self.pacer.make().has_time(now, bytes, rate, latency))
    }

    /// A HEARTBEAT behind the frame, not amid it; close behind where it is to show what the path carries.
    fn put_heartbeat_behind(&mut self, now: Time, end: Time, probing: bool) {
        let since_last = self.heartbeat_last.map_or(Duration::MAX, |last| now.since(last));
        if since_last < HEARTBEAT_INTERVAL {
            self.heartbeat_due = self.heartbeat_due.map(|due| due.max(end + HEARTBEAT_PROBE));
        }
        if probing && since_last >= HEARTBEAT_PROBE_EVERY {
            self.want_heartbeat(end + HEARTBEAT_PROBE);
        }
    }

    /// Whether a repair leaves with what waits at the path's rate: else it is to be sent at once.
    pub fn defer_repair(&mut self, now: Time, bytes: &Bytes, segment: usize) -> bool {
        let thinning = self.thinning.as_mut().filter(|_| self.glance.active);
        let rate = thinning.and_then(|thinning| thinning.pace_of_repairs());
        if let Some(rate) = rate {
            self.pacer.make().overtake(
                now,
                (None, false),
                Run { bytes: bytes.clone(), segment, frame: None },
                rate,
            );
        }
        rate.is_some()
    }

    /// Bytes of repairs that may still be put before the media of a slow path, besides those that are put there now: what
    /// would leave later is of no use, and all media waits for it.
    pub(super) fn room_for_repairs(&self, repairs: &[Repair]) -> u64 {
        let Some(rate) = self.thinning.as_ref().and_then(|thinning| thinning.rate()) else { return u64::MAX };
        let now: usize = repairs.iter().map(|repair| repair.indices.len() * repair.slab.segment()).sum();
        let most = rate.saturating_mul(micros(REPAIRS_WITHIN)) / 1_000_000;
        // One more may be larger than what is left.
        most.max(1).saturating_sub(self.pacer.get().map_or(0, Pacer::repairs) + now as u64)
    }

    /// What did not leave yet of a track's frames will not: to [`Sender::finish`] the newest frame that was sent is then the
    /// last one that has left as a whole, and a track that was finished ends there. True where a frame was withdrawn.
    pub fn withdraw(&mut self, now: Time, key: &TrackKey) -> bool {
        let Some(pacer) = self.pacer.get_mut() else { return false };
        let withdrawn = pacer.withdraw(key);
        self.datagrams = self.datagrams.saturating_sub(withdrawn.datagrams);
        self.bytes = self.bytes.saturating_sub(withdrawn.bytes + withdrawn.parity_bytes);
        if let Some(counters) = self.rare.get_mut() {
            counters.parity = counters.parity.saturating_sub(withdrawn.parity);
            counters.parity_bytes = counters.parity_bytes.saturating_sub(withdrawn.parity_bytes);
        }
        let Some((first, track)) = withdrawn.first.zip(self.tracks.get_mut(key)) else { return false };
        let before = first.saturating_sub(1);
        track.sent = (before >= track.first).then_some((before, now));
        track.last = track.last.map(|last| last.min(before));
        if let Some(thinning) = &mut self.thinning {
            thinning.forget_from(key, first);
        }
        true
    }

    /// The next datagrams that are due to leave.
    pub fn poll_paced(&mut self, now: Time) -> Option<Run> {
        let run = self.pacer.get_mut()?.poll(now)?;
        self.burst.note_sent(now, run.bytes.len() as u64);
        Some(run)
    }
}
