use super::*;
use crate::blackout::Blackout;

const MS: Duration = Duration::from_millis(1);
const START: Time = Time::from_micros(1_000_000);

/// Sends `count` datagrams of `len` bytes, one each `spacing`, and gives the link and what arrived.
fn carry(model: LinkModel, seed: u64, count: u32, spacing: Duration, len: usize) -> (Link, Vec<Arrival>) {
    let mut link = Link::new(model, START, seed);
    let mut arrived = Vec::new();
    for number in 0..count {
        let mut datagram = vec![0; len.max(4)];
        datagram[..4].copy_from_slice(&number.to_be_bytes());
        arrived.extend(link.carry(START + spacing * number, datagram.into()));
    }
    assert!(link.counters().add_up(), "{:?}", link.counters());
    assert_eq!(arrived.len() as u64, link.counters().passed);
    (link, arrived)
}

fn number(arrival: &Arrival) -> u32 {
    u32::from_be_bytes(arrival.datagram[..4].try_into().unwrap())
}

/// Lengths of the runs of numbers that never arrived.
fn loss_runs(arrived: &[Arrival], count: u32) -> Vec<u32> {
    let mut next = 0;
    let mut runs = Vec::new();
    for number in arrived.iter().map(number).chain([count]) {
        if number > next {
            runs.push(number - next);
        }
        next = number + 1;
    }
    runs
}

#[test]
fn a_clean_link_delays_and_nothing_else() {
    let (link, arrived) = carry(LinkModel::clean(20 * MS), 1, 1_000, MS, 100);
    assert!(arrived.iter().all(|a| a.at == START + MS * number(a) + 20 * MS));
    let expected = Counters {
        received: 1_000,
        bytes_received: 100_000,
        passed: 1_000,
        bytes_passed: 100_000,
        ..Counters::default()
    };
    assert_eq!(*link.counters(), expected);
}

#[test]
fn the_share_of_losses_is_the_one_asked_for_whether_alone_or_in_bursts() {
    for loss in [0.01, 0.05, 0.2, 0.5] {
        for burst in [Duration::ZERO, 5 * MS, 20 * MS, 100 * MS] {
            let count = 2_000_000;
            let (link, _) = carry(LinkModel::clean(MS).losing(loss).in_bursts_of(burst), 7, count, MS, 4);
            let share = link.counters().lost as f64 / f64::from(count);
            let seconds = burst.max(MS).as_secs_f64();
            let bursts = f64::from(count) * MS.as_secs_f64() * loss / seconds;
            let tolerance = 4.0 * (2.0 / bursts).sqrt();
            assert!((share / loss - 1.0).abs() < tolerance, "{share} of {loss}, bursts of {burst:?}");
        }
    }
}

#[test]
fn bursts_last_as_long_as_asked_for_however_dense_the_stream() {
    for spacing in [MS / 10, MS, 2 * MS] {
        let count = 1_000_000;
        let model = LinkModel::clean(MS).losing(0.1).in_bursts_of(20 * MS);
        let (_, arrived) = carry(model, 3, count, spacing, 4);
        let runs = loss_runs(&arrived, count);
        let mean = f64::from(runs.iter().sum::<u32>()) / runs.len() as f64;
        // What bursts of 20 ms look like at datagrams with this spacing: a gap between two of them is not seen.
        let stays = 0.1 + 0.9 * (-spacing.as_secs_f64() / (0.020 * 0.9)).exp();
        let expected = 1.0 / (1.0 - stays);
        let tolerance = 4.0 / (runs.len() as f64).sqrt();
        assert!(
            (mean / expected - 1.0).abs() < tolerance,
            "runs of {mean}, not {expected}, one per {spacing:?}"
        );
    }
}

#[test]
fn losses_on_their_own_come_in_runs_of_one_over_one_minus_loss() {
    let (_, arrived) = carry(LinkModel::clean(MS).losing(0.2), 5, 500_000, MS, 4);
    let runs = loss_runs(&arrived, 500_000);
    let mean = f64::from(runs.iter().sum::<u32>()) / runs.len() as f64;
    assert!((mean - 1.25).abs() < 0.02, "{mean}");
}

#[test]
fn everything_or_nothing_is_lost_where_the_share_says_so() {
    for burst in [Duration::ZERO, 20 * MS] {
        assert!(carry(LinkModel::clean(MS).losing(1.0).in_bursts_of(burst), 1, 1_000, MS, 4).1.is_empty());
        assert_eq!(
            carry(LinkModel::clean(MS).losing(0.0).in_bursts_of(burst), 1, 1_000, MS, 4).1.len(),
            1_000
        );
    }
}

#[test]
fn jitter_has_its_mean_keeps_the_order_and_ends_at_its_tail() {
    let (_, arrived) = carry(LinkModel::clean(20 * MS).jittering(5 * MS), 2, 100_000, 100 * MS, 4);
    let waits = arrived.iter().map(|a| (a.at - (START + 100 * MS * number(a) + 20 * MS)).as_secs_f64());
    let mean = waits.clone().sum::<f64>() / 100_000.0;
    assert!((mean - 0.005).abs() < 0.000_1, "{mean}");
    assert!(waits.fold(0.0, f64::max) <= 0.050);
    let (_, dense) = carry(LinkModel::clean(20 * MS).jittering(5 * MS), 2, 10_000, MS / 10, 4);
    assert!(dense.is_sorted_by_key(|a| a.at), "a queue keeps the order");
}

#[test]
fn the_overtaken_come_later_by_what_was_asked_for_at_most_and_nothing_waits_for_them() {
    let (link, mut arrived) = carry(LinkModel::clean(20 * MS).jumbling(0.0, 0.1, 10 * MS), 2, 10_000, MS, 4);
    let late = |a: &Arrival| a.at - (START + MS * number(a) + 20 * MS);
    assert!((900..1_100).contains(&link.counters().reordered));
    assert!(arrived.iter().all(|a| late(a) <= 10 * MS));
    let delayed = arrived.iter().filter(|a| !late(a).is_zero()).count() as u64;
    assert!(delayed <= link.counters().reordered && delayed > 800);
    arrived.sort_by_key(|a| a.at);
    assert!(!arrived.is_sorted_by_key(number), "some were overtaken");
}

#[test]
fn a_share_comes_twice_and_a_share_comes_damaged() {
    let (link, arrived) =
        carry(LinkModel::clean(MS).jumbling(0.05, 0.0, MS).corrupting(0.02), 9, 50_000, MS, 50);
    assert!((2_300..2_700).contains(&link.counters().duplicated), "{:?}", link.counters());
    assert!((900..1_200).contains(&link.counters().corrupted), "{:?}", link.counters());
    let flips = |a: &Arrival| a.datagram[4..].iter().map(|byte| byte.count_ones()).sum::<u32>();
    assert!(arrived.iter().all(|a| flips(a) <= 3 && a.datagram.len() == 50));
    assert!(arrived.iter().filter(|a| flips(a) > 0).count() > 800);
}

#[test]
fn a_bottleneck_passes_its_rate_and_drops_what_its_queue_has_no_room_for() {
    // 1 000 bytes with headers each ms are 8 Mbit/s into 4: half of it is dropped once the queue is full.
    let model = LinkModel::clean(10 * MS).at_rate(4_000_000, 100 * MS);
    let (link, arrived) = carry(model, 1, 10_000, MS, 1_000 - LinkModel::HEADERS);
    assert!((4_900..5_000).contains(&link.counters().queue_full), "{:?}", link.counters());
    let waits: Vec<Duration> = arrived.iter().map(|a| a.at - (START + MS * number(a) + 10 * MS)).collect();
    assert_eq!(waits[0], 2 * MS, "its own serialisation");
    assert_eq!(*waits.iter().max().unwrap(), 102 * MS, "the whole queue and itself");
    assert!(arrived.windows(2).all(|pair| pair[1].at - pair[0].at >= 2 * MS));
    let (idle, _) = carry(model, 1, 1_000, 2 * MS, 1_000 - LinkModel::HEADERS);
    assert_eq!(idle.counters().queue_full, 0, "what the rate takes never waits");
}

#[test]
fn larger_packets_than_the_mtu_and_those_of_a_blackout_are_dropped_and_counted() {
    let model = LinkModel::clean(MS).with_mtu(1_228);
    assert_eq!(carry(model, 1, 10, MS, 1_200).0.counters().too_large, 0);
    assert_eq!(carry(model, 1, 10, MS, 1_201).0.counters().too_large, 10);
    let dark = LinkModel::clean(MS).dark(Blackout::Once { at: 100 * MS, lasts: 50 * MS });
    assert_eq!(carry(dark, 1, 1_000, MS, 4).0.counters().blacked_out, 50);
}

#[test]
fn the_same_seed_has_the_same_fate_and_another_another() {
    let model = LinkModel::clean(20 * MS)
        .losing(0.1)
        .in_bursts_of(10 * MS)
        .jittering(5 * MS)
        .jumbling(0.1, 0.1, 5 * MS)
        .corrupting(0.1);
    let of = |seed| carry(model, seed, 1_000, MS, 20).1;
    assert_eq!(of(1), of(1));
    assert_ne!(of(1), of(2));
}
