//! What a network does to datagrams: loses them, alone or in bursts, delays, reorders, doubles, damages and queues
//! them, or is dark for a while.
//!
//! A [`LinkModel`] describes one direction of a path, a [`Link`] is such a direction at work: it is told the time and
//! a datagram and says what arrives when. It reads no clock, and its randomness comes from the seed that it was made
//! with: the same datagrams at the same times meet the same fate. The simulator and `framecast impair` use the same
//! models, so what one finds can be tried on the other.
//!
//! [`io`] is the relay that applies them to real sockets, [`spelling`] how people write their values.

mod blackout;
mod bottleneck;
mod burst;
mod counters;
pub mod io;
mod link;
mod model;
mod report;
pub mod spelling;

pub use blackout::Blackout;
pub use counters::Counters;
pub use link::{Arrival, Arrivals, Link};
pub use model::{LinkModel, Links, Rate};
pub use report::Report;
