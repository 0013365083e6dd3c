//! What became of the frames of one track (PROTOCOL 7.5).

use crate::serial::Serial;
use crate::wire::ReportedCounters;

/// Every settled frame is in exactly one of the first six after `expected`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counters {
    /// Frames whose fate is known: the sum of the next six.
    pub expected: u64,
    /// Whole in time without repair.
    pub direct: u64,
    /// Whole in time with at least one resent shard.
    pub repaired_arq: u64,
    /// Whole in time with parity.
    pub repaired_fec: u64,
    /// Whole, but after the deadline.
    pub late: u64,
    /// Not whole by the deadline.
    pub lost: u64,
    /// Left out on purpose.
    pub skipped: u64,
    /// Datagrams that came twice.
    pub duplicates: u64,
    /// Datagrams of frames that were given up before.
    pub stale: u64,
    /// Datagrams that disagree with their frame.
    pub conflicting: u64,
    /// Frames for which parity gave nothing that can be one: asked for again.
    pub corrupt: u64,
    /// Parity datagrams, needed or not.
    pub parity: u64,
    /// Their bytes.
    pub parity_bytes: u64,
    /// Bytes of the delivered frames.
    pub bytes: u64,
}

impl Counters {
    /// Whether what was expected ended in exactly one counter.
    pub const fn add_up(&self) -> bool {
        self.expected
            == self.direct + self.repaired_arq + self.repaired_fec + self.late + self.lost + self.skipped
    }

    /// Frames that were delivered.
    pub const fn delivered(&self) -> u64 {
        self.direct + self.repaired_arq + self.repaired_fec
    }

    /// Adds the counters of another life of the same stream.
    pub const fn add(&mut self, other: &Self) {
        self.expected += other.expected;
        self.direct += other.direct;
        self.repaired_arq += other.repaired_arq;
        self.repaired_fec += other.repaired_fec;
        self.late += other.late;
        self.lost += other.lost;
        self.skipped += other.skipped;
        self.duplicates += other.duplicates;
        self.stale += other.stale;
        self.conflicting += other.conflicting;
        self.corrupt += other.corrupt;
        self.parity += other.parity;
        self.parity_bytes += other.parity_bytes;
        self.bytes += other.bytes;
    }

    /// As FEEDBACK carries them.
    pub const fn reported(&self) -> ReportedCounters {
        ReportedCounters {
            direct: low32(self.direct),
            repaired_arq: low32(self.repaired_arq),
            repaired_fec: low32(self.repaired_fec),
            late: low32(self.late),
            lost: low32(self.lost),
            skipped: low32(self.skipped),
        }
    }

    /// What the receiver's report says to its sender.
    pub fn from_report(report: &ReportedCounters) -> Self {
        let ReportedCounters { direct, repaired_arq, repaired_fec, late, lost, skipped } = *report;
        Self {
            expected: [direct, repaired_arq, repaired_fec, late, lost, skipped].map(u64::from).iter().sum(),
            direct: direct.into(),
            repaired_arq: repaired_arq.into(),
            repaired_fec: repaired_fec.into(),
            late: late.into(),
            lost: lost.into(),
            skipped: skipped.into(),
            duplicates: 0,
            stale: 0,
            conflicting: 0,
            corrupt: 0,
            parity: 0,
            parity_bytes: 0,
            bytes: 0,
        }
    }
}

const fn low32(value: u64) -> u32 {
    Serial::narrow(value).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_tells_the_sender_the_receivers_own_figures() {
        let receiver = Counters {
            expected: 100,
            direct: 90,
            repaired_arq: 6,
            late: 1,
            lost: 2,
            skipped: 1,
            ..Counters::default()
        };
        assert!(receiver.add_up());
        assert_eq!(Counters::from_report(&receiver.reported()), receiver);
    }
}
