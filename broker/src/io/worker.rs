//! One thread's loop: it alone touches its socket and its engine.

use std::io;
use std::thread;
use std::time::Duration;

use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until, timeout_at};
use udp::{RecvBuffers, Socket};

use crate::engine::{Broker, Handover, Path};

use super::clock::Clock;
use super::crew::Orders;
use super::egress::{BYTES_PER_TURN, Drained, Egress};
use super::exchange::Exchange;
use super::moderation::Moderation;
use super::summary;

/// Hand-overs taken in one turn: as many as a receive brings datagrams.
const HANDOVERS_PER_TURN: usize = 32;
/// Receives in one turn. Each brings up to 32 datagrams, or runs of them.
const RECEIVES_PER_TURN: usize = 2;
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
}

impl Worker {
    pub(super) fn new(number: u8, clock: Clock, broker: Broker, socket: Socket, exchange: Exchange) -> Self {
        let (buffers, egress) = (RecvBuffers::new(), Egress::default());
        let moderation = Moderation::default();
        Self { number, clock, broker, socket, buffers, egress, exchange, moderation }
    }

    /// Spreads its sends over time.
    pub(super) fn sending_at_most(self, bits_per_second: u64) -> Self {
        Self { egress: Egress::at_most(bits_per_second), ..self }
    }

    /// Serves until it is told to stop, then says goodbye.
    ///
    /// # Errors
    /// The socket is gone. No error of a send or a receive is among it.
    pub(super) async fn serve(mut self, orders: &mut Orders) -> io::Result<()> {
        loop {
            let work_left = self.turn();
            tokio::select! {
                biased;
                () = orders.until_stopping() => break,
                woken = self.pause(work_left) => woken?,
            }
        }
        self.say_goodbye().await;
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
            let now = self.clock.now();
            let Self { broker, socket, buffers, .. } = self;
            let received = socket.try_recv(buffers, |peer, local, datagram| {
                broker.handle_datagram(now, Path { peer, local }, datagram);
            });
            if received == 0 {
                return false;
            }
            self.pass_on(budget);
        }
        true
    }

    /// Empties the engine's queues: to the other workers, then to the network.
    fn pass_on(&mut self, budget: &mut usize) -> Drained {
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
        egress.drain(
            now,
            budget,
            || broker.poll_transmit(now),
            |transmit| socket.try_send(transmit.to, transmit.from, &transmit.bytes, transmit.segment),
        )
    }

    /// Between two turns: where work is left only the runtime gets its say, else it waits for something to do.
    async fn pause(&mut self, work_left: bool) -> io::Result<()> {
        if work_left {
            yield_now().await;
            return Ok(());
        }
        self.rest();
        let due = self.broker.poll_timeout().into_iter().chain(self.egress.due()).min();
        let due = due.map(|due| self.clock.instant(due));
        // The next turn looks at everything in its own order: which of these wakes it does not matter.
        let message = tokio::select! {
            message = self.exchange.take() => message,
            ready = self.socket.readable() => {
                self.moderation.note(self.clock.now());
                return ready;
            }
            ready = self.socket.writable(), if self.egress.is_blocked() => return ready,
            () = reached(due) => return Ok(()),
        };
        if let Some(message) = message {
            self.take_in(message);
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
    async fn say_goodbye(&mut self) {
        let start = Instant::now();
        self.flush_until(start + LAST_FRAMES_WITHIN).await;
        self.broker.shut_down(self.clock.now());
        if !self.flush_until(start + FAREWELL_WITHIN).await {
            tracing::warn!(
                worker = self.number,
                "the network did not take all goodbyes in time: \
                 those peers find out by themselves"
            );
        }
    }

    /// Sends everything that is queued; false where `deadline` came first.
    async fn flush_until(&mut self, deadline: Instant) -> bool {
        let flush = async {
            loop {
                match self.send(&mut { usize::MAX }) {
                    Drained::Blocked if self.socket.writable().await.is_ok() => {}
                    Drained::Spread => reached(self.egress.due().map(|due| self.clock.instant(due))).await,
                    Drained::Blocked | Drained::Whole | Drained::Paused => return,
                }
            }
        };
        timeout_at(deadline, flush).await.is_ok()
    }
}

async fn reached(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use protocol::limits::VERSION;
    use protocol::random::Random;
    use protocol::wire::{self, ControlHeader, Hello, Message, Role};
    use tokio::time::timeout;

    use super::*;
    use crate::engine::{Config, Directory, Keys, SessionLimits};

    /// A test that waits longer than this waits in vain.
    const GUARD: Duration = Duration::from_secs(5);

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

    #[tokio::test]
    async fn what_a_blocked_socket_did_not_take_leaves_as_soon_as_it_can() {
        let mut ends = Exchange::between(2);
        let (other, own) = (ends.pop().unwrap(), ends.pop().unwrap());
        let (mut worker, mut peer) = (worker(own), socket());
        assert!(other.offer(0, hello(&peer)));
        // A fresh socket counts as blocked until the runtime has looked at it.
        assert!(!worker.turn() && worker.egress.is_blocked());
        timeout(GUARD, worker.pause(false)).await.expect("nothing woke the worker").unwrap();
        assert!(!worker.turn() && !worker.egress.is_blocked());
        timeout(GUARD, peer.readable()).await.expect("nothing was sent").unwrap();
        assert_eq!(peer.try_recv(&mut RecvBuffers::new(), |_, _, _| ()), 1);
    }

    #[tokio::test]
    async fn a_turn_is_bounded_and_says_that_more_is_left() {
        let mut ends = Exchange::between(2);
        let (other, own) = (ends.pop().unwrap(), ends.pop().unwrap());
        let (mut worker, peer) = (worker(own), socket());
        for _ in 0..=HANDOVERS_PER_TURN {
            assert!(other.offer(0, hello(&peer)));
        }
        assert!(worker.turn());
        assert_eq!(worker.broker.counters().retries, HANDOVERS_PER_TURN as u64);
        assert!(!worker.turn());
        assert_eq!(worker.broker.counters().retries, HANDOVERS_PER_TURN as u64 + 1);
    }

    #[tokio::test]
    async fn a_hand_over_that_finds_the_queue_full_is_counted() {
        let mut ends = Exchange::between(2);
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
