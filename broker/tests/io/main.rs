//! The broker's shell on real sockets of the loopback interface. Nothing sleeps: a peer blocks on its socket, and a
//! guard ends a test that waits in vain.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "these tests are the peers of a real broker: they own sockets and measure its end"
)]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper that fails fails the test"
)]

mod binding;
mod handshake;
mod noise;
mod peer;
mod relay;
mod state;
mod stopping;

use std::num::NonZeroU8;

use broker::io::{Running, Settings};

/// Settings of a broker on loopback, at a port that the system chooses.
fn settings(workers: u8) -> Settings {
    Settings { workers: NonZeroU8::new(workers), ..Settings::new("127.0.0.1:0".parse().unwrap()) }
}

/// A broker with so many workers.
fn broker(workers: u8) -> Running {
    Running::start(&settings(workers)).unwrap()
}
