//! One question to the broker: are you well, and whom do you have?

use std::net::SocketAddr;
use std::time::Duration;

use protocol::time::Time;
use protocol::wire::{CatalogEntry, Role};
use thiserror::Error;

use super::clock::Clock;
use super::error::ShellError;
use super::network::Network;
use crate::engine::event::Event;

/// How long goodbye may take. The answer is there by then; the broker forgets a probe by itself.
const GOODBYE: Duration = Duration::from_millis(100);

/// What a broker answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Health {
    /// The address that answered.
    pub broker: SocketAddr,
    /// The round-trip time of the handshake.
    pub rtt: Duration,
    /// Producers that are published.
    pub producers: usize,
}

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum ProbeError {
    /// Nothing came in time.
    #[error(
        "no answer from {broker} within {} s: see that a broker runs there and that UDP gets through",
        waited.as_secs_f64()
    )]
    NoAnswer {
        /// Who was asked.
        broker: SocketAddr,
        /// For how long.
        waited: Duration,
    },
    /// The question can't even be asked.
    #[error(transparent)]
    Local(#[from] ShellError),
}

/// Asks the broker for a session and its catalog. Blocks the calling thread, for `patience` at the most.
///
/// # Errors
///
/// [`ProbeError`], which names the address.
pub fn probe(
    broker: SocketAddr,
    local: Option<SocketAddr>,
    patience: Duration,
) -> Result<Health, ProbeError> {
    let Answer { broker, rtt, entries } = ask(broker, local, patience)?;
    Ok(Health { broker, rtt, producers: entries.len() })
}

/// The producers that the broker has, in ascending order of ids. Blocks the calling thread, for `patience` at the most.
///
/// # Errors
///
/// [`ProbeError`], which names the address.
pub fn catalog(broker: SocketAddr, patience: Duration) -> Result<Vec<CatalogEntry>, ProbeError> {
    ask(broker, None, patience).map(|answer| answer.entries)
}

struct Answer {
    broker: SocketAddr,
    rtt: Duration,
    entries: Vec<CatalogEntry>,
}

fn ask(broker: SocketAddr, local: Option<SocketAddr>, patience: Duration) -> Result<Answer, ProbeError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(ShellError::Runtime)?.block_on(async {
        let clock = Clock::start();
        let mut network = Network::open(clock, broker, local, Role::Probe)?;
        let deadline = clock.now() + patience;
        let answer = wait_for_answer(clock, &mut network, deadline).await;
        say_goodbye(clock, &mut network).await;
        answer.ok_or(ProbeError::NoAnswer { broker: network.broker(), waited: patience })
    })
}

async fn wait_for_answer(clock: Clock, network: &mut Network, deadline: Time) -> Option<Answer> {
    let broker = network.broker();
    let mut measured = Duration::ZERO;
    network.client.list(clock.now());
    while clock.now() < deadline {
        turn(clock, network, deadline).await;
        while let Some(event) = network.client.poll_event() {
            match event {
                Event::Connected { rtt, .. } => measured = rtt,
                Event::Catalog(entries) => return Some(Answer { broker, rtt: measured, entries }),
                _ => {}
            }
        }
    }
    None
}

async fn say_goodbye(clock: Clock, network: &mut Network) {
    let deadline = clock.now() + GOODBYE;
    network.client.shut_down(clock.now(), GOODBYE);
    network.send();
    while !(network.client.is_closed() && network.is_sent()) && clock.now() < deadline {
        turn(clock, network, deadline).await;
    }
}

async fn turn(clock: Clock, network: &mut Network, deadline: Time) {
    let now = clock.now();
    network.receive(now);
    network.send();
    let due = network.client.poll_timeout(now).map_or(deadline, |due| due.min(deadline));
    tokio::select! {
        // Fails only while the runtime shuts down.
        ready = network.ready() => drop(ready),
        () = clock.sleep_until(Some(due)) => {}
    }
}
