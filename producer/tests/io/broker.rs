//! A broker in a thread: the real engine on a plain socket, with one viewer of the producer inside.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use broker::engine::{Broker, Config, Directory, Keys, Path, SessionLimits};
use client::engine::Client;
use client::engine::event::{Event, Frame};
use protocol::limits::LATENCY;
use protocol::random::Random;
use protocol::time::Time;
use protocol::wire::{Code, Role};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::ID;

/// The thread looks at its clock and its order to stop at least this often.
const TURN: Duration = Duration::from_millis(5);

/// What the viewer and the broker see.
#[derive(Debug)]
pub(crate) enum Seen {
    /// The producer is live.
    Live,
    /// A frame arrived.
    Frame(Frame),
    /// The producer ended.
    Ended(Code),
    /// So many sessions stand, the viewer's among them.
    Sessions(usize),
}

/// The thread, and what it saw.
pub(crate) struct TestBroker {
    address: SocketAddr,
    seen: UnboundedReceiver<Seen>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl TestBroker {
    pub(crate) fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let (sender, seen) = unbounded_channel();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let mut host = Host::new(socket, sender);
            while !stopped.load(Ordering::Relaxed) {
                host.turn();
            }
        });
        Self { address, seen, stop, thread: Some(thread) }
    }

    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    /// What is seen next.
    pub(crate) async fn next(&mut self) -> Seen {
        self.seen.recv().await.expect("the broker's thread panicked")
    }

    /// Waits for what `is_it` recognises, past all else.
    pub(crate) async fn until(&mut self, is_it: impl Fn(&Seen) -> bool) -> Seen {
        loop {
            let seen = self.next().await;
            if is_it(&seen) {
                return seen;
            }
        }
    }

    /// The next `count` frames.
    pub(crate) async fn frames(&mut self, count: usize) -> Vec<Frame> {
        let mut frames = Vec::new();
        while frames.len() < count {
            if let Seen::Frame(frame) = self.next().await {
                frames.push(frame);
            }
        }
        frames
    }
}

impl Drop for TestBroker {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
            && !thread::panicking()
        {
            panic!("the broker's thread panicked");
        }
    }
}

/// What the thread owns.
struct Host {
    socket: UdpSocket,
    started: Instant,
    broker: Broker,
    viewer: Client,
    viewer_path: Path,
    sessions: usize,
    seen: UnboundedSender<Seen>,
}

impl Host {
    fn new(socket: UdpSocket, seen: UnboundedSender<Seen>) -> Self {
        socket.set_read_timeout(Some(TURN)).unwrap();
        let mut random = Random::from_seed([1; 32]);
        let config = Config {
            worker: 0,
            workers: 1,
            keys: Keys::new(&mut random, None),
            directory: Arc::new(Directory::default()),
            limits: SessionLimits::default(),
        };
        let start = Time::from_micros(1_000_000);
        let address = socket.local_addr().unwrap();
        let mut viewer = Client::new(start, address, Role::Viewer, Random::from_seed([2; 32]));
        viewer.subscribe(start, ID.parse().unwrap(), LATENCY);
        Self {
            socket,
            started: Instant::now(),
            broker: Broker::new(config, random),
            viewer,
            // The viewer lives in the thread: nobody else has this address.
            viewer_path: Path { peer: "192.0.2.1:9".parse().unwrap(), local: None },
            sessions: 0,
            seen,
        }
    }

    /// One datagram or a pause, and everything that follows from it.
    fn turn(&mut self) {
        let mut datagram = [0; 2_048];
        let received = self.socket.recv_from(&mut datagram);
        let now = Time::from_micros(1_000_000 + u64::try_from(self.started.elapsed().as_micros()).unwrap());
        if let Ok((len, peer)) = received {
            self.broker.handle_datagram(now, Path { peer, local: None }, &datagram[..len]);
        }
        self.broker.handle_timeout(now);
        self.viewer.handle_timeout(now);
        self.exchange(now);
        self.tell();
    }

    /// Carries datagrams until both are quiet.
    fn exchange(&mut self, now: Time) {
        let mut busy = true;
        while std::mem::take(&mut busy) {
            while let Some(datagram) = self.viewer.poll_transmit() {
                self.broker.handle_datagram(now, self.viewer_path, &datagram);
                busy = true;
            }
            while let Some(transmit) = self.broker.poll_transmit(now) {
                let from = self.socket.local_addr().unwrap();
                for datagram in transmit.bytes.chunks(transmit.segment.max(1)) {
                    if transmit.to == self.viewer_path.peer {
                        self.viewer.handle_datagram(now, from, datagram);
                    } else {
                        self.socket.send_to(datagram, transmit.to).unwrap();
                    }
                }
                busy = true;
            }
        }
    }

    fn tell(&mut self) {
        let mut news = Vec::new();
        while let Some(event) = self.viewer.poll_event() {
            match event {
                Event::Subscribed(_) => news.push(Seen::Live),
                Event::Frame(frame) => news.push(Seen::Frame(frame)),
                Event::Ended { reason, .. } => news.push(Seen::Ended(reason)),
                _ => {}
            }
        }
        let sessions = self.broker.census().sessions;
        if std::mem::replace(&mut self.sessions, sessions) != sessions {
            news.push(Seen::Sessions(sessions));
        }
        for seen in news {
            // A test that has seen enough does not listen any more.
            drop(self.seen.send(seen));
        }
    }
}
