//! What holds of every link, whatever it does.

use std::time::Duration;

use bytes::Bytes;
use impair::{Blackout, Link, LinkModel, Rate};
use proptest::prelude::*;
use protocol::time::Time;

fn share() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), Just(1.0), 0.0..1.0]
}

fn span(most_ms: u64) -> impl Strategy<Value = Duration> {
    prop_oneof![Just(0), 0..most_ms * 1_000].prop_map(Duration::from_micros)
}

prop_compose! {
    fn models()(
        (loss, duplicate, reorder, corrupt) in (share(), share(), share(), share()),
        (burst, delay, jitter, reorder_by) in (span(200), span(500), span(50), span(50)),
        rate in proptest::option::of((1..50_000_000_u64, span(1_000))),
        mtu in proptest::option::of(68..1_500_usize),
        blackout in proptest::option::of((span(500), span(500), any::<bool>())),
    ) -> LinkModel {
        LinkModel {
            loss, burst, delay, jitter, duplicate, reorder, reorder_by, corrupt, mtu,
            rate: rate.map(|(bits_per_second, queue)| Rate { bits_per_second, queue }),
            blackout: blackout.map(|(at, lasts, once)| {
                if once { Blackout::Once { at, lasts } } else { Blackout::Every { period: at, lasts } }
            }),
        }
    }
}

proptest! {
    #[test]
    fn every_datagram_ends_in_one_place_and_none_comes_early_longer_or_three_times(
        model in models(),
        seed in any::<u64>(),
        sends in proptest::collection::vec((0..50_000_u64, 0..1_500_usize), 1..200),
    ) {
        let mut link = Link::new(model, Time::ZERO, seed);
        let (mut now, mut passed) = (Time::ZERO, 0);
        for (pause, len) in sends {
            now = now + Duration::from_micros(pause);
            let arrivals: Vec<_> = link.carry(now, Bytes::from(vec![0x5A; len])).collect();
            prop_assert!(arrivals.len() <= 2);
            for arrival in &arrivals {
                prop_assert!(arrival.at >= now + model.delay);
                prop_assert_eq!(arrival.datagram.len(), len);
                prop_assert!(arrival.damaged || arrival.datagram.iter().all(|byte| *byte == 0x5A));
            }
            passed += arrivals.len() as u64;
            prop_assert!(link.counters().add_up(), "{:?}", link.counters());
        }
        prop_assert_eq!(link.counters().passed, passed);
    }

    #[test]
    fn what_nothing_overtakes_stays_in_order(model in models(), seed in any::<u64>()) {
        let mut link = Link::new(LinkModel { reorder: 0.0, ..model }, Time::ZERO, seed);
        let mut last = Time::ZERO;
        for number in 0..100_u64 {
            let now = Time::from_micros(number * 700);
            for arrival in link.carry(now, Bytes::from_static(b"datagram")) {
                prop_assert!(arrival.at >= last);
                last = arrival.at;
            }
        }
    }
}
