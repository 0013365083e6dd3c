//! How many parity shards go with a frame to one peer (PROTOCOL 13).
//!
//! Requests repair a frame at the price of what was lost, parity at a multiple of it: so parity goes only where so few
//! rounds of requests fit before the deadline that too many frames would be missed.

use std::time::Duration;

use crate::escalation::COPY_SPACING;
use crate::id::TrackKey;
use crate::session::rtt::Rtt;
use crate::slab::Slab;
use crate::time::Time;
use crate::wire::parity_shards;

use super::{Run, Sender};

/// Share of frames that may be missed before more parity is sent.
const MISS_MAX: f64 = 3e-4;
/// With more rounds than this requests alone suffice.
const ROUNDS_MAX: u32 = 2;
/// Losses beyond what parity covers, which are worth looking at: more are too rare to matter.
const DEFICITS: u16 = 12;

/// Parity in a frame helps as long as losses come in runs of no more than this in the mean: a burst takes it all.
const RUN_MAX: f64 = 2.0;

impl Sender {
    /// The parity that goes with a frame that was just noted, behind it: as much as the peer's path needs and its budget
    /// allows. `None` where that is none, as on most paths, and where the frame was deferred: then it leaves behind it.
    pub fn parity(&mut self, now: Time, (key, slab): (&TrackKey, &Slab), deferred: bool) -> Option<Run> {
        let wanted = self.parity_wanted(slab.count());
        if wanted == 0 {
            return None;
        }
        let segment = slab.segment();
        let count = (0..wanted).take_while(|_| self.budget.spend(segment as u64)).count();
        let bytes = slab.parity(u16::try_from(count).ok().filter(|count| *count > 0)?)?;
        let counters = self.rare.make();
        counters.parity += count as u64;
        counters.parity_bytes += bytes.len() as u64;
        self.bytes += bytes.len() as u64;
        let run = Run { bytes, segment, frame: None };
        if deferred {
            let end = self.tracks.get(key).and_then(|track| track.sent).map_or(now, |(_, end)| end);
            self.pacer.make().behind(end, key, run);
            return None;
        }
        self.burst.note_sent(now, run.bytes.len() as u64);
        Some(run)
    }

    /// How many parity shards a frame of `k` should have; none on a path that has no room for the media itself.
    fn parity_wanted(&mut self, k: u16) -> u16 {
        let single = self.runs.mean().is_some_and(|mean| mean <= RUN_MAX);
        if !single || self.is_slow() {
            return 0;
        }
        let horizon = self.horizon().unwrap_or_default();
        let per_mille = self.loss.per_mille();
        if horizon.is_zero() || per_mille == 0 {
            return 0;
        }
        let rounds = rounds_that_fit(horizon.saturating_sub(self.rtt.smoothed() / 2), &self.rtt);
        self.parity.make().shards(k, per_mille, rounds)
    }
}

/// The choice for one path: rounds and loss change seldom, the size of frames often.
#[derive(Clone, Debug, Default)]
pub(super) struct Parity {
    path: (u64, u32),
    /// The last answers: data shards and parity shards.
    chosen: [(u16, u16); 4],
    next: usize,
}

impl Parity {
    /// How many parity shards go with a frame of `k`, where `per_mille` of the datagrams are lost and so many rounds fit.
    pub(super) fn shards(&mut self, k: u16, per_mille: u64, rounds: u32) -> u16 {
        if per_mille == 0 || rounds > ROUNDS_MAX {
            return 0;
        }
        if self.path != (per_mille, rounds) {
            *self = Self { path: (per_mille, rounds), ..Self::default() };
        }
        if let Some((_, parity)) = self.chosen.iter().find(|(known, _)| *known == k) {
            return *parity;
        }
        let loss = per_mille as f64 / 1_000.0;
        let most = parity_shards(k);
        let parity = (0..most).find(|parity| missed(k, *parity, loss, rounds) <= MISS_MAX).unwrap_or(most);
        if let Some(place) = self.chosen.get_mut(self.next) {
            *place = (k, parity);
        }
        self.next = (self.next + 1) % self.chosen.len();
        parity
    }
}

/// How many rounds of requests fit between the arrival of a frame that is sent now and its deadline, `left` from now.
pub(super) fn rounds_that_fit(left: Duration, rtt: &Rtt) -> u32 {
    let first = rtt.smoothed() / 2 + rtt.reorder_wait() + rtt.smoothed();
    let Some(more) = left.checked_sub(first) else { return 0 };
    let further = more.as_micros() / (rtt.round() + COPY_SPACING).as_micros().max(1);
    u32::try_from(further).unwrap_or(u32::MAX).saturating_add(1)
}

/// The share of frames of `k` data and `parity` parity shards that are missed, where each datagram is lost on its own
/// and so many rounds follow.
fn missed(k: u16, parity: u16, loss: f64, rounds: u32) -> f64 {
    let n = k + parity;
    let mut lost = (0..n).fold(1.0, |all, _| all * (1.0 - loss));
    let mut missed = 0.0;
    for l in 1..=n.min(parity + DEFICITS) {
        lost *= f64::from(n - l + 1) / f64::from(l) * loss / (1.0 - loss);
        if let Some(deficit) = l.checked_sub(parity).filter(|deficit| *deficit > 0) {
            // All missing data shards are asked for; of the lost shards so many are data in the mean.
            let asked = (u32::from(l) * u32::from(k) + u32::from(n) / 2) / u32::from(n);
            let asked = u16::try_from(asked).unwrap_or(k).clamp(deficit, k.max(deficit));
            let fails = (1..=rounds).map(|round| round_fails(asked, deficit, loss, round));
            missed += lost * fails.product::<f64>();
        }
    }
    missed
}

/// The chance that a round brings fewer than `deficit` of the `asked` shards.
fn round_fails(asked: u16, deficit: u16, loss: f64, round: u32) -> f64 {
    let power = |exponent: u32| (0..exponent).fold(1.0, |all, _| all * loss);
    let (request, shard) = (power(round + 1), power(round));
    let mut few = (0..asked).fold(1.0, |all, _| all * shard);
    let mut too_few = few;
    for come in 1..deficit {
        few *= f64::from(asked - come + 1) / f64::from(come) * (1.0 - shard) / shard;
        too_few += few;
    }
    request + (1.0 - request) * too_few.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn rtt(ms: u32) -> Rtt {
        let mut rtt = Rtt::default();
        (0..40).for_each(|_| rtt.sample(ms * MS));
        rtt
    }

    fn shards(k: u16, percent: u64, rounds: u32) -> u16 {
        Parity::default().shards(k, percent * 10, rounds)
    }

    #[test]
    fn no_parity_where_three_rounds_fit_or_nothing_is_lost() {
        for percent in [0, 1, 5, 10, 20, 30] {
            assert_eq!(shards(9, percent, 3), 0);
        }
        assert_eq!((shards(9, 0, 0), shards(84, 0, 1)), (0, 0));
    }

    #[test]
    fn the_fewer_rounds_fit_and_the_more_is_lost_the_more_parity() {
        let row = |rounds| [1, 5, 10, 20, 30].map(|percent| shards(9, percent, rounds));
        assert_eq!(row(0), [2, 4, 7, 11, 15]);
        assert_eq!(row(1), [1, 2, 3, 7, 12]);
        assert_eq!(row(2), [0, 0, 1, 3, 7]);
    }

    #[test]
    fn large_frames_need_a_smaller_share() {
        assert!(shards(84, 5, 1) < 84 * shards(9, 5, 1) / 9);
        assert!(shards(512, 30, 0) <= 64, "never more than there are");
    }

    #[test]
    fn rounds_are_counted_to_the_deadline() {
        let fit = |left: u32, ms: u32| rounds_that_fit(left * MS, &rtt(ms));
        assert_eq!((fit(500, 200), fit(319, 200), fit(500, 100), fit(250, 40)), (1, 0, 3, 4));
        assert_eq!(fit(10_000, 40), 188);
    }
}
