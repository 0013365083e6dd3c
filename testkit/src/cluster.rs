//! The workers of one broker without any engine around them, and the books of what goes in and out.
//!
//! [`Cluster::deliver`] and [`Cluster::pass`] check after each step what has to hold whatever peers do: every datagram
//! that goes out is well-formed and no longer than it may be; an address that has proven nothing is sent no more than
//! came from it; repairs stay within the budget; tables stay within their limits.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use broker::engine::{Broker, Config, Directory, Handover, Keys, Path, SessionLimits, Transmit};
use bytes::Bytes;
use protocol::id::ProducerId;
use protocol::limits::{DATA_HEADER_LEN, DATAGRAM_LEN, SHARD_LEN, SUBSCRIPTIONS_MAX};
use protocol::random::Random;
use protocol::time::Time;
use protocol::wire::{self, DataFlags, Datagram, Message};

use crate::account::Account;

/// Steps of one instant after which something spins.
const STEPS_OF_AN_INSTANT: u32 = 10_000;
/// What a viewer may be resent beyond 80 % of what it was first sent: the depth of its budget (PROTOCOL 7.2).
const BUDGET_DEPTH: u64 = 256 << 10;
/// Sessions that one worker grants here.
const SESSIONS_MAX: usize = 8;
/// Datagrams to peers that wait to be read; older ones are forgotten.
const ARRIVALS_MAX: usize = 1 << 10;

/// All workers of a broker.
pub struct Cluster {
    now: Time,
    workers: Vec<Broker>,
    directory: Arc<Directory>,
    handovers: VecDeque<(u8, Handover)>,
    accounts: BTreeMap<SocketAddr, Account>,
    announced: BTreeSet<ProducerId>,
    arrivals: VecDeque<(SocketAddr, Bytes)>,
    first_sent: u64,
    resent: u64,
}

impl Cluster {
    /// A broker of so many workers whose secrets and ids follow from `seed`.
    pub fn new(workers: u8, seed: u8) -> Self {
        let directory = Arc::new(Directory::default());
        let keys = Keys::new(&mut Random::from_seed([seed; 32]), None);
        let worker = |worker: u8| {
            let config = Config {
                worker,
                workers,
                keys: keys.clone(),
                directory: Arc::clone(&directory),
                limits: SessionLimits {
                    total: SESSIONS_MAX,
                    per_prefix: SESSIONS_MAX / 2,
                    thins: true,
                    ..SessionLimits::default()
                },
            };
            Broker::new(config, Random::from_seed([seed.wrapping_add(worker).wrapping_add(1); 32]))
        };
        Self {
            now: Time::from_micros(1_000_000),
            workers: (0..workers).map(worker).collect(),
            directory,
            handovers: VecDeque::new(),
            accounts: BTreeMap::new(),
            announced: BTreeSet::new(),
            arrivals: VecDeque::new(),
            first_sent: 0,
            resent: 0,
        }
    }

    /// The virtual time.
    pub const fn now(&self) -> Time {
        self.now
    }

    /// A datagram from `from` reaches the worker that `steering` picks.
    ///
    /// # Panics
    /// If the broker breaks one of its promises.
    pub fn deliver(&mut self, steering: u8, from: SocketAddr, datagram: &[u8]) {
        self.accounts.entry(from).or_default().receive(datagram);
        if let Ok(Datagram::Control(control)) = wire::decode(datagram)
            && let Message::Announce(_) = control.message
        {
            self.announced.insert(control.header.producer);
        }
        let count = self.workers.len().max(1);
        if let Some(worker) = self.workers.get_mut(usize::from(steering) % count) {
            worker.handle_datagram(self.now, Path { peer: from, local: None }, datagram);
        }
        self.settle();
    }

    /// Time passes, and every timer on the way fires when it is due.
    ///
    /// # Panics
    /// If the broker breaks one of its promises, or spins.
    pub fn pass(&mut self, span: Duration) {
        let until = self.now + span;
        let mut steps = 0;
        loop {
            let due = self.workers.iter().filter_map(Broker::poll_timeout).min();
            let Some(due) = due.filter(|due| *due <= until) else { break };
            steps = if due > self.now { 0 } else { steps + 1 };
            assert!(steps < STEPS_OF_AN_INSTANT, "timers spin at {:?}", self.now);
            self.now = self.now.max(due);
            for worker in &mut self.workers {
                worker.handle_timeout(self.now);
            }
            self.settle();
        }
        self.now = until;
    }

    /// The next datagram that the broker sent, and to whom.
    pub fn poll_arrival(&mut self) -> Option<(SocketAddr, Bytes)> {
        self.arrivals.pop_front()
    }

    /// Bytes that came from an address, and bytes that went to it.
    pub fn drawn(&self, address: SocketAddr) -> (u64, u64) {
        self.accounts.get(&address).map_or((0, 0), |account| (account.received, account.sent))
    }

    /// Sessions of all workers.
    pub fn sessions(&self) -> usize {
        self.workers.iter().map(|worker| worker.census().sessions).sum()
    }

    /// Nothing is left of any peer.
    ///
    /// # Panics
    /// If something is: with what each worker holds.
    pub fn assert_empty(&self) {
        let left: Vec<_> = self.workers.iter().map(Broker::census).collect();
        assert!(self.workers.iter().all(Broker::is_empty), "peers that have gone left {left:?}");
        assert!(self.directory.is_empty(), "peers that have gone left entries in the directory");
    }

    /// Takes what the workers have to send and to hand over until they are done.
    fn settle(&mut self) {
        loop {
            for worker in &mut self.workers {
                while let Some(transmit) = worker.poll_transmit(self.now) {
                    self.first_sent += count_data(&transmit, false);
                    self.resent += count_data(&transmit, true);
                    send(&mut self.accounts, &mut self.arrivals, &transmit);
                }
                while let Some(handover) = worker.poll_handover() {
                    self.handovers.push_back(handover);
                }
            }
            let Some((to, message)) = self.handovers.pop_front() else { break };
            if let Some(worker) = self.workers.get_mut(usize::from(to)) {
                worker.handle_handover(self.now, message);
            }
        }
        self.check_limits();
    }

    fn check_limits(&self) {
        let opened: u64 = self.workers.iter().map(|worker| worker.counters().sessions_opened).sum();
        let allowed = self.first_sent * 4 / 5 + opened * BUDGET_DEPTH;
        assert!(self.resent <= allowed, "{} bytes resent, {} first sent", self.resent, self.first_sent);
        for worker in &self.workers {
            let census = worker.census();
            assert!(census.sessions <= SESSIONS_MAX, "{census:?}");
            assert!(census.timers <= census.sessions, "{census:?}");
            let wanted = SESSIONS_MAX * SUBSCRIPTIONS_MAX + self.announced.len();
            assert!(census.channels <= wanted, "{census:?}");
        }
    }
}

/// Books one send, datagram by datagram.
fn send(
    accounts: &mut BTreeMap<SocketAddr, Account>,
    arrivals: &mut VecDeque<(SocketAddr, Bytes)>,
    transmit: &Transmit,
) {
    let account = accounts.entry(transmit.to).or_default();
    for datagram in transmit.bytes.chunks(transmit.segment.max(1)) {
        let room = match wire::decode(datagram).expect("what the broker says is well-formed") {
            Datagram::Data(header, _) => DATA_HEADER_LEN + usize::from(header.shard_size.max(SHARD_LEN)),
            Datagram::Control(_) => DATAGRAM_LEN,
            Datagram::Unknown(_) => 0,
        };
        assert!(datagram.len() <= room, "a datagram of {} bytes: {datagram:02X?}", datagram.len());
        account.send(datagram);
        if arrivals.len() == ARRIVALS_MAX {
            arrivals.pop_front();
        }
        arrivals.push_back((transmit.to, Bytes::copy_from_slice(datagram)));
    }
}

/// Bytes of DATA in a send: of repairs and parity, or of the others.
fn count_data(transmit: &Transmit, extra: bool) -> u64 {
    let run = wire::DataHeader::split_run(&transmit.bytes);
    let is_extra = |flags: DataFlags| flags.contains(DataFlags::RETX) || flags.contains(DataFlags::PARITY);
    let counted = run.filter(|(header, _)| is_extra(header.flags) == extra);
    counted.map(|(_, shard)| (DATA_HEADER_LEN + shard.len()) as u64).sum()
}
