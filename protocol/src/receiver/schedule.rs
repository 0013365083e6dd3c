//! When FEEDBACK goes out (PROTOCOL 7.1).

use std::time::Duration;

use crate::escalation::COPY_SPACING;
use crate::limits::{
    FEEDBACK_INTERVAL, FEEDBACK_INTERVAL_MAX, FEEDBACK_SPACING, HEARTBEAT_INTERVAL, HEARTBEAT_INTERVAL_CALM,
};
use crate::time::{Stamp, Time};

/// The interval before the round-trip time is known.
const EAGER_INTERVAL: Duration = Duration::from_millis(40);
/// FEEDBACKs at that interval: with every other one or its answer lost, one in a million times none is answered.
const EAGER_MAX: u8 = 20;

/// A path is calm when nothing was asked for, and no FEEDBACK got lost, for this long: as long as a sender reports closely
/// after a loss.
const CALM_AFTER: Duration = Duration::from_secs(10);
/// After a join it is calm sooner: its first reports have told whether it loses anything.
const CALM_AFTER_JOIN: Duration = Duration::from_secs(1);
/// While media comes on a calm path, echoes of HEARTBEATs say all there is to say; a FEEDBACK that nobody wanted comes
/// this late, in case that one was lost: it waits for a frame to ride behind.
const CALM_INTERVAL: Duration = HEARTBEAT_INTERVAL_CALM.saturating_add(Duration::from_millis(500));

/// Media that comes more seldom counts as stopped between its frames.
const STOPPED_MAX: Duration = HEARTBEAT_INTERVAL.saturating_add(FEEDBACK_INTERVAL);

/// The next FEEDBACK: soon when something is wanted, else at the idle interval, which grows while nothing arrives.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule {
    last: Option<Time>,
    idle: Duration,
    wanted: Option<Time>,
    /// Copies of the last one that are still to be sent, 8 ms apart.
    copies: u8,
    data_since: bool,
    /// While there is need to report, once in this time.
    interval: Duration,
    /// Media that pauses for longer has stopped.
    stopped_after: Duration,
    /// When media last came.
    data_at: Time,
    /// From when on the path counts as calm.
    calm_from: Time,
    /// Those that may still go out early, for want of a round-trip time.
    eager: u8,
}

impl Default for Schedule {
    fn default() -> Self {
        Self {
            last: None,
            idle: FEEDBACK_INTERVAL,
            wanted: None,
            copies: 0,
            data_since: false,
            interval: FEEDBACK_INTERVAL,
            stopped_after: FEEDBACK_INTERVAL,
            data_at: Time::ZERO,
            calm_from: Time::ZERO,
            eager: EAGER_MAX,
        }
    }
}

impl Schedule {
    /// Something has to be told by `at`.
    pub(super) fn want(&mut self, at: Time) {
        self.wanted = Some(self.wanted.map_or(at, |before| before.min(at)));
    }

    /// A round begins: its FEEDBACK goes out `copies` times.
    pub(super) fn want_copies(&mut self, now: Time, copies: u8) {
        self.want(now);
        self.note_unrest(now);
        self.copies = self.copies.max(copies);
    }

    /// Nothing is asked for any more.
    pub(super) const fn drop_copies(&mut self) {
        self.copies = 0;
    }

    /// A HEARTBEAT wants its echo within the interval of reports.
    pub(super) fn want_echo(&mut self, now: Time) {
        self.want(self.last.map_or(now, |last| now.max(last + self.interval)));
    }

    /// Reports follow each other after this at the soonest, where nothing is asked for: see [`crate::session::rtt::Rtt::report_interval`].
    pub(super) const fn report_every(&mut self, interval: Duration) {
        self.interval = interval;
    }

    /// A frame is expected this often at the least; zero: not known. What comes a quarter later still comes.
    pub(super) fn expect_every(&mut self, frame: Duration) {
        self.stopped_after = (frame + frame / 4).clamp(FEEDBACK_INTERVAL, STOPPED_MAX);
    }

    /// Media came.
    pub(super) const fn note_data(&mut self, now: Time) {
        self.data_since = true;
        self.data_at = now;
    }

    /// A track begins: what its path is like has to show.
    pub(super) fn note_join(&mut self, now: Time) {
        self.want(now);
        self.calm_from = self.calm_from.max(now + CALM_AFTER_JOIN);
    }

    /// Something got lost, either way.
    pub(super) fn note_unrest(&mut self, now: Time) {
        self.calm_from = now + CALM_AFTER;
    }

    /// Whether the newest FEEDBACK should have been echoed by a HEARTBEAT that comes now, which echoes one of `echo`, held for
    /// `hold`. However long the HEARTBEAT itself was on its way says nothing of that: it may have stood in a queue.
    pub(super) fn missed(&self, now: Time, (echo, hold): (Stamp, Duration), patience: Duration) -> bool {
        // When a FEEDBACK that took as long as the one that is echoed came as late as the HEARTBEAT left.
        let latest = now.before(now.stamp().since(echo)) + hold;
        self.last.is_some_and(|last| last.stamp() != echo && latest.since(last) > patience)
    }

    /// Whether media came since the last one.
    pub(super) const fn has_news(&self) -> bool {
        self.data_since
    }

    fn is_calm(&self) -> bool {
        self.data_at >= self.calm_from
    }

    /// When the next one is due; `owed`: the peer has not answered, so the short interval holds. `measured`: the
    /// round-trip time is known; without it rounds can't be paced, and an answer gives it.
    pub(super) fn due(&self, owed: bool, measured: bool) -> Time {
        let Some(last) = self.last else { return Time::ZERO };
        let idle = match (owed, measured) {
            (_, false) if self.eager > 0 => last + EAGER_INTERVAL,
            (true, _) => last + self.interval,
            // Where media has stopped, that is told as soon as ever.
            (false, _) if self.data_since && self.is_calm() => {
                (last + CALM_INTERVAL).min(self.data_at.max(last) + self.stopped_after)
            }
            (false, _) if self.data_since => last + self.interval,
            (false, _) => last + self.idle,
        };
        let copy = (self.copies > 0).then(|| last + COPY_SPACING);
        idle.min(self.wanted.unwrap_or(idle)).min(copy.unwrap_or(idle)).max(last + FEEDBACK_SPACING)
    }

    /// One went out.
    pub(super) fn sent(&mut self, now: Time) {
        if std::mem::take(&mut self.data_since) {
            // Where frames come once a second, the next one is no reason for another one.
            self.idle =
                if self.is_calm() { HEARTBEAT_INTERVAL.max(self.stopped_after) } else { FEEDBACK_INTERVAL };
        } else if self.last.is_some() {
            self.idle = (self.idle * 2).min(FEEDBACK_INTERVAL_MAX);
        }
        self.last = Some(now);
        self.wanted = None;
        self.copies = self.copies.saturating_sub(1);
        self.eager = self.eager.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_stretches_the_interval_and_media_shortens_it() {
        let mut schedule = Schedule::default();
        let mut now = Time::ZERO;
        let mut pauses = Vec::new();
        for _ in 0..8 {
            schedule.sent(now);
            let due = schedule.due(false, true);
            pauses.push(due.since(now).as_millis());
            now = due;
        }
        assert_eq!(pauses, [250, 500, 1_000, 2_000, 4_000, 7_500, 7_500, 7_500]);
        assert_eq!(
            schedule.due(true, true).since(now).as_millis(),
            0,
            "an owed answer is asked for at the short interval"
        );
        schedule.note_unrest(now);
        schedule.note_data(now);
        schedule.sent(now);
        assert_eq!(schedule.due(false, true).since(now), FEEDBACK_INTERVAL);
    }

    /// The times in ms at which FEEDBACK goes out while a frame comes every `frame` ms until `until`.
    fn pauses(schedule: &mut Schedule, from: u64, frame: u64, until: u64, end: u64) -> Vec<u64> {
        let mut sent = Vec::new();
        for ms in from..end {
            let now = Time::from_micros(ms * 1_000);
            if ms % frame == 0 && ms < until {
                schedule.note_data(now);
            }
            if schedule.due(false, true) <= now {
                schedule.sent(now);
                sent.push(ms);
            }
        }
        sent
    }

    #[test]
    fn on_a_calm_path_media_alone_draws_little_and_its_end_is_told_soon() {
        let mut schedule = Schedule::default();
        schedule.note_join(Time::ZERO);
        assert_eq!(pauses(&mut schedule, 0, 80, 1_000, 1_000), [0, 250, 500, 750]);
        assert_eq!(pauses(&mut schedule, 1_000, 80, 7_000, 9_000), [1_000, 3_500, 6_000, 7_210, 8_210]);
    }

    #[test]
    fn a_frame_a_second_draws_none_until_a_heartbeat_asks_or_the_next_frame_is_late() {
        let mut schedule = Schedule::default();
        schedule.expect_every(Duration::from_secs(1));
        assert_eq!(
            pauses(&mut schedule, 0, 1_000, 9_000, 15_000),
            [0, 2_500, 5_000, 7_500, 9_250, 10_500, 13_000]
        );
        let mut schedule = Schedule::default();
        schedule.expect_every(Duration::from_secs(1));
        let mut sent = Vec::new();
        for ms in 0..7_000 {
            let now = Time::from_micros(ms * 1_000);
            if ms % 1_000 == 0 {
                schedule.note_data(now);
            }
            if ms % 2_000 == 0 {
                schedule.want_echo(now);
            }
            if schedule.due(false, true) <= now {
                schedule.sent(now);
                sent.push(ms);
            }
        }
        assert_eq!(sent, [0, 2_000, 4_000, 6_000]);
    }

    #[test]
    fn a_loss_brings_back_the_short_interval_for_ten_seconds() {
        let mut schedule = Schedule::default();
        pauses(&mut schedule, 0, 80, 5_000, 5_000);
        schedule.want_copies(Time::from_micros(5_000_000), 1);
        let sent = pauses(&mut schedule, 5_000, 80, 20_000, 20_000);
        assert_eq!(sent.iter().filter(|ms| **ms < 15_000).count(), 40);
        assert!(sent.iter().filter(|ms| **ms >= 15_000).count() <= 3, "{sent:?}");
    }

    #[test]
    fn a_heartbeat_that_echoes_an_older_feedback_shows_that_the_newest_was_lost() {
        let mut schedule = Schedule::default();
        let at = |ms: u64| Time::from_micros(ms * 1_000);
        schedule.sent(at(1_000));
        let (patience, ms) = (Duration::from_millis(100), Duration::from_millis);
        let echoes = |sent: u64, hold: u64| (at(sent).stamp(), ms(hold));
        assert!(!schedule.missed(at(1_050), echoes(0, 1_040), patience), "it may be on its way");
        assert!(!schedule.missed(at(2_000), echoes(1_000, 990), patience));
        assert!(schedule.missed(at(2_000), echoes(0, 1_990), patience));
        assert!(!schedule.missed(at(2_000), echoes(0, 1_090), patience), "it stood in a queue of 900 ms");
    }

    #[test]
    fn what_is_wanted_goes_out_at_once_but_never_closer_than_5_ms() {
        let mut schedule = Schedule::default();
        schedule.sent(Time::from_micros(100));
        schedule.want(Time::from_micros(200));
        assert_eq!(schedule.due(false, true), Time::from_micros(5_100));
        schedule.want(Time::from_micros(50_000));
        assert_eq!(schedule.due(false, true), Time::from_micros(5_100));
    }

    #[test]
    fn a_round_is_told_in_copies_8_ms_apart_until_nothing_is_asked_for() {
        let mut schedule = Schedule::default();
        schedule.sent(Time::ZERO);
        let start = Time::from_micros(100_000);
        schedule.want_copies(start, 3);
        let mut sent = Vec::new();
        for _ in 0..3 {
            let due = schedule.due(false, true).max(start);
            schedule.sent(due);
            sent.push(due.since(start).as_millis());
        }
        assert_eq!(sent, [0, 8, 16]);
        assert!(schedule.due(false, true).since(start) > FEEDBACK_INTERVAL);
        schedule.want_copies(start + FEEDBACK_INTERVAL / 2, 4);
        schedule.sent(start + FEEDBACK_INTERVAL / 2);
        schedule.drop_copies();
        assert!(schedule.due(false, true).since(start) > FEEDBACK_INTERVAL);
    }

    #[test]
    fn the_first_ones_follow_each_other_soon_until_the_round_trip_time_is_known() {
        let mut schedule = Schedule::default();
        let mut now = Time::ZERO;
        for _ in 0..EAGER_MAX - 1 {
            schedule.sent(now);
            assert_eq!(schedule.due(false, true).since(now), schedule.idle);
            assert_eq!(schedule.due(false, false).since(now), EAGER_INTERVAL);
            now = schedule.due(false, false);
        }
        schedule.sent(now);
        assert!(schedule.due(false, false).since(now) >= FEEDBACK_INTERVAL, "nobody answers");
    }
}
