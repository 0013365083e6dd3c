//! Processes start, die, stop for a while and move.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use broker::engine::{Broker, Config, Directory, Keys, SessionLimits};
use client::engine::Client;
use impair::Links;
use producer::engine::Producer;
use protocol::wire::Role;

use super::nodes::{ClientNode, Outside, ProducerNode, Uplink, plan_of};
use super::{ClientId, Node, ProducerRun, World, address_of, broker_address, fresh_random};
use crate::clock::Clock;
use crate::media::Schedule;

impl World {
    // ---- The broker ----

    /// Starts the broker anew. `keep_state`: it has the reset key of the one before.
    pub fn start_broker(&mut self, keep_state: bool) {
        if !keep_state {
            self.keys = Keys::new(&mut fresh_random(&mut self.rng), None);
        }
        self.kill_broker();
        self.broker.directory = Arc::new(Directory::default());
        let workers = self.options.workers;
        for worker in 0..workers {
            let config = Config {
                worker,
                workers,
                keys: self.keys.clone(),
                directory: Arc::clone(&self.broker.directory),
                limits: SessionLimits { thins: self.options.thins, ..SessionLimits::default() },
            };
            self.broker.workers.push(Broker::new(config, fresh_random(&mut self.rng)));
        }
        self.touch(Node::Broker);
    }

    /// The broker dies without a word.
    pub fn kill_broker(&mut self) {
        self.broker.workers.clear();
        self.broker.handovers.clear();
        self.broker.backlog.clear();
        self.broker.paused = false;
        if let Some(uplink) = &mut self.broker.uplink {
            uplink.forget();
        }
        self.touch(Node::Broker);
    }

    /// The broker doesn't run for a while, or goes on.
    pub fn pause_broker(&mut self, paused: bool) {
        self.broker.paused = paused;
        if !paused {
            self.oracle.wire.note_resumed(self.now);
            for (from, steering, bytes) in std::mem::take(&mut self.broker.backlog) {
                self.reach_broker(from, steering, &bytes);
            }
        }
        self.touch(Node::Broker);
    }

    /// What the broker sends leaves at this rate from now on: its core, or its link, has too little for more.
    pub fn limit_broker(&mut self, bits_per_second: u64) {
        self.broker.uplink = Some(Uplink::at(bits_per_second));
    }

    /// Gives the broker a clock of its own; only before anybody has talked to it.
    pub fn set_broker_clock(&mut self, clock: Clock) {
        self.broker.clock = clock;
        self.start_broker(false);
    }

    // ---- Producers ----

    /// Starts a producer.
    pub fn start_producer(&mut self, run: ProducerRun) -> usize {
        self.start_producer_with_clock(run, Clock::default())
    }

    /// Starts a producer with a clock of its own.
    pub fn start_producer_with_clock(&mut self, run: ProducerRun, clock: Clock) -> usize {
        let number = self.next_number();
        let links = self.options.producer_links;
        let mut outside = self.new_outside(number, &links);
        outside.clock = clock;
        let random = fresh_random(&mut self.rng);
        let engine = Producer::new(clock.read(self.now), broker_address(), plan_of(&run), random);
        self.oracle.note_life(run.id, run.epoch);
        self.addresses.insert(outside.address, Node::Producer(number));
        let (schedule, started, events) = (Schedule::default(), self.now, Vec::new());
        self.producers.insert(number, ProducerNode { outside, engine, run, schedule, started, events });
        self.touch(Node::Producer(number));
        number
    }

    /// A producer dies without a word.
    pub fn kill_producer(&mut self, number: usize) {
        if let Some(node) = self.producers.remove(&number) {
            self.addresses.remove(&node.outside.address);
            self.agenda.set(Node::Producer(number), None);
        }
    }

    /// A producer ends as a person would end it.
    pub fn finish_producer(&mut self, number: usize) {
        if let Some(node) = self.producers.get_mut(&number) {
            let now = node.outside.clock.read(self.now);
            node.engine.finish(now, Duration::from_millis(800));
            self.touch(Node::Producer(number));
        }
    }

    /// Cuts a producer off, or connects it again.
    pub fn mute_producer(&mut self, number: usize, muted: bool) {
        self.mute(Node::Producer(number), muted);
    }

    /// A producer doesn't run for a while, or goes on.
    pub fn pause_producer(&mut self, number: usize, paused: bool) {
        self.pause(Node::Producer(number), paused);
    }

    /// A producer gets another address.
    pub fn rebind_producer(&mut self, number: usize) {
        self.rebind(Node::Producer(number));
    }

    /// Changes a producer's links.
    pub fn set_producer_links(&mut self, number: usize, links: &Links) {
        self.set_links(Node::Producer(number), links);
    }

    // ---- Clients ----

    /// Starts a client.
    pub fn start_client(&mut self) -> ClientId {
        self.start_client_with_clock(Clock::default())
    }

    /// Starts a client with a clock of its own.
    pub fn start_client_with_clock(&mut self, clock: Clock) -> ClientId {
        let number = self.next_number();
        let links = self.options.client_links;
        let mut outside = self.new_outside(number, &links);
        outside.clock = clock;
        let random = fresh_random(&mut self.rng);
        let engine = Client::new(clock.read(self.now), broker_address(), Role::Viewer, random);
        self.addresses.insert(outside.address, Node::Client(number));
        self.clients.insert(number, ClientNode { outside, engine, events: Vec::new() });
        self.touch(Node::Client(number));
        ClientId(number)
    }

    /// A client dies without a word.
    pub fn kill_client(&mut self, id: ClientId) {
        if let Some(node) = self.clients.remove(&id.0) {
            self.addresses.remove(&node.outside.address);
            self.agenda.set(Node::Client(id.0), None);
        }
    }

    /// Cuts a client off, or connects it again.
    pub fn mute_client(&mut self, id: ClientId, muted: bool) {
        self.mute(Node::Client(id.0), muted);
    }

    /// A client doesn't run for a while, or goes on.
    pub fn pause_client(&mut self, id: ClientId, paused: bool) {
        self.pause(Node::Client(id.0), paused);
    }

    /// A client gets another address, as behind a NAT that forgot it.
    pub fn rebind_client(&mut self, id: ClientId) {
        self.rebind(Node::Client(id.0));
    }

    /// Changes a client's links.
    pub fn set_client_links(&mut self, id: ClientId, links: &Links) {
        self.set_links(Node::Client(id.0), links);
    }

    // ---- Either ----

    fn mute(&mut self, node: Node, muted: bool) {
        if let Some(outside) = self.outside(node) {
            outside.muted = muted;
        }
    }

    fn set_links(&mut self, node: Node, links: &Links) {
        if let Some(outside) = self.outside(node) {
            outside.set_links(links);
        }
    }

    fn pause(&mut self, node: Node, paused: bool) {
        let Some(outside) = self.outside(node) else { return };
        outside.paused = paused;
        let backlog = if paused { VecDeque::new() } else { std::mem::take(&mut outside.backlog) };
        for (from, bytes) in backlog {
            self.reach_peer(node, from, &bytes);
        }
        self.touch(node);
    }

    fn rebind(&mut self, node: Node) {
        let address = address_of(self.next_number());
        let Some(outside) = self.outside(node) else { return };
        let before = std::mem::replace(&mut outside.address, address);
        self.addresses.remove(&before);
        self.addresses.insert(address, node);
    }

    fn new_outside(&mut self, number: usize, links: &Links) -> Outside {
        Outside::new(address_of(number), links, self.now, &mut self.rng)
    }

    pub(super) fn next_number(&mut self) -> usize {
        self.started += 1;
        self.started
    }
}
