use super::*;
use crate::limits::LATENCY_MAX;

impl End {
    /// A parity shard of a frame arrives, 0 being the first; `edit` may damage it.
    fn parity(&mut self, nth: u64, which: usize, edit: impl Fn(&mut Vec<u8>)) -> DataOutcome {
        let parity = slab(nth).parity(16).unwrap();
        let (header, shard) = DataHeader::split_run(&parity).nth(which).unwrap();
        let mut shard = shard.to_vec();
        edit(&mut shard);
        let outcome = self.receiver.handle_data(self.now, &header, &shard);
        self.collect();
        outcome
    }

    fn whole_parity(&mut self, nth: u64, which: usize) -> DataOutcome {
        self.parity(nth, which, |_| ())
    }
}

#[test]
fn parity_makes_good_what_is_missing_and_is_counted_apart() {
    let mut end = End::new();
    end.send_but(0, &[0, 2]);
    assert_eq!(end.whole_parity(0, 5), DataOutcome::Parity);
    assert_eq!(end.whole_parity(0, 0), DataOutcome::Whole);
    assert_eq!(end.delivered(), [0]);
    let counters = end.counters();
    assert_eq!((counters.repaired_fec, counters.direct, counters.duplicates), (1, 0, 0));
    assert_eq!((counters.parity, counters.parity_bytes), (2, 2 * u64::try_from(slab(0).segment()).unwrap()));
    end.pass(LATENCY);
    assert_eq!(end.asked(), []);
}

#[test]
fn what_parity_makes_good_is_not_asked_for() {
    let mut end = End::new();
    end.send_but(0, &[0, 2]);
    end.whole_parity(0, 0);
    end.pass(REORDER);
    assert_eq!(end.asked(), [(0, 1, only(0))]);
}

#[test]
fn parity_alone_makes_a_frame() {
    let mut end = End::new();
    assert_eq!(
        [2, 1, 0].map(|which| end.whole_parity(0, which)),
        [DataOutcome::Parity, DataOutcome::Parity, DataOutcome::Whole]
    );
    assert_eq!(end.delivered(), [0]);
}

#[test]
fn parity_that_nobody_needed_is_no_duplicate_and_changes_nothing() {
    let mut end = End::new();
    end.send(0);
    assert_eq!([0, 1, 1].map(|which| end.whole_parity(0, which)), [DataOutcome::Parity; 3]);
    let counters = end.counters();
    assert_eq!((counters.direct, counters.repaired_fec, counters.duplicates, counters.stale), (1, 0, 0, 0));
    assert_eq!(counters.parity, 3);
}

#[test]
fn what_parity_made_good_was_lost_on_the_path_all_the_same() {
    let mut end = End::new();
    end.send_but(0, &[1]);
    end.whole_parity(0, 0);
    let feedback = end.feedback();
    assert_eq!((feedback.lost, feedback.runs), (1, 1));
}

#[test]
fn parity_that_gives_no_frame_of_this_length_is_thrown_away_and_all_of_it_asked_for_again() {
    let mut end = End::new();
    end.send_but(0, &[2]);
    assert_eq!(end.parity(0, 3, |shard| shard[15] ^= 1), DataOutcome::Corrupt);
    assert_eq!(end.delivered(), []);
    end.pass(Duration::ZERO);
    assert_eq!(end.asked(), [(0, 1, MissingShards::All)]);
    end.repair(0);
    let counters = end.counters();
    assert_eq!((end.delivered(), counters.corrupt, counters.repaired_arq), (vec![0], 1, 1));
}

#[test]
fn what_parity_made_is_sent_on_like_what_came() {
    let mut end = End::new();
    end.send_but(0, &[0, 2]);
    end.whole_parity(0, 5);
    end.whole_parity(0, 0);
    assert_eq!(end.slabs, [slab(0)], "each CRC as the producer made it");
    assert_eq!(end.track().newest_whole, Some((serial(0), slab(0).digest())));
}

#[test]
fn the_parity_that_a_peer_can_make_this_end_hold_is_bounded() {
    let mut end = End::with(TrackPlan { shard_size: 1_416, latency: LATENCY_MAX, ..plan() });
    for nth in 0..40_u64 {
        let header = DataHeader { shard_size: 1_416, ..*slab(nth).header() };
        let large = Slab::pack(header, &vec![1; 400 * 1_416]).unwrap();
        let parity = large.parity(64).unwrap();
        for (header, shard) in DataHeader::split_run(&parity) {
            end.receiver.handle_data(end.now, &header, shard);
        }
    }
    assert!(end.counters().lost > 20, "two frames of 4 MiB are as much as it holds: {:?}", end.counters());
}

#[test]
fn a_loss_is_counted_whatever_number_its_first_round_takes() {
    let mut end = End::with(TrackPlan { latency: RTT + 2 * REORDER, ..plan() });
    end.send_but(0, &[1]);
    end.pass(REORDER);
    assert_eq!(end.asked(), [(0, 3, only(1))], "there is time for one round");
    let feedback = end.feedback();
    assert_eq!((feedback.lost, feedback.runs), (1, 1));
}
