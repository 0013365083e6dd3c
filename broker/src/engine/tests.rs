//! The worker as a whole, where a unit is too small and a simulation too large.

use protocol::id::EpochTag;

use super::*;

fn broker() -> Broker {
    let mut random = Random::from_seed([1; 32]);
    let config = Config {
        worker: 0,
        workers: 2,
        keys: Keys::new(&mut random, None),
        directory: Arc::new(Directory::default()),
        limits: SessionLimits::default(),
    };
    Broker::new(config, random)
}

#[test]
fn thousands_of_leases_that_end_at_once_are_looked_at_in_portions() {
    let mut broker = broker();
    let due = Time::from_micros(1_000_000);
    let sessions = TIMERS_PER_TURN as u64 + 100;
    for number in 1..=sessions {
        let id = SessionId(number << 8);
        broker.sessions.insert_probe(id);
        broker.timers.insert((due, id));
    }
    let over = due + Duration::from_secs(60);
    broker.handle_timeout(over);
    assert_eq!(broker.counters().sessions_idle, TIMERS_PER_TURN as u64);
    assert!(broker.poll_timeout().is_some_and(|due| due <= over), "the rest is due still");
    broker.handle_timeout(over);
    assert_eq!((broker.counters().sessions_idle, broker.sessions.len()), (sessions, 0));
}

#[test]
fn a_full_queue_to_another_worker_loses_datagrams_and_not_the_end_of_a_channel() {
    let mut broker = broker();
    let over = |tag| Handover::Down { producer: ProducerId::NONE, tag: EpochTag(tag), reason: Code::Ok };
    let path = Path { peer: "192.0.2.1:4000".parse().unwrap(), local: None };
    (0..=HANDOVERS_MAX).for_each(|_| broker.hand_over_datagram(1, path, b"stray"));
    broker.hand_over(1, over(7));
    assert_eq!(broker.counters().dropped_handover, 1);
    let mut handed = std::iter::from_fn(|| broker.poll_handover());
    assert!(handed.any(|message| message == (1, over(7))));
}
