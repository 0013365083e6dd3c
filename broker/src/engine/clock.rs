//! The clock chain on its way from a producer to all workers (PROTOCOL 7.7).

use protocol::clock::MediaClock;
use protocol::id::SessionId;
use protocol::time::Time;
use protocol::wire::Heartbeat;

use super::Broker;
use super::handover::{Handover, Timing};
use super::ingest::Ingest;

impl Broker {
    /// A producer's HEARTBEAT says which time of this clock its capture time was.
    pub(super) fn note_clock(&mut self, now: Time, id: SessionId, heartbeat: &Heartbeat) {
        let Some((producer, tag, timing)) = self.ingest(id).and_then(|ingest| ingest.timing(now, heartbeat))
        else {
            return;
        };
        self.hand_over_to_all(&Handover::Timing { producer, tag, timing });
        self.channels.set_timing(producer, tag, timing);
    }
}

impl Ingest {
    /// What a HEARTBEAT says of the clock, if it can be true: with it, the publication as viewers know it.
    fn timing(
        &mut self,
        now: Time,
        heartbeat: &Heartbeat,
    ) -> Option<(protocol::id::ProducerId, protocol::id::EpochTag, Timing)> {
        let publishing = self.publishing.as_ref()?;
        let life = (publishing.producer(), publishing.tag);
        let named = heartbeat.tracks.iter().find(|block| (block.track.producer, block.track.tag) == life)?;
        let clock = MediaClock::at_broker(&named.clock)?;
        if !self.receiver.set_clock(now, life, clock) {
            return None;
        }
        let transit = self.receiver.transit().unwrap_or_default();
        Some((life.0, publishing.publication.tag, Timing { clock: named.clock, transit }))
    }
}
