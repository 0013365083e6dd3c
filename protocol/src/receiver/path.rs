//! What a receiver measures of the path from its sender: round trips, arrivals, losses (PROTOCOL 7.1).

use std::time::Duration;

use crate::escalation::LossRuns;
use crate::serial::Serial;
use crate::session::rtt::Rtt;
use crate::shards::ShardSet;
use crate::time::{Stamp, Time};
use crate::wire::{Feedback, Heartbeat};

/// Cumulative figures of one hop in one direction, and the last HEARTBEAT.
#[derive(Clone, Debug, Default)]
pub(super) struct Path {
    rtt: Rtt,
    datagrams: u64,
    first: u64,
    bytes: u64,
    duplicates: u64,
    lost: u64,
    runs: u64,
    recent: LossRuns,
    heartbeat: Option<HeartbeatSeen>,
    /// When the newest FEEDBACK was sent, if it had no news.
    asked: Option<Stamp>,
}

#[derive(Clone, Copy, Debug)]
struct HeartbeatSeen {
    seq: Serial,
    nonce: u32,
    arrived: Time,
    datagrams: u64,
    bytes: u64,
    /// DATA that it counts as sent.
    told: u32,
    reported: bool,
}

impl Path {
    pub(super) fn assume_rtt(&mut self, most: Duration) {
        self.rtt.assume(most);
    }

    pub(super) const fn rtt(&self) -> &Rtt {
        &self.rtt
    }

    /// Another session begins: its handshake measured `rtt`.
    pub(super) fn begin_session(&mut self, rtt: Duration) {
        self.rtt = Rtt::default();
        self.rtt.sample(rtt);
        self.heartbeat = None;
        self.asked = None;
    }

    /// A DATA datagram came; `first`: neither sent again nor parity.
    pub(super) fn count_data(&mut self, bytes: usize, first: bool) {
        self.datagrams += 1;
        self.first += u64::from(first);
        self.bytes += bytes as u64;
    }

    pub(super) fn count_duplicate(&mut self) {
        self.duplicates += 1;
    }

    /// `shards` first-sent shards in `runs` runs did not come.
    pub(super) fn count_lost(&mut self, shards: u16, runs: u16) {
        self.lost += u64::from(shards);
        self.runs += u64::from(runs);
        self.recent.note(shards.into(), runs.into());
    }

    /// What a frame lacks of its first-sent shards was lost.
    pub(super) fn count_missing(&mut self, have: &ShardSet) {
        self.count_lost(have.capacity() - have.count(), have.missing_runs());
    }

    /// How long the runs of losses were lately.
    pub(super) const fn loss_runs(&self) -> LossRuns {
        self.recent
    }

    /// Share of first-sent datagrams that did not come, 0 to 1.
    pub(super) fn loss(&self) -> f64 {
        let sent = self.first + self.lost;
        if sent == 0 { 0.0 } else { self.lost as f64 / sent as f64 }
    }

    /// Whether anything was lost so far: the figure that asks for HEARTBEATs after frames.
    pub(super) const fn datagrams(&self) -> u64 {
        self.datagrams
    }

    /// Takes in a HEARTBEAT that is the newest so far; whether to echo it soon. One that only answers a FEEDBACK without
    /// news, and reports no media since the one before, is a sign of life: its echo waits for the next FEEDBACK, and is no
    /// news either.
    pub(super) fn handle_heartbeat(&mut self, now: Time, seq: Serial, heartbeat: &Heartbeat) -> bool {
        // Each question has one answer: what echoes it again comes by itself, and may be a question.
        let answers =
            heartbeat.echo.is_some_and(|(stamp, _)| self.asked.take_if(|asked| *asked == stamp).is_some());
        let told = self.heartbeat.map(|before| before.told);
        let telling = !answers || told != Some(heartbeat.datagrams);
        if let Some((stamp, hold)) = heartbeat.echo {
            let sample = now.stamp().since(stamp).saturating_sub(hold);
            // An echo can't be older than the wrap of stamps allows to tell.
            if sample < RTT_SANE {
                self.rtt.sample(sample);
            }
        }
        self.heartbeat = Some(HeartbeatSeen {
            seq,
            nonce: heartbeat.nonce,
            arrived: now,
            datagrams: self.datagrams,
            bytes: self.bytes,
            told: heartbeat.datagrams,
            reported: !telling,
        });
        telling
    }

    /// A FEEDBACK goes out, with news or as a question whether the sender is still there.
    pub(super) const fn note_report(&mut self, now: Time, news: bool) {
        self.asked = if news { None } else { Some(now.stamp()) };
    }

    /// The fields of a FEEDBACK that speak of the path; true where it echoes a HEARTBEAT for the first time.
    pub(super) fn report(&mut self, now: Time, jitter: Duration, horizon: Duration) -> (Feedback, bool) {
        let seen = self.heartbeat;
        let fresh = seen.is_some_and(|seen| !seen.reported);
        if let Some(seen) = &mut self.heartbeat {
            seen.reported = true;
        }
        let feedback = Feedback {
            heartbeat: seen.map_or(Serial(0), |seen| seen.seq),
            nonce: seen.map_or(0, |seen| seen.nonce),
            hold: seen.map_or(Duration::ZERO, |seen| now.since(seen.arrived)),
            datagrams: Serial::narrow(seen.map_or(0, |seen| seen.datagrams)).0,
            bytes: seen.map_or(0, |seen| seen.bytes),
            duplicates: Serial::narrow(self.duplicates).0,
            lost: Serial::narrow(self.lost).0,
            runs: Serial::narrow(self.runs).0,
            jitter,
            horizon,
            tracks: Vec::new(),
        };
        (feedback, fresh)
    }
}

/// A round trip longer than this is an old echo, not a path.
const RTT_SANE: Duration = Duration::from_secs(30);
