//! The description of a path.

use std::time::Duration;

use crate::blackout::Blackout;

/// One direction of a path. The default is the perfect one.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct LinkModel {
    /// Share of datagrams that are lost, 0 to 1.
    pub loss: f64,
    /// How long a loss lasts in the mean: zero loses each datagram on its own, else the path alternates between a time
    /// in which it loses everything and one in which it loses nothing (Gilbert and Elliott's model in time).
    pub burst: Duration,
    /// Propagation.
    pub delay: Duration,
    /// What queues elsewhere add to the delay in the mean: exponentially distributed, at most
    /// [`JITTER_TAIL`](Self::JITTER_TAIL) times this. Datagrams stay in order, as they do in a queue.
    pub jitter: Duration,
    /// Share that come twice.
    pub duplicate: f64,
    /// Share of datagrams that are overtaken: they take up to `reorder_by` longer, and nothing waits for them.
    pub reorder: f64,
    /// How much longer those take at the most.
    pub reorder_by: Duration,
    /// Share that come with one to three bits flipped.
    pub corrupt: f64,
    /// The bottleneck; `None` takes any rate.
    pub rate: Option<Rate>,
    /// Bytes of the largest IP packet that passes, its headers included.
    pub mtu: Option<usize>,
    /// When nothing passes at all.
    pub blackout: Option<Blackout>,
}

/// A bottleneck: so many bits per second, headers included, behind a queue that drops what it has no room for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rate {
    /// Bits per second, at least 1.
    pub bits_per_second: u64,
    /// How long a datagram waits at the most; what would wait longer is dropped.
    pub queue: Duration,
}

impl LinkModel {
    /// Bytes of the IPv4 and UDP headers in front of each datagram, which rate and MTU count.
    pub const HEADERS: usize = 28;
    /// The longest wait by jitter, as a multiple of its mean: the tail of one datagram in 22 000.
    pub const JITTER_TAIL: u32 = 10;

    /// A clean path with this delay.
    pub const fn clean(delay: Duration) -> Self {
        Self {
            loss: 0.0,
            burst: Duration::ZERO,
            delay,
            jitter: Duration::ZERO,
            duplicate: 0.0,
            reorder: 0.0,
            reorder_by: Duration::ZERO,
            corrupt: 0.0,
            rate: None,
            mtu: None,
            blackout: None,
        }
    }

    /// A path that loses this share, each datagram on its own unless [`in_bursts_of`](Self::in_bursts_of) says else.
    #[must_use]
    pub const fn losing(self, loss: f64) -> Self {
        Self { loss, ..self }
    }

    /// A path whose losses last this long in the mean.
    #[must_use]
    pub const fn in_bursts_of(self, burst: Duration) -> Self {
        Self { burst, ..self }
    }

    /// A path with queues elsewhere.
    #[must_use]
    pub const fn jittering(self, jitter: Duration) -> Self {
        Self { jitter, ..self }
    }

    /// A path that doubles and reorders.
    #[must_use]
    pub const fn jumbling(self, duplicate: f64, reorder: f64, reorder_by: Duration) -> Self {
        Self { duplicate, reorder, reorder_by, ..self }
    }

    /// A path that flips bits in this share.
    #[must_use]
    pub const fn corrupting(self, corrupt: f64) -> Self {
        Self { corrupt, ..self }
    }

    /// A path through a bottleneck.
    #[must_use]
    pub const fn at_rate(self, bits_per_second: u64, queue: Duration) -> Self {
        Self { rate: Some(Rate { bits_per_second, queue }), ..self }
    }

    /// A path that drops IP packets larger than this.
    #[must_use]
    pub const fn with_mtu(self, mtu: usize) -> Self {
        Self { mtu: Some(mtu), ..self }
    }

    /// A path that is dark at times.
    #[must_use]
    pub const fn dark(self, blackout: Blackout) -> Self {
        Self { blackout: Some(blackout), ..self }
    }
}

/// The two directions between a peer and whom it talks to.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Links {
    /// From the peer.
    pub up: LinkModel,
    /// To the peer.
    pub down: LinkModel,
}

impl Links {
    /// The same in both directions.
    pub const fn both(model: LinkModel) -> Self {
        Self { up: model, down: model }
    }
}
