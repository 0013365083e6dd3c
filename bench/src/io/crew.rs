//! The threads: one for the producers, some for the viewers.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use protocol::random::Random;
use protocol::time::Time;
use tokio::runtime::Builder;
use tokio::sync::watch;
use tokio::task::{JoinSet, LocalSet};
use udp::{RecvBuffers, Socket};

use super::clock::Clock;
use super::error::BenchError;
use super::host::{Host, Shared, Stage};
use crate::act::Act;
use crate::address::Spread;
use crate::impairment::Impairment;
use crate::peer::Peer;
use crate::seat::{Hall, HallPlan, Seat};
use crate::source::{Source, Studio, id_of};
use crate::tally::{Tally, Traffic};

/// How often a thread shows what it has counted.
const SHOW_EVERY: Duration = Duration::from_millis(100);

/// Anything that counts.
pub(super) trait Counting {
    fn tally(&self) -> &Tally;
}

impl Counting for Hall {
    fn tally(&self) -> &Tally {
        &self.tally
    }
}

impl Counting for Studio {
    fn tally(&self) -> &Tally {
        &self.tally
    }
}

impl Shared for Hall {
    fn follow(&mut self, act: Act) {
        self.act = act;
    }

    fn traffic(&mut self, now: Time) -> Option<&mut Traffic> {
        self.act.measures(now).then_some(&mut self.tally.traffic)
    }
}

impl Shared for Studio {
    fn follow(&mut self, act: Act) {
        self.act = act;
    }

    fn traffic(&mut self, _now: Time) -> Option<&mut Traffic> {
        None
    }
}

/// A thread, what it shows of its counts, and what its sockets dropped in the end.
pub(super) struct Member {
    thread: JoinHandle<io::Result<u64>>,
    shown: Arc<Mutex<Tally>>,
}

/// What every thread gets.
#[derive(Clone)]
pub(super) struct Kit {
    pub(super) clock: Clock,
    pub(super) broker: SocketAddr,
    pub(super) acts: watch::Receiver<Act>,
}

impl Member {
    /// What it has counted up to a moment ago.
    pub(super) fn shown(&self) -> Tally {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether it has ended.
    pub(super) fn is_over(&self) -> bool {
        self.thread.is_finished()
    }

    /// Waits for its end: its counts, and the datagrams that its sockets dropped.
    pub(super) fn join(self) -> Result<(Tally, u64), BenchError> {
        let ended = self.thread.join().map_err(|_| BenchError::Thread("it panicked".to_owned()))?;
        let dropped = ended.map_err(|error| BenchError::Thread(error.to_string()))?;
        let tally = self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok((tally, dropped))
    }

    fn spawn<P, C>(
        name: &str,
        kit: Kit,
        exact: bool,
        make: impl FnOnce(&Kit) -> Result<(C, Vec<Host<P>>), BenchError> + Send + 'static,
    ) -> Result<Self, BenchError>
    where
        C: Counting + Shared + 'static,
        P: Peer<C> + 'static,
    {
        let shown = Arc::new(Mutex::new(Tally::default()));
        let shared = Arc::clone(&shown);
        let thread = thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || serve(&kit, exact, &shared, make))
            .map_err(|error| BenchError::Thread(error.to_string()))?;
        Ok(Self { thread, shown })
    }
}

/// A thread's whole life.
fn serve<P, C>(
    kit: &Kit,
    exact: bool,
    shown: &Mutex<Tally>,
    make: impl FnOnce(&Kit) -> Result<(C, Vec<Host<P>>), BenchError>,
) -> io::Result<u64>
where
    C: Counting + Shared + 'static,
    P: Peer<C> + 'static,
{
    let runtime = Builder::new_current_thread().enable_io().enable_time().build()?;
    let (context, hosts) = {
        let _context = runtime.enter();
        make(kit).map_err(io::Error::other)?
    };
    let buffers = RefCell::new(RecvBuffers::new());
    let dues = RefCell::default();
    let stage = Rc::new(Stage { context: RefCell::new(context), buffers, clock: kit.clock, exact, dues });
    let show = || {
        let tally = stage.context.borrow().tally().clone();
        *shown.lock().unwrap_or_else(PoisonError::into_inner) = tally;
    };
    let set = LocalSet::new();
    let dropped = set.block_on(&runtime, async {
        let mut tasks = JoinSet::new();
        for (number, host) in hosts.into_iter().enumerate() {
            tasks.spawn_local(host.serve(number, Rc::clone(&stage), kit.acts.clone()));
        }
        let mut ticks = tokio::time::interval(SHOW_EVERY);
        let mut sockets = Vec::new();
        loop {
            tokio::select! {
                ended = tasks.join_next() => match ended {
                    Some(ended) => sockets.push(ended.map_err(io::Error::other)??),
                    // Ten thousand sockets make a long table: it is read once for all of them.
                    None => return io::Result::Ok(Socket::kernel_drops_of(&sockets).unwrap_or_default()),
                },
                _ = ticks.tick() => show(),
            }
        }
    })?;
    show();
    Ok(dropped)
}

/// Starts the viewers' threads: viewers are dealt out socket by socket.
pub(super) fn start_viewers(
    kit: &Kit,
    plan: &HallPlan,
    channels: usize,
    threads: usize,
    (loss, delay, coalescing): (f64, Duration, bool),
) -> Result<Vec<Member>, BenchError> {
    let spread = Spread::towards(kit.broker);
    let size = spread.peers_per_socket();
    let numbers: Vec<u64> = (0..plan.viewers).collect();
    let mut shares: Vec<Vec<Vec<u64>>> = vec![Vec::new(); threads.max(1)];
    let count = shares.len();
    for (socket, group) in numbers.chunks(size).enumerate() {
        if let Some(share) = shares.get_mut(socket % count) {
            share.push(group.to_vec());
        }
    }
    let mut members = Vec::new();
    for (thread, share) in shares.into_iter().enumerate().filter(|(_, share)| !share.is_empty()) {
        let (plan, random) = (plan.clone(), random()?);
        members.push(Member::spawn(&format!("viewers-{thread}"), kit.clone(), false, move |kit| {
            let mut hosts = Vec::new();
            for group in share {
                let seed = group.first().copied().unwrap_or_default();
                let seat = |number: u64| {
                    let channel = usize::try_from(number).unwrap_or(0) % channels;
                    Seat::new(number, channel, id_of(channel), &plan)
                };
                let seats = group.into_iter().map(seat).collect();
                hosts.push(Host::bind(
                    kit.broker,
                    spread,
                    seats,
                    Impairment::new(loss, delay, seed),
                    coalescing,
                )?);
            }
            let act = *kit.acts.borrow();
            Ok((Hall { act, tally: Tally::default(), plan, random }, hosts))
        })?);
    }
    Ok(members)
}

/// Starts the producers' thread. `make` gives a producer by its number.
pub(super) fn start_producers(
    kit: &Kit,
    count: usize,
    studio: Studio,
    mut make: impl FnMut(usize, Random) -> Source + Send + 'static,
) -> Result<Member, BenchError> {
    let spread = Spread::towards(kit.broker);
    let mut random = random()?;
    Member::spawn("producers", kit.clone(), true, move |kit| {
        let numbers: Vec<usize> = (0..count).collect();
        let mut hosts = Vec::new();
        for group in numbers.chunks(spread.peers_per_socket()) {
            let sources =
                group.iter().map(|number| make(*number, Random::from_seed(random.block()))).collect();
            hosts.push(Host::bind(
                kit.broker,
                spread,
                sources,
                Impairment::new(0.0, Duration::ZERO, 0),
                true,
            )?);
        }
        Ok((studio, hosts))
    })
}

/// A generator of its own, seeded by the system.
fn random() -> Result<Random, BenchError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(BenchError::Randomness)?;
    Ok(Random::from_seed(seed))
}
