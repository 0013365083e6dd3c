//! The load tester: producers on a fixed schedule, viewers by the tens of thousands, and what they saw.
//!
//! ```text
//! schedule ─> stamp ─> producer::engine ─> broker ─> client::engine ─> audit ─> tally ─> report
//!   when        what                                                   whole?   how late?
//! ```
//!
//! Every viewer is the client's own engine: it acknowledges, asks again and counts like any other. What is light about it
//! is its socket, which many share. `io` holds the sockets, threads and clocks; everything else is pure.

mod act;
mod address;
mod audit;
mod impairment;
pub mod io;
mod peer;
pub mod quantity;
mod report;
mod schedule;
mod seat;
mod settings;
mod source;
mod stamp;
mod tally;
mod threshold;
mod usage;

pub use report::{BrokerFigures, LoadFigures, Report};
pub use settings::{BrokerChoice, DELAY_MAX, FRAME_BYTES_MIN, PRODUCERS_MAX, Settings, VIEWERS_MAX};
pub use tally::Tally;
pub use threshold::{Threshold, ThresholdError};
pub use usage::{CpuTime, Usage};
