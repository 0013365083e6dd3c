//! Sessions that survive: what is lost while they are renewed leaves nobody behind.

mod common;

use common::{ID, LATENCY, MS, SECOND, assert_plays, run};
use testkit::{LinkModel, Links, World, WorldOptions, for_each_seed};

#[test]
fn a_producer_that_dials_anew_and_goes_on_with_its_former_session_is_heard() {
    // Answers get lost so often that a producer takes its broker for gone, opens another session, misses the WELCOME,
    // and hears from the former one: its DATA belongs to that.
    for workers in [1, 3] {
        for_each_seed(40, |seed| {
            let good = LinkModel::clean(8 * MS);
            let options = WorldOptions {
                workers,
                random_steering: workers > 1,
                producer_links: Links { up: good, down: good.losing(0.6) },
                ..WorldOptions::default()
            };
            let mut world = World::new(seed, options);
            let producer = world.start_producer(run("key", 1));
            let client = world.start_client();
            world.subscribe(client, ID, LATENCY);
            world.run_for(20 * SECOND);
            world.set_producer_links(producer, &Links::both(good));
            world.run_for(SECOND);
            assert_plays(&mut world, client, 12, 3 * SECOND);
        });
    }
}
