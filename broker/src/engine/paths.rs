//! Where the peers of sessions are, and how a session moves (PROTOCOL 8).

use std::net::SocketAddr;

use protocol::id::SessionId;
use protocol::limits::{CONTROL_CRC_LEN, CONTROL_HEADER_LEN};
use protocol::time::Time;

use super::handover::Path;
use super::{Broker, SessionLimits};

/// Bytes of a PATH_CHALLENGE.
const CHALLENGE_LEN: usize = CONTROL_HEADER_LEN + 8 + CONTROL_CRC_LEN;

impl Broker {
    /// What comes from this address without a session id is this session's from now on. The session remembers it, so that
    /// its next message finds out without a look into the table.
    pub(super) fn take_address(&mut self, peer: SocketAddr, id: SessionId) {
        let former = self.by_address.insert(peer, id).filter(|former| *former != id);
        if let Some(former) = former.and_then(|former| self.sessions.get_mut(&former)) {
            former.has_address = false;
        }
        if let Some(session) = self.sessions.get_mut(&id) {
            session.has_address = session.path.peer == peer;
        }
    }

    /// The address is nobody's, if it was this session's.
    pub(super) fn leave_address(&mut self, peer: SocketAddr, id: SessionId) {
        if self.by_address.get(&peer) == Some(&id) {
            self.by_address.remove(&peer);
        }
        if let Some(session) = self.sessions.get_mut(&id) {
            session.has_address = false;
        }
    }

    /// A session's newest message came from elsewhere. One shorter than a challenge draws none: nobody who is not
    /// validated is sent more than came from there.
    pub(super) fn challenge_path(&mut self, now: Time, id: SessionId, path: Path, len: usize) {
        if len < CHALLENGE_LEN {
            return;
        }
        let data = self.random.bytes8();
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let bytes = session.challenge(now, path, data);
        self.outbox.control(session.path, bytes.clone());
        self.outbox.control(path, bytes);
    }

    pub(super) fn handle_path_response(&mut self, now: Time, id: SessionId, path: Path, data: [u8; 8]) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let before = session.path.peer;
        if session.respond(now, path, data) {
            // Another session may have come to where this one was.
            self.leave_address(before, id);
            self.take_address(path.peer, id);
            self.gate.leave(before.ip());
            // A session that stands is not refused for its new prefix.
            self.gate.enter(path.peer.ip(), &SessionLimits { per_prefix: usize::MAX, ..self.config.limits });
            self.counters.sessions_moved += 1;
            tracing::info!(from = %before, to = %path.peer, "a session moved");
        }
    }
}
