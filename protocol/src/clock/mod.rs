//! The clock chain: a capture time on anybody's own clock (PROTOCOL 7.7).
//!
//! ```text
//! producer                       broker                        viewer
//! BrokerClock ──> ClockPoint ──> MediaClock
//!                 (HEARTBEAT)    ClockPoint ───────────────┬─> MediaClock
//!                                (SUBSCRIBE_ACK, HEARTBEAT) │
//!                                              BrokerClock ─┘
//! ```
//!
//! Whoever dialled measures the broker's clock: [`BrokerClock`] from round trips that [`Probes`] schedules. The producer says
//! which broker time its capture time was, the broker passes it on as it is, a viewer adds its own offset.
//! All of it is about monotonic clocks: nothing here knows the time of day.

mod media;
mod offset;
mod probes;

pub use media::MediaClock;
pub use offset::{BrokerClock, Estimate, RoundTrip};
pub use probes::Probes;

/// Parts of a rate: drifts are counted in 1e-9.
const BILLION: i64 = 1_000_000_000;
/// Two monotonic clocks differ by no more than this, parts in 1e9: 500 ppm each.
const DRIFT_MAX: i64 = 1_000_000;

/// What `drift` makes of `span` microseconds.
const fn drifted(span: i64, drift: i64) -> i64 {
    // 2^31 capture units of 100 us x 3.3e6 parts stay below 2^63; what a liar names saturates.
    span.saturating_mul(drift) / BILLION
}
