//! What the path to a peer carries, from the HEARTBEATs that it echoed (PROTOCOL 7.8).
//!
//! A HEARTBEAT travels behind the media that it counts, through the same queues. What came of it says how much of that
//! media came (delivered against sent), how long the queue was, and how fast the burst before it went through (a lower
//! bound of the capacity). Loss alone says nothing: it may be random.
//!
//! The queue is what both the way there and the round trip are above their least: clocks that drift apart move only the
//! one, and queues on the way back only the other.

use std::collections::VecDeque;
use std::time::Duration;

use crate::serial::Serial;
use crate::time::{Stamp, Time, micros};

use super::least::Least;
use super::pace::AMPLE;
use super::phase::Phase;

/// HEARTBEATs whose echo still counts: one each 15 ms, as much loss draws, for a round trip of half a second.
const BEATS_MAX: usize = 32;
/// Samples that are remembered: as many as may come while much is lost,
const SAMPLES_MAX: usize = 64;
/// of so long,
const SAMPLES_FOR: Duration = Duration::from_secs(3);
/// but always this many.
const SAMPLES_KEPT: usize = 8;
/// Evidence is judged over this many samples at least,
const SAMPLES_MIN: usize = 3;
/// and over this many round trips.
const ROUND_TRIPS: u32 = 3;
/// Queueing below this is no queue (the over-use threshold of Google congestion control), us,
const QUEUE_MIN_US: i64 = 12_500;
/// nor is what the path's own jitter explains, times this.
const NOISE_TIMES: i64 = 3;
/// Jitter is a mean over this many samples.
const NOISE_SAMPLES: i64 = 16;
/// What leaves within this of what left before belongs to one burst: a datagram takes 24 ms at 400 kbit/s.
const BURST_GAP: Duration = Duration::from_millis(25);
/// A HEARTBEAT that is further behind the end of its burst says nothing of the capacity.
const PROBE_WITHIN: Duration = Duration::from_millis(100);
/// HEARTBEATs that come closer together tell no rate, us.
const DELIVERY_SPAN_US: i64 = 50_000;
/// Datagrams that a judgement of delivery needs.
const DATAGRAMS_MIN: u64 = 50;
/// Less than this share of what is sent is too little, where what is lost is the ends of bursts.
const DELIVERED_MIN: f64 = 0.9;
/// Of so many datagrams that are missing, one at the most comes twice.
const TWICE: u64 = 4;
/// A path that delivers less than one of so many datagrams,
const CHOKED_SHARE: u64 = 4;
/// for this long, is too slow whatever is lost at random.
const CHOKED_FOR: Duration = Duration::from_secs(2);
/// A queue that never emptied in this time is no jitter.
const FULL_FOR: Duration = Duration::from_millis(1_500);
/// A queue that does not fall within this, while media leaves more slowly than it came before, is not of this media.
const SETTLED_AFTER: Duration = Duration::from_secs(1);

/// The estimate for one path.
#[derive(Clone, Debug, Default)]
pub(super) struct Rate {
    beats: VecDeque<Beat>,
    /// The newest echo: what all later ones are compared with.
    last: Option<Arrived>,
    /// Transits are relative to the first one.
    origin: Option<u32>,
    one_way: Least,
    round_trip: Least,
    noise_us: i64,
    noise_samples: i64,
    samples: VecDeque<Sample>,
    /// Of all samples together: each echo asks for it.
    sum: Sum,
}

/// A HEARTBEAT that went out.
#[derive(Clone, Copy, Debug)]
struct Beat {
    seq: Serial,
    at: Time,
    datagrams: u32,
    burst: Burst,
    phase: Phase,
}

/// Media that left close together. It stands beside the sender's own figures: each frame changes it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Burst {
    since: Time,
    lasts_us: u32,
    bytes: u32,
}

#[derive(Clone, Copy, Debug)]
struct Arrived {
    beat: Beat,
    transit_us: i64,
    received: u32,
    received_bytes: u64,
    duplicates: u32,
    missed: u64,
}

/// What lies between two echoes. Every viewer has several of them, and no figure needs more bits than it has here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    interval_us: u32,
    queue_us: i32,
    /// How much longer the way was than before.
    rise_us: i32,
    /// Datagrams that were sent,
    sent: u32,
    /// and how many came.
    received: u32,
    /// Datagrams that came twice.
    duplicates: u32,
    missed: bool,
    /// At least so many bytes per second went through.
    pub(super) capacity: Option<u64>,
    /// So many came: what the path carries, if a queue stood in it all the time.
    delivered: Option<u64>,
    /// How they left; `None` where that changed in between.
    pub(super) phase: Option<Phase>,
}

/// Several samples together.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Sum {
    interval_us: u64,
    sent: u64,
    received: u64,
    duplicates: u64,
}

/// The echo of a HEARTBEAT in a FEEDBACK.
#[derive(Clone, Copy, Debug)]
pub(super) struct Echo {
    /// Its number.
    pub(super) seq: Serial,
    /// When it came, on the peer's clock.
    pub(super) arrived: Stamp,
    /// The round trip that it shows.
    pub(super) round_trip: Duration,
    /// DATA that had come by then.
    pub(super) received: u32,
    /// Bytes of it.
    pub(super) received_bytes: u64,
    /// DATA that came twice, by now.
    pub(super) duplicates: u32,
    /// Frames that the peer has missed by now, late or lost.
    pub(super) missed: u64,
}

impl Burst {
    /// First-sent media goes out.
    pub(super) fn note_sent(&mut self, now: Time, bytes: u64) {
        if self.bytes == 0 || now > self.until() + BURST_GAP {
            *self = Self { since: now, lasts_us: 0, bytes: 0 };
        }
        let lasts_us = now.as_micros().saturating_sub(self.since.as_micros());
        self.lasts_us = u32::try_from(lasts_us).unwrap_or(u32::MAX);
        self.bytes = self.bytes.saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX));
    }

    fn until(&self) -> Time {
        Time::from_micros(self.since.as_micros() + u64::from(self.lasts_us))
    }
}

impl Rate {
    /// What the way there and the round trip took without media, the former by the two clocks.
    pub(super) fn expect(&mut self, now: Time, transit_us: i64, round_trip: Duration) {
        // Stamps are what wraps of microseconds.
        let [a, b, c, d, ..] = transit_us.to_le_bytes();
        self.origin = Some(u32::from_le_bytes([a, b, c, d]));
        self.one_way.observe(now, 0);
        self.round_trip.observe(now, micros(round_trip).cast_signed());
    }

    /// A HEARTBEAT goes out that counts `datagrams`; those since the one before left in this `phase`, the last of them in this
    /// `burst`.
    pub(super) fn note_heartbeat(
        &mut self,
        now: Time,
        seq: Serial,
        datagrams: u32,
        (burst, phase): (Burst, Phase),
    ) {
        if self.beats.len() == BEATS_MAX {
            self.beats.pop_front();
        }
        self.beats.push_back(Beat { seq, at: now, datagrams, burst, phase });
    }

    /// A HEARTBEAT left only now, and the media before it: the queue that they stood in was of this end, not of the path.
    /// `recalled` of its datagrams never left.
    pub(super) fn note_left(&mut self, now: Time, seq: Serial, recalled: u32) {
        if let Some(beat) = self.beats.iter_mut().rev().find(|beat| beat.seq == seq) {
            beat.datagrams = beat.datagrams.wrapping_sub(recalled);
            beat.burst.since = beat.burst.since + now.since(beat.at);
            beat.at = now;
        }
    }

    /// Takes in an echo: what lies between it and the one before.
    pub(super) fn handle_echo(&mut self, echo: Echo) -> Option<Sample> {
        let place = self.beats.iter().position(|beat| beat.seq == echo.seq)?;
        let beat = *self.beats.get(place)?;
        let phase = self.beats.drain(..=place).all(|other| other.phase == beat.phase).then_some(beat.phase);
        let transit = echo.arrived.0.wrapping_sub(beat.at.stamp().0);
        let origin = *self.origin.get_or_insert(transit);
        let transit_us = i64::from(transit.wrapping_sub(origin).cast_signed());
        let round_trip_us = micros(echo.round_trip).cast_signed();
        let one_way_us = self.one_way.observe(beat.at, transit_us);
        let queue_us = one_way_us.min(self.round_trip.observe(beat.at, round_trip_us));
        let arrived = Arrived {
            beat,
            transit_us,
            received: echo.received,
            received_bytes: echo.received_bytes,
            duplicates: echo.duplicates,
            missed: echo.missed,
        };
        let before = self.last.replace(arrived)?;
        let sample = Sample::between(&before, &arrived, queue_us, phase);
        self.noise_samples = (self.noise_samples + 1).min(NOISE_SAMPLES);
        self.noise_us += (sample.rise_us().abs() - self.noise_us) / self.noise_samples;
        self.keep(sample);
        Some(sample)
    }

    /// A look at what an echo needs; see [`Sender::look`](super::Sender::look).
    pub(super) fn look(&self) -> u64 {
        let beat = self.beats.front().map_or(0, |beat| beat.datagrams);
        let sample = self.samples.back().map_or(0, |sample| sample.sent);
        let before = self.last.map_or(0, |last| last.received);
        let parts = [beat, sample, before].into_iter().map(u64::from);
        parts.fold(self.sum.sent, u64::wrapping_add).wrapping_add(self.one_way.look())
    }

    /// Keeps a sample in the place of what is too old. Of a path that nothing was sent on nothing has to be kept.
    fn keep(&mut self, sample: Sample) {
        if sample.sent == 0 && self.samples.is_empty() {
            return;
        }
        let lasts = |samples: &Self| samples.lasted() + sample.interval();
        while self.samples.len() >= SAMPLES_MAX
            || (self.samples.len() >= SAMPLES_KEPT && lasts(self) > SAMPLES_FOR)
        {
            let Some(oldest) = self.samples.pop_front() else { break };
            self.sum.take_out(&oldest);
        }
        self.samples.push_back(sample);
        self.sum.take_in(&sample);
    }

    /// Whether a queue stands in the path: worth to look more closely.
    pub(super) fn is_queueing(&self) -> bool {
        let newest = self.samples.iter().rev().take(SAMPLES_MIN);
        self.samples.len() >= SAMPLES_MIN && newest.map(Sample::queue_us).min() > Some(self.queue_limit_us())
    }

    /// The largest capacity that the samples show, bytes per second.
    pub(super) fn capacity(&self) -> Option<u64> {
        self.samples.iter().filter_map(|sample| sample.capacity).max()
    }

    /// The largest rate at which media came, bytes per second.
    pub(super) fn delivered(&self) -> Option<u64> {
        self.samples.iter().rev().take(SAMPLES_KEPT).filter_map(|sample| sample.delivered).max()
    }

    /// How much the path jitters, us.
    pub(super) const fn noise_us(&self) -> i64 {
        self.noise_us
    }

    /// Whether too little comes of what is sent: by itself that may be random. Where what was asked for comes twice, it was
    /// not lost but late.
    pub(super) fn is_short(&self) -> bool {
        let Sum { sent, received, duplicates, .. } = self.sum;
        let short = sent >= DATAGRAMS_MIN && (received as f64) < sent as f64 * DELIVERED_MIN;
        short && duplicates * TWICE < sent - received
    }

    /// Whether so little comes that nothing but a bottleneck explains it.
    pub(super) fn is_choked(&self) -> bool {
        let Sum { sent, received, .. } = self.sum;
        self.is_seen_for(CHOKED_FOR) && sent >= DATAGRAMS_MIN && received * CHOKED_SHARE < sent
    }

    /// Whether there are samples of so long, and several.
    fn is_seen_for(&self, span: Duration) -> bool {
        self.samples.len() >= SAMPLES_MIN && self.lasted() >= span
    }

    const fn lasted(&self) -> Duration {
        Duration::from_micros(self.sum.interval_us)
    }

    /// The shortest and the longest queue.
    fn queues_us(&self) -> (i64, i64) {
        let queues = || self.samples.iter().map(Sample::queue_us);
        (queues().min().unwrap_or(0), queues().max().unwrap_or(0))
    }

    /// Whether the path carries less than the `needed` bytes per second: over three round trips a queue stood in it, and it grew
    /// though what passed it was no fraction of what it carries, or frames came too late.
    pub(super) fn is_too_slow(&self, rtt: Duration, needed: impl FnOnce() -> u64) -> bool {
        // Most paths have no queue at all: neither one that stood all the time nor one that never emptied.
        if self.samples.back().is_none_or(|newest| newest.queue_us() <= QUEUE_MIN_US) {
            return false;
        }
        let Some(count) = self.recent(rtt) else { return false };
        let recent = || self.samples.iter().rev().take(count);
        let standing = recent().map(Sample::queue_us).min().unwrap_or(0);
        // A single rise is a path that became longer.
        let rises = || self.samples.iter().skip(1).map(Sample::rise_us);
        let growing = rises().sum::<i64>() - rises().max().unwrap_or(0) > self.queue_limit_us();
        let missing = recent().filter(|sample| sample.missed).count() * 2 > count;
        let carried = || recent().filter_map(|sample| sample.capacity).max();
        let grows = || growing && carried().is_none_or(|carried| carried < needed().saturating_mul(AMPLE));
        (standing > self.queue_limit_us() && (missing || grows())) || (missing && self.is_full())
    }

    /// Whether a queue never emptied, and hardly moved: jitter comes and goes.
    fn is_full(&self) -> bool {
        let (least, most) = self.queues_us();
        self.is_seen_for(FULL_FOR) && least > QUEUE_MIN_US && least * 2 > most
    }

    /// Whether a queue stands as it is while media leaves more slowly than it came before: then it is not of this media. The
    /// path became longer, and that is the new measure.
    pub(super) fn settle_queue(&mut self) -> bool {
        let (least, most) = self.queues_us();
        let settled = self.samples.len() >= SAMPLES_KEPT
            && self.is_seen_for(SETTLED_AFTER)
            && least > self.queue_limit_us()
            && most - least < QUEUE_MIN_US.max(self.noise_us);
        if settled {
            (self.one_way, self.round_trip) = (Least::default(), Least::default());
            self.forget_evidence();
        }
        settled
    }

    /// What was sent has changed: new evidence is needed.
    pub(super) fn forget_evidence(&mut self) {
        self.samples.clear();
        self.sum = Sum::default();
    }

    const fn queue_limit_us(&self) -> i64 {
        QUEUE_MIN_US + NOISE_TIMES * self.noise_us
    }

    /// How many of the newest samples span enough round trips: all there are, where those are too few for it.
    fn recent(&self, rtt: Duration) -> Option<usize> {
        let (mut span, mut count) = (Duration::ZERO, 0);
        for sample in self.samples.iter().rev() {
            span += sample.interval();
            count += 1;
            if count >= SAMPLES_MIN && span >= rtt * ROUND_TRIPS {
                break;
            }
        }
        let whole = span >= rtt * ROUND_TRIPS || count >= SAMPLES_KEPT;
        (count >= SAMPLES_MIN && whole).then_some(count)
    }
}

impl Sum {
    fn take_in(&mut self, sample: &Sample) {
        self.interval_us += u64::from(sample.interval_us);
        self.sent += u64::from(sample.sent);
        self.received += u64::from(sample.received);
        self.duplicates += u64::from(sample.duplicates);
    }

    fn take_out(&mut self, sample: &Sample) {
        self.interval_us -= u64::from(sample.interval_us);
        self.sent -= u64::from(sample.sent);
        self.received -= u64::from(sample.received);
        self.duplicates -= u64::from(sample.duplicates);
    }
}

impl Sample {
    fn between(before: &Arrived, after: &Arrived, queue_us: i64, phase: Option<Phase>) -> Self {
        // What was recalled in the meantime may be more than what was sent.
        let sent =
            after.beat.datagrams.wrapping_sub(before.beat.datagrams).cast_signed().max(0).cast_unsigned();
        let received = after.received.wrapping_sub(before.received);
        let delivered = delivered(before, after);
        Self {
            interval_us: u32::try_from(micros(after.beat.at.since(before.beat.at))).unwrap_or(u32::MAX),
            queue_us: clamped(queue_us),
            rise_us: clamped(after.transit_us - before.transit_us),
            sent,
            received,
            duplicates: after.duplicates.wrapping_sub(before.duplicates),
            missed: after.missed > before.missed,
            capacity: capacity(&after.beat, (sent.into(), received.into()), queue_us).max(delivered),
            delivered,
            phase,
        }
    }

    pub(super) fn interval(&self) -> Duration {
        Duration::from_micros(self.interval_us.into())
    }

    fn queue_us(&self) -> i64 {
        self.queue_us.into()
    }

    /// How much longer the way was than before.
    pub(super) fn rise_us(&self) -> i64 {
        self.rise_us.into()
    }

    /// Datagrams that were sent, and how many came.
    pub(super) const fn datagrams(&self) -> (u32, u32) {
        (self.sent, self.received)
    }
}

/// Microseconds, up to half an hour.
fn clamped(us: i64) -> i32 {
    i32::try_from(us).unwrap_or(if us < 0 { i32::MIN } else { i32::MAX })
}

/// What came between two HEARTBEATs, bytes per second of the peer's clock; `None` where they came close together.
fn delivered(before: &Arrived, after: &Arrived) -> Option<u64> {
    let sent_us = micros(after.beat.at.since(before.beat.at)).cast_signed();
    let span_us = sent_us.saturating_add(after.transit_us - before.transit_us);
    let bytes = after.received_bytes.wrapping_sub(before.received_bytes);
    (span_us >= DELIVERY_SPAN_US).then(|| bytes.saturating_mul(1_000_000) / span_us.cast_unsigned())
}

/// The burst before a HEARTBEAT took at most this long to go through: the HEARTBEAT came behind it.
fn capacity(beat: &Beat, (sent, received): (u64, u64), queue_us: i64) -> Option<u64> {
    if beat.burst.bytes == 0 || beat.at.since(beat.burst.until()) > PROBE_WITHIN {
        return None;
    }
    let lasted_us = micros(beat.at.since(beat.burst.since));
    let took_us = lasted_us.saturating_add(queue_us.max(0).cast_unsigned()).max(1);
    let came = u64::from(beat.burst.bytes) * received.min(sent) / sent.max(1);
    Some(came.saturating_mul(1_000_000) / took_us)
}

#[cfg(test)]
impl Sample {
    /// So long, with such a change of the way, so many sent and received, at an even pace.
    pub(super) fn of(interval: Duration, rise_us: i32, (sent, received): (u32, u32)) -> Self {
        Self {
            interval_us: u32::try_from(interval.as_micros()).unwrap(),
            queue_us: 0,
            rise_us,
            sent,
            received,
            duplicates: 0,
            missed: false,
            capacity: None,
            delivered: None,
            phase: Some(Phase::Even),
        }
    }
}

#[cfg(test)]
mod tests;
