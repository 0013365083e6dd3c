use proptest::prelude::*;

use super::super::Probes;
use super::*;

const MS: u64 = 1_000;
const SECOND: u64 = 1_000 * MS;

/// A clock that shows `origin` at true time zero and runs `ppm` too fast.
#[derive(Clone, Copy, Debug)]
struct Clock {
    origin: u64,
    ppm: i64,
}

impl Clock {
    fn at(&self, truth: u64) -> Time {
        let run = i128::from(truth) * i128::from(1_000_000 + self.ppm) / 1_000_000;
        Time::from_micros(self.origin + u64::try_from(run).unwrap())
    }
}

/// Two clocks, what each way takes for the n-th question, and how long it lies at the broker.
struct Run<'a> {
    own: Clock,
    broker: Clock,
    ways: &'a dyn Fn(usize) -> (u64, u64),
    hold: u64,
}

impl Run<'_> {
    /// Asks as a session does for so long; `check` sees the estimate after each answer and until the next one.
    fn play(&self, seconds: u64, mut check: impl FnMut(u64, &Estimate, i64)) -> BrokerClock {
        let (mut clock, mut probes) = (BrokerClock::default(), Probes::start(self.own.at(0)));
        let mut asked = 0;
        for truth in (0..seconds * SECOND).step_by(100 * 1_000) {
            let now = self.own.at(truth);
            let error = clock.estimate().map(|estimate| estimate.error(now));
            if probes.fire(now, error) {
                let (there, back) = (self.ways)(asked);
                asked += 1;
                let (came, given) =
                    (self.broker.at(truth + there), self.broker.at(truth + there + self.hold));
                clock.sample(&RoundTrip {
                    sent: now,
                    arrived: self.own.at(truth + there + self.hold + back),
                    broker: given,
                    hold: given.since(came),
                });
            }
            let later = truth + 90 * MS;
            if let Some(estimate) = clock.estimate() {
                check(later, estimate, self.miss(estimate, later));
            }
        }
        clock
    }

    /// How far an estimate is from the truth, microseconds.
    fn miss(&self, estimate: &Estimate, truth: u64) -> i64 {
        let offset = distance(self.own.at(truth), self.broker.at(truth));
        offset - estimate.offset_us(self.own.at(truth))
    }
}

fn clock() -> impl Strategy<Value = Clock> {
    // From right after the origin to hours, days, and around the wrap of the wire's 32-bit stamps.
    let origin = prop_oneof![0..10 * SECOND, Just((1 << 32) - SECOND), 0..40 * 86_400 * SECOND];
    (origin, -500_i64..=500).prop_map(|(origin, ppm)| Clock { origin, ppm })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_error_covers_the_truth_whatever_each_way_takes(
        own in clock(),
        broker in clock(),
        base in (0..300 * MS, 0..300 * MS),
        jitter in proptest::collection::vec((0..200 * MS, 0..200 * MS), 40),
        hold in prop_oneof![Just(0), 0..4 * SECOND],
    ) {
        let ways = |asked: usize| (base.0 + jitter[asked % 40].0, base.1 + jitter[asked % 40].1);
        let mut missed = None;
        Run { own, broker, ways: &ways, hold }.play(200, |truth, estimate, miss| {
            if Duration::from_micros(miss.unsigned_abs()) > estimate.error(own.at(truth)) {
                missed.get_or_insert((truth, *estimate, miss));
            }
        });
        prop_assert_eq!(missed, None);
    }

    #[test]
    fn on_a_symmetric_path_the_middle_is_the_truth(own in clock(), broker in clock(), way in 0..300 * MS) {
        let mut worst = 0;
        Run { own, broker, ways: &|_| (way, way), hold: 0 }.play(400, |truth, _, miss| {
            // Until the drift is known it adds up for 5 s, and for half a round trip.
            let allowed = if truth < 130 * SECOND { 6 * MS } else { 3 * MS };
            worst = worst.max(miss.unsigned_abs().saturating_sub(allowed));
        });
        prop_assert_eq!(worst, 0);
    }
}

#[test]
fn the_error_is_half_the_least_round_trip_and_the_drift_is_found() {
    let own = Clock { origin: 5, ppm: 500 };
    let broker = Clock { origin: 7_200 * SECOND, ppm: -400 };
    let clock = Run { own, broker, ways: &|asked| (20 * MS + asked as u64 % 5 * MS, 20 * MS), hold: 0 }
        .play(900, |_, _, _| {});
    let estimate = clock.estimate().unwrap();
    let error = estimate.error(estimate.at).as_micros();
    assert!((20_000..20_500).contains(&error), "{error} us");
    assert!((estimate.drift + 900_000).abs() < 30_000, "{} parts in 1e9", estimate.drift);
}

#[test]
fn queueing_on_one_way_does_not_move_what_the_fastest_round_trips_say() {
    let same = Clock { origin: SECOND, ppm: 0 };
    let ways = |asked: usize| (if asked % 4 == 3 { 10 * MS } else { 250 * MS }, 10 * MS);
    let mut worst = 0;
    Run { own: same, broker: same, ways: &ways, hold: 0 }.play(300, |truth, _, miss| {
        if truth > SECOND {
            worst = worst.max(miss.unsigned_abs());
        }
    });
    assert!(worst < 15 * MS, "{worst} us of a queue of 240 ms");
}

#[test]
fn a_clock_that_stood_still_begins_a_new_estimate() {
    let own = Clock { origin: SECOND, ppm: 0 };
    let trip = |own_at: u64, broker_at: u64| RoundTrip {
        sent: own.at(own_at),
        arrived: own.at(own_at + 20 * MS),
        broker: Time::from_micros(broker_at + 10 * MS),
        hold: Duration::ZERO,
    };
    let mut clock = BrokerClock::default();
    for second in 0..20 {
        clock.sample(&trip(second * SECOND, second * SECOND + 50));
    }
    // This end was suspended for an hour.
    clock.sample(&trip(20 * SECOND, 3_620 * SECOND));
    let estimate = clock.estimate().unwrap();
    let now = own.at(20 * SECOND);
    let truth = 3_620 * SECOND.cast_signed() - now.as_micros().cast_signed();
    assert!((estimate.offset_us(now) - truth).abs() < 1_000, "{estimate:?}");
    assert!(estimate.error(now) < Duration::from_millis(11));
}

#[test]
fn what_no_round_trip_can_be_changes_nothing() {
    let mut clock = BrokerClock::default();
    let (sent, arrived) = (Time::from_micros(2_000), Time::from_micros(1_000));
    let broker = Time::from_micros(5);
    clock.sample(&RoundTrip { sent, arrived, broker, hold: Duration::ZERO });
    clock.sample(&RoundTrip { sent: arrived, arrived: sent, broker, hold: Duration::from_secs(9) });
    let never = Time::from_micros(u64::MAX);
    clock.sample(&RoundTrip { sent: arrived, arrived: sent, broker: never, hold: Duration::ZERO });
    assert_eq!(clock.estimate(), None);
}
