//! Drawing values: most of them usual, some at the edge.

use std::time::Duration;

use fastrand::Rng;

/// One of these, each as likely.
pub(super) fn one_of<T: Copy>(rng: &mut Rng, choices: &[T]) -> T {
    *rng.choice(choices).expect("there is a choice")
}

/// Whether something with this probability happens.
pub(super) fn chance(rng: &mut Rng, probability: f64) -> bool {
    rng.f64() < probability
}

/// Between two durations, small ones as likely as large ones: uniform in the logarithm.
pub(super) fn span(rng: &mut Rng, least: Duration, most: Duration) -> Duration {
    let (least, most) = (least.as_secs_f64().ln(), most.as_secs_f64().ln());
    Duration::from_secs_f64((least + rng.f64() * (most - least)).exp())
}

/// Up to a share: nothing in half of the cases.
pub(super) fn share(rng: &mut Rng, most: f64) -> f64 {
    if rng.bool() { 0.0 } else { rng.f64() * most }
}
