//! What a FEEDBACK costs: a bare loop that reads it, beside one that reads it and lets the broker's engine handle it.
//!
//! Viewers are client engines on a [`Stage`], whose time is simulated; what they say goes through real sockets all the same. It is
//! sent twice by another thread, as by another machine, and the thread's CPU time is read before and after each is taken in.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use performance::{Said, Stage};
use protocol::serial::Serial;
use protocol::wire::{self, Datagram, Message};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::time::{ClockId, clock_gettime};
use udp::{Options, RecvBuffers, Socket};

use crate::reference::Wire;
use crate::speaker::{NOWHERE, Speaker};

/// Frames until paths count as calm (PROTOCOL 7.1), five seconds of them.
const WARM_UP: usize = 60;
/// Fewer than a receive takes at once say little about one.
const BURST_MIN: usize = 32;
/// Frames without a FEEDBACK after which none will come.
const SILENCE_MAX: usize = 240;
/// Loopback delivers within the send, but for a kernel that puts it off.
const COMES_WITHIN: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };

/// CPU time that FEEDBACKs took.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Spent {
    pub(crate) feedbacks: usize,
    /// To read them and throw them away.
    pub(crate) reading: Duration,
    /// To read them, handle them, and look for an answer.
    pub(crate) handling: Duration,
}

impl Spent {
    /// Microseconds for one: read and thrown away.
    pub(crate) fn reading_us(&self) -> f64 {
        self.reading.as_secs_f64() * 1e6 / self.feedbacks as f64
    }

    /// Microseconds for one: what handling adds to reading.
    pub(crate) fn handling_us(&self) -> f64 {
        (self.handling.as_secs_f64() - self.reading.as_secs_f64()) * 1e6 / self.feedbacks as f64
    }
}

/// A broker, its viewers, and the sockets between them.
pub(crate) struct Office {
    stage: Stage,
    speaker: Speaker,
    bare: Wire,
    socket: Socket,
    buffers: RecvBuffers,
}

impl Office {
    /// Lets so many viewers join and become calm. The viewers' thread is `speaker`.
    pub(crate) fn open(viewers: usize, frame_bytes: usize, speaker: Speaker) -> Result<Self> {
        let socket = Socket::bind(NOWHERE, &Options::default()).context("the broker's socket")?;
        let stage = Stage::with_port(viewers, frame_bytes, speaker.port());
        let bare = Wire::bind(NOWHERE)?;
        let mut office = Self { stage, speaker, bare, socket, buffers: RecvBuffers::new() };
        for _ in 0..WARM_UP {
            let said = office.play();
            office.stage.broker_hears(&said);
        }
        Ok(office)
    }

    /// A frame goes to everybody; what viewers say to it.
    fn play(&mut self) -> Vec<Said> {
        let stage = &mut self.stage;
        let frame = stage.next_frame();
        stage.broker_takes(&frame);
        stage.broker_ticks();
        stage.broker_sends();
        stage.viewers_hear();
        stage.viewers_say()
    }

    /// Plays until at least so many FEEDBACKs were taken in.
    pub(crate) fn measure(&mut self, feedbacks: usize) -> Result<Spent> {
        let mut spent = Spent::default();
        let (mut silence, mut bare_first) = (0, false);
        while spent.feedbacks < feedbacks {
            // What else they say comes in unmeasured.
            let (reports, rest): (Vec<_>, Vec<_>) =
                self.play().into_iter().partition(|(_, bytes)| is_calm_report(bytes));
            self.stage.broker_hears(&rest);
            if reports.len() < BURST_MIN {
                self.stage.broker_hears(&reports);
                silence += 1;
                ensure!(silence < SILENCE_MAX, "viewers send no FEEDBACK");
                continue;
            }
            (silence, bare_first) = (0, !bare_first);
            // By turns, so that neither always finds the other's traces in the caches.
            if bare_first {
                spent.reading += self.read(&reports)?;
            }
            spent.handling += self.handle(&reports)?;
            if !bare_first {
                spent.reading += self.read(&reports)?;
            }
            spent.feedbacks += reports.len();
        }
        Ok(spent)
    }

    /// The CPU time of reading them.
    fn read(&mut self, reports: &[Said]) -> Result<Duration> {
        self.speaker.say(self.bare.local_addr()?, reports)?;
        let (start, mut left) = (cpu_time(), reports.len());
        while left > 0 {
            let mut count = self.bare.receive(|_, _, _| ())?;
            if count == 0 {
                self.bare.wait(Some(Duration::from_secs(1)))?;
                count = self.bare.receive(|_, _, _| ())?;
            }
            ensure!(count > 0, "{left} datagrams did not come");
            left = left.saturating_sub(count);
        }
        Ok(cpu_time().saturating_sub(start))
    }

    /// The CPU time of reading and handling them, as a worker of the broker does.
    fn handle(&mut self, reports: &[Said]) -> Result<Duration> {
        let before = self.stage.broker_counters();
        self.speaker.say(self.socket.local_addr(), reports)?;
        let (start, mut left) = (cpu_time(), reports.len());
        while left > 0 {
            let mut count = self.socket.try_fill(&mut self.buffers);
            if count == 0 {
                poll(&mut [PollFd::new(&self.socket, PollFlags::IN)], Some(&COMES_WITHIN))?;
                count = self.socket.try_fill(&mut self.buffers);
            }
            ensure!(count > 0, "{left} datagrams did not come");
            self.stage.broker_reads(&self.buffers);
            self.stage.broker_sends();
            left = left.saturating_sub(count);
        }
        let spent = cpu_time().saturating_sub(start);
        let after = self.stage.broker_counters();
        let refused = |it: &broker::engine::Counters| {
            it.dropped_no_session + it.dropped_replayed + it.dropped_malformed + it.dropped_wrong_role
        };
        ensure!(
            after.received - before.received == reports.len() as u64 && refused(&after) == refused(&before),
            "the broker threw FEEDBACKs away: {before:?}, then {after:?}"
        );
        Ok(spent)
    }
}

/// Whether it is what a viewer on a calm path says: it echoes a HEARTBEAT, names a whole frame, and counts.
fn is_calm_report(bytes: &[u8]) -> bool {
    let Ok(Datagram::Control(control)) = wire::decode(bytes) else { return false };
    let Message::Feedback(feedback) = &control.message else { return false };
    let whole = |track: &wire::TrackFeedback| {
        track.newest_whole.is_some() && track.counters.is_some() && track.missing.is_empty()
    };
    feedback.heartbeat != Serial::default()
        && !feedback.tracks.is_empty()
        && feedback.tracks.iter().all(whole)
}

/// CPU time of this thread.
fn cpu_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_feedback_is_read_twice_and_handled_once() {
        let speaker = Speaker::start().unwrap();
        let mut office = Office::open(100, 10_000, speaker).unwrap();
        let before = office.stage.broker_counters().received;
        let spent = office.measure(200).unwrap();
        assert!(spent.feedbacks >= 200, "{spent:?}");
        assert!(office.stage.broker_counters().received - before >= spent.feedbacks as u64);
        assert!(spent.reading > Duration::ZERO && spent.handling > Duration::ZERO, "{spent:?}");
    }
}
