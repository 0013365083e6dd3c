//! The receiving end of media, the same on both hops: the broker's towards a producer, a client's towards the broker.
//!
//! ```text
//! handle_data, handle_heartbeat, handle_skip, finish ──> tracks ──> poll_event: frames, gaps, ends
//!                                handle_timeout ──────>    └─────> poll_feedback: the whole present state
//! ```
//!
//! Every known frame has a slot until it is settled: whole, skipped by the sender, or given up at its deadline.
//! Settling happens in order and counts each frame once (PROTOCOL 7.5).

mod ask;
mod assembly;
mod chain;
mod counters;
mod groups;
mod path;
mod playout;
mod schedule;
mod settled;
mod slot;
mod slots;
mod spacing;
mod track;

use std::collections::VecDeque;
use std::time::Duration;

pub use counters::Counters;

use crate::clock::MediaClock;
use crate::closed::Closed;
use crate::escalation::feedback_copies;
use crate::few::Few;
use crate::id::{EpochTag, ProducerId, TrackKey};
use crate::limits::DATAGRAM_LEN;
use crate::queue::take_first;
use crate::serial::Serial;
use crate::session::rtt::Rtt;
use crate::slab::Slab;
use crate::time::Time;
use crate::wire::{DataFlags, DataHeader, FEEDBACK_FIXED_LEN, Feedback, Heartbeat, SkipRange, SkipReason};

use path::Path;
use playout::Playout;
use schedule::Schedule;
use track::{Context, Track};

/// A HEARTBEAT may wait this long behind media at its sender: until then nothing shows that it should echo the newest FEEDBACK.
const ECHO_GRACE: Duration = Duration::from_millis(50);

/// In which order whole frames are handed over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// As soon as they are whole: the broker, whose viewers put them in order.
    AsWhole,
    /// When all earlier ones are settled.
    InOrder,
}

/// What a receiver has to know of a track.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TrackPlan {
    /// Which track of which life.
    pub key: TrackKey,
    /// The first frame that is expected.
    pub first: Serial,
    /// Bytes of a shard, constant in a life.
    pub shard_size: u16,
    /// Nominal duration of a frame, zero if unknown.
    pub frame_duration: Duration,
    /// Capture to deadline; zero: what is whole at once, the newest wins.
    pub latency: Duration,
    /// The order of delivery.
    pub order: Order,
    /// The tag to write into slabs that are sent on; `None` keeps the track's own.
    pub retag: Option<EpochTag>,
}

/// What a datagram did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DataOutcome {
    /// It was new.
    Stored,
    /// It completed its frame.
    Whole,
    /// It came before.
    Duplicate,
    /// Its frame was given up, or was never for this end.
    Stale,
    /// It disagrees with its frame or with what was announced.
    Conflict,
    /// Its frame was whole by parity that gave no frame, and is asked for again.
    Corrupt,
    /// It was parity that did not complete its frame, needed later or not at all.
    Parity,
    /// No open track has this producer, stream and tag.
    UnknownTrack,
}

/// What a receiver has to tell. `number` is the wide frame number: its low half is on the wire.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// A whole frame.
    Frame {
        /// Its track.
        track: TrackKey,
        /// Its number.
        number: u64,
        /// Its datagrams.
        slab: Slab,
    },
    /// Frames that were settled without being delivered.
    Gap {
        /// Their track.
        track: TrackKey,
        /// The first.
        from: u64,
        /// The last.
        to: u64,
        /// `Expired` for what was lost or late, else the sender's reason.
        reason: SkipReason,
    },
}

/// When a frame was captured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Capture {
    /// On the receiver's clock, its origin where it was before that. Without the clock chain: when the frame would have
    /// come at best.
    pub at: Time,
    /// How long ago that is, and how far that can be from the truth. `None` without the clock chain.
    pub age: Option<(Duration, Duration)>,
}

/// The receiving end of all tracks of one session.
#[derive(Clone, Debug, Default)]
pub struct Receiver {
    tracks: Few<TrackKey, Track>,
    playouts: Few<(ProducerId, EpochTag), Playout>,
    path: Path,
    schedule: Schedule,
    horizon: Duration,
    newest_heartbeat: Serial,
    events: VecDeque<Event>,
    first_of_feedback: usize,
    clocks_refused: u64,
    /// Tracks of this session that are closed.
    closed: Closed,
}

impl Receiver {
    /// Opens a track: its frames from `plan.first` on are expected. An open track of the same key stays as it is.
    pub fn open(&mut self, now: Time, plan: TrackPlan) {
        let closed = &mut self.closed;
        self.tracks
            .insert_new(plan.key, || Track::open(plan, now, closed.take(&plan.key).unwrap_or_default()));
        self.schedule.note_join(now);
        self.note_rhythm();
    }

    fn note_rhythm(&mut self) {
        let frames = self.tracks.values().map(Track::frame_duration);
        self.schedule.expect_every(frames.min().unwrap_or_default());
    }

    /// The sender goes on with an open track at frame `first`, whatever was said of its end: what is not known by now of the
    /// frames before that is not expected.
    pub fn resume(&mut self, now: Time, key: &TrackKey, first: Serial) {
        self.with_track(now, key, |track, cx| track.resume(first, cx));
        self.schedule.want(now);
    }

    /// Another session carries the tracks from now on: its messages are numbered anew.
    pub fn begin_session(&mut self, now: Time, rtt: Duration) {
        self.newest_heartbeat = Serial(0);
        self.closed = Closed::default();
        self.tracks.values_mut().for_each(Track::begin_session);
        self.path.begin_session(rtt);
        self.schedule.report_every(self.path.rtt().report_interval());
        self.schedule.want(now);
    }

    /// The peer answered something within this: see [`Rtt::assume`].
    pub fn assume_rtt(&mut self, most: Duration) {
        self.path.assume_rtt(most);
    }

    /// Whether a track is open.
    pub fn is_open(&self, key: &TrackKey) -> bool {
        self.tracks.contains_key(key)
    }

    /// Closes a track and says what became of its frames.
    pub fn close(&mut self, key: &TrackKey) -> Option<Counters> {
        let track = self.tracks.remove(key)?;
        let life = (key.producer, key.tag);
        if !self.tracks.keys().any(|other| (other.producer, other.tag) == life) {
            self.playouts.remove(&life);
        }
        self.note_rhythm();
        if let Some(told) = track.told_in_all() {
            self.closed.put(*key, told);
        }
        Some(*track.counters())
    }

    /// The open tracks.
    pub fn tracks(&self) -> impl Iterator<Item = TrackKey> {
        self.tracks.keys().copied()
    }

    /// What became of a track's frames so far.
    pub fn counters(&self, key: &TrackKey) -> Option<Counters> {
        self.tracks.get(key).map(|track| *track.counters())
    }

    /// Whether the last frame that the sender named is settled.
    pub fn is_finished(&self, key: &TrackKey) -> bool {
        self.tracks.get(key).is_some_and(Track::is_finished)
    }

    /// Whether the sender named the last frame of a track.
    pub fn is_ending(&self, key: &TrackKey) -> bool {
        self.tracks.get(key).is_some_and(Track::is_ending)
    }

    /// Changes the latency of a track from now on.
    pub fn set_latency(&mut self, key: &TrackKey, latency: Duration) {
        if let Some(track) = self.tracks.get_mut(key) {
            track.set_latency(latency);
        }
    }

    /// Sets what FEEDBACK tells the sender: how long after capture this end may ask. News of it go out as the next echo would.
    pub fn set_horizon(&mut self, now: Time, horizon: Duration) {
        if std::mem::replace(&mut self.horizon, horizon) != horizon {
            self.schedule.want_echo(now);
        }
    }

    /// The round-trip time.
    pub const fn rtt(&self) -> &Rtt {
        self.path.rtt()
    }

    /// Share of first-sent datagrams that did not come, 0 to 1.
    pub fn loss(&self) -> f64 {
        self.path.loss()
    }

    /// Mean length of the runs in which first-sent datagrams were lost, once there were 20 of them.
    pub fn loss_run(&self) -> Option<f64> {
        self.path.loss_runs().mean()
    }

    /// DATA datagrams that came.
    pub const fn datagrams(&self) -> u64 {
        self.path.datagrams()
    }

    /// The largest jitter of the lives that play (RFC 3550 6.4.1).
    pub fn jitter(&self) -> Duration {
        self.playouts.values().map(Playout::jitter).max().unwrap_or_default()
    }

    /// How much later than at best a frame with this header is at `now`: what repair and order cost.
    ///
    /// See [`Receiver::capture`] for how old it is.
    pub fn delay(&self, now: Time, header: &DataHeader) -> Duration {
        self.playouts
            .get(&(header.producer, header.tag))
            .map_or(Duration::ZERO, |playout| playout.delay(now, playout.media_us(header.capture)))
    }

    /// When a frame with this header was captured, on this end's clock.
    pub fn capture(&self, now: Time, header: &DataHeader) -> Capture {
        let playout = self.playouts.get(&(header.producer, header.tag));
        let media_us = playout.map_or(0, |playout| playout.media_us(header.capture));
        Capture {
            at: playout.and_then(|playout| playout.reference(media_us)).unwrap_or(now),
            age: playout.and_then(|playout| playout.age(now, media_us)),
        }
    }

    /// A point of the clock chain of one producer's life; whether it counts. One that can't be true is counted and changes
    /// nothing.
    pub fn set_clock(&mut self, now: Time, life: (ProducerId, EpochTag), clock: MediaClock) -> bool {
        if !self.tracks.keys().any(|key| (key.producer, key.tag) == life) {
            return false;
        }
        self.playouts.insert_new(life, || Playout::new(now, clock.capture));
        let counts = self.playouts.get_mut(&life).is_some_and(|playout| playout.set_clock(clock));
        self.clocks_refused += u64::from(!counts);
        counts
    }

    /// Points of the clock chain that could not be true.
    pub const fn clocks_refused(&self) -> u64 {
        self.clocks_refused
    }

    /// The smallest time from capture to arrival of the last 30 s, of the slowest life. `None` without the clock chain.
    pub fn transit(&self) -> Option<Duration> {
        self.playouts.values().filter_map(Playout::transit).max()
    }

    /// Takes in one DATA datagram, already decoded.
    pub fn handle_data(&mut self, now: Time, header: &DataHeader, payload: &[u8]) -> DataOutcome {
        let key = header.track();
        let Some(track) = self.tracks.get_mut(&key) else { return DataOutcome::UnknownTrack };
        let first = !header.flags.contains(DataFlags::RETX) && !header.flags.contains(DataFlags::PARITY);
        self.path.count_data(crate::limits::DATA_HEADER_LEN + payload.len(), first);
        self.schedule.note_data(now);
        let life = (key.producer, key.tag);
        self.playouts.insert_new(life, || Playout::new(now, header.capture));
        let mut playout = self.playouts.get_mut(&life);
        let begins = header.index == 0 && !header.flags.contains(DataFlags::RETX);
        if let Some(playout) = playout.as_deref_mut().filter(|_| begins) {
            playout.observe(now, header.capture);
        }
        let playout = playout.as_deref();
        let mut cx = Context { now, playout, path: &mut self.path, events: &mut self.events };
        let outcome = track.handle_data(header, payload, &mut cx);
        match outcome {
            DataOutcome::Duplicate => self.path.count_duplicate(),
            DataOutcome::Whole if !self.tracks.values().any(Track::is_asking) => self.schedule.drop_copies(),
            _ => {}
        }
        outcome
    }

    /// Takes in a HEARTBEAT. An older one than the newest so far changes nothing: false.
    pub fn handle_heartbeat(&mut self, now: Time, seq: Serial, heartbeat: &Heartbeat) -> bool {
        if !self.newest_heartbeat.before(seq) {
            return false;
        }
        self.newest_heartbeat = seq;
        let patience = self.rtt().timeout() + ECHO_GRACE;
        if heartbeat.echo.is_some_and(|echo| self.schedule.missed(now, echo, patience)) {
            self.schedule.note_unrest(now);
        }
        let telling = self.path.handle_heartbeat(now, seq, heartbeat);
        self.schedule.report_every(self.path.rtt().report_interval());
        if telling && heartbeat.asks {
            self.schedule.want_echo(now);
        }
        for block in &heartbeat.tracks {
            self.with_track(now, &block.track, |track, cx| track.handle_heartbeat(block, cx));
        }
        true
    }

    /// The sender says that frames will never come.
    pub fn handle_skip(&mut self, now: Time, key: &TrackKey, range: &SkipRange) {
        self.with_track(now, key, |track, cx| track.handle_skip(range, cx));
    }

    /// The sender named the last frame of a track.
    pub fn finish(&mut self, now: Time, key: &TrackKey, last: Serial) {
        self.with_track(now, key, |track, cx| track.finish(last, cx));
        self.schedule.want(now);
    }

    /// Nothing more will come of a track: what is whole is delivered, everything else that is known is lost, and with it the
    /// track ends.
    pub fn give_up(&mut self, now: Time, key: &TrackKey) {
        self.with_track(now, key, Track::give_up);
    }

    fn with_track(&mut self, now: Time, key: &TrackKey, act: impl FnOnce(&mut Track, &mut Context<'_>)) {
        let Some(track) = self.tracks.get_mut(key) else { return };
        let playout = self.playouts.get(&(key.producer, key.tag));
        act(track, &mut Context { now, playout, path: &mut self.path, events: &mut self.events });
    }

    /// Lets time pass: gives up what is overdue and begins the rounds that are due.
    pub fn handle_timeout(&mut self, now: Time) {
        for (key, track) in self.tracks.iter_mut() {
            let playout = self.playouts.get(&(key.producer, key.tag));
            let mut cx = Context { now, playout, path: &mut self.path, events: &mut self.events };
            track.settle(&mut cx);
            if let Some(round) = track.fire_asks(&mut cx) {
                self.schedule.want_copies(now, feedback_copies(round));
            }
        }
    }

    /// When [`Receiver::handle_timeout`] or [`Receiver::feedback`] has something to do. `owed`: the peer owes
    /// an answer.
    pub fn poll_timeout(&mut self, now: Time, owed: bool) -> Time {
        let due = self.schedule.due(owed, self.rtt().measured().is_some());
        self.next_timer(now).map_or(due, |timer| timer.min(due))
    }

    /// When [`Receiver::handle_timeout`] has something to do, FEEDBACK aside.
    pub fn next_timer(&mut self, now: Time) -> Option<Time> {
        let mut earliest = None;
        for (key, track) in self.tracks.iter() {
            let playout = self.playouts.get(&(key.producer, key.tag));
            let cx = Context { now, playout, path: &mut self.path, events: &mut self.events };
            earliest = earliest.into_iter().chain(track.next_timer(&cx)).min();
        }
        earliest
    }

    /// The next frame or gap.
    pub fn poll_event(&mut self) -> Option<Event> {
        take_first(&mut self.events)
    }

    /// Whether media came since the last FEEDBACK.
    pub const fn has_news(&self) -> bool {
        self.schedule.has_news()
    }

    /// When the next FEEDBACK is due. `owed`: the peer owes an answer.
    pub fn feedback_due(&self, owed: bool) -> Time {
        self.schedule.due(owed, self.rtt().measured().is_some())
    }

    /// The present state as a FEEDBACK, due or not; with it, whether it proves something new to the sender (else the
    /// sender owes an answer).
    pub fn feedback(&mut self, now: Time) -> (Feedback, bool) {
        self.schedule.sent(now);
        let jitter = self.jitter();
        let latency = self.tracks.values().map(Track::latency).max().unwrap_or_default();
        let (mut feedback, mut fresh) = self.path.report(now, jitter, self.horizon.max(latency));
        let mut room = DATAGRAM_LEN - FEEDBACK_FIXED_LEN;
        // Where not all tracks fit, each FEEDBACK begins with another one.
        let count = self.tracks.len().max(1);
        self.first_of_feedback = (self.first_of_feedback + 1) % count;
        let keys: Vec<TrackKey> = self.tracks.keys().copied().collect();
        for key in keys.iter().cycle().skip(self.first_of_feedback).take(keys.len()) {
            let Some(track) = self.tracks.get_mut(key) else { continue };
            let playout = self.playouts.get(&(key.producer, key.tag));
            let cx = Context { now, playout, path: &mut self.path, events: &mut self.events };
            let block = track.feedback(room, &cx);
            let Some(left) = room.checked_sub(block.encoded_len()) else { break };
            room = left;
            fresh |= track.note_reported();
            feedback.tracks.push(block);
        }
        self.path.note_report(now, fresh);
        (feedback, fresh)
    }
}

#[cfg(test)]
mod tests;
