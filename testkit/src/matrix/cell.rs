//! One cell of the matrix: a path, a latency, and what the issue of reliability promises for them.

use std::time::Duration;

use crate::{LinkModel, Links};

/// A path and a latency, with the bounds that hold for them.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Cell {
    /// Share of datagrams that each direction loses, in percent.
    pub loss_percent: u32,
    /// How long a loss lasts in the mean; zero: each datagram is lost on its own.
    pub burst: Duration,
    /// Round-trip time of the whole path.
    pub rtt: Duration,
    /// Capture to play-out.
    pub latency: Duration,
    /// Whether both hops lose, with half the round-trip time on each.
    pub both_hops: bool,
    /// Frames missed of all, at the most.
    pub miss_max: f64,
    /// Repair and parity bytes over first-sent ones, per hop, at the most.
    pub extra_max: f64,
    /// What the best possible scheme sends beyond the frames (study of the theory: a dynamic programme over deficit and
    /// rounds, at one frame missed in ten thousand).
    pub optimum: f64,
}

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Loss in percent, RTT and latency in ms; then miss rate, extra traffic and optimum.
const fn cell(loss_percent: u32, rtt: u64, latency: u64, bounds: (f64, f64, f64)) -> Cell {
    Cell {
        loss_percent,
        burst: Duration::ZERO,
        rtt: ms(rtt),
        latency: ms(latency),
        both_hops: false,
        miss_max: bounds.0,
        extra_max: bounds.1,
        optimum: bounds.2,
    }
}

/// The cells in which the viewer's hop alone loses.
const ONE_HOP: [Cell; 8] = [
    cell(0, 40, 250, (0.0, 0.0, 0.0)),
    cell(5, 40, 250, (1e-5, 0.065, 0.05)),
    cell(10, 40, 250, (1e-5, 0.14, 0.12)),
    cell(20, 40, 300, (1e-5, 0.32, 0.28)),
    cell(30, 40, 400, (1e-4, 0.60, 0.49)),
    cell(10, 100, 500, (1e-5, 0.14, 0.12)),
    cell(20, 100, 500, (1e-3, 0.32, 0.28)),
    cell(5, 200, 500, (1e-3, 0.25, 0.23)),
];
const IN_BURSTS: Cell = Cell { burst: ms(20), ..cell(10, 40, 500, (1e-5, 0.18, 0.11)) };

impl Cell {
    /// All cells: one hop, both hops, bursts.
    pub fn all() -> Vec<Self> {
        let both = ONE_HOP.iter().take(7).map(|cell| Self { both_hops: true, ..*cell });
        ONE_HOP.into_iter().chain([IN_BURSTS]).chain(both).collect()
    }

    fn loss(&self) -> f64 {
        f64::from(self.loss_percent) / 100.0
    }

    fn lossy(&self, one_way: Duration) -> Links {
        let model = LinkModel::clean(one_way).losing(self.loss());
        Links::both(model.in_bursts_of(self.burst))
    }

    /// Between the broker and its viewers.
    pub fn client_links(&self) -> Links {
        self.lossy(if self.both_hops { self.rtt / 4 } else { self.rtt / 2 })
    }

    /// Between the producer and the broker.
    pub fn producer_links(&self) -> Links {
        if self.both_hops { self.lossy(self.rtt / 4) } else { Links::both(LinkModel::clean(ms(1) / 2)) }
    }

    /// What a person calls it.
    pub fn name(&self) -> String {
        let burst = if self.burst.is_zero() { String::new() } else { format!(" in {:?}", self.burst) };
        let hops = if self.both_hops { "both" } else { "one" };
        let loss = format!("{} %{burst}", self.loss_percent);
        format!("{loss:<12} {:>5} {:>8}  {hops:<4}", format!("{:?}", self.rtt), format!("{:?}", self.latency))
    }
}
