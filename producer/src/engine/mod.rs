//! The producer without a socket or a clock: announces, cuts frames into datagrams, keeps them while the broker may ask.
//!
//! ```text
//! publish, finish ──┐                ┌─> poll_transmit   datagrams for the broker
//! handle_datagram ──┼─> Producer ────┼─> poll_event      what a person should know
//! handle_timeout ───┘                └─> poll_timeout    when to call handle_timeout
//! ```
//!
//! After each call drain `poll_transmit` and `poll_event`. Calling `handle_timeout` early does no harm.

mod announcement;
mod dependence;
mod event;
mod track;
mod uplink;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use protocol::clock::MediaClock;
use protocol::id::{EpochTag, ProducerId, StreamId, TrackKey};
use protocol::limits::{DATAGRAM_LEN, FEEDBACK_INTERVAL, HEARTBEAT_INTERVAL, LATENCY};
use protocol::random::Random;
use protocol::sender::{Answer, Repair, Run, Sender, SenderCounters};
use protocol::session::link::{Link, LinkInput};
use protocol::session::request::{Repeat, RequestNumbers};
use protocol::time::{CaptureTime, Time};
use protocol::wire::{
    self, AnnounceAck, Close, Code, Control, Datagram, End, LastFrame, Message, Role, Skip,
};

pub use announcement::{Plan, PlannedTrack, identity};
pub use dependence::Dependence;
pub use event::{Event, Published, Snapshot, TrackStatus};

use announcement::{Announcement, State};
use track::Tracks;
use uplink::Uplink;

/// Frames are kept longer than the broker says that it may ask: its FEEDBACK is on its way, and what a slow path would need is
/// measured by what is here, at least two segments of sound.
const KEEP_GRACE: Duration = Duration::from_millis(1_200);
/// A frame whose duration is above this part of the default latency would be missed too late by the next one.
const SLOW_SHARE: u32 = 4;
/// For this long after a frame a producer counts as one that publishes: a broker that is gone is noticed sooner.
const PUBLISHES_FOR: Duration = Duration::from_secs(2);
/// A refused announcement is tried again after this: the id may be free by then.
const REFUSED_PAUSE: Duration = Duration::from_secs(1);

/// Datagrams for the broker, one behind the other.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Transmit {
    /// One or more datagrams.
    pub bytes: Bytes,
    /// Bytes of each datagram but the last, which may be shorter.
    pub segment: usize,
}

/// The producer.
pub struct Producer {
    broker: SocketAddr,
    link: Link,
    random: Random,
    announcement: Announcement,
    tracks: Tracks,
    uplink: Uplink,
    /// The sending end of the present session, once the announcement was granted.
    sender: Option<Sender>,
    /// What that of the session before had counted.
    former: SenderCounters,
    requests: RequestNumbers,
    ending: Option<Ending>,
    /// When the newest HEARTBEAT went out.
    heartbeat_last: Time,
    publishes_until: Time,
    closed: bool,
    was_up: bool,
    events: VecDeque<Event>,
    out: VecDeque<Transmit>,
    dropped: u64,
}

/// END is repeated until it is acknowledged; then the broker may still ask for a while.
struct Ending {
    end: End,
    repeat: Repeat,
    acknowledged: bool,
    limit: Time,
}

impl Producer {
    /// A producer that dials `broker` at once.
    pub fn new(now: Time, broker: SocketAddr, plan: Plan, mut random: Random) -> Self {
        Self {
            broker,
            link: Link::new(Role::Producer, now, &mut random),
            random,
            tracks: Tracks::new(&plan),
            uplink: Uplink::new(plan.thins),
            announcement: Announcement::new(plan),
            sender: None,
            former: SenderCounters::default(),
            requests: RequestNumbers::default(),
            ending: None,
            heartbeat_last: now,
            publishes_until: now,
            closed: false,
            was_up: false,
            events: VecDeque::new(),
            out: VecDeque::new(),
            dropped: 0,
        }
    }

    // ---- Media ----

    /// Publishes one frame of a track that stands for itself. `capture` is the presentation time of its first sample on the
    /// clock of `now`.
    pub fn publish(&mut self, now: Time, stream: StreamId, capture: Time, frame: &[u8]) -> Published {
        self.publish_as(now, stream, capture, (Dependence::Alone, frame))
    }

    /// Publishes one frame of a track, which may need others.
    pub fn publish_as(
        &mut self,
        now: Time,
        stream: StreamId,
        capture: Time,
        (dependence, frame): (Dependence, &[u8]),
    ) -> Published {
        let capture = CaptureTime::from_time(capture);
        let limit = self.link.limits().map(|limits| limits.frame_max);
        if limit.is_some_and(|limit| frame.len() > limit as usize) {
            return self.tracks.refuse(stream, dependence);
        }
        let granted = self.announcement.tag().filter(|_| self.ending.is_none());
        let Some(tag) = granted else {
            return if self.announcement.is_asking() {
                self.tracks.hold(stream, (capture, dependence, frame))
            } else {
                self.tracks.pass_over(stream, dependence)
            };
        };
        self.send_frame(now, tag, stream, (capture, dependence, frame))
    }

    fn send_frame(
        &mut self,
        now: Time,
        tag: EpochTag,
        stream: StreamId,
        (capture, dependence, frame): (CaptureTime, Dependence, &[u8]),
    ) -> Published {
        let keep =
            self.sender.as_ref().and_then(Sender::horizon).unwrap_or(LATENCY).max(LATENCY) + KEEP_GRACE;
        let Some((key, number, slab)) =
            self.tracks.pack(now, tag, stream, (capture, dependence, frame), keep)
        else {
            return self.tracks.refuse(stream, dependence);
        };
        self.publishes_until = now + PUBLISHES_FOR;
        if self.sender.as_mut().is_some_and(|sender| sender.leaves_out(now, &key, number, &slab)) {
            return self.tracks.leave_out(stream, frame.len());
        }
        let interval = self.tracks.frame_duration(stream);
        let mut parity = None;
        let deferred = self.sender.as_mut().is_some_and(|sender| {
            let sent = sender.note_sent(now, &key, number, &slab);
            let deferred = sent && sender.defer(now, (&key, number, &slab), interval);
            parity = sent.then(|| sender.parity(now, (&key, &slab), deferred)).flatten();
            deferred
        });
        // Ahead of the frame: the broker waits for nothing that doesn't come.
        self.send_skip(now, &key);
        if !deferred {
            let (bytes, segment) = (slab.datagrams().clone(), slab.segment());
            self.out.push_back(Transmit { bytes, segment });
        }
        if let Some(Run { bytes, segment, .. }) = parity {
            self.out.push_back(Transmit { bytes, segment });
        }
        Published::Sent
    }

    /// Ends the publication: END until it is acknowledged, then CLOSE as soon as the broker has everything, after `limit`
    /// at the latest; a second call can only shorten it. [`Producer::is_closed`] then.
    pub fn finish(&mut self, now: Time, limit: Duration) {
        if let Some(ending) = &mut self.ending {
            ending.limit = ending.limit.min(now + limit);
            return;
        }
        let tag = self.announcement.tag();
        let last = tag.map(|tag| self.tracks.last_frames(tag)).unwrap_or_default();
        for LastFrame { stream, tag, .. } in &last {
            if let Some(sender) = &mut self.sender {
                sender.finish(&self.tracks.key(*stream, *tag));
            }
            // No frame follows that these would go ahead of.
            self.send_skip(now, &self.tracks.key(*stream, *tag));
        }
        self.ending = Some(Ending {
            end: End { req: self.requests.next_number(), reason: Code::Ok, last },
            repeat: Repeat::start(now, self.link.rtt()),
            acknowledged: tag.is_none(),
            limit: now + limit,
        });
        self.poll_requests(now);
        self.finish_ending(now);
    }

    /// Whether goodbye is said, or there was nobody to say it to.
    pub const fn is_closed(&self) -> bool {
        self.closed
    }

    // ---- Input ----

    /// Takes in a datagram.
    pub fn handle_datagram(&mut self, now: Time, from: SocketAddr, datagram: &[u8]) {
        if from != self.broker {
            self.dropped += 1;
            return;
        }
        match wire::decode(datagram) {
            Ok(Datagram::Control(control)) => self.handle_control(now, datagram.len(), &control),
            Ok(Datagram::Data(..) | Datagram::Unknown(_)) | Err(_) => self.dropped += 1,
        }
        self.finish_ending(now);
    }

    fn handle_control(&mut self, now: Time, len: usize, control: &Control) {
        match self.link.handle(now, control) {
            LinkInput::Nothing => {}
            LinkInput::Respond(bytes) => self.push(bytes),
            LinkInput::Up { rtt } => self.begin_session(now, rtt),
            LinkInput::Down { reason, code } => self.lose_session(reason, code),
            LinkInput::Message(_) => self.handle_message(now, len, control),
        }
    }

    fn handle_message(&mut self, now: Time, len: usize, control: &Control) {
        match &control.message {
            Message::AnnounceAck(ack) => self.handle_announce_ack(now, ack),
            Message::Feedback(feedback) => {
                let Some(sender) = &mut self.sender else { return };
                let number = (control.header.seq, control.header.sent);
                let Answer { repairs, heartbeat } =
                    sender.handle_feedback(now, number, feedback, &self.tracks);
                if let Some(tag) = self.announcement.tag() {
                    self.events.extend(self.uplink.review(sender, self.tracks.kinds(tag)));
                }
                self.send_repairs(now, &repairs);
                if heartbeat {
                    self.send_heartbeat(now, len, false);
                }
            }
            Message::EndAck(ack) => {
                if let Some(ending) = self.ending.as_mut().filter(|ending| ending.end.req == ack.req) {
                    ending.acknowledged = true;
                }
            }
            _ => self.dropped += 1,
        }
    }

    fn begin_session(&mut self, now: Time, rtt: Duration) {
        let again = std::mem::replace(&mut self.was_up, true);
        self.events.push_back(Event::Connected { broker: self.broker, rtt, again });
        self.ask(now);
    }

    /// Announces the tracks as they are now.
    fn ask(&mut self, now: Time) {
        let req = self.requests.next_number();
        self.end_sender();
        self.announcement.ask(now, self.link.rtt(), req, self.tracks.infos());
        self.poll_requests(now);
    }

    /// The sending end is over, and what it has counted is not forgotten before the next one counts.
    fn end_sender(&mut self) {
        let Some(sender) = self.sender.take() else { return };
        self.former = sender.counters();
        self.tracks.keep_counters(|key| sender.peer_counters(key));
    }

    fn lose_session(&mut self, reason: String, code: Code) {
        self.end_sender();
        self.announcement.withdraw();
        self.tracks.drop_held();
        self.events.push_back(if code == Code::Superseded {
            Event::Superseded
        } else {
            Event::Disconnected { reason }
        });
    }

    fn handle_announce_ack(&mut self, now: Time, ack: &AnnounceAck) {
        if !self.announcement.is_answered_by(ack) {
            return;
        }
        if ack.status != Code::Ok {
            self.tracks.drop_held();
            if self.announcement.refuse(now + REFUSED_PAUSE) {
                let (status, reason) = (ack.status, ack.reason.clone());
                self.events.push_back(Event::Refused { status, reason });
            }
            return;
        }
        self.announcement.grant(ack.tag);
        let mut sender = Sender::new(now);
        self.uplink.begin();
        for info in self.announcement.announced() {
            let slow = info.frame_duration.is_zero() || info.frame_duration > LATENCY / SLOW_SHARE;
            let key = self.tracks.key(info.stream, ack.tag);
            let first = self.tracks.begin(info.stream, info.next_frame);
            sender.open(now, key, first, slow);
            self.uplink.open(&mut sender, key, info.kind);
        }
        self.uplink.begin_measure(now, &mut sender, &self.link);
        self.sender = Some(sender);
        self.heartbeat_last = now;
        self.events.push_back(Event::Live);
        for held in self.tracks.take_held() {
            self.send_frame(now, ack.tag, held.stream, (held.capture, held.dependence, &held.frame));
        }
    }

    // ---- Output ----

    fn poll_requests(&mut self, now: Time) {
        if !self.link.is_up() {
            return;
        }
        let producer = self.tracks.producer();
        if let Some(announce) = self.announcement.poll(now) {
            self.send(now, producer, &Message::Announce(announce));
        }
        if let Some(ending) = self.ending.as_mut().filter(|ending| !ending.acknowledged)
            && ending.repeat.fire(now)
        {
            let end = ending.end.clone();
            self.send(now, producer, &Message::End(end));
        }
    }

    fn send(&mut self, now: Time, producer: ProducerId, message: &Message) {
        if let Some(header) = self.link.header(now, producer, StreamId::ALL, true) {
            self.push(wire::encode(&header, message));
        }
    }

    fn send_heartbeat(&mut self, now: Time, room: usize, wants_answer: bool) {
        let Some(sender) = &mut self.sender else { return };
        let nonce = self.random.nonzero_u32();
        let Some(header) = self.link.header(now, ProducerId::NONE, StreamId::ALL, wants_answer) else {
            return;
        };
        self.tracks.set_clock(MediaClock::point(now, self.link.broker_clock()));
        let mut heartbeat = sender.heartbeat(now, (header.seq, nonce), 0, room, &self.tracks);
        heartbeat.asks |= wants_answer;
        self.heartbeat_last = now;
        self.push(wire::encode(&header, &Message::Heartbeat(heartbeat)));
    }

    fn send_repairs(&mut self, now: Time, repairs: &[Repair]) {
        for repair in repairs {
            let (bytes, segment) = (repair.slab.repair(&repair.indices, repair.round), repair.slab.segment());
            let deferred =
                self.sender.as_mut().is_some_and(|sender| sender.defer_repair(now, &bytes, segment));
            if !deferred {
                self.out.push_back(Transmit { bytes, segment });
            }
        }
    }

    /// Says which frames of a track were left out and not told of yet.
    fn send_skip(&mut self, now: Time, key: &TrackKey) {
        let ranges = self.sender.as_mut().map(|sender| sender.poll_skip(key)).unwrap_or_default();
        if ranges.is_empty() {
            return;
        }
        // Nothing answers it: it is not owed anything.
        if let Some(header) = self.link.header(now, key.producer, key.stream, false) {
            self.push(wire::encode(&header, &Message::Skip(Skip { ranges })));
        }
    }

    fn push(&mut self, bytes: Bytes) {
        let segment = bytes.len();
        self.out.push_back(Transmit { bytes, segment });
    }

    /// CLOSE, once END is acknowledged and the broker has settled every frame, or the limit is reached.
    fn finish_ending(&mut self, now: Time) {
        let Some(ending) = self.ending.as_ref().filter(|_| !self.closed) else { return };
        let settled = match (&self.sender, self.announcement.tag()) {
            (Some(sender), Some(tag)) => {
                ending.end.last.iter().all(|last| sender.is_settled(&self.tracks.key(last.stream, tag)))
            }
            _ => true,
        };
        let done = ending.acknowledged && settled;
        if !done && now < ending.limit && self.link.is_up() {
            return;
        }
        for close in self.link.close(now, Close::new(Code::Ok, "")) {
            self.push(close);
        }
        self.closed = true;
    }

    // ---- Time ----

    /// Lets time pass.
    pub fn handle_timeout(&mut self, now: Time) {
        if self.closed {
            return;
        }
        if let Some(LinkInput::Down { reason, code }) = self.link.handle_timeout(now, &mut self.random) {
            self.lose_session(reason, code);
        }
        if let Some(hello) = self.link.poll_hello(now, &mut self.random, |_| None) {
            self.push(hello);
        }
        if let Some(clock) = self.link.poll_clock(now) {
            self.push(clock);
        }
        if self.announcement.is_retry_due(now) {
            self.ask(now);
        }
        self.poll_requests(now);
        if let Some(sender) = &mut self.sender {
            let repairs = sender.poll_repairs(now, &self.tracks);
            self.send_repairs(now, &repairs);
        }
        if let Some(sender) = &mut self.sender {
            let runs = std::iter::from_fn(|| sender.poll_paced(now));
            self.out.extend(runs.map(|Run { bytes, segment, .. }| Transmit { bytes, segment }));
        }
        let due = self.sender.as_ref().is_some_and(|sender| sender.is_heartbeat_due(now))
            || now >= self.heartbeat_due();
        if due {
            self.send_heartbeat(now, DATAGRAM_LEN, true);
        }
        self.finish_ending(now);
    }

    /// When the HEARTBEAT is due that keeps the session (PROTOCOL 7.3): soon while the broker owes an answer, since it may be that
    /// only the last one was lost. On a slow path the sender has it leave behind a frame, which shows what the path carries; amid
    /// one it would show less.
    fn heartbeat_due(&self) -> Time {
        let soon = self.heartbeat_last < self.publishes_until || self.link.is_owed();
        let due = self.heartbeat_last + if soon { FEEDBACK_INTERVAL } else { HEARTBEAT_INTERVAL };
        let slow = self.sender.as_ref().is_some_and(Sender::is_slow);
        if slow { due + HEARTBEAT_INTERVAL } else { due }
    }

    /// When [`Producer::handle_timeout`] has something to do.
    pub fn poll_timeout(&self) -> Option<Time> {
        if self.closed {
            return None;
        }
        let limit = self.heartbeat_due();
        let heartbeat =
            self.sender.as_ref().map(|sender| sender.poll_timeout().map_or(limit, |due| due.min(limit)));
        let announce = self.announcement.poll_timeout().filter(|_| self.link.is_up());
        let ending = self.ending.as_ref().map(|ending| {
            if ending.acknowledged { ending.limit } else { ending.repeat.due().min(ending.limit) }
        });
        self.link
            .poll_timeout()
            .into_iter()
            .chain(self.link.clock_due())
            .chain(heartbeat)
            .chain(announce)
            .chain(ending)
            .min()
    }

    /// The next datagrams for the broker.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.out.pop_front()
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Whether the announcement was granted and media flows.
    pub const fn is_live(&self) -> bool {
        matches!(self.announcement.state(), State::Granted(_))
    }

    /// The state of everything, for the log and the summary.
    pub fn snapshot(&self) -> Snapshot {
        let counters = self.sender.as_ref().map_or(self.former, Sender::counters);
        let tag = self.announcement.tag();
        let tracks = self.tracks.statuses(|stream| {
            let sender = self.sender.as_ref()?;
            sender.peer_counters(&self.tracks.key(stream, tag?))
        });
        Snapshot {
            connected: self.link.is_up(),
            live: self.is_live(),
            rtt: self
                .sender
                .as_ref()
                .and_then(|sender| sender.rtt().measured())
                .or(self.link.rtt().measured()),
            slow: self.sender.as_ref().is_some_and(Sender::is_slow),
            thinning: self.uplink.told(),
            sender: counters,
            tracks,
            dropped: self.dropped,
        }
    }
}

#[cfg(test)]
mod tests;
