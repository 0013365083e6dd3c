//! Where the peers of sessions are, and how a session moves (PROTOCOL 8).

use protocol::id::SessionId;
use protocol::limits::{CONTROL_CRC_LEN, CONTROL_HEADER_LEN};
use protocol::time::Time;

use super::handover::Path;
use super::{Broker, SessionLimits};

/// Bytes of a PATH_CHALLENGE.
const CHALLENGE_LEN: usize = CONTROL_HEADER_LEN + 8 + CONTROL_CRC_LEN;

impl Broker {
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
        if session.is_answer(now, path, data) {
            // Another session may have come to where this one was.
            self.sessions.leave_address(id);
            if let Some(session) = self.sessions.get_mut(&id) {
                session.move_to(path);
            }
            self.sessions.take_address(id);
            self.gate.leave(before.ip());
            // A session that stands is not refused for its new prefix.
            self.gate.enter(path.peer.ip(), &SessionLimits { per_prefix: usize::MAX, ..self.config.limits });
            self.counters.sessions_moved += 1;
            tracing::info!(from = %before, to = %path.peer, "a session moved");
        }
    }
}
