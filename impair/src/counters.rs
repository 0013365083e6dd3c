//! What became of the datagrams of a direction.

/// Each datagram that came in ends in exactly one of the drops or passes; copies come on top.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counters {
    /// Datagrams that came in.
    pub received: u64,
    /// Their bytes.
    pub bytes_received: u64,
    /// Datagrams that passed, copies included.
    pub passed: u64,
    /// Their bytes.
    pub bytes_passed: u64,
    /// Dropped by the loss model.
    pub lost: u64,
    /// Dropped in a blackout.
    pub blacked_out: u64,
    /// Dropped by the full queue in front of the bottleneck.
    pub queue_full: u64,
    /// Dropped because they are larger than the MTU.
    pub too_large: u64,
    /// Copies that passed besides their originals.
    pub duplicated: u64,
    /// Of those that passed: held back to be overtaken.
    pub reordered: u64,
    /// Of those that passed: with bits flipped.
    pub corrupted: u64,
}

impl Counters {
    /// Dropped for whatever reason.
    pub const fn dropped(&self) -> u64 {
        self.lost + self.blacked_out + self.queue_full + self.too_large
    }

    /// Adds those of another direction or path.
    pub const fn add(&mut self, other: &Self) {
        self.received += other.received;
        self.bytes_received += other.bytes_received;
        self.passed += other.passed;
        self.bytes_passed += other.bytes_passed;
        self.lost += other.lost;
        self.blacked_out += other.blacked_out;
        self.queue_full += other.queue_full;
        self.too_large += other.too_large;
        self.duplicated += other.duplicated;
        self.reordered += other.reordered;
        self.corrupted += other.corrupted;
    }

    /// Whether every datagram ended in exactly one place.
    pub const fn add_up(&self) -> bool {
        self.received + self.duplicated == self.passed + self.dropped()
    }
}
