//! A session as the broker's end of it: numbering, lease, path, and the role of the peer.

use std::time::Duration;

use bytes::Bytes;
use protocol::id::{ProducerId, SessionId, StreamId};
use protocol::limits::{LEASE, TOKEN_LEN};
use protocol::session::numbering::{Arrival, Outbound, ReplayWindow};
use protocol::time::Time;
use protocol::wire::{self, ControlHeader, Message};

use super::handover::Path;
use super::ingest::Ingest;
use super::viewer::Viewer;

/// An unanswered challenge is forgotten after this; the next message from there draws another one.
const CHALLENGE_LIFE: Duration = Duration::from_secs(3);

/// One peer. What the fan-out looks at stands in front, side by side: see [`protocol::sender::Sender`].
#[repr(C)]
pub(super) struct Session {
    pub(super) role: Role,
    pub(super) outbound: Outbound,
    /// When it is in the worker's timer table.
    pub(super) timer: Option<Time>,
    pub(super) path: Path,
    /// The worker's table of addresses names this session at its path.
    pub(super) has_address: bool,
    pub(super) heard: Time,
    pub(super) nonce: [u8; TOKEN_LEN],
    window: ReplayWindow,
    /// Few sessions ever have one: its room is not every viewer's.
    challenge: Option<Box<Challenge>>,
}

/// What the peer is.
pub(super) enum Role {
    /// It publishes.
    Producer(Box<Ingest>),
    /// It subscribes.
    Viewer(Box<Viewer>),
    /// It asks whether the broker is well.
    Probe,
}

/// A new path that has to prove itself (PROTOCOL 8).
struct Challenge {
    path: Path,
    data: [u8; 8],
    since: Time,
}

impl Session {
    pub(super) fn new(now: Time, id: SessionId, path: Path, nonce: [u8; TOKEN_LEN], role: Role) -> Self {
        Self {
            path,
            nonce,
            heard: now,
            outbound: Outbound::new(id, 1),
            role,
            timer: None,
            has_address: false,
            window: ReplayWindow::default(),
            challenge: None,
        }
    }

    /// Notes the number of a message; see [`ReplayWindow`].
    pub(super) fn accept(&mut self, header: &ControlHeader) -> Arrival {
        self.window.accept(header.seq)
    }

    /// A message about the session itself.
    pub(super) fn encode(&mut self, now: Time, message: &Message) -> Bytes {
        self.encode_for(now, ProducerId::NONE, StreamId::ALL, message)
    }

    /// A message about a producer or a stream.
    pub(super) fn encode_for(
        &mut self,
        now: Time,
        producer: ProducerId,
        stream: StreamId,
        message: &Message,
    ) -> Bytes {
        wire::encode(&self.outbound.header(now, producer, stream), message)
    }

    /// When silence ends it.
    pub(super) fn lease_ends(&self) -> Time {
        self.heard + LEASE
    }

    /// The newest message came from another path: the challenge to send to the new and the old one, with `fresh` data
    /// unless one is open.
    pub(super) fn challenge(&mut self, now: Time, path: Path, fresh: [u8; 8]) -> Bytes {
        let open = |old: &&Challenge| old.path == path && now.since(old.since) < CHALLENGE_LIFE;
        let data = self.challenge.as_deref().filter(open).map_or(fresh, |old| old.data);
        if data == fresh {
            self.challenge = Some(Box::new(Challenge { path, data, since: now }));
        }
        self.encode(now, &Message::PathChallenge(data))
    }

    /// Whether a response is the one that is wanted, from where it is wanted.
    pub(super) fn is_answer(&self, now: Time, path: Path, data: [u8; 8]) -> bool {
        self.challenge.as_ref().is_some_and(|wanted| {
            wanted.path == path && wanted.data == data && now.since(wanted.since) < CHALLENGE_LIFE
        })
    }

    /// The peer has proven that it is there.
    pub(super) fn move_to(&mut self, path: Path) {
        self.challenge = None;
        self.path = path;
    }
}
