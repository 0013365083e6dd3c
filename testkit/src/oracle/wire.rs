//! Checks every datagram that goes out (I7, I8, I11, I12).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::SocketAddr;
use std::time::Duration;

use protocol::id::{ProducerId, SessionId, StreamId};
use protocol::limits::{LATENCY, LATENCY_MAX, PROOF_WAIT};
use protocol::serial::Serial;
use protocol::time::{CaptureTime, Time};
use protocol::wire::{self, DataFlags, DataHeader, Datagram, Event};

use crate::account::{Account, is_any};

/// What a request and its repair wait on their way, the queue of the slowest path included: so much behind its latency a
/// frame may be sent again.
const GRACE: Duration = Duration::from_secs(2);
/// Numbers of a session that are remembered: a HEARTBEAT waits behind its media, so others overtake it, but not so many.
const NUMBERS_MAX: u32 = 256;

/// What has to hold of what is sent. Its tables are looked up only, never gone through.
#[derive(Default)]
pub(crate) struct Wire {
    /// The latest numbers of each session and direction, and the checksums of the messages that had them.
    numbers: HashMap<(SessionId, Way), BTreeMap<u32, u32>>,
    /// The latest session of each address.
    welcomed: HashMap<SocketAddr, SessionId>,
    /// Where a session followed another one at its address, and when media went there first after that.
    succeeded: HashMap<SocketAddr, Option<Time>>,
    /// Who was told that a subscription has ended, and when; the request that it answered tells it from an older one
    /// that is answered again.
    ended: HashMap<(SocketAddr, ProducerId), (Serial, Option<Time>)>,
    /// Who is where: the sessions that were spoken to at an address.
    sessions: HashMap<SocketAddr, BTreeSet<SessionId>>,
    /// The largest latency that a session was granted: so long it may want a frame.
    granted: HashMap<SessionId, Duration>,
    /// The largest of all: so long the broker may ask a producer.
    granted_most: Duration,
    /// When it was last told so; that is repeated until it has come, and what was captured before counts from then.
    opened: HashMap<(SessionId, ProducerId), Time>,
    /// When the broker ran again after it had stopped: what came meanwhile is new to it.
    resumed: Time,
    accounts: HashMap<SocketAddr, Account>,
    /// The frames, by their capture times.
    media: HashMap<(ProducerId, CaptureTime), Media>,
}

/// When a frame was published, and when the broker had it.
#[derive(Clone, Copy)]
struct Media {
    published: Time,
    came: Option<Time>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Way {
    ToBroker,
    FromBroker,
}

impl Wire {
    pub(crate) fn note_published(&mut self, now: Time, producer: ProducerId, capture: CaptureTime) {
        self.media.insert((producer, capture), Media { published: now, came: None });
    }

    pub(crate) const fn note_resumed(&mut self, now: Time) {
        self.resumed = now;
    }

    /// A datagram reaches the broker, whoever sent it.
    pub(crate) fn reaches_broker(&mut self, from: SocketAddr, datagram: &[u8]) {
        self.accounts.entry(from).or_default().receive(datagram);
    }

    /// A peer sends a datagram to the broker.
    pub(crate) fn leaves_peer(&mut self, datagram: &[u8]) {
        self.check_number(Way::ToBroker, datagram);
    }

    /// The broker sends a datagram.
    pub(crate) fn leaves_broker(&mut self, now: Time, to: SocketAddr, datagram: &[u8]) {
        self.accounts.entry(to).or_default().send(datagram);
        if is_any(datagram, &[Event::Data]) {
            self.check_data(now, to, datagram);
        } else {
            if let Some((_, session)) = wire::peek_session(datagram) {
                self.sessions.entry(to).or_default().insert(session);
            }
            self.check_number(Way::FromBroker, datagram);
            self.note_subscription(now, to, datagram);
        }
    }

    /// I12: no session numbers two messages alike. A PATH_CHALLENGE goes to two paths: that is one message.
    fn check_number(&mut self, way: Way, datagram: &[u8]) {
        if is_any(datagram, &[Event::Data, Event::Hello, Event::Retry, Event::Versions]) {
            return;
        }
        let Ok(Datagram::Control(control)) = wire::decode(datagram) else { return };
        let id = control.header.session;
        if id == SessionId::NONE || matches!(control.message, wire::Message::Reset(_)) {
            return;
        }
        let (number, content) = (control.header.seq.0, crc32c::crc32c(datagram));
        let numbers = self.numbers.entry((id, way)).or_default();
        let before = numbers.insert(number, content);
        assert!(before.is_none_or(|before| before == content), "I12: number {number} stands on two messages");
        let known = numbers.keys().next_back().copied().unwrap_or(number);
        assert!(number + NUMBERS_MAX > known, "I12: number {number} after {known}");
        while numbers.len() > NUMBERS_MAX as usize {
            numbers.pop_first();
        }
    }

    fn note_subscription(&mut self, now: Time, to: SocketAddr, datagram: &[u8]) {
        if !is_any(datagram, &[Event::Welcome, Event::SubscribeAck, Event::UnsubscribeAck]) {
            return;
        }
        let Ok(Datagram::Control(control)) = wire::decode(datagram) else { return };
        let key = (to, control.header.producer);
        match control.message {
            wire::Message::Welcome(_) => {
                let session = control.header.session;
                let is_news = self.welcomed.insert(to, session) != Some(session);
                // The former one may have been welcomed elsewhere and have moved here.
                let others =
                    self.sessions.get(&to).is_some_and(|known| known.iter().any(|one| *one != session));
                if is_news && others {
                    self.succeeded.insert(to, None);
                }
            }
            wire::Message::UnsubscribeAck(ack)
                if control.header.stream == StreamId::ALL && ack.status == wire::Code::Ok =>
            {
                let last = self.ended.entry(key).or_insert((ack.req, None));
                if !ack.req.before(last.0) {
                    *last = (ack.req, Some(last.1.unwrap_or(now)));
                }
            }
            wire::Message::SubscribeAck(ack) => {
                self.ended.insert(key, (ack.req, None));
                let session = control.header.session;
                let granted = self.granted.entry(session).or_default();
                *granted = ack.latency.max(*granted);
                self.granted_most = self.granted_most.max(*granted).max(LATENCY);
                self.opened.insert((session, key.1), now);
            }
            _ => {}
        }
    }

    fn check_data(&mut self, now: Time, to: SocketAddr, datagram: &[u8]) {
        let (header, _) = DataHeader::peek(datagram).expect("what the broker sends is well-formed");
        let granted = self.largest_grant(&to);
        let repair = header.flags.contains(DataFlags::RETX);
        // A session of the same address at another worker, left without a word, goes on until its media was unproven for
        // too long (PROTOCOL 7.6), and what was queued by then leaves, too.
        let first = self.succeeded.get_mut(&to).map(|first| *first.get_or_insert(now));
        let succeeded = first.is_some_and(|first| now.since(first) < PROOF_WAIT + GRACE);
        if let Some((_, Some(ended))) = self.ended.get(&(to, header.producer)).filter(|_| !succeeded) {
            // What was for the viewer before may still be repaired; what waited to leave is withdrawn (PROTOCOL 6.3).
            let late = now.since(*ended);
            assert!(repair && late <= granted, "I7: DATA {late:?} after UNSUBSCRIBE_ACK: {header:?}");
        }
        let media = self.media.get_mut(&(header.producer, header.capture));
        let media = media.expect("I1: a frame that nobody published is sent");
        let came = *media.came.get_or_insert(now);
        if repair {
            let sessions = self.sessions.get(&to).into_iter().flatten();
            let opened = sessions.filter_map(|session| self.opened.get(&(*session, header.producer))).max();
            let known = self.resumed.max(opened.copied().unwrap_or(self.resumed));
            // What was late at the broker plays later at all its viewers, until the clock chain tells them better.
            let age = now.since(came.max(known));
            assert!(
                age <= granted,
                "I8: a frame of {age:?} is sent again, not {granted:?}: {header:?} to {to}"
            );
            let (age, largest) = (now.since(media.published.max(known)), self.granted_most + granted);
            assert!(
                age <= largest,
                "I8: a frame of {age:?} is sent again, not {largest:?}: {header:?} to {to}"
            );
        }
    }

    /// How long the peer at an address may ask for a frame.
    fn largest_grant(&self, to: &SocketAddr) -> Duration {
        let sessions = self.sessions.get(to).into_iter().flatten();
        let granted = sessions.filter_map(|session| self.granted.get(session)).max().copied();
        // Who has no latency waits for a frame until a newer one comes.
        granted.filter(|granted| !granted.is_zero()).unwrap_or(LATENCY_MAX) + GRACE
    }
}
