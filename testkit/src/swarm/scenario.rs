//! Everything that a seed decides.

use std::fmt;
use std::time::Duration;

use fastrand::Rng;
use impair::{LinkModel, Links};
use protocol::limits::SHARD_LEN;
use protocol::serial::Serial;

use super::draw::{chance, one_of, share, span};
use super::fault::{Fault, What};
use crate::clock::Clock;
use crate::media::Channel;

/// Milliseconds that a broker, where that takes a while, needs for a frame of each channel to all of its viewers: meanwhile the next
/// ones come, and viewers come and go. Half of a frame's duration at the most: its queue is not to grow for good.
const FRAMES_TAKE: [u64; 3] = [3, 10, 30];
/// Bytes for a frame of any size, with what a viewer is told beside it.
const FRAME_TAKES_MIN: u64 = 800;

/// How large the runs are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Size {
    /// Clients at the most.
    pub clients: usize,
    /// Producers at the most.
    pub producers: usize,
    /// How long things go wrong.
    pub faults_for: Duration,
}

impl Size {
    /// Of the ordinary tests.
    pub const SMALL: Self = Self { clients: 4, producers: 2, faults_for: Duration::from_secs(12) };
    /// Of the long run.
    pub const LARGE: Self = Self { clients: 10, producers: 3, faults_for: Duration::from_secs(60) };
}

/// A whole configuration.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What it follows from.
    pub seed: u64,
    pub(super) workers: u8,
    pub(super) random_steering: bool,
    pub(super) broker_clock: Clock,
    /// Bits per second that the broker sends, where that takes a while.
    pub(super) broker_rate: Option<u64>,
    pub(super) producers: Vec<ProducerPlan>,
    pub(super) clients: Vec<ClientPlan>,
    pub(super) faults: Vec<Fault>,
    pub(super) faults_for: Duration,
}

#[derive(Clone, Debug)]
pub(super) struct ProducerPlan {
    pub(super) channel: Channel,
    pub(super) first_frame: Serial,
    pub(super) shard_size: u16,
    pub(super) links: Links,
    pub(super) clock: Clock,
}

#[derive(Clone, Debug)]
pub(super) struct ClientPlan {
    /// Places of producers.
    pub(super) wants: Vec<usize>,
    pub(super) latency: Duration,
    pub(super) comes_after: Duration,
    pub(super) links: Links,
    pub(super) clock: Clock,
}

impl Scenario {
    /// What follows from a seed.
    pub fn draw(seed: u64, size: Size) -> Self {
        let mut rng = Rng::with_seed(seed);
        let rng = &mut rng;
        let workers = one_of(rng, &[1, 1, 2, 3]);
        let mut producers: Vec<_> =
            (0..rng.usize(1..=size.producers)).map(|_| ProducerPlan::draw(rng)).collect();
        let clients: Vec<_> =
            (0..rng.usize(1..=size.clients)).map(|_| ClientPlan::draw(rng, producers.len(), size)).collect();
        let count = rng.usize(0..=usize::try_from(size.faults_for.as_secs() / 2).unwrap_or(0));
        let mut faults: Vec<_> = (0..count)
            .map(|_| {
                let (what, lasts) = What::draw(rng, clients.len(), producers.len());
                Fault { at: size.faults_for.mul_f64(rng.f64()), lasts, what }
            })
            .collect();
        faults.sort_by_key(|fault| fault.at);
        // Drawn apart, so that it changes nothing else of a seed.
        let mut apart = Rng::with_seed(seed ^ 0x6209_0F5A);
        for producer in &mut producers {
            let group = one_of(&mut apart, &[1, 1, 2, 7, 24]);
            producer.channel.group = group.min(u64::from(producer.channel.fps)).max(1);
        }
        let wanted = clients.iter().flat_map(|client| &client.wants);
        let together: u64 = wanted.filter_map(|place| producers.get(*place)).map(ProducerPlan::largest).sum();
        let fastest = producers.iter().map(|producer| u64::from(producer.channel.fps)).max().unwrap_or(1);
        let takes = one_of(&mut apart, &FRAMES_TAKE).min(500 / fastest);
        let broker_rate = chance(&mut apart, 0.4).then(|| together * 8 * 1_000 / takes);
        let random_steering = workers > 1 && rng.bool();
        let broker_clock = clock(rng);
        let faults_for = size.faults_for;
        Self {
            seed,
            workers,
            random_steering,
            broker_clock,
            broker_rate,
            producers,
            clients,
            faults,
            faults_for,
        }
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (producers, clients) = (self.producers.len(), self.clients.len());
        write!(f, "{} workers, {producers} producers, {clients} clients", self.workers)?;
        if let Some(rate) = self.broker_rate {
            write!(f, ", the broker sends {rate} bit/s")?;
        }
        for fault in &self.faults {
            let (at, lasts) = (fault.at.as_secs_f64(), fault.lasts.as_secs_f64());
            write!(f, "; {}{} at {at:.2} s for {lasts:.2} s", fault.what.name(), fault.what.place())?;
        }
        Ok(())
    }
}

impl ProducerPlan {
    /// Bytes of a frame at the most, headers included: a small shard has a fifth of its bytes more. Sizes vary by a half.
    fn largest(&self) -> u64 {
        (self.channel.picture.max(self.channel.sound) as u64 * 2).max(FRAME_TAKES_MIN)
    }

    fn draw(rng: &mut Rng) -> Self {
        let channel = Channel {
            fps: one_of(rng, &[1, 5, 12, 12, 12, 25, 50]),
            picture: one_of(rng, &[200, 1_000, 4_000, 10_000, 10_000, 10_000, 40_000]),
            sound: one_of(rng, &[0, 2_000, 16_000]),
            pictures: u64::MAX,
            group: 1,
        };
        let near_wrap = Serial(0_u32.wrapping_sub(rng.u32(1..600)));
        Self {
            channel,
            first_frame: one_of(rng, &[Serial(0), near_wrap, Serial(1 << 31)]),
            shard_size: one_of(rng, &[SHARD_LEN, SHARD_LEN, 600, 256]),
            links: links(rng),
            clock: clock(rng),
        }
    }
}

impl ClientPlan {
    fn draw(rng: &mut Rng, producers: usize, size: Size) -> Self {
        let mut wants: Vec<_> = (0..producers).filter(|_| chance(rng, 0.7)).collect();
        if wants.is_empty() {
            wants.push(rng.usize(..producers));
        }
        Self {
            wants,
            latency: one_of(rng, &[0, 100, 250, 500, 500, 500, 1_000, 3_000, 10_000]) * ms(1),
            comes_after: if rng.bool() { Duration::ZERO } else { size.faults_for.mul_f64(rng.f64() / 2.0) },
            links: links(rng),
            clock: clock(rng),
        }
    }
}

/// A path, each direction for itself in a third of the cases.
pub(super) fn links(rng: &mut Rng) -> Links {
    let up = link(rng);
    let down = if chance(rng, 0.33) { LinkModel { delay: up.delay, ..link(rng) } } else { up };
    Links { up, down }
}

fn link(rng: &mut Rng) -> LinkModel {
    let (twice, damaged) = (one_of(rng, &[0.02, 0.5]), one_of(rng, &[0.001, 0.05]));
    let mut model = LinkModel::clean(span(rng, ms(1) / 2, ms(150)))
        .losing(share(rng, 0.3))
        .jumbling(share(rng, twice), share(rng, 0.2), span(rng, ms(1), ms(64)))
        .corrupting(share(rng, damaged));
    if chance(rng, 0.4) {
        model = model.in_bursts_of(span(rng, ms(2), ms(250)));
    }
    if chance(rng, 0.4) {
        model = model.jittering(span(rng, ms(1), ms(40)));
    }
    if chance(rng, 0.1) {
        model = model.at_rate(rng.u64(500_000..20_000_000), span(rng, ms(20), ms(1_000)));
    }
    model
}

/// A clock: another origin, near a wrap of its stamps in a quarter of the cases, and a rate a little off.
fn clock(rng: &mut Rng) -> Clock {
    let wrap = Duration::from_micros(1 << 32);
    let ahead = match rng.u8(..4) {
        0 => Duration::ZERO,
        1 => wrap.saturating_sub(span(rng, ms(1_000), ms(30_000))),
        2 => Duration::from_secs(rng.u64(..3 * 3_600)),
        // The wrap of the media time, in units of 100 us.
        _ => (100 * wrap).saturating_sub(span(rng, ms(1_000), ms(30_000))),
    };
    Clock::new(ahead, rng.i64(-500..=500))
}

pub(super) const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}
