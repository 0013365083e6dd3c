//! How long the client lives, and with which status it ends.

use std::net::SocketAddr;
use std::time::Duration;

use protocol::time::Time;

use super::error::ShellError;
use super::settings::AtEnd;

/// A client that is to do something and end gives up when it had no answer for this long.
pub(super) const UNREACHABLE_AFTER: Duration = Duration::from_secs(5);
/// The network's part of the second in which a stop ends the client.
const STOP_NETWORK: Duration = Duration::from_millis(800);
/// The disk and the output have the rest of it.
const STOP_REST: Duration = Duration::from_millis(150);
/// Beyond the latency, frames that are under way have this long to be settled.
const SETTLE: Duration = Duration::from_secs(1);

/// How long the client lives, and with which status it ends.
#[derive(Debug)]
pub(super) struct Lifetime {
    at_end: AtEnd,
    interactive: bool,
    started: Time,
    met: Option<Time>,
    wrong: u64,
    refused: u64,
    end: Option<End>,
    stopped: Option<Time>,
}

/// Why the client ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum End {
    /// Its commands, its time or its reader say so.
    Done,
    /// Somebody asked it to.
    Stopped,
    /// There never was an answer.
    Unreachable,
}

impl Lifetime {
    pub(super) const fn start(now: Time, at_end: AtEnd, interactive: bool) -> Self {
        Self { at_end, interactive, started: now, met: None, wrong: 0, refused: 0, end: None, stopped: None }
    }

    /// Whether it does something and ends by itself.
    const fn is_one_shot(&self) -> bool {
        match self.at_end {
            AtEnd::Leave => !self.interactive,
            AtEnd::LeaveAfter(_) => true,
            AtEnd::Stay => false,
        }
    }

    /// A session stands.
    pub(super) fn note_met(&mut self, now: Time) {
        self.met.get_or_insert(now);
    }

    /// Whether there was a session.
    pub(super) const fn has_met(&self) -> bool {
        self.met.is_some()
    }

    /// A command was wrong.
    pub(super) const fn note_wrong(&mut self) {
        self.wrong += 1;
    }

    /// A command was right and is not carried out.
    pub(super) const fn note_refused(&mut self) {
        self.refused += 1;
    }

    /// Whether it ends where nobody reads what it says.
    pub(super) const fn needs_reader(&self) -> bool {
        self.is_one_shot()
    }

    /// Whether the end of the input means `quit`.
    pub(super) fn quits_at_end_of_input(&self) -> bool {
        self.interactive && self.at_end == AtEnd::Leave
    }

    /// The end that has come by itself. `idle`: there are no commands any more, and all are answered.
    pub(super) fn due_end(&self, now: Time, idle: bool) -> Option<End> {
        if self.end.is_some() {
            return None;
        }
        if self.deadline().is_some_and(|deadline| now >= deadline) {
            return Some(if self.has_met() { End::Done } else { End::Unreachable });
        }
        (idle && self.at_end == AtEnd::Leave).then_some(End::Done)
    }

    /// When its time is over, or its patience.
    fn deadline(&self) -> Option<Time> {
        match (self.at_end, self.met) {
            (AtEnd::LeaveAfter(span), Some(met)) => Some(met + span),
            (_, None) if self.is_one_shot() => Some(self.started + UNREACHABLE_AFTER),
            _ => None,
        }
    }

    /// When [`Lifetime::due_end`] has something new, or [`Lifetime::is_overdue`].
    pub(super) fn poll_timeout(&self) -> Option<Time> {
        match self.end {
            None => self.deadline(),
            Some(_) => self.stopped.map(|stopped| stopped + STOP_NETWORK),
        }
    }

    /// The end begins. How long the network has to settle what is under way, `latency` being the largest granted.
    pub(super) fn begin_end(&mut self, end: End, latency: Duration) -> Duration {
        self.end.get_or_insert(end);
        if self.stopped.is_some() { STOP_NETWORK } else { latency + SETTLE }
    }

    /// Whether the end has begun.
    pub(super) const fn is_ending(&self) -> bool {
        self.end.is_some()
    }

    /// Somebody asked for the end. False at the second time: then everything is dropped.
    pub(super) fn note_stop(&mut self, now: Time) -> bool {
        self.stopped.replace(now).is_none()
    }

    /// Whether the network's part of a stop is over.
    pub(super) fn is_overdue(&self, now: Time) -> bool {
        self.stopped.is_some_and(|stopped| now >= stopped + STOP_NETWORK)
    }

    /// When the disk and the output are left alone, if they are not as patient as they need.
    pub(super) fn patience(&self) -> Option<Time> {
        self.stopped.map(|stopped| stopped + STOP_NETWORK + STOP_REST)
    }

    /// How it ends. A stop, and a reader that has left, are no failure.
    pub(super) fn verdict(&self, broker: SocketAddr, abandoned: bool) -> Result<(), ShellError> {
        if self.end == Some(End::Unreachable) {
            return Err(ShellError::Unreachable { broker });
        }
        if self.interactive || abandoned || self.end == Some(End::Stopped) {
            return Ok(());
        }
        match (self.wrong, self.refused) {
            (0, 0) => Ok(()),
            (0, refused) => Err(ShellError::Refused(refused)),
            (wrong, _) => Err(ShellError::Wrong(wrong)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);
    const START: Time = Time::from_micros(1_000_000);

    #[test]
    fn a_script_leaves_when_idle_and_gives_up_after_five_seconds() {
        let script = Lifetime::start(START, AtEnd::Leave, false);
        assert_eq!(script.due_end(START, true), Some(End::Done));
        assert_eq!(script.due_end(START + 4_999 * MS, false), None);
        assert_eq!(script.due_end(START + UNREACHABLE_AFTER, false), Some(End::Unreachable));
        assert_eq!(script.poll_timeout(), Some(START + UNREACHABLE_AFTER));
    }

    #[test]
    fn once_established_nobody_gives_up() {
        let mut script = Lifetime::start(START, AtEnd::Leave, false);
        script.note_met(START + 10 * MS);
        assert_eq!((script.due_end(START + 60_000 * MS, false), script.poll_timeout()), (None, None));
    }

    #[test]
    fn persons_and_those_who_stay_try_for_ever() {
        for (at_end, interactive) in [(AtEnd::Leave, true), (AtEnd::Stay, false), (AtEnd::Stay, true)] {
            let client = Lifetime::start(START, at_end, interactive);
            assert_eq!(client.due_end(START + 3_600_000 * MS, false), None);
        }
        let stays = Lifetime::start(START, AtEnd::Stay, false);
        assert_eq!(stays.due_end(START, true), None);
    }

    #[test]
    fn the_time_runs_from_the_first_session_whatever_becomes_of_it() {
        let mut client = Lifetime::start(START, AtEnd::LeaveAfter(200 * MS), false);
        assert_eq!(client.due_end(START + 300 * MS, true), None);
        client.note_met(START + 1_000 * MS);
        client.note_met(START + 1_100 * MS);
        assert_eq!(client.due_end(START + 1_199 * MS, true), None);
        assert_eq!(client.due_end(START + 1_200 * MS, false), Some(End::Done));
    }

    #[test]
    fn a_stop_has_a_second_and_a_normal_end_the_latency() {
        let mut client = Lifetime::start(START, AtEnd::Leave, false);
        assert_eq!(client.begin_end(End::Done, 500 * MS), 1_500 * MS);
        assert!(!client.is_overdue(START + 60_000 * MS));
        assert!(client.note_stop(START));
        assert!(client.is_overdue(START + 800 * MS));
        assert!(client.patience().unwrap() < START + 1_000 * MS);
        assert!(!client.note_stop(START));
    }

    #[test]
    fn the_verdict_names_what_the_caller_has_to_correct() {
        let broker = "127.0.0.1:5000".parse().unwrap();
        let mut script = Lifetime::start(START, AtEnd::Leave, false);
        script.note_refused();
        assert!(matches!(script.verdict(broker, false), Err(ShellError::Refused(1))));
        script.note_wrong();
        assert!(matches!(script.verdict(broker, false), Err(ShellError::Wrong(1))));
        assert!(script.verdict(broker, true).is_ok(), "nobody reads");
        script.begin_end(End::Stopped, 500 * MS);
        assert!(script.verdict(broker, false).is_ok(), "asked to stop");
        let mut person = Lifetime::start(START, AtEnd::Leave, true);
        person.note_wrong();
        assert!(person.verdict(broker, false).is_ok());
    }
}
