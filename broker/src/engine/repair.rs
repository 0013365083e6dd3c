//! What is sent again to viewers: at once on their FEEDBACK, later copies when they are due (PROTOCOL 7.2).

use protocol::id::SessionId;
use protocol::sender::Repair;
use protocol::time::Time;

use super::Broker;
use super::session::{Role, Session};

impl Broker {
    /// Queues what one viewer is sent again, as far as the budget of all viewers goes.
    pub(super) fn send_repairs(&mut self, now: Time, id: SessionId, repairs: &[Repair]) {
        let Some(Session { role: Role::Viewer(viewer), path, .. }) = self.sessions.get_mut(&id) else {
            return;
        };
        for repair in repairs {
            let bytes = repair.slab.repair(&repair.indices, repair.round);
            let shards = repair.indices.len() as u64;
            if self.repair_budget.spend_at(now, bytes.len() as u64) {
                self.counters.datagrams_resent += shards;
                if !viewer.sender.defer_repair(now, &bytes, repair.slab.segment()) {
                    self.outbox.urgent(*path, bytes, repair.slab.segment());
                }
            } else {
                self.counters.dropped_over_budget += shards;
            }
        }
    }

    /// The later copies that are due to one viewer.
    pub(super) fn send_due_repairs(&mut self, now: Time, id: SessionId) {
        let Some(Session { role: Role::Viewer(viewer), .. }) = self.sessions.get_mut(&id) else { return };
        let repairs = viewer.sender.poll_repairs(now, &self.channels);
        self.send_repairs(now, id, &repairs);
    }
}
