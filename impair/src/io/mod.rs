//! The relay: a UDP socket that clients talk to as if it was the broker, and one socket per client towards it.
//!
//! ```text
//! client A ═╗                 ┌─ Link up ─> flights ─> socket of A ══> broker
//! client B ═╩═ front socket ──┤             by time
//!                             └<─ flights <─ Link down <─ socket of A ══ broker
//! ```
//!
//! One task owns everything but the clients' sockets; each of those has a task that passes datagrams on. The broker sees
//! one address per client, as behind a NAT.
#![expect(clippy::disallowed_methods, reason = "the relay owns clocks, sockets and tasks")]

mod alarm;
mod clock;
mod flights;
mod guest;
mod relay;

pub use relay::{RelayError, Settings, run};
