//! The start, the life and the end of a broker.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use protocol::random::Random;
use udp::{Buffers, DropCount, Socket};

use crate::engine::{Broker, Config, Directory, Keys};

use super::clock::Clock;
use super::crew::Crew;
use super::error::{RunError, StartError, WorkerLost};
use super::exchange::Exchange;
use super::orders::Orders;
use super::overflow::{Lookout, Watched};
use super::settings::Settings;
use super::state;
use super::worker::{FAREWELL_WITHIN, Worker};

/// Workers that have not ended this long after they were told to are left behind: half of what is left of the second
/// in which every role ends.
const STOP_WITHIN: Duration = FAREWELL_WITHIN.saturating_add(Duration::from_millis(250));

/// Runs a broker until `shutdown`, then says goodbye to its peers.
///
/// # Errors
/// [`RunError`] where it does not start or loses a worker.
pub async fn run(settings: &Settings, shutdown: impl Future<Output = ()>) -> Result<(), RunError> {
    let mut running = Running::start(settings)?;
    let lost = tokio::select! {
        () = shutdown => None,
        lost = running.worker_lost() => Some(lost),
    };
    let stopped = running.stop().await;
    lost.map_or(stopped, Err).map_err(RunError::from)
}

/// A broker that serves. Dropped, it says goodbye to its peers without being waited for.
pub struct Running {
    crew: Crew,
    local_addr: SocketAddr,
    _lookout: Option<Lookout>,
}

impl Running {
    /// Starts a broker; when this returns, every worker is bound and serves.
    ///
    /// # Errors
    /// [`StartError`], which names what was wrong and the remedy. Nothing is left running then.
    pub fn start(settings: &Settings) -> Result<Self, StartError> {
        let workers = settings.worker_count()?;
        let mut random = random()?;
        let reset = match &settings.state_dir {
            Some(dir) => Some(state::reset_key(dir, &mut random)?),
            None => None,
        };
        let keys = Keys::new(&mut random, reset);
        let options = settings.socket_options(workers);
        // Sockets that share a port hide each other: one that is taken shows up here or never.
        let addr = if options.reuse_port { udp::probe_free(settings.listen)? } else { settings.listen };
        let (clock, directory) = (Clock::start(), Arc::new(Directory::default()));

        let mut crew = Crew::new(workers);
        let (report, reports) = channel();
        let ends = Exchange::between(workers);
        let ends = ends.map_err(|cause| StartError::System { worker: 0, cause })?;
        for (number, exchange) in (0..workers).zip(ends) {
            let (keys, directory, limits) = (keys.clone(), Arc::clone(&directory), settings.limits);
            let config = Config { worker: number, workers, keys, directory, limits };
            let share = settings.egress_rate.map(|rate| (rate.get() / u64::from(workers)).max(1));
            let ringer = exchange.ringer();
            let post = Post { addr, options, config, clock, exchange, random: self::random()?, share };
            let report = report.clone();
            let spawned = crew.spawn(number, ringer, move |orders| post.serve(&report, &orders));
            if let Err(cause) = spawned {
                crew.call_off();
                return Err(StartError::System { worker: number, cause });
            }
        }
        drop(report);
        match all_bound(&reports, workers) {
            Ok((any, watched)) => {
                announce(settings, &any, workers);
                crew.serve();
                Ok(Self { crew, local_addr: any.addr, _lookout: look_out(watched) })
            }
            Err(error) => {
                crew.call_off();
                Err(error)
            }
        }
    }

    /// Where it listens, with the port that the system chose.
    pub const fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Waits for a worker that ends though nobody asked it to: a defect, after which the process has to end. Safe to
    /// cancel.
    pub async fn worker_lost(&mut self) -> WorkerLost {
        self.crew.lost().await
    }

    /// Says goodbye to all peers and ends the workers, within three quarters of a second. Needs a tokio runtime with
    /// its timer.
    ///
    /// # Errors
    /// [`WorkerLost`] where a worker did not end in peace.
    pub async fn stop(self) -> Result<(), WorkerLost> {
        self.crew.stop(STOP_WITHIN).await
    }
}

/// What a thread needs to become a worker.
struct Post {
    addr: SocketAddr,
    options: udp::Options,
    config: Config,
    clock: Clock,
    exchange: Exchange,
    random: Random,
    /// Bits per second that it sends at most.
    share: Option<u64>,
}

/// What a worker reports once it is bound.
struct Bound {
    worker: u8,
    addr: SocketAddr,
    buffers: Buffers,
    drop_count: Option<DropCount>,
}

impl Post {
    /// Binds, reports how that went, and serves when all others are bound, too.
    fn serve(self, report: &Sender<Result<Bound, StartError>>, orders: &Orders) -> io::Result<()> {
        let socket = match Socket::bind(self.addr, &self.options) {
            Ok(socket) => socket,
            Err(error) => {
                // Where nobody reads it, another worker's report has called off the start.
                report.send(Err(error.into())).unwrap_or_default();
                return Ok(());
            }
        };
        let bound = Bound {
            worker: self.config.worker,
            addr: socket.local_addr(),
            buffers: socket.buffers(),
            drop_count: socket.drop_count(),
        };
        report.send(Ok(bound)).unwrap_or_default();
        if !orders.until_serving() {
            return Ok(());
        }
        let Self { config, clock, exchange, random, share, .. } = self;
        let number = config.worker;
        let broker = Broker::new(config, random);
        let worker = Worker::new(number, clock, broker, socket, exchange);
        let worker = match share {
            Some(share) => worker.sending_at_most(share),
            None => worker,
        };
        worker.serve(orders)
    }
}

/// Waits for the reports of all workers, which agree but for the first error: one of them, and what each one's kernel counts.
fn all_bound(
    reports: &Receiver<Result<Bound, StartError>>,
    workers: u8,
) -> Result<(Bound, Vec<Watched>), StartError> {
    let mut last = Err(StartError::Silent);
    let mut watched = Vec::new();
    for _ in 0..workers {
        let bound = reports.recv().map_err(|_| StartError::Silent)??;
        watched.extend(bound.drop_count.map(|count| Watched::new(bound.worker, count, &bound.buffers)));
        last = Ok(bound);
    }
    last.map(|bound| (bound, watched))
}

/// Has somebody look at what the kernel drops; without that the broker serves as well.
fn look_out(watched: Vec<Watched>) -> Option<Lookout> {
    if watched.is_empty() {
        return None;
    }
    let started = Lookout::start(watched).inspect_err(|cause| {
        tracing::warn!(%cause, "what the kernel drops is told at the end only: raise the limit of threads");
    });
    started.ok()
}

fn announce(settings: &Settings, bound: &Bound, workers: u8) {
    tracing::info!(address = %bound.addr, workers, "the broker listens");
    // Nobody has to do anything about it before so many viewers come that something is lost, which is said then.
    for shortfall in bound.buffers.shortfalls() {
        tracing::info!("{shortfall}");
    }
    if settings.is_exposed() {
        tracing::warn!(
            address = %bound.addr,
            "anyone who reaches this address can publish and watch: there is no authorization yet; listen on \
             127.0.0.1 or restrict the network"
        );
    }
}

/// A generator of its own, seeded by the system.
fn random() -> Result<Random, StartError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(StartError::Randomness)?;
    Ok(Random::from_seed(seed))
}
