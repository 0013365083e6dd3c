//! The broker's shell: sockets, threads and clocks around [`engine`](crate::engine).
//!
//! ```text
//!            Running::start ── probe the port, read the state, bind every worker, say go
//!                  │
//!    ┌─────────────┼─────────────┐        one thread, socket and engine each
//! worker 0 ⇄   worker 1  ⇄   worker 2     ⇄ bounded queues; a full one is a counter, never a wait
//! ```
//!
//! Beside them one thread looks once a minute whether the kernel dropped something (`overflow`).
//!
//! [`run`] serves until it is told to stop; [`Running`] does the same in steps, for tests and for `framecast up`.
#![expect(clippy::disallowed_methods, reason = "the shell owns clocks, sockets and threads")]

mod allowance;
mod bell;
mod clock;
mod crew;
mod egress;
mod error;
mod exchange;
mod moderation;
mod orders;
mod overflow;
mod running;
mod settings;
mod state;
mod summary;
mod worker;

pub use error::{RunError, StartError, WorkerLost};
pub use running::{Running, run};
pub use settings::{Settings, WORKERS_MAX};
pub use state::StateError;
