//! A link of finite rate with a finite queue in front of it.

use std::time::Duration;

use protocol::time::Time;

use crate::model::{LinkModel, Rate};

/// Until when the link is busy.
#[derive(Debug, Default)]
pub(crate) struct Bottleneck {
    /// Nanoseconds on the link's clock: a microsecond is 125 bytes at 1 Gbit/s, too coarse to add up.
    busy_until: u128,
}

impl Bottleneck {
    /// When a datagram of `len` bytes that comes at `now` has left the link; `None` where the queue has no room.
    pub(crate) fn pass(&mut self, now: Time, len: usize, rate: Rate) -> Option<Time> {
        let now = u128::from(now.as_micros()) * 1_000;
        let starts = self.busy_until.max(now);
        if starts - now > rate.queue.as_nanos() {
            return None;
        }
        let bits = (len + LinkModel::HEADERS) as u128 * 8;
        self.busy_until = starts + bits * 1_000_000_000 / u128::from(rate.bits_per_second.max(1));
        let micros = u64::try_from(self.busy_until.div_ceil(1_000)).unwrap_or(u64::MAX);
        Some(Time::ZERO + Duration::from_micros(micros))
    }
}
