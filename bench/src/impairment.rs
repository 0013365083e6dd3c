//! Loss on the way to and from a viewer, and how long the way takes.

use std::time::Duration;

use fastrand::Rng;

/// Drops datagrams by chance, and holds back what viewers say.
#[derive(Clone, Debug)]
pub(crate) struct Impairment {
    share: f64,
    delay: Duration,
    rng: Rng,
}

impl Impairment {
    /// Drops this share of all datagrams, 0 to 1.
    pub(crate) fn new(share: f64, delay: Duration, seed: u64) -> Self {
        Self { share, delay, rng: Rng::with_seed(seed) }
    }

    /// How long a viewer's datagrams are on their way to the broker.
    pub(crate) const fn delay(&self) -> Duration {
        self.delay
    }

    /// Whether the next datagram is lost.
    pub(crate) fn drops(&mut self) -> bool {
        self.share > 0.0 && self.rng.f64() < self.share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_asked_for_is_lost() {
        let lost = |share| {
            let mut path = Impairment::new(share, Duration::ZERO, 1);
            (0..100_000).filter(|_| path.drops()).count()
        };
        assert_eq!((lost(0.0), lost(1.0)), (0, 100_000));
        assert!((4_700..5_300).contains(&lost(0.05)));
    }
}
