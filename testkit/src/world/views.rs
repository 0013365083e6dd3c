//! What can be seen of a world.

use broker::engine::{Broker, Census};
use client::engine::event::{Event, Snapshot};
use protocol::id::StreamId;

use super::{ClientId, World};
use crate::traffic::Traffic;

impl World {
    /// What a client says of itself.
    ///
    /// # Panics
    /// If it was killed.
    pub fn snapshot(&self, id: ClientId) -> Snapshot {
        let node = self.clients.get(&id.0).expect("the client lives");
        node.engine.snapshot(node.outside.clock.read(self.now))
    }

    /// What a client told its owner, frames aside.
    pub fn client_events(&self, id: ClientId) -> &[Event] {
        self.clients.get(&id.0).map_or(&[], |node| &node.events)
    }

    /// What a producer told its owner.
    pub fn producer_events(&self, number: usize) -> &[producer::engine::Event] {
        self.producers.get(&number).map_or(&[], |node| &node.events)
    }

    /// What a producer says of itself.
    pub fn producer_snapshot(&self, number: usize) -> Option<producer::engine::Snapshot> {
        self.producers.get(&number).map(|node| node.engine.snapshot())
    }

    /// The frames that a producer has handed to its engine, by stream.
    pub fn published(&self, number: usize, stream: StreamId) -> u64 {
        let statuses = self.producer_snapshot(number).map(|snapshot| snapshot.tracks).unwrap_or_default();
        statuses.iter().find(|track| track.stream == stream).map_or(0, |track| track.published)
    }

    /// Whether a client has said goodbye.
    pub fn is_client_closed(&self, id: ClientId) -> bool {
        self.clients.get(&id.0).is_none_or(|node| node.engine.is_closed())
    }

    /// Whether a producer has said goodbye.
    pub fn is_producer_closed(&self, number: usize) -> bool {
        self.producers.get(&number).is_none_or(|node| node.engine.is_closed())
    }

    /// What the workers hold, added up.
    pub fn census(&self) -> Census {
        self.workers().iter().map(Broker::census).fold(Census::default(), |all, one| Census {
            sessions: all.sessions + one.sessions,
            channels: all.channels + one.channels,
            frames: all.frames + one.frames,
            timers: all.timers + one.timers,
        })
    }

    /// Whether the broker holds nothing of anybody.
    pub fn is_broker_empty(&self) -> bool {
        self.workers().iter().all(Broker::is_empty) && self.broker.directory.is_empty()
    }

    /// The workers.
    pub fn workers(&self) -> &[Broker] {
        &self.broker.workers
    }

    /// Bytes that went from the broker to a client.
    pub fn bytes_to(&self, id: ClientId) -> u64 {
        self.traffic_of_client(id).0.bytes()
    }

    /// What went from the broker to a client, and back.
    pub fn traffic_of_client(&self, id: ClientId) -> (Traffic, Traffic) {
        self.clients.get(&id.0).map(|node| (node.outside.received, node.outside.sent)).unwrap_or_default()
    }

    /// What went from a producer to the broker.
    pub fn traffic_from_producer(&self, number: usize) -> Traffic {
        self.producers.get(&number).map(|node| node.outside.sent).unwrap_or_default()
    }

    /// Processes that were ever started, and addresses that they moved to.
    pub const fn processes_ever(&self) -> usize {
        self.started
    }

    /// Timers that have fired, of all nodes.
    pub const fn fired(&self) -> u64 {
        self.fired
    }

    /// A checksum of every datagram that was ever sent, when, by whom and to whom: runs that agree in it are the same.
    pub const fn trace(&self) -> u32 {
        self.network.trace()
    }
}
