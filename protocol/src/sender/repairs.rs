//! What was sent again to one peer on one track: each (frame, round, shard) once (PROTOCOL 7.2).

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::time::Duration;

use crate::escalation::COPY_SPACING;
use crate::limits::COPIES_MAX;
use crate::shards::ShardSet;
use crate::time::Time;

/// Damaged frames of one track that are remembered; beyond it the oldest is forgotten and can't be asked for again.
const FRAMES_MAX: usize = 256;

/// What is asked for of one frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    /// The frame's wide number.
    pub(super) number: u64,
    /// How many data shards it has.
    pub(super) k: u16,
    pub(super) round: u8,
    /// How often the round sends a shard.
    pub(super) copies: u8,
    /// Nothing seems to reach the peer: one copy, which does not count.
    pub(super) dark: bool,
}

/// The rounds that were answered, by frame.
#[derive(Clone, Debug, Default)]
pub(super) struct Repairs {
    frames: BTreeMap<u64, Answered>,
    forgotten_before: u64,
}

#[derive(Clone, Debug)]
struct Answered {
    round: u8,
    /// Copies of a shard in that round.
    copies: u8,
    /// Copies that count, of all rounds.
    total: u8,
    shards: ShardSet,
    /// When the last copy goes out.
    last: Time,
}

impl Repairs {
    /// Which of `indices` may be sent now, and how often each.
    pub(super) fn admissible(
        &self,
        now: Time,
        srtt: Duration,
        request: &Request,
        indices: Vec<u16>,
    ) -> (Vec<u16>, u8) {
        let nothing = (Vec::new(), 0);
        if request.number < self.forgotten_before {
            return nothing;
        }
        let Some(answered) = self.frames.get(&request.number) else {
            return (once(request.k, indices), request.copies.min(COPIES_MAX));
        };
        // The request of a higher round left its peer before the former copies can have come there.
        let too_soon = now < answered.last + srtt;
        match request.round.cmp(&answered.round) {
            Ordering::Less => nothing,
            Ordering::Equal => {
                let mut sent = answered.shards.clone();
                (indices.into_iter().filter(|index| sent.insert(*index)).collect(), answered.copies)
            }
            Ordering::Greater if too_soon => nothing,
            Ordering::Greater if request.dark => (once(request.k, indices), 1),
            Ordering::Greater => match request.copies.min(COPIES_MAX.saturating_sub(answered.total)) {
                0 => nothing,
                copies => (once(request.k, indices), copies),
            },
        }
    }

    /// These shards, which were admissible, are sent `copies` times.
    pub(super) fn note(&mut self, now: Time, request: &Request, indices: &[u16], copies: u8) {
        let counted = if request.dark { 0 } else { copies };
        let fresh = || Answered {
            round: request.round,
            copies,
            total: counted,
            shards: ShardSet::empty(request.k),
            last: now,
        };
        let answered = self.frames.entry(request.number).or_insert_with(fresh);
        if request.round > answered.round {
            let total = answered.total.saturating_add(counted);
            *answered = Answered { total, ..fresh() };
        }
        for index in indices {
            answered.shards.insert(*index);
        }
        answered.last = now + COPY_SPACING * u32::from(copies.saturating_sub(1));
        self.enforce_limit();
    }

    /// Frames before `number` are settled at the peer.
    pub(super) fn forget_before(&mut self, number: u64) {
        self.frames = self.frames.split_off(&number);
        self.forgotten_before = self.forgotten_before.max(number);
    }

    fn enforce_limit(&mut self) {
        while self.frames.len() > FRAMES_MAX {
            if let Some((number, _)) = self.frames.pop_first() {
                self.forgotten_before = number + 1;
            }
        }
    }
}

/// Each index once, and none beyond the frame.
fn once(k: u16, indices: Vec<u16>) -> Vec<u16> {
    let mut seen = ShardSet::empty(k);
    indices.into_iter().filter(|index| seen.insert(*index)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// Round `round` of a frame of nine shards, as the peer of a path without bursts asks for it.
    fn round(number: u64, round: u8) -> Request {
        Request { number, k: 9, round, copies: round.min(3), dark: false }
    }

    impl Repairs {
        /// Everything that is admissible is sent: which shards, and how often each.
        fn admit(
            &mut self,
            now: Time,
            srtt: Duration,
            request: &Request,
            indices: Vec<u16>,
        ) -> (Vec<u16>, u8) {
            let (sent, copies) = self.admissible(now, srtt, request, indices);
            if !sent.is_empty() {
                self.note(now, request, &sent, copies);
            }
            (sent, copies)
        }
    }

    #[test]
    fn what_was_not_sent_in_spite_of_being_admissible_stays_so() {
        let mut repairs = Repairs::default();
        let (asked, copies) = repairs.admissible(Time::ZERO, 40 * MS, &round(7, 1), vec![2, 2, 3, 9]);
        assert_eq!(asked, [2, 3], "each once, and none that the frame does not have");
        repairs.note(Time::ZERO, &round(7, 1), &asked[..1], copies);
        assert_eq!(repairs.admissible(Time::ZERO, 40 * MS, &round(7, 1), vec![2, 3]).0, [3]);
    }

    #[test]
    fn a_repeat_of_a_round_is_answered_once_per_shard() {
        let mut repairs = Repairs::default();
        assert_eq!(repairs.admit(Time::ZERO, 40 * MS, &round(7, 1), vec![2, 3]).0, [2, 3]);
        assert_eq!(repairs.admit(Time::ZERO + MS, 40 * MS, &round(7, 1), vec![2, 3, 4]).0, [4]);
        assert!(repairs.admit(Time::ZERO + 2 * MS, 40 * MS, &round(7, 1), vec![2, 3, 4]).0.is_empty());
    }

    #[test]
    fn a_higher_round_waits_until_the_former_copies_can_have_been_missed() {
        let mut repairs = Repairs::default();
        let admit = |repairs: &mut Repairs, ms: u32, request: u8| {
            repairs.admit(Time::ZERO + ms * MS, 40 * MS, &round(7, request), vec![2])
        };
        assert_eq!(admit(&mut repairs, 0, 1), (vec![2], 1));
        assert!(admit(&mut repairs, 39, 2).0.is_empty());
        assert_eq!(admit(&mut repairs, 40, 2), (vec![2], 2));
        assert!(admit(&mut repairs, 87, 3).0.is_empty(), "the second copy went out at 48");
        assert_eq!(admit(&mut repairs, 88, 3), (vec![2], 3));
        assert!(admit(&mut repairs, 200, 2).0.is_empty(), "an old round");
    }

    #[test]
    fn no_shard_is_sent_again_more_than_twelve_times() {
        let mut repairs = Repairs::default();
        let sent: Vec<u8> = (1..=200_u8)
            .map(|number| {
                let now = Time::ZERO + 100 * MS * u32::from(number);
                let (indices, copies) = repairs.admit(now, 40 * MS, &round(7, number), vec![0]);
                if indices.is_empty() { 0 } else { copies }
            })
            .collect();
        assert_eq!(sent[..6], [1, 2, 3, 3, 3, 0]);
        assert_eq!(sent.iter().sum::<u8>(), COPIES_MAX);
    }

    #[test]
    fn what_goes_into_the_dark_does_not_count() {
        let mut repairs = Repairs::default();
        for number in 1..=20_u8 {
            let now = Time::ZERO + 100 * MS * u32::from(number);
            let request = Request { dark: true, ..round(7, number) };
            assert_eq!(repairs.admit(now, 40 * MS, &request, vec![0]).0, [0]);
        }
        let after = repairs.admit(Time::ZERO + 3_000 * MS, 40 * MS, &round(7, 21), vec![0]);
        assert_eq!(after, (vec![0], 3));
    }

    #[test]
    fn what_is_remembered_is_bounded_and_what_is_forgotten_stays_unanswered() {
        let mut repairs = Repairs::default();
        for number in 0..1_000 {
            repairs.admit(Time::ZERO, MS, &round(number, 1), vec![1]);
        }
        assert_eq!(repairs.frames.len(), FRAMES_MAX);
        assert!(repairs.admit(Time::ZERO, MS, &round(0, 9), vec![1]).0.is_empty());
    }
}
