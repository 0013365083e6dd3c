//! What is sent again to viewers: at once on their FEEDBACK, later copies when they are due (PROTOCOL 7.2).

use bytes::{Bytes, BytesMut};
use protocol::id::SessionId;
use protocol::sender::Repair;
use protocol::time::Time;

use super::Broker;
use super::lane::TURN_BYTES;
use super::session::{Role, Session};

impl Broker {
    /// Queues what one viewer is sent again, as far as the budget of all viewers goes.
    pub(super) fn send_repairs(&mut self, now: Time, id: SessionId, repairs: &[Repair]) {
        let Some(Session { role: Role::Viewer(viewer), path, .. }) = self.sessions.get_mut(&id) else {
            return;
        };
        let mut runs = Runs::default();
        for repair in repairs {
            let bytes = repair.slab.repair(&repair.indices, repair.round);
            let shards = repair.indices.len() as u64;
            if self.repair_budget.spend_at(now, bytes.len() as u64) {
                self.counters.datagrams_resent += shards;
                if !viewer.sender.defer_repair(now, &bytes, repair.slab.segment()) {
                    runs.put(&bytes, repair.slab.segment());
                }
            } else {
                self.counters.dropped_over_budget += shards;
            }
        }
        for Run { bytes, segment } in runs.0 {
            self.outbox.urgent(*path, bytes.freeze(), segment);
        }
    }

    /// The later copies that are due to one viewer.
    pub(super) fn send_due_repairs(&mut self, now: Time, id: SessionId) {
        let Some(Session { role: Role::Viewer(viewer), .. }) = self.sessions.get_mut(&id) else { return };
        let repairs = viewer.sender.poll_repairs(now, &self.channels);
        self.send_repairs(now, id, &repairs);
    }
}

/// Datagrams of one length but the last, which may be shorter: one send.
struct Run {
    bytes: BytesMut,
    segment: usize,
}

/// What is sent again of several frames, in as few sends as it takes.
#[derive(Default)]
struct Runs(Vec<Run>);

impl Runs {
    fn put(&mut self, datagrams: &Bytes, segment: usize) {
        let fits = |run: &&mut Run| {
            let is_even = run.segment == segment && run.bytes.len().is_multiple_of(segment.max(1));
            is_even && run.bytes.len() + datagrams.len() <= TURN_BYTES
        };
        match self.0.last_mut().filter(fits) {
            Some(run) => run.bytes.extend_from_slice(datagrams),
            None => self.0.push(Run { bytes: BytesMut::from(&datagrams[..]), segment }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_again_of_several_frames_is_one_send_up_to_a_datagram_that_is_shorter() {
        let mut runs = Runs::default();
        for (datagrams, segment) in [("aabb", 2), ("cc", 2), ("d", 2), ("ee", 2), ("fff", 3)] {
            runs.put(&Bytes::from_static(datagrams.as_bytes()), segment);
        }
        let runs: Vec<_> = runs.0.iter().map(|run| (&run.bytes[..], run.segment)).collect();
        assert_eq!(runs, [(&b"aabbccd"[..], 2), (b"ee", 2), (b"fff", 3)]);
    }

    #[test]
    fn a_send_is_never_more_than_one_run_of_the_kernel() {
        let mut runs = Runs::default();
        let datagrams = Bytes::from(vec![0; 1_200 * 10]);
        (0..10).for_each(|_| runs.put(&datagrams, 1_200));
        assert!(runs.0.iter().all(|run| run.bytes.len() <= TURN_BYTES));
        assert_eq!(runs.0.len(), 2);
    }
}
