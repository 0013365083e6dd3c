//! HEARTBEATs: what was sent, told to the peer, and when (PROTOCOL 7.3).

use std::time::Duration;

use crate::limits::{FEEDBACK_INTERVAL, HEARTBEAT_INTERVAL, HEARTBEAT_INTERVAL_CALM};
use crate::serial::Serial;
use crate::time::{Stamp, Time};
use crate::wire::{Departure, HEARTBEAT_FIXED_LEN, Heartbeat};

use super::pacer::Pacer;
use super::{Histories, LAG_GRACE, Sender};

/// After a frame whose loss would go unnoticed for long, a HEARTBEAT follows this soon.
pub(super) const HEARTBEAT_AFTER_FRAME: Duration = Duration::from_millis(15);
/// While the peer has not named such a frame, another one follows after this, and the next ones three times as long each.
const HEARTBEAT_AGAIN: Duration = Duration::from_millis(50);
/// The pauses grow this often.
const HEARTBEAT_AGAIN_MAX: u32 = 3;
/// A HEARTBEAT to a calm path waits this long for a frame to follow: the next one, but at the lowest of rates.
const HEARTBEAT_RIDES_WITHIN: Duration = Duration::from_millis(250);
/// A calm path is asked for an echo where its last FEEDBACK is older than this: more than the interval of slow tracks, less
/// than that of the others by as much as a round trip may take.
const ASKS_AFTER: Duration = HEARTBEAT_INTERVAL.saturating_add(FEEDBACK_INTERVAL);

impl Sender {
    /// A frame went out that no HEARTBEAT has counted. `unnoticed`: its loss would be noticed too late by the next one.
    pub(super) fn note_unreported(&mut self, now: Time, unnoticed: bool) {
        let mut at = now + HEARTBEAT_AFTER_FRAME;
        if now < self.lossy_until && (unnoticed || self.runs.is_bursty()) {
            self.heartbeats_since = 0;
        } else {
            // Never ahead of the frame itself, whose shards would be asked for.
            at = at.max(self.next_heartbeat(now));
        }
        self.want_heartbeat(at);
    }

    /// When the next HEARTBEAT is due by the last one.
    fn next_heartbeat(&self, now: Time) -> Time {
        let after = |interval| self.heartbeat_last.map_or(now, |last| (last + interval).max(now));
        if self.is_watched_closely(now) {
            after(self.rtt.report_interval())
        } else {
            // Calm paths are told behind the next frame; the timer is for those that get none.
            after(self.heartbeat_interval()) + HEARTBEAT_RIDES_WITHIN
        }
    }

    /// Whether the peer loses datagrams, a queue stands in its path, or it did not echo the newest HEARTBEAT in time though that asked.
    fn is_watched_closely(&self, now: Time) -> bool {
        let patience = || self.rtt.report_interval() + self.rtt.timeout();
        now < self.lossy_until || self.glance.queueing || self.proof.is_unanswered(now, patience)
    }

    /// The interval of a path that is not watched closely.
    const fn heartbeat_interval(&self) -> Duration {
        if self.newest_is_slow || self.glance.active { HEARTBEAT_INTERVAL } else { HEARTBEAT_INTERVAL_CALM }
    }

    /// Whether the HEARTBEAT that is due about now should leave right behind the frame that was just sent: a calm path
    /// carries it in the same order, and nobody has to wake up for it. `next`: how long the next frame takes to come, zero if
    /// that is not known; one that comes later than the HEARTBEAT would wait for is not waited for.
    pub fn rides_behind_frame(&self, now: Time, next: Duration) -> bool {
        let due = self.heartbeat_last.is_none_or(|last| {
            let due = last + self.heartbeat_interval();
            now + LAG_GRACE >= due || now + next > due + HEARTBEAT_RIDES_WITHIN
        });
        due && !self.glance.active && !self.is_watched_closely(now)
    }

    /// Whether the next HEARTBEAT needs an echo soon: on a calm path only where the last FEEDBACK is old.
    fn asks_for_echo(&self, now: Time) -> bool {
        let old = self.feedback.is_none_or(|last| now.since(last.arrived) >= ASKS_AFTER);
        old || self.glance.active || self.proof.is_paused(now) || self.is_watched_closely(now)
    }

    pub(super) fn want_heartbeat(&mut self, at: Time) {
        self.heartbeat_due = Some(self.heartbeat_due.map_or(at, |due| due.min(at)));
    }

    /// Whether a HEARTBEAT is due.
    pub fn is_heartbeat_due(&self, now: Time) -> bool {
        self.heartbeat_due.is_some_and(|due| now >= due)
    }

    /// The HEARTBEAT with number `seq`, at most `room` bytes long.
    pub fn heartbeat(
        &mut self,
        now: Time,
        (seq, nonce): (Serial, u32),
        catalog: u32,
        room: usize,
        histories: &impl Histories,
    ) -> Heartbeat {
        let asks = self.asks_for_echo(now);
        self.heartbeat_last = Some(now);
        // While receipt is unproven the reports go on, so that a peer that comes back is heard.
        let goes_on = self.proof.is_paused(now) || self.is_slow();
        self.heartbeat_due = goes_on.then(|| now + HEARTBEAT_INTERVAL);
        if now < self.lossy_until
            && self.tracks.values().any(|track| track.is_unheard_of(self.runs.is_bursty()))
        {
            let pause =
                HEARTBEAT_AGAIN * 3_u32.pow(u32::from(self.heartbeats_since).min(HEARTBEAT_AGAIN_MAX));
            self.heartbeats_since = self.heartbeats_since.saturating_add(1);
            // On a path that takes longer than reports are apart, no FEEDBACK can have named the frame before that.
            let rtt = self.rtt.measured().filter(|rtt| *rtt > FEEDBACK_INTERVAL).unwrap_or_default();
            self.want_heartbeat(now + pause.max(rtt.min(HEARTBEAT_INTERVAL)));
        }
        // What waits to leave is not sent yet.
        let (waiting, waiting_bytes) = self.pacer.get().map_or((0, 0), Pacer::backlog);
        let datagrams = Serial::narrow(self.all_datagrams().saturating_sub(waiting)).0;
        let told = self.heartbeat_told.replace(datagrams);
        let telling = !std::mem::take(&mut self.answering) || told != Some(datagrams);
        self.proof.note_heartbeat(now, (seq, nonce), (telling, asks), self.recalled());
        // What leaves from now on is counted by the next one.
        let burst = std::mem::take(&mut self.burst);
        if let Some(thinning) = &mut self.thinning {
            thinning.note_heartbeat(now, seq, datagrams, burst);
        }
        let mut heartbeat = Heartbeat {
            nonce,
            datagrams,
            bytes: self.bytes.saturating_sub(waiting_bytes),
            echo: self.heard(now),
            catalog,
            asks,
            tracks: Vec::new(),
        };
        let mut left = room.saturating_sub(HEARTBEAT_FIXED_LEN);
        // Where not all tracks fit, each HEARTBEAT begins with another one.
        self.first_of_heartbeat = self.first_of_heartbeat.wrapping_add(1);
        let first = self.first_of_heartbeat as usize % self.tracks.len().max(1);
        let count = self.tracks.len();
        for (key, track) in self.tracks.iter().cycle().skip(first).take(count) {
            let Some(mut block) =
                histories.history(key).and_then(|history| history.heartbeat(*key, track.first, track.last))
            else {
                continue;
            };
            block.clock = histories.clock(key);
            if let Some(thinning) = &self.thinning {
                thinning.report(&mut block);
            }
            let Some(rest) = left.checked_sub(block.encoded_len()) else { break };
            left = rest;
            heartbeat.tracks.push(block);
        }
        heartbeat
    }

    /// HEARTBEAT `seq` leaves only now: it stood in a queue of this end, which is no queue of the path. What is different by now.
    pub fn note_left(&mut self, now: Time, seq: Serial) -> Departure {
        let recalled = self.proof.note_left(now, seq, self.recalled()).map_or(0, u32::from);
        if let Some(thinning) = &mut self.thinning {
            thinning.note_left(now, seq, recalled);
        }
        Departure { now: now.stamp(), heard: self.heard(now), recalled }
    }

    fn recalled(&self) -> u32 {
        self.rare.get().map_or(0, |counters| counters.recalled)
    }

    fn heard(&self, now: Time) -> Option<(Stamp, Duration)> {
        self.feedback.map(|feedback| (feedback.sent, now.since(feedback.arrived)))
    }

    /// DATA datagrams of whatever kind.
    fn all_datagrams(&self) -> u64 {
        self.datagrams + self.rare.get().map_or(0, |counters| counters.resent + counters.parity)
    }
}
