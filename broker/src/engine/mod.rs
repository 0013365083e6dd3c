//! Everything that one worker of the broker decides, without a socket or a clock.
//!
//! ```text
//! handle_datagram ─┐                 ┌─> poll_transmit   datagrams to send
//! handle_handover ─┼─> Broker ───────┼─> poll_handover   messages to other workers
//! handle_timeout  ─┘                 └─> poll_timeout    when to call handle_timeout
//! ```
//!
//! After each `handle_*` drain `poll_transmit` and `poll_handover`. Calling `handle_timeout` early does no harm. All
//! workers of a broker share [`Keys`] and the [`Directory`]; a session belongs to the worker that its id names, and
//! what arrives elsewhere is handed over.

mod admission;
mod ahead;
mod audience;
mod channel;
mod clock;
mod counters;
mod departure;
mod directory;
mod fan;
mod fanout;
mod grid;
mod handover;
mod ingest;
mod lane;
mod lanes;
mod memory;
mod outbox;
mod paths;
mod publish;
mod repair;
mod session;
mod sessions;
mod viewer;
mod watch;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use protocol::id::{ProducerId, SessionId};
use protocol::limits::{
    DATAGRAM_LEN_MAX, FEEDBACK_INTERVAL, FRAME_LEN_MAX, LEASE, RESET_LEN, SUBSCRIPTIONS_MAX, VERSION,
};
use protocol::random::Random;
use protocol::sender::Budget;
use protocol::serial::Serial;
use protocol::session::numbering::Arrival;
use protocol::time::Time;
use protocol::wire::{
    self, ClockAck, Close, Code, Control, ControlHeader, Datagram, DecodeError, Hello, Message, Retry,
    Welcome,
};

pub use admission::{Keys, SessionLimits};
pub use counters::Counters;
pub use directory::Directory;
pub use handover::{Handover, Path, Publication, Timing, Worth};
pub use outbox::Transmit;

use admission::{Caller, Gate};
use channel::Channels;
use grid::{coarse, on_grid};
use memory::Memory;
use outbox::Outbox;
use session::{Role, Session};
use sessions::{Sessions, Slot};
use viewer::Viewer;

/// How often expired frames and channels are looked for.
const HOUSEKEEPING: Duration = Duration::from_millis(100);
/// How often it is measured what the viewers of each channel need: their paths change slowly, and all of them are looked at.
const AUDIENCES: Duration = Duration::from_secs(4);
/// Sessions whose time has come that are looked at before the socket is again: a millisecond's work. Thousands may have their leases
/// end at once.
const TIMERS_PER_TURN: usize = 512;
/// Hand-overs that may wait for their worker.
const HANDOVERS_MAX: usize = 1 << 14;

/// What a worker is told at its start.
pub struct Config {
    /// Its number, from 0.
    pub worker: u8,
    /// How many there are.
    pub workers: u8,
    /// Shared by all.
    pub keys: Keys,
    /// Shared by all.
    pub directory: Arc<Directory>,
    /// How many sessions it grants.
    pub limits: SessionLimits,
}

/// What a worker holds, for tests and for `status`: all zero when everybody has left.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Census {
    /// Sessions.
    pub sessions: usize,
    /// Channels: published, or waited for.
    pub channels: usize,
    /// Frames that can be asked for.
    pub frames: usize,
    /// Entries in the timer table.
    pub timers: usize,
}

/// One worker of the broker.
pub struct Broker {
    config: Config,
    random: Random,
    gate: Gate,
    sessions: Sessions,
    channels: Channels,
    timers: BTreeSet<(Time, SessionId)>,
    housekeeping: Option<Time>,
    audiences_due: Time,
    outbox: Outbox,
    handovers: VecDeque<(u8, Handover)>,
    /// When media last came in.
    media_at: Time,
    /// Viewers that were sent a frame and whose HEARTBEAT goes behind it: empty between groups.
    riders: Vec<Slot>,
    /// What may be sent again to all viewers together.
    repair_budget: Budget,
    counters: Counters,
    /// What the viewers that have left said became of their frames.
    viewer_total: protocol::receiver::Counters,
}

impl Broker {
    /// A worker without sessions.
    pub fn new(config: Config, random: Random) -> Self {
        let memory = Memory::of(&config.limits);
        Self {
            config,
            random,
            gate: Gate::default(),
            sessions: Sessions::default(),
            channels: Channels::within(memory),
            timers: BTreeSet::new(),
            housekeeping: None,
            audiences_due: Time::ZERO,
            outbox: Outbox::default(),
            handovers: VecDeque::new(),
            media_at: Time::ZERO,
            riders: Vec::new(),
            repair_budget: Budget::of_all(Time::ZERO),
            counters: Counters::default(),
            viewer_total: protocol::receiver::Counters::default(),
        }
    }

    /// Cumulative counters.
    pub const fn counters(&self) -> Counters {
        Counters {
            dropped_urgent_full: self.outbox.dropped_urgent(),
            dropped_overdue: self.outbox.dropped_overdue(),
            frames_forgotten: self.channels.memory.forgotten(),
            ..self.counters
        }
    }

    /// What the viewers that have left said became of their frames.
    pub const fn viewer_total(&self) -> &protocol::receiver::Counters {
        &self.viewer_total
    }

    /// When media last came in, from a producer or another worker.
    pub const fn media_at(&self) -> Time {
        self.media_at
    }

    /// What it holds now.
    pub fn census(&self) -> Census {
        let (channels, frames) = self.channels.census();
        Census { sessions: self.sessions.len(), channels, frames, timers: self.timers.len() }
    }

    /// Whether nothing is left of any peer.
    pub fn is_empty(&self) -> bool {
        let peers = self.sessions.is_empty() && self.gate.is_empty();
        peers && self.channels.is_empty() && self.timers.is_empty() && self.outbox.is_empty()
    }

    /// Takes in a datagram.
    pub fn handle_datagram(&mut self, now: Time, path: Path, datagram: &[u8]) {
        self.counters.received += 1;
        if let Some((_, session)) = wire::peek_session(datagram)
            && session != SessionId::NONE
            && self.is_elsewhere(session)
        {
            self.hand_over_datagram(session.worker(), path, datagram);
            return;
        }
        match wire::decode(datagram) {
            Ok(Datagram::Data(header, payload)) => {
                self.media_at = now;
                self.handle_data(now, path, datagram, &header, payload);
            }
            Ok(Datagram::Control(control)) => self.handle_control(now, path, datagram, &control),
            Ok(Datagram::Unknown(_)) => self.counters.dropped_unknown_event += 1,
            Err(fault) => {
                self.counters.dropped_malformed += 1;
                if matches!(fault, DecodeError::Version { .. }) && wire::wants_versions(datagram) {
                    self.send_versions(path);
                }
            }
        }
    }

    fn is_elsewhere(&self, session: SessionId) -> bool {
        session.worker() != self.config.worker && session.worker() < self.config.workers
    }

    fn hand_over_datagram(&mut self, worker: u8, path: Path, datagram: &[u8]) {
        self.hand_over(worker, Handover::Datagram { path, bytes: Bytes::copy_from_slice(datagram) });
    }

    fn hand_over(&mut self, worker: u8, message: Handover) {
        if self.handovers.len() >= HANDOVERS_MAX && message.worth() != Worth::Lasting {
            self.counters.dropped_handover += 1;
            return;
        }
        self.handovers.push_back((worker, message));
    }

    fn hand_over_to_all(&mut self, message: &Handover) {
        let own = self.config.worker;
        for worker in (0..self.config.workers).filter(|worker| *worker != own) {
            self.hand_over(worker, message.clone());
        }
    }

    /// Takes in a message from another worker.
    pub fn handle_handover(&mut self, now: Time, message: Handover) {
        match message {
            Handover::Datagram { path, bytes } => self.handle_datagram(now, path, &bytes),
            Handover::Up { publication, over } => {
                // Of two lives that begin at two workers, the word of the former may come last.
                if !self.config.directory.is_superseded(publication.producer, publication.tag) {
                    self.put_up(now, publication, over);
                }
            }
            Handover::Frame { tag: _, slab } => {
                self.media_at = now;
                self.fan_out(now, &slab);
            }
            Handover::Gap { producer, tag, stream, from, to, reason } => {
                let key = protocol::id::TrackKey { producer, stream, tag };
                self.fan_out_gap(now, key, (from, to), reason);
            }
            Handover::Timing { producer, tag, timing } => self.channels.set_timing(producer, tag, timing),
            Handover::Down { producer, tag, reason } => self.take_down(now, producer, tag, reason),
            Handover::Supersede { session, code } => self.supersede(now, session, code),
        }
    }

    /// A hand-over that its worker's queue did not take.
    pub fn note_handover_dropped(&mut self) {
        self.counters.dropped_handover += 1;
    }

    fn handle_control(&mut self, now: Time, path: Path, datagram: &[u8], control: &Control) {
        self.counters.skipped_extensions += u64::from(
            control
                .unknown_extensions
                .saturating_sub(u8::from(control.message.event() == wire::Event::Hello)),
        );
        if let Message::Hello(hello) = &control.message {
            self.handle_hello(now, path, datagram, &control.header, hello);
            return;
        }
        let id = control.header.session;
        let Some(session) = self.sessions.get_mut(&id) else {
            self.counters.dropped_no_session += 1;
            self.send_reset(now, path, id, datagram.len(), &control.message);
            return;
        };
        match session.accept(&control.header) {
            Arrival::Replayed => {
                self.counters.dropped_replayed += 1;
                return;
            }
            Arrival::Newest if session.path.peer != path.peer => {
                self.challenge_path(now, id, path, datagram.len());
            }
            Arrival::Newest => {
                // Of two sessions at one address, the one that speaks has it: a peer that dialled anew may hear from its
                // former session first, and goes on with that.
                if !session.has_address {
                    self.sessions.take_address(id);
                }
            }
            Arrival::Reordered => {}
        }
        if let Some(session) = self.sessions.get_mut(&id) {
            session.heard = now;
            let peer = session.path.peer;
            if !session.has_address && self.sessions.at_address(&peer).is_none() {
                self.sessions.take_address(id);
            }
        }
        self.handle_message(now, id, path, datagram.len(), control);
        self.reschedule(now, id);
    }

    fn handle_message(&mut self, now: Time, id: SessionId, path: Path, len: usize, control: &Control) {
        match &control.message {
            Message::PathResponse(data) => self.handle_path_response(now, id, path, *data),
            Message::PathChallenge(data) => self.answer(now, id, &Message::PathResponse(*data)),
            Message::Close(close) => self.handle_close(now, id, close),
            Message::Clock => {
                let ack = ClockAck { echo: control.header.sent, hold: Duration::ZERO, broker: now };
                self.answer(now, id, &Message::ClockAck(ack));
            }
            _ => match self.sessions.get(&id).map(|session| &session.role) {
                Some(Role::Producer(_)) => self.handle_from_producer(now, id, control),
                Some(Role::Viewer(_) | Role::Probe) => self.handle_from_viewer(now, id, len, control),
                None => {}
            },
        }
    }

    fn answer(&mut self, now: Time, id: SessionId, message: &Message) {
        if let Some(session) = self.sessions.get_mut(&id) {
            let bytes = session.encode(now, message);
            self.outbox.control(session.path, bytes);
        }
    }

    // ---- The handshake (PROTOCOL 4) ----

    fn handle_hello(
        &mut self,
        now: Time,
        path: Path,
        datagram: &[u8],
        header: &ControlHeader,
        hello: &Hello,
    ) {
        if !hello.versions.contains(&VERSION) {
            self.send_versions(path);
            return;
        }
        let caller = Caller { from: path.peer, nonce: &hello.nonce, role: hello.role };
        let valid = hello.cookie.and_then(|cookie| self.config.keys.check_cookie(now, &cookie, &caller));
        let Some(worker) = valid else {
            self.counters.dropped_cookie += u64::from(hello.cookie.is_some());
            self.send_retry(now, path, &caller);
            return;
        };
        if worker != self.config.worker && worker < self.config.workers {
            self.hand_over_datagram(worker, path, datagram);
            return;
        }
        let Some(id) = self.session_for(now, path, hello) else { return };
        self.send_welcome(now, id, header, hello);
        self.take_rider(now, id, path, hello);
        self.reschedule(now, id);
    }

    fn send_retry(&mut self, now: Time, path: Path, caller: &Caller<'_>) {
        let cookie = self.config.keys.cookie(now, self.config.worker, caller);
        let header = ControlHeader { seq: Serial(1), sent: now.stamp(), ..ControlHeader::default() };
        let retry = Message::Retry(Retry { nonce: *caller.nonce, cookie });
        self.counters.retries += 1;
        self.outbox.control(path, wire::encode(&header, &retry));
    }

    fn send_versions(&mut self, path: Path) {
        self.counters.versions += 1;
        let message = Message::Versions(vec![VERSION]);
        self.outbox.control(path, wire::encode(&ControlHeader::default(), &message));
    }

    /// A message of a session that this worker does not know: its peer learns that it is gone, by fewer bytes than it
    /// sent. A CLOSE is not worth an answer.
    fn send_reset(&mut self, now: Time, path: Path, id: SessionId, len: usize, message: &Message) {
        let farewell = matches!(message, Message::Close(_) | Message::Reset(_) | Message::Versions(_));
        if id == SessionId::NONE || farewell || len < RESET_LEN || !self.gate.admit_reset(now) {
            return;
        }
        self.counters.resets += 1;
        self.outbox.control(path, wire::encode_reset(id, self.config.keys.reset_token(id)));
    }

    /// The session of a caller whose address is validated: the one that its nonce named before, or a new one.
    fn session_for(&mut self, now: Time, path: Path, hello: &Hello) -> Option<SessionId> {
        if let Some(known) = self.sessions.at_address(&path.peer) {
            if self.sessions.get(&known).is_some_and(|session| session.nonce == hello.nonce) {
                return Some(known);
            }
            self.forget_for_successor(now, known);
        }
        let full = self.sessions.len() >= self.config.limits.total;
        if full || !self.gate.enter(path.peer.ip(), &self.config.limits) {
            self.counters.dropped_full += 1;
            return None;
        }
        let id = self.fresh_id();
        let role = match hello.role {
            wire::Role::Producer => Role::Producer(Box::new(ingest::Ingest::new(now))),
            wire::Role::Viewer => Role::Viewer(Box::new(Viewer::new(now, self.config.limits.thins))),
            wire::Role::Probe => Role::Probe,
        };
        self.sessions.insert(id, Session::new(now, id, path, hello.nonce, role));
        self.sessions.take_address(id);
        self.counters.sessions_opened += 1;
        tracing::debug!(peer = %path.peer, role = ?hello.role, "session opened");
        Some(id)
    }

    /// The peer has forgotten this session and dials anew. What it published goes on until it announces itself again, or
    /// the lease is over.
    fn forget_for_successor(&mut self, now: Time, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else { return };
        if matches!(&session.role, Role::Producer(ingest) if ingest.publishing.is_some()) {
            self.sessions.leave_address(id);
        } else {
            self.end_session(now, id, None);
        }
    }

    fn fresh_id(&mut self) -> SessionId {
        loop {
            let id = SessionId(self.random.u64() & !0xFF | u64::from(self.config.worker));
            if id != SessionId::NONE && !self.sessions.contains_key(&id) {
                return id;
            }
        }
    }

    fn send_welcome(&mut self, now: Time, id: SessionId, header: &ControlHeader, hello: &Hello) {
        let welcome = Message::Welcome(Welcome {
            nonce: hello.nonce,
            version: VERSION,
            echo: header.sent,
            hold: Duration::ZERO,
            broker_time: now,
            lease: LEASE,
            feedback: FEEDBACK_INTERVAL,
            frame_max: FRAME_LEN_MAX,
            datagram_max: u16::try_from(DATAGRAM_LEN_MAX).unwrap_or(u16::MAX),
            subscriptions_max: u16::try_from(SUBSCRIPTIONS_MAX).unwrap_or(u16::MAX),
            reset_token: self.config.keys.reset_token(id),
        });
        self.answer(now, id, &welcome);
    }

    /// The SUBSCRIBE that rode in the HELLO is the first message of the session.
    fn take_rider(&mut self, now: Time, id: SessionId, path: Path, hello: &Hello) {
        let Ok(Datagram::Control(rider)) = wire::decode(&hello.rider) else { return };
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let fresh = session.accept(&rider.header) != Arrival::Replayed;
        if fresh && matches!(rider.message, Message::Subscribe(_)) {
            self.handle_message(now, id, path, hello.rider.len(), &rider);
        }
    }

    // ---- Ends ----

    fn handle_close(&mut self, now: Time, id: SessionId, close: &Close) {
        if let Some(session) = self.sessions.get(&id) {
            tracing::debug!(peer = %session.path.peer, code = close.code.name(), "the peer closed its session");
        }
        self.end_session(now, id, None);
    }

    /// Ends a session; with `farewell` the peer is told.
    fn end_session(&mut self, now: Time, id: SessionId, farewell: Option<(Code, &str)>) {
        let Some(mut session) = self.sessions.remove(&id) else { return };
        if let Some(timer) = session.timer.take() {
            self.timers.remove(&(timer, id));
        }
        self.gate.leave(session.path.peer.ip());
        let last = match &mut session.role {
            Role::Viewer(viewer) => viewer.last_frames(now),
            Role::Producer(_) | Role::Probe => Vec::new(),
        };
        if let Some((code, reason)) = farewell {
            let named: Vec<ProducerId> = last.iter().map(|last| last.producer).collect();
            let close = Close { last, ..Close::new(code, reason) };
            let bytes = session.encode(now, &Message::Close(close));
            // Behind the frames that it names as the last ones.
            let about = named.into_iter();
            self.outbox.behind(session.path, bytes, about);
        }
        match session.role {
            Role::Producer(mut ingest) => {
                if let Some(publication) = ingest.retire() {
                    self.retire_publication(now, id, &publication, Code::ProducerLost);
                }
            }
            Role::Viewer(viewer) => self.retire_viewer(id, session.path, &viewer),
            Role::Probe => {}
        }
    }

    /// Says goodbye to everybody: the broker stops.
    pub fn shut_down(&mut self, now: Time) {
        self.unfold(now);
        let ids: Vec<SessionId> = self.sessions.ids().collect();
        // Viewers first: the end of their producers is no news for them any more.
        let (viewers, others): (Vec<_>, Vec<_>) = ids.into_iter().partition(|id| {
            self.sessions.get(id).is_some_and(|session| matches!(session.role, Role::Viewer(_)))
        });
        for id in viewers.into_iter().chain(others) {
            self.end_session(now, id, Some((Code::Shutdown, "the broker is shutting down")));
        }
    }

    // ---- Time ----

    /// Puts a session where its next timer is.
    fn reschedule(&mut self, now: Time, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let own = match &mut session.role {
            Role::Producer(ingest) => ingest.poll_timeout(now),
            Role::Viewer(viewer) => viewer.poll_timeout(now),
            Role::Probe => None,
        };
        let lease = coarse(now, session.lease_ends());
        let due = own.map_or(lease, |due| due.min(lease));
        // A timer that fires before its time does no harm: one that moved back stays where it is and is looked at then.
        // The lease moves back with every message.
        if session.timer.is_some_and(|timer| timer <= due) {
            return;
        }
        if let Some(before) = session.timer.replace(due) {
            self.timers.remove(&(before, id));
        }
        self.timers.insert((due, id));
    }

    /// Lets time pass. Where very much is due at once some of it stays so: then [`Broker::poll_timeout`] is not after `now`.
    pub fn handle_timeout(&mut self, now: Time) {
        for _ in 0..TIMERS_PER_TURN {
            let Some(timer) = self.timers.first().copied().filter(|(due, _)| *due <= now) else { break };
            self.timers.remove(&timer);
            let (_, id) = timer;
            let Some(session) = self.sessions.get_mut(&id) else { continue };
            session.timer = None;
            if now >= session.lease_ends() {
                self.counters.sessions_idle += 1;
                self.end_session(now, id, Some((Code::Idle, "nothing was heard for 15 s")));
                continue;
            }
            match session.role {
                Role::Producer(_) => self.tick_ingest(now, id),
                Role::Viewer(_) => self.tick_viewer(now, id),
                Role::Probe => {}
            }
            self.reschedule_after(now, id);
        }
        if self.housekeeping.is_none_or(|due| now >= due) {
            self.channels.expire(now);
            if now >= self.audiences_due {
                self.measure_audiences();
                self.audiences_due = now + AUDIENCES;
            }
            self.housekeeping = (!self.channels.is_empty()).then(|| on_grid(now + HOUSEKEEPING));
        }
    }

    /// A timer that fired is never set to the same moment again: the clock has to move on.
    fn reschedule_after(&mut self, now: Time, id: SessionId) {
        self.reschedule(now, id);
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let Some(due) = session.timer.filter(|due| *due <= now) else { return };
        self.timers.remove(&(due, id));
        let next = now + Duration::from_millis(1);
        session.timer = Some(next);
        self.timers.insert((next, id));
    }

    /// When [`Broker::handle_timeout`] has something to do.
    pub fn poll_timeout(&self) -> Option<Time> {
        let timer = self.timers.first().map(|(due, _)| *due);
        let housekeeping = match self.housekeeping {
            None if !self.channels.is_empty() => Some(Time::ZERO),
            due => due,
        };
        timer.into_iter().chain(housekeeping).min()
    }

    /// The next message to another worker, and its number.
    pub fn poll_handover(&mut self) -> Option<(u8, Handover)> {
        self.handovers.pop_front()
    }
}

#[cfg(test)]
mod tests;
