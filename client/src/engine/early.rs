//! DATA that overtook the SUBSCRIBE_ACK which names its tag (PROTOCOL 10).

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use protocol::time::Time;

/// Bytes that are held: what a join sends at once.
const BYTES_MAX: usize = 64 << 10;
/// How long they are held at the least; else two round trips.
const HOLD_MIN: Duration = Duration::from_millis(20);

/// Datagrams whose tag is not known yet.
#[derive(Default)]
pub(super) struct Early {
    held: VecDeque<(Time, Bytes)>,
    bytes: usize,
    dropped: u64,
}

impl Early {
    /// Holds a datagram; the oldest ones give way.
    pub(super) fn hold(&mut self, now: Time, datagram: &[u8]) {
        self.held.push_back((now, Bytes::copy_from_slice(datagram)));
        self.bytes += datagram.len();
        while self.bytes > BYTES_MAX {
            self.drop_oldest();
        }
    }

    /// Gives out everything that is not older than two round trips.
    pub(super) fn take(&mut self, now: Time, rtt: Duration) -> Vec<(Time, Bytes)> {
        let life = (rtt * 2).max(HOLD_MIN);
        while self.held.front().is_some_and(|(since, _)| now.since(*since) > life) {
            self.drop_oldest();
        }
        self.bytes = 0;
        self.held.drain(..).collect()
    }

    fn drop_oldest(&mut self) {
        if let Some((_, datagram)) = self.held.pop_front() {
            self.bytes = self.bytes.saturating_sub(datagram.len());
            self.dropped += 1;
        }
    }

    /// Datagrams that were held in vain.
    pub(super) const fn dropped(&self) -> u64 {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_64_kib_are_held_for_two_round_trips() {
        let mut early = Early::default();
        for ms in 0..100 {
            early.hold(Time::from_micros(ms * 1_000), &[0; 1_200]);
        }
        assert!(early.held.len() * 1_200 <= BYTES_MAX);
        let taken = early.take(Time::from_micros(99_000), Duration::from_millis(15));
        assert_eq!(taken.len(), 31, "from 69 to 99 ms");
        assert_eq!(early.dropped(), 69);
    }
}
