//! The client without a socket or a clock: subscriptions that survive everything, frames whole and in order.
//!
//! ```text
//! subscribe, unsubscribe, list ─┐              ┌─> poll_transmit   datagrams for the broker
//! handle_datagram ──────────────┼─> Client ────┼─> poll_event      answers, events, frames
//! handle_timeout ───────────────┘              └─> poll_timeout    when to call handle_timeout
//! ```
//!
//! After each call drain `poll_transmit` and `poll_event`. Calling `handle_timeout` early does no harm.

mod catalog;
mod early;
pub mod event;
mod grant;
mod lives;
mod rates;
mod retiring;
mod stream;
mod subscription;
mod view;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use protocol::few::Few;
use protocol::id::{ProducerId, StreamId, Target, TrackKey};
use protocol::limits::LATENCY_MIN;
use protocol::queue::take_first;
use protocol::random::Random;
use protocol::receiver::{self, DataOutcome, Receiver};
use protocol::session::link::{Link, LinkInput};
use protocol::session::request::{Repeat, RequestNumbers};
use protocol::time::{Stamp, Time};
use protocol::wire::{
    self, Close, Code, Control, ControlHeader, DataFlags, DataHeader, Datagram, Heartbeat, Label, Message,
    Role, Skip, Start, Subscribe, TrackKind, Unsubscribe,
};

use catalog::CatalogQuery;
use early::Early;
use event::{Event, Frame};
use lives::Standing;
use retiring::Retiring;
use stream::Stream;
use subscription::{State, Subscription};

/// The client.
pub struct Client {
    broker: SocketAddr,
    link: Link,
    random: Random,
    receiver: Receiver,
    subscriptions: Few<Target, Subscription>,
    tracks: Few<TrackKey, TrackFacts>,
    streams: Few<(ProducerId, StreamId), Stream>,
    /// Tracks that end.
    retiring: Few<TrackKey, Retiring>,
    /// When the final figures are told again.
    tell_again: Option<Time>,
    /// The newest FEEDBACK that the broker has echoed.
    echoed: Option<Stamp>,
    early: Early,
    catalog: Option<CatalogQuery>,
    requests: RequestNumbers,
    was_up: bool,
    closing: Option<Time>,
    closed: bool,
    events: VecDeque<Event>,
    out: VecDeque<Bytes>,
    sent: u64,
    drops: Drops,
}

/// What is known of an open track besides its frames.
struct TrackFacts {
    kind: TrackKind,
    extension: Label,
    epoch: u64,
}

/// Datagrams that were dropped, by reason.
#[derive(Clone, Copy, Default)]
struct Drops {
    foreign: u64,
    malformed: u64,
    unknown_event: u64,
    unexpected: u64,
    conflicting: u64,
    stale: u64,
    /// Frames that came again when a subscription was renewed, and those of a life that came back which may be older than what
    /// was shown, or need such a one.
    repeated: u64,
}

impl Client {
    /// A client that dials `broker` at once. `role` is viewer, or probe for one that only asks.
    pub fn new(now: Time, broker: SocketAddr, role: Role, mut random: Random) -> Self {
        Self {
            broker,
            link: Link::new(role, now, &mut random),
            random,
            receiver: Receiver::default(),
            subscriptions: Few::default(),
            tracks: Few::default(),
            streams: Few::default(),
            retiring: Few::default(),
            tell_again: None,
            echoed: None,
            early: Early::default(),
            catalog: None,
            requests: RequestNumbers::default(),
            was_up: false,
            closing: None,
            closed: false,
            events: VecDeque::new(),
            out: VecDeque::new(),
            sent: 0,
            drops: Drops::default(),
        }
    }

    // ---- Commands ----

    /// Subscribes, or changes the latency of a subscription. The broker's answer comes as an event.
    pub fn subscribe(&mut self, now: Time, target: Target, latency: Duration) {
        let req = self.requests.next_number();
        let state = State::Asking(Repeat::start(now, self.link.rtt()));
        let former = self.subscriptions.remove(&target);
        // The tracks of a subscription that is asked for again stay open: the broker will name them again.
        for key in former.iter().flat_map(Subscription::tracks) {
            let until = now + latency.max(LATENCY_MIN) * 4;
            self.retiring.insert(*key, Retiring { until, told: None, cut: false });
        }
        let asked = former.map_or(now, |former| former.asked);
        self.subscriptions.insert(
            target,
            Subscription {
                wanted: latency,
                latency,
                req,
                state,
                asked,
                answered: false,
                played: false,
                told: None,
            },
        );
        self.poll_requests(now);
    }

    /// Ends a subscription. Where there is none, the answer comes at once.
    pub fn unsubscribe(&mut self, now: Time, target: Target) {
        let req = self.requests.next_number();
        let repeat = Repeat::start(now, self.link.rtt());
        let Some(subscription) = self.subscriptions.get_mut(&target).filter(|one| !one.is_leaving()) else {
            self.events.push_back(Event::Unsubscribed { target, status: Code::NoSuchStream });
            return;
        };
        let tracks = subscription.tracks().to_vec();
        subscription.req = req;
        subscription.state = State::Leaving { repeat, tracks };
        if !self.link.is_up() {
            // Nobody sends anything: there is nothing to wait for.
            self.leave(now, target, Code::Ok, &[]);
        }
        self.poll_requests(now);
    }

    /// The subscriptions that stand.
    pub fn targets(&self) -> impl Iterator<Item = Target> {
        self.subscriptions.iter().filter(|(_, one)| !one.is_leaving()).map(|(target, _)| *target)
    }

    /// Asks for the catalog.
    pub fn list(&mut self, now: Time) {
        self.catalog = Some(CatalogQuery::start(now, self.link.rtt(), &mut self.requests));
        self.poll_requests(now);
    }

    /// Ends all subscriptions, settles their frames, says goodbye: [`Client::is_closed`] then, after `limit` at the
    /// latest; a second call can only shorten it.
    pub fn shut_down(&mut self, now: Time, limit: Duration) {
        if let Some(closing) = &mut self.closing {
            *closing = (*closing).min(now + limit);
            return;
        }
        self.closing = Some(now + limit);
        let targets: Vec<Target> = self.targets().collect();
        for target in targets {
            self.unsubscribe(now, target);
        }
        self.settle(now);
    }

    /// Whether goodbye is said, or there was nobody to say it to.
    pub const fn is_closed(&self) -> bool {
        self.closed
    }

    /// Whether a session stands.
    pub const fn is_up(&self) -> bool {
        self.link.is_up()
    }

    // ---- Input ----

    /// Takes in a datagram.
    pub fn handle_datagram(&mut self, now: Time, from: SocketAddr, datagram: &[u8]) {
        if from != self.broker {
            self.drops.foreign += 1;
            return;
        }
        match wire::decode(datagram) {
            Ok(Datagram::Data(header, payload)) => self.handle_data(now, datagram, &header, payload),
            Ok(Datagram::Control(control)) => self.handle_control(now, &control),
            Ok(Datagram::Unknown(_)) => self.drops.unknown_event += 1,
            Err(_) => self.drops.malformed += 1,
        }
        self.settle(now);
    }

    fn handle_data(&mut self, now: Time, datagram: &[u8], header: &DataHeader, payload: &[u8]) {
        match self.receiver.handle_data(now, header, payload) {
            DataOutcome::UnknownTrack => self.early.hold(now, datagram),
            DataOutcome::Stored | DataOutcome::Whole | DataOutcome::Duplicate | DataOutcome::Parity => {
                self.link.heard();
            }
            DataOutcome::Stale => self.drops.stale += 1,
            DataOutcome::Conflict | DataOutcome::Corrupt => self.drops.conflicting += 1,
        }
    }

    fn handle_control(&mut self, now: Time, control: &Control) {
        match self.link.handle(now, control) {
            LinkInput::Nothing => {}
            LinkInput::Respond(bytes) => self.push(bytes),
            LinkInput::Up { rtt } => self.begin_session(now, rtt),
            LinkInput::Down { reason, .. } => {
                if let Message::Close(close) = &control.message {
                    for last in &close.last {
                        self.finish(now, last.producer, &[last.last]);
                    }
                }
                self.lose_session(now, reason);
            }
            LinkInput::Message(_) => self.handle_message(now, &control.header, &control.message),
        }
    }

    fn handle_message(&mut self, now: Time, header: &ControlHeader, message: &Message) {
        let target = Target { producer: header.producer, stream: header.stream };
        match message {
            Message::SubscribeAck(ack) => self.handle_subscribe_ack(now, target, header.seq, ack),
            Message::UnsubscribeAck(ack) => self.handle_unsubscribe_ack(now, target, ack),
            Message::CatalogAck(page) => {
                let rtt = *self.link.rtt();
                let whole =
                    self.catalog.as_mut().and_then(|query| query.handle(now, &rtt, &mut self.requests, page));
                if let Some(entries) = whole {
                    self.catalog = None;
                    self.events.push_back(Event::Catalog(entries));
                }
                self.poll_requests(now);
            }
            Message::Heartbeat(heartbeat) => {
                self.echoed = heartbeat.echo.map(|(stamp, _)| stamp).or(self.echoed);
                if self.receiver.handle_heartbeat(now, header.seq, heartbeat) {
                    self.note_thinning(heartbeat);
                }
                for block in &heartbeat.tracks {
                    self.note_clock(now, (block.track.producer, block.track.tag), &block.clock);
                }
            }
            Message::Skip(skip) => self.handle_skip(now, header.producer, skip),
            Message::End(end) => self.handle_end(now, header.producer, header.seq, end),
            _ => self.drops.unexpected += 1,
        }
    }

    /// The broker says how it spares a path that is too slow: news where it changes (PROTOCOL 7.8).
    fn note_thinning(&mut self, heartbeat: &Heartbeat) {
        for block in heartbeat.tracks.iter().filter(|block| self.tracks.contains_key(&block.track)) {
            let (producer, stream) = (block.track.producer, block.track.stream);
            let Some(known) = self.streams.get_mut(&(producer, stream)) else { continue };
            if std::mem::replace(&mut known.thinning, block.thinning) != block.thinning {
                self.events.push_back(Event::Thinned { producer, stream, thinning: block.thinning });
            }
        }
    }

    fn handle_skip(&mut self, now: Time, producer: ProducerId, skip: &Skip) {
        for item in &skip.ranges {
            let key = TrackKey { producer, stream: item.stream, tag: item.tag };
            self.receiver.handle_skip(now, &key, &item.range);
        }
    }

    // ---- Sessions ----

    fn begin_session(&mut self, now: Time, rtt: Duration) {
        let again = std::mem::replace(&mut self.was_up, true);
        self.events.push_back(Event::Connected { broker: self.broker, rtt, again });
        self.receiver.begin_session(now, rtt);
        if let Some(query) = &mut self.catalog {
            query.restart(now, self.link.rtt());
        }
        if again {
            self.resubscribe(now);
        }
        self.poll_requests(now);
    }

    /// A new session knows nothing: everything is asked for again.
    fn resubscribe(&mut self, now: Time) {
        let repeat = Repeat::start(now, self.link.rtt());
        let mut ending = Vec::new();
        let mut left = Vec::new();
        for (target, subscription) in self.subscriptions.iter_mut() {
            ending.extend(subscription.tracks().iter().map(|key| (*key, subscription.latency)));
            if subscription.is_leaving() {
                left.push(*target);
            } else {
                subscription.req = self.requests.next_number();
                subscription.state = State::Asking(repeat);
                // The new session numbers its messages anew.
                subscription.told = None;
            }
        }
        for (key, latency) in ending {
            self.retire(now, key, latency);
        }
        self.retiring.values_mut().for_each(|retiring| retiring.cut = true);
        for target in left {
            self.leave(now, target, Code::Ok, &[]);
        }
    }

    fn lose_session(&mut self, now: Time, reason: String) {
        self.events.push_back(Event::Disconnected { reason });
        self.resubscribe(now);
    }

    // ---- Output ----

    /// Hands out frames, closes tracks that have ended, sends what is due.
    fn settle(&mut self, now: Time) {
        self.drain_receiver(now);
        self.close_retired(now);
        self.poll_feedback(now);
        self.finish_closing(now);
    }

    fn drain_receiver(&mut self, now: Time) {
        while let Some(event) = self.receiver.poll_event() {
            let receiver::Event::Frame { track, slab, .. } = event else { continue };
            let Some(facts) = self.tracks.get(&track) else { continue };
            let (header, delay) = (slab.header(), self.receiver.delay(now, slab.header()));
            let capture = self.receiver.capture(now, header);
            let Some(stream) = self.streams.get_mut(&(track.producer, track.stream)) else { continue };
            let alone = facts.kind != TrackKind::Video || header.flags.contains(DataFlags::KEY);
            if !stream.admit(facts.epoch, header.frame, Standing::of(now, &capture, alone)) {
                self.drops.repeated += 1;
                continue;
            }
            let data = slab.frame();
            stream.note_delivery(now, data.len(), delay);
            stream.age = capture.age;
            self.events.push_back(Event::Frame(Frame {
                producer: track.producer,
                stream: track.stream,
                kind: facts.kind,
                extension: facts.extension,
                epoch: facts.epoch,
                number: header.frame,
                media_time: header.capture,
                captured: capture.at,
                captured_error: capture.age.map(|(_, error)| error),
                play_at: (capture.at + stream.latency).max(now),
                data,
            }));
        }
    }

    fn close_track(&mut self, key: &TrackKey) {
        self.tracks.remove(key);
        let stream = self.streams.get_mut(&(key.producer, key.stream));
        if let (Some(counters), Some(stream)) = (self.receiver.close(key), stream) {
            stream.note_closed(&counters);
        }
    }

    fn poll_feedback(&mut self, now: Time) {
        let reports = self.link.role() == Role::Viewer;
        if reports && self.link.is_up() && now >= self.receiver.feedback_due(self.link.is_owed()) {
            self.send_feedback(now);
        }
    }

    fn send_feedback(&mut self, now: Time) {
        if self.link.is_up() {
            let (feedback, fresh) = self.receiver.feedback(now);
            self.send(now, (ProducerId::NONE, StreamId::ALL), !fresh, &Message::Feedback(feedback));
        }
    }

    fn finish_closing(&mut self, now: Time) {
        let Some(limit) = self.closing.filter(|_| !self.closed) else { return };
        let settled = self.subscriptions.is_empty() && self.retiring.is_empty();
        if !settled && now < limit && self.link.is_up() {
            return;
        }
        if self.link.role() == Role::Viewer {
            self.send_feedback(now);
        }
        for close in self.link.close(now, Close::new(Code::Ok, "")) {
            self.push(close);
        }
        let keys: Vec<TrackKey> = self.receiver.tracks().collect();
        for key in keys {
            self.close_track(&key);
        }
        self.closed = true;
    }

    /// Sends the requests that are due.
    fn poll_requests(&mut self, now: Time) {
        if !self.link.is_up() {
            return;
        }
        let mut due = Vec::new();
        for (target, subscription) in self.subscriptions.iter_mut() {
            if subscription.repeat_mut().is_some_and(|repeat| repeat.fire(now)) {
                let message = if subscription.is_leaving() {
                    Message::Unsubscribe(Unsubscribe { req: subscription.req })
                } else {
                    Message::Subscribe(subscribe_message(subscription))
                };
                due.push((*target, message));
            }
        }
        for (target, message) in due {
            self.send(now, (target.producer, target.stream), true, &message);
        }
        if let Some(request) = self.catalog.as_mut().and_then(|query| query.poll(now)) {
            self.send(now, (ProducerId::NONE, StreamId::ALL), true, &Message::Catalog(request));
        }
    }

    fn send(
        &mut self,
        now: Time,
        (producer, stream): (ProducerId, StreamId),
        wants_answer: bool,
        message: &Message,
    ) {
        if let Some(header) = self.link.header(now, producer, stream, wants_answer) {
            self.push(wire::encode(&header, message));
        }
    }

    fn push(&mut self, bytes: Bytes) {
        self.sent += 1;
        self.out.push_back(bytes);
    }

    // ---- Time ----

    /// Lets time pass.
    pub fn handle_timeout(&mut self, now: Time) {
        if self.closed {
            return;
        }
        if let Some(LinkInput::Down { reason, .. }) = self.link.handle_timeout(now, &mut self.random) {
            self.lose_session(now, reason);
        }
        self.poll_hello(now);
        if let Some(clock) = self.link.poll_clock(now) {
            self.push(clock);
        }
        self.poll_requests(now);
        self.receiver.handle_timeout(now);
        self.settle(now);
    }

    /// The HELLO that is due; the first subscription rides in the one that carries a cookie.
    fn poll_hello(&mut self, now: Time) {
        let rider = self.subscriptions.iter_mut().find(|(_, one)| matches!(one.state, State::Asking(_)));
        let hello = self.link.poll_hello(now, &mut self.random, |header| {
            let (target, subscription) = rider?;
            let header = ControlHeader { producer: target.producer, stream: target.stream, ..*header };
            // The broker's answer comes with its WELCOME; if not, the request is repeated in the session.
            subscription.repeat_mut()?.fire(now);
            Some(wire::encode(&header, &Message::Subscribe(subscribe_message(subscription))))
        });
        if let Some(hello) = hello {
            self.push(hello);
        }
    }

    /// When [`Client::handle_timeout`] has something to do.
    pub fn poll_timeout(&mut self, now: Time) -> Option<Time> {
        if self.closed {
            return None;
        }
        let mut earliest = self.link.poll_timeout();
        let mut consider = |time: Option<Time>| earliest = earliest.into_iter().chain(time).min();
        consider(self.link.clock_due());
        if self.link.is_up() {
            consider(
                Some(self.receiver.poll_timeout(now, self.link.is_owed()))
                    .filter(|_| self.link.role() == Role::Viewer),
            );
            consider(self.subscriptions.values().filter_map(|one| one.repeat().map(Repeat::due)).min());
            consider(self.catalog.as_ref().map(|query| query.repeat.due()));
        } else {
            consider(self.receiver.next_timer(now));
        }
        consider(self.retiring_due());
        consider(self.tell_again);
        consider(self.closing);
        earliest
    }

    /// The next datagram for the broker.
    pub fn poll_transmit(&mut self) -> Option<Bytes> {
        take_first(&mut self.out)
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<Event> {
        take_first(&mut self.events)
    }
}

fn subscribe_message(subscription: &Subscription) -> Subscribe {
    Subscribe {
        req: subscription.req,
        kinds: 0,
        start: Start::CurrentGroup,
        layer_max: u8::MAX,
        parity: 1,
        latency: subscription.wanted,
        rate_max: 0,
    }
}
