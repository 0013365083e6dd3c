//! One direction of a path at work.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use fastrand::Rng;
use protocol::time::{Time, micros};

use crate::bottleneck::Bottleneck;
use crate::burst::Bursts;
use crate::counters::Counters;
use crate::model::LinkModel;

/// Bits that damage flips at the most.
const FLIPS_MAX: usize = 3;

/// A datagram that comes out of a link.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Arrival {
    /// When.
    pub at: Time,
    /// What.
    pub datagram: Bytes,
    /// Whether bits of it were flipped.
    pub damaged: bool,
}

/// What comes out of a link for one datagram: nothing, itself, or itself and a copy.
pub type Arrivals = std::iter::Flatten<std::array::IntoIter<Option<Arrival>, 2>>;

/// One direction of a path.
///
/// A datagram meets, in this order: a blackout, the MTU, the bottleneck's queue, loss, and then, each copy for itself,
/// delay, jitter, reordering and damage. So what is lost took its share of the rate, as on a path whose radio hop comes
/// last.
#[derive(Debug)]
pub struct Link {
    model: LinkModel,
    origin: Time,
    rng: Rng,
    bursts: Bursts,
    bottleneck: Bottleneck,
    last_in_order: Time,
    counters: Counters,
}

impl Link {
    /// A link whose blackouts are counted from `origin`, and whose randomness follows from `seed` alone: what happens
    /// on other links changes nothing here.
    pub fn new(model: LinkModel, origin: Time, seed: u64) -> Self {
        Self {
            model,
            origin,
            rng: Rng::with_seed(seed),
            bursts: Bursts::default(),
            bottleneck: Bottleneck::default(),
            last_in_order: Time::ZERO,
            counters: Counters::default(),
        }
    }

    /// What it does.
    pub const fn model(&self) -> &LinkModel {
        &self.model
    }

    /// Does something else from now on; what is under way stays under way, and the counters go on.
    pub const fn set_model(&mut self, model: LinkModel) {
        self.model = model;
    }

    /// What it did so far.
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Carries a datagram that is sent at `now`, no earlier than the one before.
    pub fn carry(&mut self, now: Time, datagram: Bytes) -> Arrivals {
        self.counters.received += 1;
        self.counters.bytes_received += datagram.len() as u64;
        let Some(left) = self.enter(now, datagram.len()) else { return [None, None].into_iter().flatten() };
        let copy = self.happens(self.model.duplicate).then(|| datagram.clone());
        self.counters.duplicated += u64::from(copy.is_some());
        let first = self.arrive(left, datagram);
        let second = copy.map(|copy| self.arrive(left, copy));
        [Some(first), second].into_iter().flatten()
    }

    /// When a datagram has left the bottleneck, unless something drops it.
    fn enter(&mut self, now: Time, len: usize) -> Option<Time> {
        if self.model.blackout.is_some_and(|blackout| blackout.covers(self.origin, now)) {
            self.counters.blacked_out += 1;
            return None;
        }
        if self.model.mtu.is_some_and(|mtu| len + LinkModel::HEADERS > mtu) {
            self.counters.too_large += 1;
            return None;
        }
        let left = self.model.rate.map_or(Some(now), |rate| self.bottleneck.pass(now, len, rate));
        let Some(left) = left else {
            self.counters.queue_full += 1;
            return None;
        };
        if self.is_lost(left) {
            self.counters.lost += 1;
            return None;
        }
        Some(left)
    }

    fn is_lost(&mut self, at: Time) -> bool {
        let LinkModel { loss, burst, .. } = self.model;
        if burst.is_zero() { self.happens(loss) } else { self.bursts.lose(at, loss, burst, &mut self.rng) }
    }

    fn arrive(&mut self, left: Time, datagram: Bytes) -> Arrival {
        let due = left + self.model.delay + self.wait();
        let at = if self.happens(self.model.reorder) {
            self.counters.reordered += 1;
            due + Duration::from_micros(self.rng.u64(0..=micros(self.model.reorder_by)))
        } else {
            self.last_in_order = self.last_in_order.max(due);
            self.last_in_order
        };
        let damaged = self.happens(self.model.corrupt);
        let datagram = if damaged { self.damage(&datagram) } else { datagram };
        self.counters.passed += 1;
        self.counters.bytes_passed += datagram.len() as u64;
        Arrival { at, datagram, damaged }
    }

    /// An exponential wait with the mean of the jitter.
    fn wait(&mut self) -> Duration {
        if self.model.jitter.is_zero() {
            return Duration::ZERO;
        }
        let times = -(1.0 - self.rng.f64()).ln();
        self.model.jitter.mul_f64(times.min(LinkModel::JITTER_TAIL.into()))
    }

    fn damage(&mut self, datagram: &[u8]) -> Bytes {
        let mut damaged = BytesMut::from(datagram);
        for _ in 0..self.rng.usize(1..=FLIPS_MAX) {
            let bit = self.rng.usize(..(datagram.len() * 8).max(1));
            if let Some(byte) = damaged.get_mut(bit / 8) {
                *byte ^= 1 << (bit % 8);
            }
        }
        self.counters.corrupted += 1;
        damaged.freeze()
    }

    /// Draws only where there is something to decide: a fault that is not there costs no randomness.
    fn happens(&mut self, share: f64) -> bool {
        share > 0.0 && self.rng.f64() < share
    }
}

#[cfg(test)]
mod tests;
