//! The binary from outside: what it prints, with which status it ends, and what it survives.
//!
//! Nothing here sleeps: a test waits for a line or for an end, and [`support::GUARD`] ends one that never comes.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "these tests are about real processes, sockets and clocks"
)]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that fails fails the test")]

mod bench;
mod commands;
mod completion;
mod endings;
mod help;
mod impair;
mod manual;
mod recording;
mod recovery;
mod settings;
mod sound;
mod sources;
mod support;
mod terminal;
mod up;
mod watch;
