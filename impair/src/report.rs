//! What a relay did, in lines for people and as one JSON object.

use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

use crate::counters::Counters;

/// The figures of a relay.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Report {
    /// What its randomness follows from: the same seed does the same to the same datagrams.
    pub seed: u64,
    /// Since its start.
    pub ran: Duration,
    /// From the clients, all of them together.
    pub up: Counters,
    /// To the clients.
    pub down: Counters,
    /// Clients it has now.
    pub clients: usize,
    /// Clients it ever had; one that was idle for long counts anew.
    pub clients_seen: u64,
    /// Datagrams of clients beyond the limit.
    pub refused: u64,
    /// Datagrams dropped because too many were under way.
    pub overflowed: u64,
    /// Datagrams that came through and that the system did not take.
    pub unsent: u64,
}

impl Report {
    /// One object.
    pub fn to_json(&self) -> Value {
        json!({
            "type": "impair",
            "seed": self.seed,
            "seconds": self.ran.as_millis() as f64 / 1e3,
            "up": counters_to_json(&self.up),
            "down": counters_to_json(&self.down),
            "clients": self.clients,
            "clients_seen": self.clients_seen,
            "refused": self.refused,
            "overflowed": self.overflowed,
            "unsent": self.unsent,
        })
    }
}

fn counters_to_json(counters: &Counters) -> Value {
    json!({
        "received": counters.received,
        "bytes_received": counters.bytes_received,
        "passed": counters.passed,
        "bytes_passed": counters.bytes_passed,
        "lost": counters.lost,
        "blacked_out": counters.blacked_out,
        "queue_full": counters.queue_full,
        "too_large": counters.too_large,
        "duplicated": counters.duplicated,
        "reordered": counters.reordered,
        "corrupted": counters.corrupted,
    })
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "up    {}", Line(&self.up))?;
        writeln!(f, "down  {}", Line(&self.down))?;
        write!(f, "{} clients now, {} in all; ", self.clients, self.clients_seen)?;
        write!(f, "{} datagrams refused, ", self.refused)?;
        write!(f, "{} overflowed, {} unsent; ", self.overflowed, self.unsent)?;
        writeln!(f, "{:.1} s with seed {}", self.ran.as_secs_f64(), self.seed)
    }
}

struct Line<'a>(&'a Counters);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let c = self.0;
        let share = 100.0 * c.dropped() as f64 / c.received.max(1) as f64;
        write!(f, "{} datagrams in, {} out, {share:.2} % dropped: ", c.received, c.passed)?;
        write!(f, "{} lost, {} in blackouts, ", c.lost, c.blacked_out)?;
        write!(f, "{} from full queues, {} too large; ", c.queue_full, c.too_large)?;
        write!(f, "{} duplicated, {} reordered, {} corrupted", c.duplicated, c.reordered, c.corrupted)
    }
}
