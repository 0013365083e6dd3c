//! The UDP socket of every role: bind, buffers, segmentation offload, error decisions.
//!
//! The broker's workers, producers and clients all own exactly one [`Socket`]. It moves bytes and nothing
//! else: who may send what, and when, is decided by the engines above it.
//!
//! * A frame leaves as **one GSO send** per destination ([`Socket::try_send`]); a destination whose path
//!   refuses segmentation is served datagram by datagram, and nothing is lost in the change.
//! * A batch of datagrams comes in with **one `recvmmsg`**, GRO runs already split ([`Socket::try_recv`]).
//! * No error of the kernel ends a process: each has a decision ([`SendFault`], [`RecvFault`]), a counter
//!   ([`Counters`]) and at most one line of log a second.
#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "this crate is the io layer's share that all roles have in common: it owns sockets and, to \
              limit its log, reads the clock"
)]

mod address;
mod batch;
mod bind;
mod buffers;
mod counters;
mod decision;
mod drop_count;
mod drops;
mod ledger;
mod readiness;
mod recv;
mod refusals;
mod resolve;
mod send;
mod socket;

pub use batch::{BATCH_MAX, Outgoing};
pub use bind::{BindError, DEFAULT_RECV_BUFFER, DEFAULT_SEND_BUFFER, Options, probe_free};
pub use buffers::{Buffers, Shortfall, recv_buffer_for};
pub use counters::Counters;
pub use decision::{RecvFault, SendFault};
pub use drop_count::DropCount;
pub use recv::RecvBuffers;
pub use resolve::{ResolveError, resolve};
pub use send::{MAX_RUN_BYTES, MAX_SEGMENTS, SendOutcome};
pub use socket::Socket;
