//! The task that owns the front socket, the clients and what is under way.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use fastrand::Rng;
use protocol::time::Time;
use thiserror::Error;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use udp::{BindError, Options, RecvBuffers, SendOutcome, Socket};

use super::alarm::Alarm;
use super::clock::Clock;
use super::flights::{Flights, Landed, Way};
use super::guest::{Answer, Guest};
use crate::counters::Counters;
use crate::model::Links;
use crate::report::Report;

/// Clients at once: a socket each, and a process usually may have 1 024.
const CLIENTS_MAX: usize = 1_000;
/// A client that sends nothing for so long is forgotten, as a NAT does (RFC 4787, REQ-5).
const IDLE_MAX: Duration = Duration::from_secs(120);
/// Datagrams of the broker that may wait for their turn.
const ANSWERS_MAX: usize = 1 << 12;
/// How often idle clients are looked for.
const HOUSEKEEPING: Duration = Duration::from_secs(1);

/// What a relay does.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Where clients dial it; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// Where it passes their datagrams on.
    pub to: SocketAddr,
    /// What happens to them; blackouts count from the start.
    pub links: Links,
    /// What its randomness follows from, each client draws from it in the order of arrival. `None` takes another each
    /// time; the report tells it.
    pub seed: Option<u64>,
    /// When it ends by itself.
    pub run_for: Option<Duration>,
}

/// Why a relay did not start, or ended.
#[derive(Debug, Error)]
pub enum RelayError {
    /// It can't listen.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The system refused a timer, a signal handler or a socket's readiness.
    #[error("the system refused what the relay needs: {0}")]
    System(#[from] io::Error),
}

/// Relays until `shutdown` or its time is over; gives what it did. `told` hears of it on SIGUSR1 as well.
///
/// # Errors
/// [`RelayError`] where it can't listen or the system refuses what it needs.
pub async fn run(
    settings: &Settings,
    shutdown: impl Future<Output = ()>,
    told: impl FnMut(&Report),
) -> Result<Report, RelayError> {
    let mut relay = Relay::start(settings)?;
    let asked = signal(SignalKind::user_defined1())?;
    tracing::info!(address = %relay.front.local_addr(), to = %settings.to, seed = relay.seed, "the relay listens");
    tokio::select! {
        () = shutdown => {}
        ended = relay.serve(asked, told) => ended?,
    }
    Ok(relay.report())
}

struct Relay {
    settings: Settings,
    seed: u64,
    clock: Clock,
    alarm: Alarm,
    front: Socket,
    rng: Rng,
    guests: BTreeMap<SocketAddr, Guest>,
    flights: Flights,
    answers: (Sender<Answer>, Receiver<Answer>),
    housekeeping: Time,
    /// Of clients that were forgotten.
    former: (Counters, Counters),
    seen: u64,
    refused: u64,
    unsent: u64,
}

impl Relay {
    fn start(settings: &Settings) -> Result<Self, RelayError> {
        let front = Socket::bind(settings.listen, &Options { segmentation: false, ..Options::default() })?;
        let clock = Clock::start();
        let seed = settings.seed.unwrap_or_else(|| fastrand::u32(..).into());
        Ok(Self {
            settings: *settings,
            seed,
            clock,
            alarm: Alarm::new(clock)?,
            front,
            rng: Rng::with_seed(seed),
            guests: BTreeMap::new(),
            flights: Flights::default(),
            answers: channel(ANSWERS_MAX),
            housekeeping: clock.now() + HOUSEKEEPING,
            former: (Counters::default(), Counters::default()),
            seen: 0,
            refused: 0,
            unsent: 0,
        })
    }

    async fn serve(&mut self, mut asked: Signal, mut told: impl FnMut(&Report)) -> io::Result<()> {
        let mut buffers = RecvBuffers::new();
        let end = self.settings.run_for.map(|span| Time::ZERO + span);
        self.front.writable().await?;
        loop {
            let due = [Some(self.housekeeping), end, self.flights.next()].into_iter().flatten().min();
            tokio::select! {
                ready = self.front.readable() => {
                    ready?;
                    self.take_in(&mut buffers);
                }
                Some(answer) = self.answers.1.recv() => self.send_down(answer),
                rang = self.alarm.wait(due) => rang?,
                _ = asked.recv() => told(&self.report()),
            }
            let now = self.clock.now();
            self.land(now);
            if end.is_some_and(|end| now >= end) {
                return Ok(());
            }
            if now >= self.housekeeping {
                self.forget_idle(now);
            }
        }
    }

    /// Takes in what clients sent.
    fn take_in(&mut self, buffers: &mut RecvBuffers) {
        let mut came = Vec::new();
        self.front.try_recv(buffers, |from, via, datagram| {
            came.push((from, via, Bytes::copy_from_slice(datagram)));
        });
        let now = self.clock.now();
        for (client, via, datagram) in came {
            self.send_up(now, client, via, datagram);
        }
    }

    fn send_up(&mut self, now: Time, client: SocketAddr, via: Option<IpAddr>, datagram: Bytes) {
        if !self.guests.contains_key(&client) {
            self.admit(client);
        }
        let Some(guest) = self.guests.get_mut(&client) else {
            self.refused += 1;
            return;
        };
        guest.heard = now;
        guest.via = via;
        for arrival in guest.up.carry(now, datagram) {
            self.flights.launch(Way::Up, client, arrival);
        }
    }

    fn admit(&mut self, client: SocketAddr) {
        if self.guests.len() >= CLIENTS_MAX {
            return;
        }
        let seeds = (self.rng.u64(..), self.rng.u64(..));
        let who = (client, self.seen);
        match Guest::open(who, self.settings.to, &self.settings.links, seeds, self.answers.0.clone()) {
            Ok(guest) => {
                tracing::debug!(%client, "a client came");
                self.seen += 1;
                self.guests.insert(client, guest);
            }
            Err(error) => tracing::debug!(%client, %error, "a client gets no socket"),
        }
    }

    /// What the broker sent to a client.
    fn send_down(&mut self, answer: Answer) {
        let now = self.clock.now();
        let guest = self.guests.get_mut(&answer.client).filter(|guest| guest.number == answer.number);
        let Some(guest) = guest else { return };
        for arrival in guest.down.carry(now, answer.datagram) {
            self.flights.launch(Way::Down, answer.client, arrival);
        }
    }

    /// Sends what has arrived.
    fn land(&mut self, now: Time) {
        while let Some(Landed { way, client, datagram }) = self.flights.land(now) {
            let Some(guest) = self.guests.get(&client) else { continue };
            let sent = match way {
                Way::Up => guest.send(datagram),
                Way::Down => self.front.try_send(client, guest.via, &datagram, 0) == SendOutcome::Sent,
            };
            self.unsent += u64::from(!sent);
        }
    }

    fn forget_idle(&mut self, now: Time) {
        self.housekeeping = now + HOUSEKEEPING;
        let former = &mut self.former;
        self.guests.retain(|client, guest| {
            let stays = now.since(guest.heard) < IDLE_MAX;
            if !stays {
                tracing::debug!(%client, "a client was idle for long");
                former.0.add(guest.up.counters());
                former.1.add(guest.down.counters());
            }
            stays
        });
    }

    fn report(&self) -> Report {
        let (mut up, mut down) = self.former;
        for guest in self.guests.values() {
            up.add(guest.up.counters());
            down.add(guest.down.counters());
        }
        Report {
            seed: self.seed,
            ran: self.clock.now().since(Time::ZERO),
            up,
            down,
            clients: self.guests.len(),
            clients_seen: self.seen,
            refused: self.refused,
            overflowed: self.flights.overflowed(),
            unsent: self.unsent,
        }
    }
}
