//! Time passes: from event to event, and after each the engines' effects are taken.

use std::net::SocketAddr;
use std::time::Duration;

use broker::engine::{Path, Transmit};
use bytes::Bytes;
use client::engine::event::Event;
use protocol::limits::DATAGRAM_LEN;
use protocol::time::Time;

use super::nodes::{ClientNode, Outside, ProducerNode};
use super::{Node, World, broker_address};
use crate::network::{InFlight, Network};
use crate::oracle::Wire;

/// Steps of one instant after which something spins.
const STEPS_OF_AN_INSTANT: u32 = 100_000;

impl World {
    /// Lets `span` pass.
    pub fn run_for(&mut self, span: Duration) {
        let end = self.now + span;
        self.run_until_or(end, |_| false);
    }

    /// Runs until `done`, at most for `limit`; whether it came true.
    pub fn run_until(&mut self, limit: Duration, done: impl Fn(&Self) -> bool) -> bool {
        let end = self.now + limit;
        self.run_until_or(end, done)
    }

    fn run_until_or(&mut self, end: Time, done: impl Fn(&Self) -> bool) -> bool {
        let mut steps = 0;
        loop {
            self.settle();
            if done(self) {
                return true;
            }
            let next = self.network.next_arrival().into_iter().chain(self.agenda.next()).min();
            let Some(next) = next.filter(|next| *next <= end) else {
                self.now = end;
                return done(self);
            };
            steps = if next > self.now { 0 } else { steps + 1 };
            assert!(steps < STEPS_OF_AN_INSTANT, "something spins at {:?}", self.now);
            self.now = self.now.max(next);
            self.step();
        }
    }

    /// Everything that is due now: what arrives, then the timers.
    fn step(&mut self) {
        while let Some(flight) = self.network.arrive(self.now) {
            self.deliver(&flight);
        }
        self.settle();
        while let Some(node) = self.agenda.pop(self.now) {
            self.fire(node);
        }
    }

    fn deliver(&mut self, flight: &InFlight) {
        if flight.to == broker_address() {
            self.reach_broker(flight.from, flight.steering, &flight.bytes);
        } else if let Some(&node) = self.addresses.get(&flight.to) {
            self.reach_peer(node, flight.from, &flight.bytes);
        }
    }

    pub(super) fn reach_broker(&mut self, from: SocketAddr, steering: u8, bytes: &Bytes) {
        if self.broker.paused {
            self.broker.put_off(from, steering, bytes);
            return;
        }
        let way = if self.options.random_steering { u16::from(steering) } else { from.port() };
        self.oracle.wire.reaches_broker(from, bytes);
        let now = self.broker.clock.read(self.now);
        let count = self.broker.workers.len().max(1);
        if let Some(worker) = self.broker.workers.get_mut(usize::from(way) % count) {
            worker.handle_datagram(now, Path { peer: from, local: None }, bytes);
            self.touch(Node::Broker);
        }
    }

    pub(super) fn reach_peer(&mut self, node: Node, from: SocketAddr, bytes: &Bytes) {
        let now = self.now;
        let Some(outside) = self.outside(node) else { return };
        if outside.muted {
            return;
        }
        if outside.paused {
            outside.put_off(from, bytes);
            return;
        }
        let now = outside.clock.read(now);
        match node {
            Node::Producer(number) => {
                if let Some(node) = self.producers.get_mut(&number) {
                    node.engine.handle_datagram(now, from, bytes);
                }
            }
            Node::Client(number) => {
                if let Some(node) = self.clients.get_mut(&number) {
                    node.engine.handle_datagram(now, from, bytes);
                }
            }
            Node::Broker => {}
        }
        self.touch(node);
    }

    fn fire(&mut self, node: Node) {
        self.fired += 1;
        match node {
            Node::Producer(number) => {
                if let Some(node) = self.producers.get_mut(&number) {
                    while node.next_media().is_some_and(|due| due <= self.now) {
                        node.publish(self.now, &mut self.oracle);
                    }
                    node.engine.handle_timeout(node.outside.clock.read(self.now));
                }
            }
            Node::Broker => {
                let now = self.broker.clock.read(self.now);
                self.broker.workers.iter_mut().for_each(|worker| worker.handle_timeout(now));
            }
            Node::Client(number) => {
                if let Some(node) = self.clients.get_mut(&number) {
                    node.engine.handle_timeout(node.outside.clock.read(self.now));
                }
            }
        }
        self.touch(node);
        self.settle();
    }

    /// A node was called: its effects are to be taken.
    pub(super) fn touch(&mut self, node: Node) {
        if self.touched.last() != Some(&node) {
            self.touched.push(node);
        }
    }

    /// Takes everything that the touched engines have to say, and asks when they want to be called.
    fn settle(&mut self) {
        while let Some(node) = self.touched.pop() {
            let due = match node {
                Node::Broker => {
                    self.settle_broker();
                    self.broker.due()
                }
                Node::Producer(number) => {
                    let node = self.producers.get_mut(&number);
                    node.and_then(|node| {
                        node.settle(self.now, &mut self.network, &mut self.oracle.wire);
                        node.due()
                    })
                }
                Node::Client(number) => {
                    let node = self.clients.get_mut(&number);
                    node.and_then(|node| {
                        for frame in node.settle(self.now, &mut self.network, &mut self.oracle.wire) {
                            self.oracle.check(self.now, number, &frame);
                        }
                        node.due(self.now)
                    })
                }
            };
            self.agenda.set(node, due);
        }
    }

    fn settle_broker(&mut self) {
        let now = self.broker.clock.read(self.now);
        loop {
            for number in 0..self.broker.workers.len() {
                let Some(worker) = self.broker.workers.get_mut(number) else { continue };
                self.broker.handovers.extend(std::iter::from_fn(|| worker.poll_handover()));
                while self.broker.may_send(self.now)
                    && let Some(transmit) =
                        self.broker.workers.get_mut(number).and_then(|worker| worker.poll_transmit(now))
                {
                    self.broker.note_sent(self.now, transmit.bytes.len());
                    self.send_from_broker(&transmit);
                }
            }
            let Some((worker, message)) = self.broker.handovers.pop_front() else { break };
            if let Some(worker) = self.broker.workers.get_mut(usize::from(worker)) {
                worker.handle_handover(now, message);
            }
        }
    }

    fn send_from_broker(&mut self, transmit: &Transmit) {
        let (now, to) = (self.now, transmit.to);
        let outside = match self.addresses.get(&to) {
            Some(Node::Producer(number)) => self.producers.get_mut(number).map(|node| &mut node.outside),
            Some(Node::Client(number)) => self.clients.get_mut(number).map(|node| &mut node.outside),
            Some(Node::Broker) | None => None,
        };
        let mut outside = outside;
        for bytes in datagrams(&transmit.bytes, transmit.segment) {
            self.oracle.wire.leaves_broker(now, to, &bytes);
            // To an address that nobody has it goes nowhere.
            let Some(outside) = &mut outside else { continue };
            outside.received.note(&bytes);
            let flight = InFlight { from: broker_address(), to, bytes, steering: 0 };
            self.network.send(now, &mut outside.down, &flight);
        }
    }
}

impl ProducerNode {
    fn settle(&mut self, now: Time, network: &mut Network, wire: &mut Wire) {
        while let Some(transmit) = self.engine.poll_transmit() {
            for bytes in datagrams(&transmit.bytes, transmit.segment) {
                wire.leaves_peer(&bytes);
                self.outside.send(now, network, bytes);
            }
        }
        self.events.extend(std::iter::from_fn(|| self.engine.poll_event()));
    }
}

impl ClientNode {
    /// Gives the frames that were delivered.
    fn settle(
        &mut self,
        now: Time,
        network: &mut Network,
        wire: &mut Wire,
    ) -> Vec<client::engine::event::Frame> {
        while let Some(datagram) = self.engine.poll_transmit() {
            wire.leaves_peer(&datagram);
            self.outside.send(now, network, datagram);
        }
        let mut frames = Vec::new();
        while let Some(event) = self.engine.poll_event() {
            match event {
                Event::Frame(frame) => frames.push(frame),
                event => self.events.push(event),
            }
        }
        frames
    }
}

impl Outside {
    fn send(&mut self, now: Time, network: &mut Network, bytes: Bytes) {
        if self.muted {
            return;
        }
        self.sent.note(&bytes);
        let steering = self.steer();
        let flight = InFlight { from: self.address, to: broker_address(), bytes, steering };
        network.send(now, &mut self.up, &flight);
    }
}

/// The datagrams of one run; none is larger than what was announced.
fn datagrams(run: &Bytes, segment: usize) -> impl Iterator<Item = Bytes> {
    let step = segment.max(1);
    (0..run.len()).step_by(step).map(move |start| {
        let datagram = run.slice(start..run.len().min(start + step));
        assert!(datagram.len() <= DATAGRAM_LEN, "a datagram of {} bytes", datagram.len());
        datagram
    })
}
