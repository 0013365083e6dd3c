//! Tracks that end: what is left of them is settled, and the broker hears what became of them (PROTOCOL 7.6).

use std::time::Duration;

use protocol::id::TrackKey;
use protocol::serial::Serial;
use protocol::session::request::{REPEAT_FIRST, REPEAT_MIN};
use protocol::time::{Stamp, Time};

use super::Client;

/// Figures that the broker does not hear are repeated for so long: then its lease is over, too.
const FIGURES_LIFE: Duration = Duration::from_secs(15);

/// A track that ends.
pub(super) struct Retiring {
    /// When it has ended at the latest, whether or not the broker said where.
    pub(super) until: Time,
    /// The first FEEDBACK with its final figures.
    pub(super) told: Option<Stamp>,
    /// Its session is gone.
    pub(super) cut: bool,
}

impl Retiring {
    /// Whether the broker has echoed a FEEDBACK with the final figures.
    fn is_heard(&self, echoed: Option<Stamp>) -> bool {
        let reached = |told: Stamp| echoed.is_some_and(|echo| !Serial(echo.0).before(Serial(told.0)));
        self.told.is_some_and(reached)
    }
}

impl Client {
    /// Closes the tracks that have ended, once the broker has heard their final figures.
    pub(super) fn close_retired(&mut self, now: Time) {
        self.end_overdue(now);
        self.tell_final_figures(now);
        let up = self.link.is_up();
        let over = |(key, retiring): (&TrackKey, &Retiring)| {
            let heard = !up || retiring.is_heard(self.echoed) || now >= retiring.until + FIGURES_LIFE;
            (heard && self.has_ended(key)).then_some(*key)
        };
        let keys: Vec<TrackKey> = self.retiring.iter().filter_map(over).collect();
        for key in keys {
            self.retiring.remove(&key);
            self.close_track(&key);
        }
    }

    /// Tracks whose end nobody named in time end with the newest frame that is known.
    fn end_overdue(&mut self, now: Time) {
        let overdue = |key: &TrackKey, retiring: &Retiring| now >= retiring.until && !self.has_ended(key);
        let keys = self.retiring.iter().filter_map(|(key, one)| overdue(key, one).then_some(*key));
        let keys: Vec<TrackKey> = keys.collect();
        for key in &keys {
            self.receiver.give_up(now, key);
        }
        if !keys.is_empty() {
            self.drain_receiver(now);
        }
    }

    /// A settled track is reported until a HEARTBEAT echoes the report: the counters agree at both ends.
    fn tell_final_figures(&mut self, now: Time) {
        let echoed = self.echoed;
        let mut untold = false;
        for (key, retiring) in self.retiring.iter_mut() {
            let silent = self.receiver.is_finished(key) && !retiring.is_heard(echoed);
            let due = retiring.told.is_none() || self.tell_again.is_none_or(|again| now >= again);
            if silent && due {
                retiring.told.get_or_insert(now.stamp());
                untold = true;
            }
        }
        if untold && self.link.is_up() {
            self.send_feedback(now);
            self.tell_again = Some(now + self.receiver.rtt().timeout().clamp(REPEAT_MIN, REPEAT_FIRST));
        } else if self.tell_again.is_some_and(|again| now >= again) {
            self.tell_again = None;
        }
    }

    /// Whether nothing more becomes of a track's frames.
    fn has_ended(&self, key: &TrackKey) -> bool {
        !self.tracks.contains_key(key) || self.receiver.is_finished(key)
    }

    /// When [`Client::close_retired`] has something to do, repeats aside.
    pub(super) fn retiring_due(&self) -> Option<Time> {
        let due = |(key, retiring): (&TrackKey, &Retiring)| {
            if self.has_ended(key) { retiring.until + FIGURES_LIFE } else { retiring.until }
        };
        self.retiring.iter().map(due).min()
    }
}
