//! What share of first-sent datagrams a peer lost lately.

/// At this many sent ones, what was seen so far counts half: some 20 s of 1 Mbit/s.
const SENT_MAX: u32 = 2_048;
/// A share is taken for true from this many sent ones on.
const SENT_MIN: u32 = 200;
/// Shares are told in steps of this, in thousandths: what follows from them changes seldom.
const STEP: u64 = 5;

/// Datagrams sent and lost, the older ones with less weight.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LossRate {
    sent: u32,
    lost: u32,
    /// How many were sent in all when the last report came.
    reported: u64,
}

impl LossRate {
    /// A report came: `sent` datagrams in all so far, `lost` more of them did not arrive.
    pub(super) fn note(&mut self, sent: u64, lost: u32) {
        let more = u32::try_from(sent.saturating_sub(self.reported)).unwrap_or(u32::MAX);
        self.sent = self.sent.saturating_add(more);
        self.lost = self.lost.saturating_add(lost);
        self.reported = sent;
        while self.sent > SENT_MAX {
            (self.sent, self.lost) = (self.sent / 2, self.lost / 2);
        }
    }

    /// The share in thousandths, to the nearest step; 0 while too few were sent.
    pub(super) fn per_mille(&self) -> u64 {
        if self.sent < SENT_MIN {
            return 0;
        }
        let exact = u64::from(self.lost) * 1_000 / u64::from(self.sent);
        (exact + STEP / 2) / STEP * STEP
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_follows_the_path_and_few_datagrams_tell_nothing() {
        let mut rate = LossRate::default();
        rate.note(100, 50);
        assert_eq!(rate.per_mille(), 0);
        let mut sent = 100;
        let mut send = |rate: &mut LossRate, lost: u32| {
            for _ in 0..100 {
                sent += 100;
                rate.note(sent, lost);
            }
            rate.per_mille()
        };
        assert_eq!(send(&mut rate, 5), 50);
        assert_eq!(send(&mut rate, 20), 200);
        assert_eq!(send(&mut rate, 0), 0);
    }
}
