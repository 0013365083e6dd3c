//! What a person is told of the way to the broker: each change once, and silence now and then.

use std::net::SocketAddr;
use std::time::Duration;

use protocol::id::ProducerId;
use protocol::time::Time;
use protocol::wire::Thinning;
use tracing::{info, warn};

use crate::engine::Event;

/// A broker that has not answered after this is worth a line.
const PATIENCE: Duration = Duration::from_secs(2);
/// As long as it stays silent another line follows this often.
const REMINDER: Duration = Duration::from_secs(30);

/// Logs the engine's events.
pub(super) struct Reporter {
    producer: ProducerId,
    broker: SocketAddr,
    /// When to say that the broker is silent.
    reminder: Option<Time>,
}

impl Reporter {
    pub(super) fn new(now: Time, producer: ProducerId, broker: SocketAddr) -> Self {
        Self { producer, broker, reminder: Some(now + PATIENCE) }
    }

    pub(super) fn report(&mut self, now: Time, event: &Event) {
        let Self { producer, .. } = self;
        match event {
            Event::Connected { broker, rtt, again } => {
                self.reminder = None;
                let rtt_ms = rtt.as_micros() as f64 / 1e3;
                let what = if *again { "connected again" } else { "connected" };
                info!(%producer, %broker, rtt_ms, "{what}");
            }
            Event::Live => info!(%producer, "live"),
            Event::Refused { status, reason } => {
                warn!(%producer, status = status.name(), %reason, "the broker refuses the announcement; trying again");
            }
            Event::Disconnected { reason } => {
                info!(%producer, reason, "disconnected; trying again");
                self.reminder = Some(now + REMINDER);
            }
            Event::Thinned { thinning: Thinning::Whole } => {
                info!(%producer, "the path to the broker is fast enough: every frame is sent");
            }
            Event::Thinned { thinning } => {
                warn!(%producer, "the path to the broker is too slow: {}", sent(*thinning));
            }
            Event::Superseded => {}
        }
    }

    /// Says that the broker is still silent, if that is due.
    pub(super) fn remind(&mut self, now: Time) {
        if self.reminder.is_some_and(|due| now >= due) {
            info!(producer = %self.producer, broker = %self.broker, "no answer from the broker; trying again");
            self.reminder = Some(now + REMINDER);
        }
    }

    pub(super) const fn next_due(&self) -> Option<Time> {
        self.reminder
    }
}

/// What is sent where frames are left out.
const fn sent(thinning: Thinning) -> &'static str {
    match thinning {
        Thinning::Whole => "every frame is sent",
        Thinning::Every2nd => "every 2nd picture is sent",
        Thinning::Every3rd => "every 3rd picture is sent",
        Thinning::Every4th => "every 4th picture is sent",
        Thinning::WithoutDiscardable => "pictures that others don't need are left out",
        Thinning::KeyFrames => "key frames only are sent",
        Thinning::SoundOnly => "sound only is sent, and a picture now and then",
        Thinning::Paused => "nothing is sent but a frame now and then",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_told_after_two_seconds_and_then_every_thirty() {
        let start = Time::from_micros(1_000_000);
        let (producer, broker) = ("1AAA99".parse().unwrap(), "127.0.0.1:5000".parse().unwrap());
        let mut reporter = Reporter::new(start, producer, broker);
        assert_eq!(reporter.next_due(), Some(start + PATIENCE));
        reporter.remind(start + PATIENCE);
        assert_eq!(reporter.next_due(), Some(start + PATIENCE + REMINDER));
        reporter.report(start, &Event::Connected { broker, rtt: Duration::ZERO, again: false });
        assert_eq!(reporter.next_due(), None);
        reporter.report(start, &Event::Disconnected { reason: "silence".to_owned() });
        assert_eq!(reporter.next_due(), Some(start + REMINDER));
    }
}
