//! A producer whose path to the broker is too slow.

mod common;

use client::engine::event::StreamCounters;
use common::{ID, LATENCY, MS, SECOND, run};
use protocol::id::StreamId;
use testkit::{ClientId, LinkModel, Links, ProducerRun, World, WorldOptions, for_each_seed};

const NEED: u64 = 1_190_000;

fn figures(world: &World, client: ClientId, stream: StreamId) -> StreamCounters {
    let streams = world.snapshot(client).streams;
    streams.iter().find(|one| one.stream == stream).map(|one| one.counters).unwrap_or_default()
}

#[test]
fn measure() {
    let viewer_side = std::env::var("VIEWER").is_ok();
    let settle = std::env::var("SETTLE").ok().and_then(|s| s.parse().ok()).unwrap_or(20);
    for thins in [false, true] {
        for percent in [90, 75, 50, 30] {
            for queue in [50, 100, 300] {
                let sums = std::cell::RefCell::new(vec![]);
                for_each_seed(3, |seed| {
                    let up = LinkModel::clean(10 * MS).at_rate(NEED * percent / 100, queue * MS);
                    let links = Links { up, down: LinkModel::clean(10 * MS) };
                    let good = Links::both(LinkModel::clean(10 * MS));
                    let options = if viewer_side {
                        WorldOptions {
                            thins,
                            producer_links: good,
                            client_links: Links { up: links.down, down: links.up },
                            ..WorldOptions::default()
                        }
                    } else {
                        WorldOptions { producer_links: links, client_links: good, ..WorldOptions::default() }
                    };
                    let mut world = World::new(seed, options);
                    let producer = world
                        .start_producer(ProducerRun { thins: thins && !viewer_side, ..run("key", seed + 1) });
                    let client = world.start_client();
                    world.subscribe(client, ID, LATENCY);
                    world.run_for(settle * SECOND);
                    let before = [StreamId::VIDEO, StreamId::AUDIO].map(|s| figures(&world, client, s));
                    world.run_for(60 * SECOND);
                    let after = [StreamId::VIDEO, StreamId::AUDIO].map(|s| figures(&world, client, s));
                    let mut row = vec![];
                    for (b, a) in before.iter().zip(after) {
                        row.push(a.expected - b.expected);
                        row.push(
                            a.direct + a.repaired_arq + a.repaired_fec
                                - b.direct
                                - b.repaired_arq
                                - b.repaired_fec,
                        );
                        row.push(a.late + a.lost - b.late - b.lost);
                        row.push(a.skipped - b.skipped);
                    }
                    let snap = world.producer_snapshot(producer).unwrap();
                    row.push(snap.sender.resent);
                    row.push(snap.sender.datagrams);
                    let down: u64 = world.workers().iter().map(|w| w.counters().datagrams_resent).sum();
                    row.push(down);
                    sums.borrow_mut().push(row);
                });
                for row in sums.borrow().iter() {
                    println!(
                        "thins {thins} {percent}% {queue}ms: video exp {} came {} missed {} skipped {} | sound exp {} came {} missed {} skipped {} | resent {} of {} | down resent {}",
                        row[0],
                        row[1],
                        row[2],
                        row[3],
                        row[4],
                        row[5],
                        row[6],
                        row[7],
                        row[8],
                        row[9],
                        row[10]
                    );
                }
            }
        }
    }
}

#[test]
fn summary() {
    for viewer_side in [false] {
        for percent in [75, 60, 50, 30] {
            for queue in [50, 100, 300] {
                let sum = std::cell::RefCell::new([0_u64; 9]);
                for_each_seed(12, |seed| {
                    let up = LinkModel::clean(10 * MS).at_rate(NEED * percent / 100, queue * MS);
                    let links = Links { up, down: LinkModel::clean(10 * MS) };
                    let good = Links::both(LinkModel::clean(10 * MS));
                    let options = if viewer_side {
                        WorldOptions {
                            producer_links: good,
                            client_links: Links { up: links.down, down: links.up },
                            ..WorldOptions::default()
                        }
                    } else {
                        WorldOptions { producer_links: links, client_links: good, ..WorldOptions::default() }
                    };
                    let mut world = World::new(seed, options);
                    world.start_producer(ProducerRun { thins: !viewer_side, ..run("key", seed + 1) });
                    let client = world.start_client();
                    world.subscribe(client, ID, LATENCY);
                    world.run_for(20 * SECOND);
                    let before = [StreamId::VIDEO, StreamId::AUDIO].map(|s| figures(&world, client, s));
                    world.run_for(60 * SECOND);
                    let after = [StreamId::VIDEO, StreamId::AUDIO].map(|s| figures(&world, client, s));
                    let mut sum = sum.borrow_mut();
                    for (place, (b, a)) in before.iter().zip(after).enumerate() {
                        sum[place * 4] += a.expected - b.expected;
                        sum[place * 4 + 1] += a.direct + a.repaired_arq + a.repaired_fec
                            - b.direct
                            - b.repaired_arq
                            - b.repaired_fec;
                        sum[place * 4 + 2] += a.late + a.lost - b.late - b.lost;
                        sum[place * 4 + 3] += a.skipped - b.skipped;
                    }
                });
                let s = sum.borrow();
                let pc = |a: u64, b: u64| 100.0 * a as f64 / b.max(1) as f64;
                println!(
                    "viewer_side {viewer_side} {percent}% {queue} ms: pictures {:.1} % missed {:.1} % | sound {:.1} % missed {:.1} %",
                    pc(s[1], s[0]),
                    pc(s[2], s[0]),
                    pc(s[5], s[4]),
                    pc(s[6], s[4])
                );
            }
        }
    }
}
