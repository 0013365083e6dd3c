//! One thread's loop: it alone touches its socket and its engine.

use std::io;
use std::thread;
use std::time::Duration;

use protocol::time::Time;
use udp::{BATCH_MAX, Outgoing, RecvBuffers, SendOutcome, Socket};

use crate::engine::{Broker, Handover, Path, Transmit};

use super::bell::Ready;
use super::clock::Clock;
use super::egress::{BYTES_PER_TURN, Drained, Egress};
use super::exchange::Exchange;
use super::moderation::Moderation;
use super::orders::Orders;
use super::summary;

/// Hand-overs taken in one turn: as many as a receive brings datagrams.
const HANDOVERS_PER_TURN: usize = 32;
/// Receives in one turn. Each brings up to 32 datagrams, or runs of them.
const RECEIVES_PER_TURN: usize = 2;
/// Another worker's queue was full: whether it has room by now is looked up after this.
const HELD_FOR: Duration = Duration::from_millis(1);
/// At the end, what was due before is sent for this long,
const LAST_FRAMES_WITHIN: Duration = Duration::from_millis(250);
/// and the goodbyes are sent by then. Every role ends within a second.
pub(super) const FAREWELL_WITHIN: Duration = Duration::from_millis(500);

/// A worker: the owner of a socket and an engine.
pub(super) struct Worker {
    number: u8,
    clock: Clock,
    broker: Broker,
    socket: Socket,
    buffers: RecvBuffers,
    egress: Egress,
    exchange: Exchange,
    moderation: Moderation,
    /// The socket may have something.
    readable: bool,
}

impl Worker {
    pub(super) fn new(number: u8, clock: Clock, broker: Broker, socket: Socket, exchange: Exchange) -> Self {
        let (buffers, egress) = (RecvBuffers::new(), Egress::default());
        let moderation = Moderation::default();
        Self { number, clock, broker, socket, buffers, egress, exchange, moderation, readable: true }
    }

    /// Spreads its sends over time.
    pub(super) fn sending_at_most(self, bits_per_second: u64) -> Self {
        Self { egress: Egress::at_most(bits_per_second), ..self }
    }

    /// Serves until it is told to stop, then says goodbye.
    ///
    /// # Errors
    /// The socket is gone. No error of a send or a receive is among it.
    pub(super) fn serve(mut self, orders: &Orders) -> io::Result<()> {
        while !orders.is_stopping() {
            if self.turn() {
                // Who is busy asks the socket by itself.
                self.readable = true;
            } else {
                self.pause(|| orders.is_stopping())?;
            }
        }
        self.say_goodbye()?;
        summary::log(self.number, &self.broker, &self.socket);
        Ok(())
    }

    /// Does a bounded share of what there is to do; true where more is left.
    fn turn(&mut self) -> bool {
        let mut budget = BYTES_PER_TURN;
        // 1. Timers: repairs and leases are due also while a flood comes in.
        self.let_time_pass();
        self.pass_on(&mut budget);
        // 2. Hand-overs: they have waited in one queue already.
        let handovers_left = self.take_handovers(&mut budget);
        // 3. Datagrams: the kernel drops what waits too long, so they are taken also while the socket is blocked.
        let datagrams_left = self.receive(&mut budget);
        // 4. What is left to send, control and repairs before media.
        let sends_left = self.pass_on(&mut budget) == Drained::Paused;
        handovers_left || datagrams_left || sends_left
    }

    fn let_time_pass(&mut self) {
        let now = self.clock.now();
        if self.broker.poll_timeout().is_some_and(|due| due <= now) {
            self.broker.handle_timeout(now);
        }
    }

    fn take_handovers(&mut self, budget: &mut usize) -> bool {
        for _ in 0..HANDOVERS_PER_TURN {
            let Some(message) = self.exchange.try_take() else { return false };
            self.take_in(message);
            self.pass_on(budget);
        }
        true
    }

    fn take_in(&mut self, message: Handover) {
        self.broker.handle_handover(self.clock.now(), message);
    }

    fn receive(&mut self, budget: &mut usize) -> bool {
        for _ in 0..RECEIVES_PER_TURN {
            if !self.readable {
                return false;
            }
            let now = self.clock.now();
            let Self { broker, socket, buffers, .. } = self;
            socket.try_fill(buffers);
            broker.look_ahead(buffers.datagrams().map(|(_, _, datagram)| datagram));
            for (peer, local, datagram) in buffers.datagrams() {
                broker.handle_datagram(now, Path { peer, local }, datagram);
            }
            self.readable = self.socket.has_more();
            self.pass_on(budget);
        }
        self.readable
    }

    /// Empties the engine's queues: to the other workers, then to the network.
    fn pass_on(&mut self, budget: &mut usize) -> Drained {
        self.exchange.flush();
        while let Some((worker, message)) = self.broker.poll_handover() {
            if !self.exchange.offer(worker, message) {
                self.broker.note_handover_dropped();
            }
        }
        self.send(budget)
    }

    fn send(&mut self, budget: &mut usize) -> Drained {
        let Self { broker, socket, egress, clock, .. } = self;
        let now = clock.now();
        egress.drain(now, budget, || broker.poll_transmit(now), |transmits| send_all(socket, transmits))
    }

    /// Nothing is left to do: waits for something. The next turn looks at everything in its own order: which of these woke it does not
    /// matter.
    fn pause(&mut self, stopping: impl FnOnce() -> bool) -> io::Result<()> {
        self.rest();
        let due = self.broker.poll_timeout().into_iter().chain(self.egress.due()).min();
        let wanted = Ready { readable: true, writable: self.egress.is_blocked() };
        let held = self.exchange.flush().then_some(HELD_FOR);
        let exchange = &self.exchange;
        let limit = due.map(|due| due.since(self.clock.now())).into_iter().chain(held).min();
        let came = || exchange.has_some() || stopping();
        self.readable = exchange.bell().wait(&self.socket, wanted, limit, came)?.readable;
        if self.readable {
            self.moderation.note(self.clock.now());
        }
        Ok(())
    }

    /// Lets more come before it waits for it, where that is cheaper. The thread is the worker's own: nothing else runs on it.
    fn rest(&self) {
        let rest = self.moderation.rest(self.clock.now(), self.broker.media_at());
        if !rest.is_zero() {
            thread::sleep(rest);
        }
    }

    /// Sends what was due, then a goodbye to every peer. Nothing is taken in any more.
    fn say_goodbye(&mut self) -> io::Result<()> {
        let start = self.clock.now();
        self.flush_until(start + LAST_FRAMES_WITHIN)?;
        self.broker.shut_down(self.clock.now());
        if !self.flush_until(start + FAREWELL_WITHIN)? {
            tracing::warn!(
                worker = self.number,
                "the network did not take all goodbyes in time: \
                 those peers find out by themselves"
            );
        }
        Ok(())
    }

    /// Sends everything that is queued; false where `deadline` came first.
    fn flush_until(&mut self, deadline: Time) -> io::Result<bool> {
        loop {
            let until = match self.send(&mut { usize::MAX }) {
                Drained::Blocked => deadline,
                Drained::Spread => self.egress.due().map_or(deadline, |due| due.min(deadline)),
                Drained::Whole | Drained::Paused => return Ok(true),
            };
            let left = until.since(self.clock.now());
            if left.is_zero() && until == deadline {
                return Ok(false);
            }
            let wanted = Ready { readable: false, writable: self.egress.is_blocked() };
            self.exchange.bell().wait(&self.socket, wanted, Some(left), || false)?;
        }
    }
}

/// Hands sends to the socket, as many as it takes at once.
fn send_all(socket: &mut Socket, transmits: &[Transmit]) -> (usize, SendOutcome) {
    let nothing = Outgoing { to: socket.local_addr(), from: None, contents: &[], segment: 0 };
    let mut batch = [nothing; BATCH_MAX];
    for (place, transmit) in batch.iter_mut().zip(transmits) {
        let Transmit { to, from, bytes, segment } = transmit;
        *place = Outgoing { to: *to, from: *from, contents: bytes, segment: *segment };
    }
    socket.try_send_all(batch.get(..transmits.len()).unwrap_or(&batch))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use protocol::limits::VERSION;
    use protocol::random::Random;
    use protocol::wire::{self, ControlHeader, Hello, Message, Role};

    use super::*;
    use crate::engine::{Config, Directory, Keys, SessionLimits};

    fn worker(exchange: Exchange) -> Worker {
        let mut random = Random::from_seed([1; 32]);
        let config = Config {
            worker: 0,
            workers: 2,
            keys: Keys::new(&mut random, None),
            directory: Arc::new(Directory::default()),
            limits: SessionLimits::default(),
        };
        Worker::new(0, Clock::start(), Broker::new(config, random), socket(), exchange)
    }

    fn socket() -> Socket {
        Socket::bind("127.0.0.1:0".parse().unwrap(), &udp::Options::default()).unwrap()
    }

    /// A HELLO that came to another worker.
    fn hello(from: &Socket) -> Handover {
        let hello = Hello {
            role: Role::Viewer,
            versions: vec![VERSION],
            nonce: [7; 16],
            cookie: None,
            rider: Bytes::new(),
        };
        let bytes = wire::encode(&ControlHeader::default(), &Message::Hello(hello));
        Handover::Datagram { path: Path { peer: from.local_addr(), local: None }, bytes }
    }

    #[test]
    fn what_a_blocked_socket_did_not_take_leaves_as_soon_as_it_can() {
        let own = Exchange::between(1).unwrap().pop().unwrap();
        let (mut worker, mut peer) = (worker(own), socket());
        let word = Bytes::from_static(b"a word");
        let mut next = Some(Transmit { to: peer.local_addr(), from: None, bytes: word, segment: 6 });
        // Loopback takes everything at once: as a slower device would have answered.
        let full = |_: &[Transmit]| (0, SendOutcome::Blocked { sent_bytes: 0 });
        worker.egress.drain(Time::ZERO, &mut { BYTES_PER_TURN }, || next.take(), full);
        assert!(worker.egress.is_blocked());
        worker.pause(|| false).unwrap();
        assert!(!worker.turn() && !worker.egress.is_blocked());
        assert_eq!(peer.try_recv(&mut RecvBuffers::new(), |_, _, _| ()), 1);
    }

    #[test]
    fn a_turn_is_bounded_and_says_that_more_is_left() {
        let mut ends = Exchange::between(2).unwrap();
        let (mut other, own) = (ends.pop().unwrap(), ends.pop().unwrap());
        let (mut worker, peer) = (worker(own), socket());
        for _ in 0..=HANDOVERS_PER_TURN {
            assert!(other.offer(0, hello(&peer)));
        }
        assert!(worker.turn());
        assert_eq!(worker.broker.counters().retries, HANDOVERS_PER_TURN as u64);
        assert!(!worker.turn());
        assert_eq!(worker.broker.counters().retries, HANDOVERS_PER_TURN as u64 + 1);
    }

    #[test]
    fn a_hand_over_that_finds_the_queue_full_is_counted() {
        let mut ends = Exchange::between(2).unwrap();
        let (_full, own) = (ends.pop().unwrap(), ends.pop().unwrap());
        let mut worker = worker(own);
        let stray = protocol::id::SessionId(0xFF01);
        let header = ControlHeader { session: stray, ..ControlHeader::default() };
        let bytes = wire::encode(&header, &Message::PathChallenge([0; 8]));
        let path = Path { peer: "127.0.0.1:9".parse().unwrap(), local: None };
        let mut offered = 0;
        while worker.broker.counters().dropped_handover == 0 {
            worker.broker.handle_datagram(worker.clock.now(), path, &bytes);
            worker.pass_on(&mut { BYTES_PER_TURN });
            offered += 1;
            assert!(offered < 1 << 20, "the queue has no end");
        }
    }
}
