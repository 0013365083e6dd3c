//! Losses that come together: Gilbert and Elliott's two states, in time.

use std::time::Duration;

use fastrand::Rng;
use protocol::time::Time;

/// Whether the path is in its losing state. The state changes with time and not with datagrams, as on a radio path:
/// a denser stream loses more of them in each burst.
#[derive(Debug, Default)]
pub(crate) struct Bursts {
    last: Option<(Time, bool)>,
}

impl Bursts {
    /// Whether a datagram at `now` falls into a burst, where bursts last `mean` and take the share `loss` of all time.
    ///
    /// Both sojourns are exponential, so the state now depends on the last known one alone, and however long ago that
    /// was one draw decides: with time constant tau, P(bad) = loss + (was bad - loss) e^(-t / tau).
    pub(crate) fn lose(&mut self, now: Time, loss: f64, mean: Duration, rng: &mut Rng) -> bool {
        let bad = match self.last {
            None => loss,
            Some((then, was_bad)) => {
                let tau = mean.as_secs_f64() * (1.0 - loss);
                let memory = if tau > 0.0 { (-now.since(then).as_secs_f64() / tau).exp() } else { 0.0 };
                loss + (f64::from(u8::from(was_bad)) - loss) * memory
            }
        };
        let is_bad = rng.f64() < bad;
        self.last = Some((now, is_bad));
        is_bad
    }
}
