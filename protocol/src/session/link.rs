//! The dialling end of a session: HELLO until WELCOME, silence, resets, and HELLO again (PROTOCOL 4).
//!
//! Producers and clients own one `Link` each. It never gives up: while no session stands it says HELLO, and while one
//! stands it notices when the broker has forgotten it.

use std::time::Duration;

use bytes::Bytes;

use crate::clock::{BrokerClock, Estimate, Probes, RoundTrip};
use crate::id::{ProducerId, SessionId, StreamId};
use crate::limits::{COOKIE_LEN, TOKEN_LEN, VERSION};
use crate::random::{Random, same_token};
use crate::serial::Serial;
use crate::time::{Stamp, Time, micros};
use crate::wire::{self, Close, Code, Control, ControlHeader, Heartbeat, Hello, Message, Role, Welcome};

use super::numbering::{Arrival, Outbound, ReplayWindow};
use super::rtt::Rtt;

/// The first repeat of a HELLO comes after this; each next one x 1.5 later, +- 20 %.
const HELLO_FIRST: Duration = Duration::from_millis(250);
/// HELLOs come no further apart than this at first, so that a network that is back is noticed within half a second.
const HELLO_EAGER: Duration = Duration::from_millis(350);
/// So long: most blackouts and restarts are over by then.
const EAGER_FOR: Duration = Duration::from_secs(15);
/// HELLOs never come further apart than this.
const HELLO_MAX: Duration = Duration::from_secs(1);
/// A broker that owes an answer for this long is dialled again, while the session still stands.
const SILENCE_REDIAL: Duration = Duration::from_secs(1);
/// A broker that owes an answer for this long has lost the session.
const SILENCE_DOWN: Duration = Duration::from_secs(2);
/// After the broker's CLOSE the first HELLO waits this long: it may be restarting.
const CLOSED_PAUSE: Duration = Duration::from_millis(200);

/// What lay longer than this before it was echoed is no round trip for the clock: reports of calm paths lie up to 2 s.
const ECHO_HOLD_MAX: Duration = Duration::from_secs(5);

/// The dialling end of a session.
#[derive(Clone)]
pub struct Link {
    role: Role,
    rtt: Rtt,
    /// It outlives sessions: a round trip that contradicts it begins it anew.
    clock: BrokerClock,
    dial: Option<Dial>,
    session: Option<Session>,
    /// Since when the broker owes an answer.
    owed_since: Option<Time>,
    /// When to dial again after the broker ended the session.
    redial_at: Time,
    replayed: u64,
    foreign: u64,
}

#[derive(Clone)]
struct Dial {
    nonce: [u8; TOKEN_LEN],
    cookie: Option<[u8; COOKIE_LEN]>,
    rider: Bytes,
    attempt: u32,
    due: Time,
    interval: Duration,
    since: Time,
}

#[derive(Clone)]
struct Session {
    outbound: Outbound,
    window: ReplayWindow,
    reset_token: [u8; TOKEN_LEN],
    limits: Limits,
    probes: Probes,
}

/// What the broker's WELCOME allows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// The idle FEEDBACK interval.
    pub feedback: Duration,
    /// The largest frame, bytes.
    pub frame_max: u32,
    /// The largest datagram, bytes.
    pub datagram_max: u16,
}

/// What a control message did to the link.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LinkInput {
    /// A session stands; `rtt` is the first sample.
    Up {
        /// From HELLO to WELCOME, less the broker's hold.
        rtt: Duration,
    },
    /// The broker ended or forgot the session.
    Down {
        /// For a person.
        reason: String,
        /// `Ok` where the broker forgot it, else its CLOSE code.
        code: Code,
    },
    /// A message of the session for the owner of the link.
    Message(Arrival),
    /// The answer to a PATH_CHALLENGE: send it.
    Respond(Bytes),
    /// Part of the handshake, or dropped and counted.
    Nothing,
}

impl Link {
    /// A link that dials at once.
    pub fn new(role: Role, now: Time, random: &mut Random) -> Self {
        let dial = Some(Dial::start(now, random));
        Self {
            role,
            rtt: Rtt::default(),
            clock: BrokerClock::default(),
            dial,
            session: None,
            owed_since: None,
            redial_at: now,
            replayed: 0,
            foreign: 0,
        }
    }

    /// What this end is.
    pub const fn role(&self) -> Role {
        self.role
    }

    /// Whether a session stands.
    pub const fn is_up(&self) -> bool {
        self.session.is_some()
    }

    /// The session's id, [`SessionId::NONE`] while there is none.
    pub fn session(&self) -> SessionId {
        self.session.as_ref().map_or(SessionId::NONE, |session| session.outbound.session())
    }

    /// The limits of the session.
    pub fn limits(&self) -> Option<Limits> {
        self.session.as_ref().map(|session| session.limits)
    }

    /// The round-trip time.
    pub const fn rtt(&self) -> &Rtt {
        &self.rtt
    }

    /// What is known of the broker's clock.
    pub const fn broker_clock(&self) -> Option<&Estimate> {
        self.clock.estimate()
    }

    /// Dropped messages: replayed, and of other sessions.
    pub const fn drops(&self) -> (u64, u64) {
        (self.replayed, self.foreign)
    }

    /// Whether the broker owes an answer: then reports go out at their fastest.
    pub const fn is_owed(&self) -> bool {
        self.owed_since.is_some()
    }

    /// The header of the next message, while a session stands. `wants_answer`: a broker that stays silent after it
    /// is gone.
    pub fn header(
        &mut self,
        now: Time,
        producer: ProducerId,
        stream: StreamId,
        wants_answer: bool,
    ) -> Option<ControlHeader> {
        let session = self.session.as_mut()?;
        if wants_answer {
            self.owed_since.get_or_insert(now);
        }
        Some(session.outbound.header(now, producer, stream))
    }

    /// Something valid of this session came (DATA does not pass through [`Link::handle`]).
    pub fn heard(&mut self) {
        self.owed_since = None;
        if self.session.is_some() {
            self.dial = None;
        }
    }

    /// Takes in a control message.
    pub fn handle(&mut self, now: Time, control: &Control) -> LinkInput {
        match &control.message {
            Message::Retry(retry) => {
                if let Some(dial) = self.dial.as_mut().filter(|dial| same_token(&dial.nonce, &retry.nonce)) {
                    // Only the first cookie counts: a second one could lead to a second session.
                    if dial.cookie.is_none() {
                        dial.cookie = Some(retry.cookie);
                        // Somebody is there: what is lost from here on is tried again soon.
                        (dial.due, dial.interval) = (now, HELLO_FIRST);
                    }
                }
                LinkInput::Nothing
            }
            Message::Welcome(welcome) => self.handle_welcome(now, control.header.session, welcome),
            Message::Reset(token) => self.handle_reset(control.header.session, token, now),
            Message::Versions(_) => LinkInput::Nothing,
            _ => self.handle_in_session(now, control),
        }
    }

    fn handle_welcome(&mut self, now: Time, id: SessionId, welcome: &Welcome) -> LinkInput {
        let Some(dial) = self.dial.as_ref().filter(|dial| same_token(&dial.nonce, &welcome.nonce)) else {
            return LinkInput::Nothing;
        };
        let rtt = now.stamp().since(welcome.echo).saturating_sub(welcome.hold);
        let first = if dial.rider.is_empty() { 1 } else { 2 };
        let limits = Limits {
            feedback: welcome.feedback,
            frame_max: welcome.frame_max,
            datagram_max: welcome.datagram_max,
        };
        self.session = Some(Session {
            outbound: Outbound::new(id, first),
            window: ReplayWindow::default(),
            reset_token: welcome.reset_token,
            limits,
            probes: Probes::start(now),
        });
        self.note_clock(now, welcome.echo, (welcome.broker_time, welcome.hold));
        self.rtt = Rtt::default();
        self.rtt.sample(rtt);
        self.dial = None;
        self.owed_since = None;
        LinkInput::Up { rtt }
    }

    fn handle_reset(&mut self, id: SessionId, token: &[u8], now: Time) -> LinkInput {
        let known = self.session.as_ref().is_some_and(|session| {
            session.outbound.session() == id && same_token(&session.reset_token, token)
        });
        if !known {
            self.foreign += 1;
            return LinkInput::Nothing;
        }
        self.end_session(now);
        LinkInput::Down { reason: "the broker was restarted".to_owned(), code: Code::Ok }
    }

    fn handle_in_session(&mut self, now: Time, control: &Control) -> LinkInput {
        let Some(session) =
            self.session.as_mut().filter(|session| session.outbound.session() == control.header.session)
        else {
            self.foreign += 1;
            return LinkInput::Nothing;
        };
        let arrival = session.window.accept(control.header.seq);
        if arrival == Arrival::Replayed {
            self.replayed += 1;
            return LinkInput::Nothing;
        }
        self.heard();
        match &control.message {
            Message::Close(close) => self.handle_close(now, close),
            Message::PathChallenge(data) => {
                let header = self.header(now, ProducerId::NONE, StreamId::ALL, false);
                header.map_or(LinkInput::Nothing, |header| {
                    LinkInput::Respond(wire::encode(&header, &Message::PathResponse(*data)))
                })
            }
            Message::ClockAck(ack) => {
                self.note_clock(now, ack.echo, (ack.broker, ack.hold));
                LinkInput::Nothing
            }
            Message::Heartbeat(heartbeat) => {
                self.note_answer(now, control.header.sent, heartbeat);
                LinkInput::Message(arrival)
            }
            _ => LinkInput::Message(arrival),
        }
    }

    /// A HEARTBEAT that echoes something sent from here is a round trip of the clock: its own send time says what the broker's
    /// clock showed.
    fn note_answer(&mut self, now: Time, answered: Stamp, heartbeat: &Heartbeat) {
        let Some((echo, hold)) = heartbeat.echo.filter(|(_, hold)| *hold <= ECHO_HOLD_MAX) else { return };
        let (Some(estimate), Some(session)) = (self.clock.estimate(), self.session.as_mut()) else { return };
        let here = now.as_micros().saturating_add_signed(estimate.offset_us(now));
        let broker = answered.widen(Time::from_micros(here));
        if session.probes.admit_answer(now, hold) {
            self.note_clock(now, echo, (broker, hold));
        }
    }

    /// The broker's clock showed `broker` when it answered what was sent at `echo`.
    fn note_clock(&mut self, now: Time, echo: Stamp, (broker, hold): (Time, Duration)) {
        let sent = now.before(now.stamp().since(echo));
        self.clock.sample(&RoundTrip { sent, arrived: now, broker, hold });
    }

    fn handle_close(&mut self, now: Time, close: &Close) -> LinkInput {
        self.end_session(now + CLOSED_PAUSE);
        let reason = if close.reason.as_str().is_empty() {
            format!("the broker closed the session: {}", close.code)
        } else {
            format!("the broker closed the session: {}", close.reason)
        };
        LinkInput::Down { reason, code: close.code }
    }

    fn end_session(&mut self, redial_at: Time) {
        self.session = None;
        self.owed_since = None;
        self.dial = None;
        self.redial_at = redial_at;
    }

    /// Lets time pass; says when the session was lost to silence.
    pub fn handle_timeout(&mut self, now: Time, random: &mut Random) -> Option<LinkInput> {
        if self.session.is_none() {
            if now >= self.redial_at {
                self.dial.get_or_insert_with(|| Dial::start(now, random));
            }
            return None;
        }
        let worn_out = self.session.as_ref().is_some_and(|session| session.outbound.is_exhausted());
        let silent = self.owed_since.map_or(Duration::ZERO, |since| now.since(since));
        if silent >= SILENCE_REDIAL || worn_out {
            self.dial.get_or_insert_with(|| Dial::start(now, random));
        }
        if silent < SILENCE_DOWN {
            return None;
        }
        self.session = None;
        self.owed_since = None;
        Some(LinkInput::Down { reason: "the broker does not answer".to_owned(), code: Code::Ok })
    }

    /// The next HELLO, if one is due. `rider` gives a complete SUBSCRIBE for the HELLO that carries a cookie.
    pub fn poll_hello(
        &mut self,
        now: Time,
        random: &mut Random,
        rider: impl FnOnce(&ControlHeader) -> Option<Bytes>,
    ) -> Option<Bytes> {
        let dial = self.dial.as_mut().filter(|dial| now >= dial.due)?;
        let seq = Serial(1);
        let header = ControlHeader {
            producer: ProducerId::NONE,
            stream: StreamId::ALL,
            flags: 0,
            session: SessionId::NONE,
            seq,
            sent: now.stamp(),
        };
        if dial.cookie.is_some() && dial.rider.is_empty() {
            dial.rider = rider(&header).unwrap_or_default();
        }
        if dial.attempt >= STALE_COOKIE_ATTEMPTS {
            *dial = Dial { interval: dial.interval, since: dial.since, ..Dial::start(now, random) };
        }
        dial.attempt += 1;
        let hello = Hello {
            role: self.role,
            versions: vec![VERSION],
            nonce: dial.nonce,
            cookie: dial.cookie,
            rider: if dial.cookie.is_some() { dial.rider.clone() } else { Bytes::new() },
        };
        let header = ControlHeader { seq: Serial(dial.attempt), ..header };
        dial.schedule_next(now, random);
        Some(wire::encode(&header, &Message::Hello(hello)))
    }

    /// The next CLOCK, if one is due. Its answer may be lost: nobody is taken for gone over it.
    pub fn poll_clock(&mut self, now: Time) -> Option<Bytes> {
        let error = self.clock.estimate().map(|estimate| estimate.error(now));
        let probes = &mut self.session.as_mut().filter(|_| self.role != Role::Probe)?.probes;
        if !probes.fire(now, error) {
            return None;
        }
        let header = self.header(now, ProducerId::NONE, StreamId::ALL, false)?;
        Some(wire::encode(&header, &Message::Clock))
    }

    /// When [`Link::poll_clock`] has something to do.
    pub fn clock_due(&self) -> Option<Time> {
        self.session.as_ref().filter(|_| self.role != Role::Probe).map(|session| session.probes.due())
    }

    /// When [`Link::handle_timeout`] or [`Link::poll_hello`] has something to do.
    pub fn poll_timeout(&self) -> Option<Time> {
        let redial = self.redial_at;
        let hello = match &self.dial {
            Some(dial) => Some(dial.due),
            None => self.session.is_none().then_some(redial),
        };
        let silence = self
            .owed_since
            .filter(|_| self.session.is_some())
            .map(|since| since + if self.dial.is_some() { SILENCE_DOWN } else { SILENCE_REDIAL });
        hello.into_iter().chain(silence).min()
    }

    /// Ends the session: the CLOSEs to send, none where no session stands. The link is of no use afterwards.
    pub fn close(&mut self, now: Time, close: Close) -> Vec<Bytes> {
        self.dial = None;
        let message = Message::Close(close);
        let copies = (0..CLOSE_COPIES).filter_map(|_| {
            let header = self.header(now, ProducerId::NONE, StreamId::ALL, false)?;
            Some(wire::encode(&header, &message))
        });
        let copies = copies.collect();
        self.session = None;
        copies
    }
}

/// CLOSE is not acknowledged: it goes out this often, each with a number of its own.
const CLOSE_COPIES: usize = 3;
/// HELLOs with one nonce and cookie; then a fresh one, since the broker may have other keys by now.
const STALE_COOKIE_ATTEMPTS: u32 = 4;

impl Dial {
    fn start(now: Time, random: &mut Random) -> Self {
        Self {
            nonce: random.token(),
            cookie: None,
            rider: Bytes::new(),
            attempt: 0,
            due: now,
            interval: HELLO_FIRST,
            since: now,
        }
    }

    fn schedule_next(&mut self, now: Time, random: &mut Random) {
        let jitter = Duration::from_micros(random.u64() % (micros(self.interval) * 2 / 5).max(1));
        self.due = now + self.interval * 4 / 5 + jitter;
        let most = if now.since(self.since) < EAGER_FOR { HELLO_EAGER } else { HELLO_MAX };
        self.interval = (self.interval * 3 / 2).min(most);
    }
}

#[cfg(test)]
mod tests;
