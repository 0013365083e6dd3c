//! Until everybody has joined: an ordinary broker engine, and a note of who is sent media.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result};
use broker::engine::{Broker, Config, Directory, Keys, Path, SessionLimits};
use protocol::random::Random;
use protocol::time::{Time, micros};
use protocol::wire::DataHeader;

use super::ARM;
use super::bare::Audience;
use super::wire::{Way, Wire};

/// Serves until it is told that everybody has joined.
pub(super) fn serve_until_armed(wire: &mut Wire) -> Result<Audience> {
    let start = Instant::now();
    let now = || Time::from_micros(1_000_000 + micros(start.elapsed()));
    let mut broker = engine()?;
    let mut audience = Audience::default();
    let mut armed = false;
    while !armed {
        let due = broker.poll_timeout().map(|due| due.since(now()));
        wire.wait(due).context("waiting for datagrams")?;
        wire.receive(|_, way, datagram| {
            armed |= datagram == ARM;
            if let Ok((header, _)) = DataHeader::decode(datagram) {
                audience.note_producer(way, &header);
            }
            broker.handle_datagram(now(), Path { peer: way.peer, local: way.local }, datagram);
        })?;
        broker.handle_timeout(now());
        while let Some(transmit) = broker.poll_transmit(now()) {
            let way = Way { peer: transmit.to, local: transmit.from };
            if let Ok((header, _)) =
                DataHeader::decode(transmit.bytes.chunks(transmit.segment).next().unwrap_or_default())
            {
                audience.note_viewer(way, &header);
            }
            wire.send(way, &transmit.bytes, transmit.segment)?;
        }
    }
    Ok(audience)
}

fn engine() -> Result<Broker> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).context("random bytes")?;
    let mut random = Random::from_seed(seed);
    let config = Config {
        worker: 0,
        workers: 1,
        keys: Keys::new(&mut random, None),
        directory: Arc::new(Directory::default()),
        limits: SessionLimits::default(),
    };
    Ok(Broker::new(config, random))
}
