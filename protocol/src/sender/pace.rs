//! The rate at which media leaves towards a slow path: as much as it carries, and now and then a little more.

use std::time::Duration;

use crate::time::Time;

use super::phase::{Comparison, Phase, Verdict};
use super::rate::{Rate, Sample};

/// A phase lasts this long at least, and until a HEARTBEAT counts what came of it.
const PHASE: Duration = Duration::from_millis(300);

/// One of so many phases leaves faster than the path is known to carry,
const PHASES: u32 = 6;
/// by so much: what comes of it shows whether the path carries more.
const GAIN: f64 = 0.15;
/// While a queue stands in the path media leaves this much slower, in percent, so that the queue drains.
const DRAIN_PERCENT: u64 = 85;
/// Where a bottleneck shows, the rate falls by this much below what came, so that the faster phases just fit,
const BELOW: f64 = 0.95;
/// and never by more than to this part at once.
const FALL_MAX: f64 = 0.5;
/// Of so many samples the best one shows what the path carries,
const SAMPLES_MIN: u32 = 10;
/// if with this much added, in percent, it stays below the rate: random loss spares one or the other, a bottleneck none.
const BEST_PERCENT: u64 = 104;
/// A path that carries less by its queue drops that much of the difference with each echo.
const LEARN_SHARE: u64 = 2;
/// Bytes per second below which nothing is paced: one datagram in 600 ms.
const RATE_MIN: u64 = 2_000;
/// Bytes per second above which nothing is slow: 100 Gbit/s. What a peer claims can't go beyond it.
const RATE_MAX: u64 = 12_500_000_000;
/// A path that carries so many times what is needed is not slow.
pub(super) const AMPLE: u64 = 4;

/// The rate of one path, bytes per second.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// What the path is believed to carry.
    pub(super) rate: u64,
    phases: u32,
    phase: Phase,
    since: Time,
    /// The phase of the newest sample that was compared.
    compared: Phase,
    comparison: Comparison,
    best: Best,
}

impl Pace {
    pub(super) fn starting_at(rate: u64) -> Self {
        Self {
            rate: rate.clamp(RATE_MIN, RATE_MAX),
            phases: 0,
            phase: Phase::Even,
            since: Time::ZERO,
            compared: Phase::Even,
            comparison: Comparison::default(),
            best: Best::default(),
        }
    }

    /// The rate of what leaves next.
    pub(super) fn next(&mut self, queueing: bool) -> u64 {
        if queueing && self.phase != Phase::Trial {
            self.phase = Phase::Drain;
        }
        match self.phase {
            Phase::Drain => self.rate * DRAIN_PERCENT / 100,
            Phase::Fast => scaled(self.rate, 1.0 + GAIN),
            Phase::Free | Phase::Even | Phase::Trial => self.rate,
        }
    }

    /// A single frame leaves at `rate` at least.
    pub(super) fn try_out(&mut self, rate: u64) -> u64 {
        self.phase = Phase::Trial;
        self.rate.max(rate)
    }

    /// A HEARTBEAT goes out: how what it counts has left. It may begin another phase.
    pub(super) fn note_heartbeat(&mut self, now: Time) -> Phase {
        let phase = self.phase;
        if now.since(self.since) >= PHASE || matches!(phase, Phase::Trial | Phase::Drain) {
            self.phases = self.phases.wrapping_add(1);
            self.phase = if self.phases.is_multiple_of(PHASES) { Phase::Fast } else { Phase::Even };
            self.since = now;
        }
        phase
    }

    /// What came of a phase. `path`: what all samples show.
    pub(super) fn learn(&mut self, sample: &Sample, path: &Rate) {
        if sample.phase == Some(Phase::Trial) {
            // Whatever was known of the path is older.
            self.change_to(sample.capacity.unwrap_or(self.rate));
            return;
        }
        if path.is_queueing() {
            if let Some(delivered) = path.delivered().filter(|delivered| *delivered < self.rate) {
                self.change_to(self.rate - (self.rate - delivered) / LEARN_SHARE);
            }
            return;
        }
        let Some(phase) = sample.phase else { return };
        if let Some(capacity) = sample.capacity {
            self.best.note(capacity);
        }
        let over = std::mem::replace(&mut self.compared, phase) == Phase::Fast && phase != Phase::Fast;
        if over {
            self.judge();
        }
        self.comparison.note(phase, sample, path.noise_us());
    }

    /// Judged once after each fast phase: who looks all the time sees chance.
    fn judge(&mut self) {
        let best = self.best.take_if_known();
        if let Some(best) = best.filter(|best| best * BEST_PERCENT / 100 < self.rate) {
            self.change_to(scaled(best, BELOW));
            return;
        }
        match self.comparison.verdict(GAIN) {
            Verdict::More => self.change_to(scaled(self.rate, 1.0 + GAIN)),
            Verdict::Less(share) => self.change_to(scaled(self.rate, (share * BELOW).max(FALL_MAX))),
            Verdict::Open => {}
        }
    }

    fn change_to(&mut self, rate: u64) {
        self.rate = rate.clamp(RATE_MIN, RATE_MAX);
        (self.comparison, self.best) = (Comparison::default(), Best::default());
    }

    /// Whether there is no need to pace.
    pub(super) const fn is_ample(&self, needed: u64) -> bool {
        self.rate >= needed.saturating_mul(AMPLE)
    }
}

/// The largest capacity of many samples, bytes per second.
#[derive(Clone, Copy, Debug, Default)]
struct Best {
    capacity: u64,
    samples: u32,
}

impl Best {
    fn note(&mut self, capacity: u64) {
        self.capacity = self.capacity.max(capacity);
        self.samples += 1;
    }

    /// The capacity, once enough samples were seen; then the count begins anew.
    fn take_if_known(&mut self) -> Option<u64> {
        (self.samples >= SAMPLES_MIN).then(|| std::mem::take(self).capacity)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "neither is negative, and no rate is above 2^53"
)]
fn scaled(rate: u64, by: f64) -> u64 {
    (rate as f64 * by).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A phase of which `received` of 20 datagrams came, at a capacity of so many bytes per second.
    fn sample(phase: Phase, received: u32, capacity: u64) -> Sample {
        let mut sample = Sample::of(PHASE, 0, (20, received));
        (sample.phase, sample.capacity) = (Some(phase), Some(capacity));
        sample
    }

    /// Two rounds of phases: what comes of the even and of the fast ones.
    fn learn(pace: &mut Pace, even: (u32, u64), fast: (u32, u64)) {
        for phase in 0..=PHASES * 2 {
            let fast_now = phase % PHASES == PHASES - 1;
            let (kind, (received, capacity)) =
                if fast_now { (Phase::Fast, fast) } else { (Phase::Even, even) };
            pace.learn(&sample(kind, received, capacity), &Rate::default());
        }
    }

    #[test]
    fn it_grows_where_the_faster_phases_come_as_well_and_falls_to_what_the_best_sample_shows() {
        let mut pace = Pace::starting_at(100_000);
        learn(&mut pace, (20, 95_000), (20, 110_000));
        assert_eq!(pace.rate, 132_250, "twice");
        let mut bounded = Pace::starting_at(100_000);
        learn(&mut bounded, (16, 80_000), (14, 80_000));
        assert_eq!(bounded.rate, 76_000, "and a little less");
    }

    #[test]
    fn a_phase_is_fast_now_and_then_and_none_while_a_queue_drains() {
        let mut pace = Pace::starting_at(100_000);
        let mut now = Time::from_micros(60_000_000);
        let mut phases = |pace: &mut Pace, queueing| -> Vec<u64> {
            let rate = |_| {
                now = now + PHASE;
                pace.note_heartbeat(now);
                pace.next(queueing)
            };
            (0..12).map(rate).collect()
        };
        let rates = phases(&mut pace, false);
        assert_eq!(rates.iter().filter(|rate| **rate == 115_000).count(), 2, "{rates:?}");
        assert!(phases(&mut pace, true).iter().all(|rate| *rate == 85_000));
    }

    #[test]
    fn a_trial_shows_at_once_what_the_path_carries() {
        let mut pace = Pace::starting_at(3_000);
        assert_eq!(pace.try_out(80_000), 80_000);
        pace.learn(&sample(Phase::Trial, 20, 75_000), &Rate::default());
        assert_eq!(pace.rate, 75_000);
    }

    #[test]
    fn whatever_a_peer_claims_it_stays_within_its_bounds() {
        let mut pace = Pace::starting_at(u64::MAX);
        pace.learn(&sample(Phase::Trial, 20, u64::MAX), &Rate::default());
        assert_eq!(pace.rate, RATE_MAX);
        pace.learn(&sample(Phase::Trial, 0, 0), &Rate::default());
        assert_eq!(pace.rate, RATE_MIN);
    }
}
