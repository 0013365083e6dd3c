//! What people type.

use std::time::Duration;

use client::engine::Client;
use protocol::id::{ProducerId, StreamId, Target};
use protocol::time::Time;

use super::{ClientId, Node, World};

impl World {
    /// A client subscribes.
    pub fn subscribe(&mut self, id: ClientId, producer: ProducerId, latency: Duration) {
        let target = Target { producer, stream: StreamId::ALL };
        self.with_client(id, |client, now| client.subscribe(now, target, latency));
    }

    /// A client unsubscribes.
    pub fn unsubscribe(&mut self, id: ClientId, producer: ProducerId) {
        let target = Target { producer, stream: StreamId::ALL };
        self.with_client(id, |client, now| client.unsubscribe(now, target));
    }

    /// A client asks for the catalog.
    pub fn list(&mut self, id: ClientId) {
        self.with_client(id, Client::list);
    }

    /// A client ends as a person would end it.
    pub fn shut_down_client(&mut self, id: ClientId) {
        self.with_client(id, |client, now| client.shut_down(now, Duration::from_secs(2)));
    }

    fn with_client(&mut self, id: ClientId, act: impl FnOnce(&mut Client, Time)) {
        if let Some(node) = self.clients.get_mut(&id.0) {
            act(&mut node.engine, node.outside.clock.read(self.now));
            self.touch(Node::Client(id.0));
        }
    }
}
