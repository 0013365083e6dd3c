//! The client's loop over real sockets, against the real broker and producer engines.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "these are the peers' shells: each engine on a thread with a plain socket"
)]
#![expect(
    clippy::unwrap_used,
    clippy::unwrap_in_result,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a helper of a test can't do fails the test"
)]

mod commands;
mod endings;
mod recording;
mod support;
mod terminal;
mod watching;
