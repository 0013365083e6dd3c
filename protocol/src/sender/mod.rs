//! The sending end of media, the same on both hops: the producer's towards the broker, the broker's towards a viewer.
//!
//! What was published stands in a [`History`] per track, once for all peers. A [`Sender`] is what one peer adds to it:
//! what it was sent, what it has, what it may still ask for.
//!
//! ```text
//! note_sent ───────┐
//! handle_feedback ─┴─> Sender ──> repairs (each frame, round and shard once, within the budget)
//!                       │  └────> poll_repairs: the later copies of them
//!                       └───────> heartbeat
//! ```

mod answer;
mod broken;
mod budget;
mod cuts;
mod delayed;
mod history;
mod ladder;
mod least;
mod loss;
mod pace;
mod pacer;
mod parity;
mod phase;
mod proof;
mod rate;
mod repairs;
mod report;
mod slow;
mod thinning;

use std::time::Duration;

pub use budget::Budget;
pub use history::History;
pub use pacer::Run;

use crate::closed::Closed;
use crate::escalation::LossRuns;
use crate::few::Few;
use crate::id::TrackKey;
use crate::receiver::Counters;
use crate::seldom::Seldom;
use crate::serial::Serial;
use crate::session::rtt::Rtt;
use crate::slab::Slab;
use crate::time::{Stamp, Time, millis32};
use crate::wire::{ClockPoint, Feedback, TrackFeedback, TrackKind};

use delayed::Delayed;
use loss::LossRate;
use pacer::Pacer;
use parity::Parity;
use proof::{Echo, Proof};
use rate::Burst;
use repairs::Repairs;
use slow::Glance;
use thinning::Thinning;

/// For this long after a loss a peer counts as one that loses datagrams.
const LOSSY_FOR: Duration = Duration::from_secs(10);
/// The same after a join: until its first reports have told whether it does.
const LOSSY_AT_JOIN: Duration = Duration::from_secs(1);
/// The same where it plays a track whose frames come so seldom that in a second they tell nothing.
const LOSSY_AT_SLOW_JOIN: Duration = Duration::from_secs(2);
/// An echo that was held longer than this says nothing of the round trip: the peer's clock measured most of it, and may run
/// 500 ppm faster.
const HOLD_EXACT: Duration = Duration::from_secs(1);
/// The peer's newest frame may lag behind what was sent by this much beyond a round trip.
const LAG_GRACE: Duration = Duration::from_millis(20);

/// Finds the history of a track.
pub trait Histories {
    /// The history of the track, if it is still the same life.
    fn history(&self, key: &TrackKey) -> Option<&History>;

    /// The clock chain of the track's life, as far as it is known here.
    fn clock(&self, key: &TrackKey) -> ClockPoint;
}

/// Shards to send again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Repair {
    /// The frame.
    pub slab: Slab,
    /// Its shards, ascending.
    pub indices: Vec<u16>,
    /// The round that is answered.
    pub round: u8,
}

/// What a FEEDBACK calls for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Answer {
    /// To send at once.
    pub repairs: Vec<Repair>,
    /// A HEARTBEAT is owed now, no larger than the FEEDBACK.
    pub heartbeat: bool,
}

/// Counters of a sender, cumulative.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SenderCounters {
    /// First-sent datagrams.
    pub datagrams: u64,
    /// Bytes of all DATA datagrams.
    pub bytes: u64,
    /// Datagrams sent again.
    pub resent: u64,
    /// Their bytes.
    pub resent_bytes: u64,
    /// Parity datagrams.
    pub parity: u64,
    /// Their bytes.
    pub parity_bytes: u64,
    /// Datagrams asked for and not sent again for want of budget.
    pub over_budget: u64,
    /// Datagrams asked for that are not held any more.
    pub not_held: u64,
    /// Shards that were asked for when they could not come in time any more.
    pub too_late: u64,
    /// Frames that were left out since the path is too slow.
    pub left_out: u64,
    /// First-sent datagrams that never left, since they waited here until they were of no use; not among the others.
    pub recalled: u32,
}

/// The sending end towards one peer.
///
/// What each frame looks at stands in front, side by side: of thousands of peers each one's memory is cold, and four lines of it
/// are fetched in half the time of nine.
#[derive(Clone, Debug)]
#[repr(C)]
pub struct Sender {
    proof: Proof,
    glance: Glance,
    /// The newest frame was one of a slow track.
    newest_is_slow: bool,
    /// The next HEARTBEAT answers a FEEDBACK that had nothing new.
    answering: bool,
    /// By the path's own measure, too.
    thins: bool,
    /// HEARTBEATs since the last frame of a slow track.
    heartbeats_since: u16,
    first_of_heartbeat: u32,
    heartbeat_due: Option<Time>,
    heartbeat_last: Option<Time>,
    lossy_until: Time,
    /// First-sent datagrams.
    datagrams: u64,
    /// Bytes of all DATA datagrams.
    bytes: u64,
    /// The media that left last, close together.
    burst: Burst,
    /// What a slow path has to be spared, where frames may be left out: from the first frame on.
    thinning: Option<Box<Thinning>>,
    pacer: Seldom<Pacer>,
    runs: LossRuns,
    rtt: Rtt,
    budget: Budget,
    tracks: Few<TrackKey, Track>,
    delayed: Seldom<Delayed>,
    loss: LossRate,
    parity: Seldom<Parity>,
    /// The other counters.
    rare: Seldom<SenderCounters>,
    /// What the peer said of tracks that are closed.
    closed: Closed,
    feedback: Option<LastFeedback>,
    /// DATA that the newest HEARTBEAT counted, if one went out.
    heartbeat_told: Option<u32>,
}

#[derive(Clone, Copy, Debug)]
struct LastFeedback {
    seq: Serial,
    sent: Stamp,
    arrived: Time,
    lost: u32,
    runs: u32,
    /// Milliseconds, as it comes.
    horizon: u32,
}

/// A track of one peer; what each frame looks at in front.
#[derive(Clone, Debug)]
#[repr(C)]
struct Track {
    /// The place of the newest frame that was offered to it, in the order of [`History::taken_in`].
    offered: Serial,
    /// A whole frame is lost unnoticed for too long: HEARTBEAT follows each frame.
    slow: bool,
    first: u64,
    last: Option<u64>,
    /// The newest frame that was sent, and when.
    sent: Option<(u64, Time)>,
    opened: Time,
    /// Where it goes on for the present subscription, if there was one before.
    resumed: u64,
    proven: u64,
    done_before: u64,
    /// The newest frame that the peer asked for.
    asked: u64,
    /// The newest frame that the peer knows of.
    known: u64,
    /// What the peer counts, where that is anything.
    counters: Option<Box<Counters>>,
    /// What it carries, and what the peer plays it with, where frames of it may be left out.
    spared: Option<(TrackKind, Duration)>,
    repairs: Seldom<Repairs>,
}

impl Track {
    /// Whether a frame was sent that the peer has not named yet, of a slow track or, if losses come in bursts, of any.
    fn is_unheard_of(&self, bursty: bool) -> bool {
        (self.slow || bursty) && self.sent.is_some_and(|(newest, _)| newest > self.known)
    }
}

impl Sender {
    /// The sending end towards a peer that joins now.
    pub fn new(now: Time) -> Self {
        Self {
            tracks: Few::default(),
            rtt: Rtt::default(),
            budget: Budget::of_peer(now),
            delayed: Seldom::default(),
            runs: LossRuns::default(),
            loss: LossRate::default(),
            parity: Seldom::default(),
            proof: Proof::default(),
            datagrams: 0,
            bytes: 0,
            rare: Seldom::default(),
            closed: Closed::default(),
            feedback: None,
            lossy_until: now + LOSSY_AT_JOIN,
            heartbeat_due: None,
            heartbeat_last: None,
            heartbeat_told: None,
            answering: false,
            first_of_heartbeat: 0,
            newest_is_slow: false,
            heartbeats_since: 0,
            thinning: None,
            thins: false,
            glance: Glance::default(),
            burst: Burst::default(),
            pacer: Seldom::default(),
        }
    }

    /// Begins a track for the peer at wide frame number `first`. `slow`: a frame that is lost whole would be noticed too
    /// late by the next one (frame duration over a quarter of the latency).
    pub fn open(&mut self, now: Time, key: TrackKey, first: u64, slow: bool) {
        let lossy_for = if slow { LOSSY_AT_SLOW_JOIN } else { LOSSY_AT_JOIN };
        self.lossy_until = self.lossy_until.max(now + lossy_for);
        let counters = self.closed.take(&key);
        self.tracks.insert_new(key, || Track {
            opened: now,
            first,
            resumed: first,
            last: None,
            sent: None,
            offered: Serial(0),
            slow,
            proven: 0,
            done_before: first,
            asked: 0,
            known: 0,
            counters: counters.map(Box::new),
            spared: None,
            repairs: Seldom::default(),
        });
    }

    /// The peer is told again of a track that it may not know yet: it counts what was captured before from when it learns of it.
    pub fn tell_again(&mut self, now: Time, key: &TrackKey) {
        if let Some(track) = self.tracks.get_mut(key) {
            track.opened = now;
        }
    }

    /// The peer wants a finished track again, from frame `from` on or what comes behind the newest that was sent to it:
    /// where it goes on. Repairs of what was before go on as well. `None` where it is forgotten.
    pub fn reopen(&mut self, now: Time, key: &TrackKey, from: u64) -> Option<u64> {
        let track = self.tracks.get_mut(key)?;
        let last = track.last.take()?;
        (track.opened, track.resumed) = (now, from.max(last + 1));
        Some(track.resumed)
    }

    /// Ends a track at its newest sent frame: that frame's number, or the one before the first. Repairs go on.
    pub fn finish(&mut self, key: &TrackKey) -> Option<Serial> {
        let track = self.tracks.get_mut(key)?;
        let left_out = self.thinning.as_ref().and_then(|thinning| thinning.newest(key));
        let newest = track.sent.map(|(newest, _)| newest).max(left_out);
        let last = track.last.unwrap_or_else(|| newest.unwrap_or(track.first.saturating_sub(1)));
        track.last = Some(last);
        Some(Serial::narrow(last))
    }

    /// Ends a track at a frame that the producer named.
    pub fn finish_at(&mut self, key: &TrackKey, last: u64) {
        if let Some(track) = self.tracks.get_mut(key) {
            track.last.get_or_insert(last);
        }
    }

    /// Forgets a track.
    pub fn close(&mut self, key: &TrackKey) {
        if let Some(thinning) = &mut self.thinning {
            thinning.close(key);
        }
        if let Some(track) = self.tracks.remove(key) {
            self.closed.put(*key, track.counters.map_or(Counters::default(), |counters| *counters));
        }
    }

    /// Whether the track is open and not finished.
    pub fn is_playing(&self, key: &TrackKey) -> bool {
        self.tracks.get(key).is_some_and(|track| track.last.is_none())
    }

    /// Whether a frame that the history took in as the `nth` was not offered to this peer yet, which plays its track: one peer
    /// has its turn before the others, and who joins is offered what came before all at once.
    pub fn awaits(&self, key: &TrackKey, nth: Serial) -> bool {
        self.tracks.get(key).is_some_and(|track| track.last.is_none() && track.offered.before(nth))
    }

    /// All frames up to the `nth` have been offered to this peer.
    pub fn note_offered(&mut self, key: &TrackKey, nth: Serial) {
        if let Some(track) = self.tracks.get_mut(key) {
            track.offered = nth;
        }
    }

    /// Whether the peer has settled every frame of a finished track.
    pub fn is_settled(&self, key: &TrackKey) -> bool {
        self.tracks.get(key).is_none_or(|track| track.last.is_some_and(|last| track.done_before > last))
    }

    /// The first frame of a track for the present subscription, as a wide number.
    pub fn first(&self, key: &TrackKey) -> Option<u64> {
        self.tracks.get(key).map(|track| track.resumed)
    }

    /// The open tracks.
    pub fn tracks(&self) -> impl Iterator<Item = &TrackKey> {
        self.tracks.keys()
    }

    /// What the peer says became of a track's frames.
    pub fn peer_counters(&self, key: &TrackKey) -> Option<Counters> {
        self.tracks.get(key)?.counters.as_deref().copied()
    }

    /// What the peer says became of all frames, those of closed tracks included.
    pub fn peer_total(&self) -> Counters {
        let mut total = self.closed.total();
        for counters in self.tracks.values().filter_map(|track| track.counters.as_deref()) {
            total.add(counters);
        }
        total
    }

    /// Round-trip time to the peer.
    pub const fn rtt(&self) -> &Rtt {
        &self.rtt
    }

    /// Cumulative counters.
    pub fn counters(&self) -> SenderCounters {
        let left_out = self.thinning.as_ref().map_or(0, |thinning| thinning.left_out());
        let rare = self.rare.get().copied().unwrap_or_default();
        SenderCounters { datagrams: self.datagrams, bytes: self.bytes, left_out, ..rare }
    }

    /// Parity datagrams so far.
    pub fn parity_sent(&self) -> u64 {
        self.rare.get().map_or(0, |counters| counters.parity)
    }

    /// How long after capture the peer may ask, as it last said.
    pub fn horizon(&self) -> Option<Duration> {
        self.feedback.map(|feedback| Duration::from_millis(feedback.horizon.into()))
    }

    /// Whether media to the peer pauses, since nothing proves that it arrives.
    pub fn is_paused(&self, now: Time) -> bool {
        self.proof.is_paused(now)
    }

    /// A frame goes out for the first time. False where it is not for this peer: before the first or after the last.
    pub fn note_sent(&mut self, now: Time, key: &TrackKey, number: u64, slab: &Slab) -> bool {
        let Some(track) = self.tracks.get_mut(key) else { return false };
        if number < track.first || track.last.is_some_and(|last| number > last) {
            return false;
        }
        if track.sent.is_none_or(|(newest, _)| number > newest) {
            track.sent = Some((number, now));
        }
        self.newest_is_slow = track.slow;
        let unnoticed = track.slow || slab.count() == 1;
        if self.thinning.is_none() {
            self.begin_thinning();
        }
        self.datagrams += u64::from(slab.count());
        self.bytes += slab.datagrams().len() as u64;
        self.budget.earn(now, slab.datagrams().len() as u64);
        self.proof.note_sent(now);
        self.note_unreported(now, unnoticed);
        true
    }

    /// A look at what [`Sender::handle_feedback`] needs, for its own sake: who looks at several senders one after the other has the
    /// processor fetch their memory together. The number means nothing.
    pub fn look(&self) -> u64 {
        let feedback = self.feedback.map_or(0, |last| last.lost);
        let tracks = self.tracks.values().map(|track| {
            let counted = track.counters.as_ref().map_or(0, |counters| counters.expected);
            counted.wrapping_add(track.done_before).wrapping_add(track.known)
        });
        let path = self.thinning.as_ref().map_or(0, |thinning| thinning.look());
        let sum = tracks.fold(path, u64::wrapping_add);
        sum.wrapping_add(self.proof.look()).wrapping_add(feedback.into())
    }

    /// Takes in a FEEDBACK. One that is older than the newest so far changes nothing (PROTOCOL 7.1).
    pub fn handle_feedback(
        &mut self,
        now: Time,
        (seq, sent): (Serial, Stamp),
        feedback: &Feedback,
        histories: &impl Histories,
    ) -> Answer {
        if self.feedback.is_some_and(|last| !last.seq.before(seq)) {
            return Answer::default();
        }
        let before = self.feedback.map_or((0, 0), |last| (last.lost, last.runs));
        if Serial(before.0).before(Serial(feedback.lost)) {
            self.lossy_until = now + LOSSY_FOR;
            self.runs.note(feedback.lost.wrapping_sub(before.0), feedback.runs.wrapping_sub(before.1));
            self.loss.note(self.datagrams, feedback.lost.wrapping_sub(before.0));
        } else {
            self.loss.note(self.datagrams, 0);
        }
        self.feedback = Some(LastFeedback {
            seq,
            sent,
            arrived: now,
            lost: feedback.lost,
            runs: feedback.runs,
            horizon: millis32(feedback.horizon),
        });
        let mut proven = false;
        let mut echo = None;
        if let Some(Echo { sample, fresh, news }) =
            self.proof.credit_nonce(now, feedback.heartbeat, feedback.nonce, feedback.hold)
        {
            if fresh {
                if feedback.hold <= HOLD_EXACT || self.rtt.measured().is_none() {
                    self.rtt.sample(sample);
                }
                echo = Some((sent, sample));
            }
            proven = news;
        }
        let mut answer = Answer::default();
        for block in &feedback.tracks {
            if let Some(history) = histories.history(&block.track) {
                proven |= self.credit_frame(block, history);
                answer.heartbeat |= self.lags_behind(now, block, history);
                self.repair(now, block, history, &mut answer.repairs);
            }
            self.note_figures(block);
        }
        answer.heartbeat |= !proven;
        self.answering = answer.heartbeat;
        if let Some(echo) = echo {
            self.judge_path(now, echo, feedback, histories);
        }
        answer
    }

    /// What the peer counts, also of a track whose frames nobody holds any more. An overtaken report says less.
    fn note_figures(&mut self, block: &TrackFeedback) {
        let Some(counters) = block.counters.as_ref().map(Counters::from_report) else { return };
        if let Some(track) = self.tracks.get_mut(&block.track) {
            match &mut track.counters {
                Some(known) if counters.expected >= known.expected => **known = counters,
                None if counters != Counters::default() => track.counters = Some(Box::new(counters)),
                Some(_) | None => {}
            }
        } else {
            self.closed.update(&block.track, counters);
        }
    }

    /// The digest of a whole frame that was sent proves receipt, each frame once.
    fn credit_frame(&mut self, block: &TrackFeedback, history: &History) -> bool {
        let Some(track) = self.tracks.get_mut(&block.track) else { return false };
        let done_before = history.widen(block.done_before);
        track.known = track.known.max(history.widen(block.newest));
        if done_before >= track.done_before {
            track.done_before = done_before;
            if let Some(repairs) = track.repairs.get_mut() {
                repairs.forget_before(done_before);
            }
            if let Some(delayed) = self.delayed.get_mut() {
                delayed.forget_before(&block.track, done_before);
            }
            if let Some(thinning) = &mut self.thinning {
                thinning.forget_before(&block.track, done_before);
            }
        }
        let Some((frame, digest)) = block.newest_whole else { return false };
        let number = history.widen(frame);
        let sent = track.sent.is_some_and(|(newest, _)| (track.first..=newest).contains(&number));
        let right = history.get(number).is_some_and(|slab| slab.digest() == digest);
        if sent && right && number > track.proven {
            track.proven = number;
            self.proof.credit_frame();
            return true;
        }
        false
    }

    /// Whether the peer does not know of a frame that was sent more than a round trip ago: a lost tail.
    fn lags_behind(&self, now: Time, block: &TrackFeedback, history: &History) -> bool {
        let Some((newest, at)) = self.tracks.get(&block.track).and_then(|track| track.sent) else {
            return false;
        };
        history.widen(block.newest) < newest && now.since(at) > self.rtt.smoothed() + LAG_GRACE
    }

    /// When a HEARTBEAT, [`Sender::poll_repairs`] or [`Sender::poll_paced`] is due.
    pub fn poll_timeout(&self) -> Option<Time> {
        let delayed = self.delayed.get().and_then(Delayed::due);
        let paced = self.pacer.get().and_then(Pacer::due);
        self.heartbeat_due.into_iter().chain(delayed).chain(paced).min()
    }
}

#[cfg(test)]
mod tests;
