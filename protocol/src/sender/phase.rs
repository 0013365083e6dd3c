//! Whether a slow path carries more than it is sent: some of the media leaves faster than the rest, and what comes of the
//! one is compared with what comes of the other (PROTOCOL 7.8).
//!
//! Random loss takes the same share of both, a bottleneck more of the faster one. So the loss itself need not be known.

use crate::time::micros;

use super::rate::Sample;

/// How media leaves between two HEARTBEATs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Phase {
    /// As it comes: the path is not slow.
    #[default]
    Free,
    /// At the path's rate.
    Even,
    /// Faster, to see what comes of it.
    Fast,
    /// More slowly, so that a queue drains.
    Drain,
    /// A single frame of a track that had none for long, as fast as it would have to be to come in time.
    Trial,
}

/// Even and fast phases, compared.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Comparison {
    even: Tally,
    fast: Tally,
}

/// What a comparison says of the path.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Verdict {
    /// It carries the faster phases as well as the others.
    More,
    /// It carries no more in the faster ones than in the others, of which this share came.
    Less(f64),
    /// Something between, or not enough was sent to tell.
    Open,
}

/// What became of the media of one kind of phases.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    /// Datagrams.
    sent: f64,
    received: f64,
    /// How long they took to leave, and to come, us.
    left_us: f64,
    came_us: f64,
    /// The square of what jitter may have added to that.
    noise_us2: f64,
}

/// Datagrams of each kind that a comparison needs.
const DATAGRAMS_MIN: f64 = 8.0;
/// Beyond so many of a kind, the older ones fade.
const DATAGRAMS_MAX: f64 = 400.0;
/// Of the rate that was added, so much has to come for more, less than so little means less.
const MORE: f64 = 0.5;
const LESS: f64 = 0.25;

impl Comparison {
    /// What came of a part of a phase, on a path that jitters by so much.
    pub(super) fn note(&mut self, phase: Phase, sample: &Sample, noise_us: i64) {
        let tally = match phase {
            Phase::Even => &mut self.even,
            Phase::Fast => &mut self.fast,
            Phase::Free | Phase::Drain | Phase::Trial => return,
        };
        let (sent, received) = sample.datagrams();
        let interval_us = micros(sample.interval()) as f64;
        tally.sent += f64::from(sent);
        tally.received += f64::from(received.min(sent));
        tally.left_us += interval_us;
        tally.came_us += interval_us + sample.rise_us() as f64;
        tally.noise_us2 += (noise_us * noise_us) as f64;
        if tally.sent > DATAGRAMS_MAX {
            tally.halve();
        }
    }

    /// What both kinds say, where the fast ones left faster by `gain` (0.25: a quarter). A deviation of the estimate has to
    /// fit, too.
    pub(super) fn verdict(&self, gain: f64) -> Verdict {
        let Self { even, fast } = self;
        if even.sent < DATAGRAMS_MIN || fast.sent < DATAGRAMS_MIN {
            return Verdict::Open;
        }
        let ratio = (1.0 + gain) * fast.share() / even.share().max(f64::EPSILON);
        let deviation = ratio * (fast.variance() + even.variance()).sqrt();
        if ratio - deviation >= 1.0 + gain * MORE {
            Verdict::More
        } else if ratio + deviation <= 1.0 + gain * LESS {
            Verdict::Less(even.received / even.sent)
        } else {
            Verdict::Open
        }
    }
}

impl Tally {
    fn halve(&mut self) {
        for figure in
            [&mut self.sent, &mut self.received, &mut self.left_us, &mut self.came_us, &mut self.noise_us2]
        {
            *figure /= 2.0;
        }
    }

    /// The rate at which it came, relative to that at which it left: less than was sent came, or a queue grew meanwhile.
    fn share(&self) -> f64 {
        self.received / self.sent * self.left_us / self.came_us.max(self.left_us / 2.0).max(1.0)
    }

    /// Of the share, relative to it.
    fn variance(&self) -> f64 {
        let lost = 1.0 - self.received / self.sent;
        lost / self.received.max(1.0) + self.noise_us2 / (self.left_us * self.left_us).max(1.0)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const GAIN: f64 = 0.15;

    /// Two seconds of a path, of whose datagrams `even` and `fast` per cent come.
    fn verdict(cycles: u32, even: u32, fast: (u32, i32), noise_us: i64) -> Verdict {
        let mut comparison = Comparison::default();
        let sample = |sent, percent, rise_us| {
            Sample::of(Duration::from_millis(300), rise_us, (sent, sent * percent / 100))
        };
        for _ in 0..cycles {
            (0..5).for_each(|_| comparison.note(Phase::Even, &sample(20, even, -fast.1 / 5), noise_us));
            comparison.note(Phase::Fast, &sample(20, fast.0, fast.1), noise_us);
        }
        comparison.verdict(GAIN)
    }

    #[test]
    fn a_path_without_a_bottleneck_carries_more_however_much_it_loses_at_random() {
        assert_eq!(verdict(1, 100, (100, 0), 0), Verdict::More);
        assert_eq!(verdict(1, 70, (70, 0), 0), Verdict::Open, "that may be chance");
        assert_eq!(verdict(15, 70, (70, 0), 0), Verdict::More);
    }

    #[test]
    fn a_bottleneck_shows_in_what_is_lost_and_in_a_queue_that_grows() {
        assert_eq!(verdict(15, 70, (55, 0), 0), Verdict::Less(0.7));
        assert_eq!(verdict(1, 100, (100, 45_000), 0), Verdict::Less(1.0));
        assert_eq!(verdict(1, 100, (100, 45_000), 60_000), Verdict::Open, "that may be jitter");
    }
}
