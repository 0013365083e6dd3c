//! Loss on the way to and from a viewer.

use fastrand::Rng;

/// Drops datagrams by chance.
#[derive(Clone, Debug)]
pub(crate) struct Impairment {
    share: f64,
    rng: Rng,
}

impl Impairment {
    /// Drops this share of all datagrams, 0 to 1.
    pub(crate) fn new(share: f64, seed: u64) -> Self {
        Self { share, rng: Rng::with_seed(seed) }
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
            let mut path = Impairment::new(share, 1);
            (0..100_000).filter(|_| path.drops()).count()
        };
        assert_eq!((lost(0.0), lost(1.0)), (0, 100_000));
        assert!((4_700..5_300).contains(&lost(0.05)));
    }
}
