//! What two ends of Framecast must agree on: the wire, the Receiver and the Sender.
//!
//! Pure: no sockets, no clock, no randomness, no async, no unsafe. Time and random bits are arguments, so the
//! same objects run in the simulator, under the fuzzer and in the real process. The specification is
//! `docs/PROTOCOL.md`; the code cites its sections.

pub mod clock;
mod closed;
mod escalation;
pub mod few;
pub mod id;
pub mod limits;
pub mod parity;
pub mod queue;
pub mod random;
pub mod receiver;
pub mod seldom;
pub mod sender;
pub mod serial;
pub mod session;
pub mod shards;
pub mod slab;
mod spread;
pub mod time;
pub mod wire;
