//! `speed`.

use std::time::{Duration, Instant};

use clap::Args;
use protocol::id::ProducerId;
use protocol::limits::{LATENCY, SHARD_LEN};
use protocol::serial::Serial;
use testkit::{Channel, LinkModel, Links, ProducerRun, World, WorldOptions};

const ID: ProducerId = ProducerId::from_bytes([0x1A, 0xAA, 0x99]);

/// How much faster than real time one core simulates the usual channel: pictures and sound of 1.1 Mbit/s.
#[derive(Args)]
pub(crate) struct Speed {
    /// Viewers
    #[arg(long, default_value_t = 10)]
    viewers: usize,
    /// Simulated seconds
    #[arg(long, default_value_t = 600)]
    seconds: u64,
    /// Share of datagrams that each direction loses, in percent
    #[arg(long, default_value_t = 1)]
    loss: u32,
}

impl Speed {
    /// Plays it and prints the ratio.
    pub(crate) fn run(&self) {
        let path = LinkModel::clean(Duration::from_millis(20)).losing(f64::from(self.loss) / 100.0);
        let options = WorldOptions { client_links: Links::both(path), ..WorldOptions::default() };
        let mut world = World::new(0, options);
        world.start_producer(ProducerRun {
            id: ID,
            key: b"key".to_vec(),
            epoch: 1,
            channel: Channel::default(),
            first_frame: Serial(1),
            shard_size: SHARD_LEN,
            thins: true,
        });
        for _ in 0..self.viewers {
            let client = world.start_client();
            world.subscribe(client, ID, LATENCY);
        }
        let started = Instant::now();
        world.run_for(Duration::from_secs(self.seconds));
        let took = started.elapsed().as_secs_f64();
        println!(
            "{} viewers, {} % loss: {} s simulated in {took:.2} s, {:.0} times real time on one core; {} frames delivered",
            self.viewers,
            self.loss,
            self.seconds,
            self.seconds as f64 / took.max(1e-9),
            world.oracle.delivered_in_all()
        );
    }
}
