//! The load's shell: sockets, threads, clocks, and the broker's process.
//!
//! ```text
//! run ── the broker (given, or a child) ── producers' thread ── viewers' threads
//!  │                                             └── one task per socket, many peers each
//!  └── the act: ramp, warm-up, window, drain, goodbye
//! ```
#![expect(clippy::disallowed_methods, reason = "the shell owns clocks, sockets and threads")]

mod child;
mod clock;
mod crew;
mod dues;
mod error;
mod host;
mod limits;
mod process;
mod progress;
mod run;

pub use error::BenchError;
pub use process::usage_of;
pub use run::run;
