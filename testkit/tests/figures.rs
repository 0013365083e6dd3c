//! Both ends of a session tell the same figures, however it ends and whatever gets lost on the way.

mod common;

use common::{ID, LATENCY, MS, SECOND, assert_plays, run, world};
use protocol::receiver::Counters;

#[test]
fn who_leaves_in_the_middle_is_counted_alike_at_both_ends() {
    for workers in [1, 3] {
        testkit::for_each_seed(20, |seed| {
            let mut world = world(seed, workers, 0.2);
            world.start_producer(run("key", 1));
            let client = world.start_client();
            world.subscribe(client, ID, LATENCY);
            assert_plays(&mut world, client, 20, 8 * SECOND);
            let moment = world.rng().u32(0..500);
            world.run_for(moment * MS);
            world.shut_down_client(client);
            assert!(world.run_until(5 * SECOND, |world| world.is_client_closed(client)));
            let mut seen = Counters::default();
            for stream in &world.snapshot(client).streams {
                let c = stream.counters;
                seen.add(&Counters {
                    expected: c.expected,
                    direct: c.direct,
                    repaired_arq: c.repaired_arq,
                    late: c.late,
                    lost: c.lost,
                    skipped: c.skipped,
                    ..Counters::default()
                });
            }
            // Where every copy of the goodbye was lost, the lease says it.
            world.run_for(16 * SECOND);
            let mut told = Counters::default();
            world.workers().iter().for_each(|worker| told.add(worker.viewer_total()));
            assert_eq!(told, seen);
            assert!(seen.add_up() && seen.expected >= 20, "{seen:?}");
        });
    }
}
