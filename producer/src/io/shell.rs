//! The loop: it owns the socket, the engine and the media, and waits on all of them at once.

use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use protocol::id::ProducerId;
use protocol::limits::LATENCY_MAX;
use protocol::random::Random;
use protocol::time::Time;
use protocol::wire::Code;
use tokio::sync::oneshot;
use tokio::time::sleep_until;
use tracing::debug;
use udp::{RecvBuffers, Socket};

use super::clock::Clock;
use super::error::RunError;
use super::media::Media;
use super::outbox::Outbox;
use super::reporter::Reporter;
use super::summary::Summary;
use crate::engine::{Event, Plan, Producer};

/// The first frame waits for the session this long: a broker that is there has answered by then, and gets it. For
/// one that is absent nothing is held back longer.
const FIRST_FRAME_WAIT: Duration = Duration::from_secs(1);
/// An id that another identity holds is free 3 s after that one fell silent; who waits longer waits for somebody
/// who lives.
const ID_TAKEN_WAIT: Duration = Duration::from_secs(5);
/// Who asked to stop has a goodbye and an exit within a second.
const STOP_LIMIT: Duration = Duration::from_millis(800);
/// After the last frame the broker may ask for what it lacks as long as any viewer's latency lasts; usually it has
/// everything within a round trip.
const SETTLE_LIMIT: Duration = LATENCY_MAX;
/// The goodbye itself gets this long to leave a blocked socket.
const GOODBYE_LIMIT: Duration = Duration::from_millis(100);

/// One producer at work.
pub(super) struct Shell {
    clock: Clock,
    id: ProducerId,
    socket: Socket,
    broker: SocketAddr,
    engine: Producer,
    media: Media,
    outbox: Outbox,
    reporter: Reporter,
    stage: Stage,
    contest: Contest,
    /// Who waits for the first [`Event::Live`].
    ready: Option<oneshot::Sender<()>>,
}

/// How far the publication is.
enum Stage {
    /// Nothing is due before `earliest`; then the first frame waits for the session until `latest`.
    Waiting {
        earliest: Time,
        latest: Time,
    },
    Publishing,
    /// Goodbye is being said, until `limit`; the verdict is what [`Shell::run`] will return.
    Ending {
        verdict: Result<(), RunError>,
        limit: Time,
    },
}

/// The quarrel with another producer about the id.
enum Contest {
    /// There is none so far.
    None,
    /// The broker refuses; given up then, unless the session is lost before.
    Until(Time),
    /// The broker refused, and then the session was lost.
    Interrupted,
    /// The id was this producer's once: it never gives up.
    Won,
}

impl Shell {
    pub(super) fn new(
        clock: Clock,
        (socket, broker): (Socket, SocketAddr),
        plan: Plan,
        random: Random,
        media: Media,
        delay: Duration,
        ready: Option<oneshot::Sender<()>>,
    ) -> Self {
        let now = clock.now();
        let id = plan.producer;
        Self {
            clock,
            id,
            socket,
            broker,
            engine: Producer::new(now, broker, plan, random),
            media,
            outbox: Outbox::default(),
            reporter: Reporter::new(now, id, broker),
            stage: Stage::Waiting { earliest: now + delay, latest: now + delay.max(FIRST_FRAME_WAIT) },
            contest: Contest::None,
            ready,
        }
    }

    /// Publishes until the media ends or `shutdown` is ready, then says goodbye.
    pub(super) async fn run(mut self, shutdown: impl Future<Output = ()>) -> Result<Summary, RunError> {
        let mut buffers = RecvBuffers::new();
        let mut shutdown = pin!(shutdown);
        let mut asked_to_stop = false;
        loop {
            self.turn();
            if let Some(verdict) = self.take_verdict() {
                let summary = self.summary();
                summary.log();
                return verdict.map(|()| summary);
            }
            let wake = self.clock.instant(self.next_wake());
            tokio::select! {
                readable = self.socket.readable() => {
                    readable.map_err(RunError::System)?;
                    self.receive(&mut buffers);
                }
                writable = self.socket.writable(), if !self.outbox.is_empty() => {
                    writable.map_err(RunError::System)?;
                }
                () = self.media.ready(), if matches!(self.stage, Stage::Publishing) => {}
                () = sleep_until(wake) => {}
                () = &mut shutdown, if !asked_to_stop => {
                    asked_to_stop = true;
                    self.end(Ok(()), STOP_LIMIT);
                }
            }
        }
    }

    /// Everything that can be done without waiting.
    fn turn(&mut self) {
        let now = self.clock.now();
        self.engine.handle_timeout(now);
        self.reporter.remind(now);
        if let Err(error) = self.publish(now) {
            self.end(Err(error), STOP_LIMIT);
        }
        while let Some(event) = self.engine.poll_event() {
            self.handle_event(now, &event);
        }
        if matches!(self.contest, Contest::Until(limit) if now >= limit) {
            self.end(Err(RunError::IdTaken(self.id)), STOP_LIMIT);
        }
        while let Some(transmit) = self.engine.poll_transmit() {
            self.outbox.push(transmit);
        }
        self.outbox.flush(&mut self.socket, self.broker);
    }

    /// One batch of datagrams; a broker that floods does not keep the media from its time.
    fn receive(&mut self, buffers: &mut RecvBuffers) {
        let now = self.clock.now();
        let Self { socket, engine, .. } = self;
        socket.try_recv(buffers, |from, _, datagram| engine.handle_datagram(now, from, datagram));
    }

    // ---- Media ----

    fn publish(&mut self, now: Time) -> Result<(), RunError> {
        if let Stage::Waiting { earliest, latest } = self.stage
            && now >= earliest
            && (self.engine.is_live() || now >= latest)
        {
            self.media.begin(now)?;
            self.stage = Stage::Publishing;
        }
        if !matches!(self.stage, Stage::Publishing) {
            return Ok(());
        }
        while let Some(frame) = self.media.poll(now)? {
            self.engine.publish(now, frame.stream, frame.capture, &frame.data);
        }
        match self.media.end() {
            Some(Ok(())) => self.end(Ok(()), SETTLE_LIMIT),
            Some(Err(error)) => return Err(error),
            None => {}
        }
        Ok(())
    }

    // ---- The broker ----

    fn handle_event(&mut self, now: Time, event: &Event) {
        self.reporter.report(now, event);
        match event {
            Event::Live => {
                self.contest = Contest::Won;
                if let Some(ready) = self.ready.take() {
                    // Whoever asked may have lost interest.
                    ready.send(()).ok();
                }
            }
            Event::Refused { status: Code::DuplicateProducer, .. } => {
                if !matches!(self.contest, Contest::Won) {
                    self.contest = Contest::Until(now + ID_TAKEN_WAIT);
                }
            }
            Event::Disconnected { .. } if matches!(self.contest, Contest::Until(_)) => {
                self.contest = Contest::Interrupted;
            }
            // The engine tells a refusal once: the next one, in the new session, would go unnoticed.
            Event::Connected { .. } if matches!(self.contest, Contest::Interrupted) => {
                self.contest = Contest::Until(now + ID_TAKEN_WAIT);
            }
            Event::Superseded | Event::Refused { status: Code::Superseded, .. } => {
                self.end(Err(RunError::Superseded(self.id)), STOP_LIMIT);
            }
            Event::Connected { .. }
            | Event::Refused { .. }
            | Event::Disconnected { .. }
            | Event::Thinned { .. } => {}
        }
    }

    // ---- The end ----

    /// Begins to say goodbye, or shortens the goodbye that is under way.
    fn end(&mut self, verdict: Result<(), RunError>, limit: Duration) {
        let now = self.clock.now();
        let hard_limit = now + limit + GOODBYE_LIMIT;
        if let Stage::Ending { limit, .. } = &mut self.stage {
            *limit = (*limit).min(hard_limit);
            return;
        }
        debug!(producer = %self.id, "saying goodbye");
        self.engine.finish(now, limit);
        self.stage = Stage::Ending { verdict, limit: hard_limit };
    }

    /// The verdict, once goodbye is said or took too long.
    fn take_verdict(&mut self) -> Option<Result<(), RunError>> {
        let Stage::Ending { verdict, limit } = &mut self.stage else { return None };
        let said = self.engine.is_closed() && self.outbox.is_empty();
        (said || self.clock.now() >= *limit).then(|| std::mem::replace(verdict, Ok(())))
    }

    fn summary(&self) -> Summary {
        let snapshot = self.engine.snapshot();
        Summary {
            producer: self.id,
            tracks: snapshot.tracks,
            sender: snapshot.sender,
            media: self.media.counters(),
            socket: self.socket.counters().clone(),
            overflowed: self.outbox.dropped(),
            meaningless: snapshot.dropped,
        }
    }

    // ---- Time ----

    /// When the next turn is due even if nothing comes.
    fn next_wake(&self) -> Time {
        let stage = match &self.stage {
            Stage::Waiting { earliest, .. } if self.clock.now() < *earliest => Some(*earliest),
            Stage::Waiting { latest, .. } => Some(*latest),
            Stage::Publishing => self.media.next_due(),
            Stage::Ending { limit, .. } => Some(*limit),
        };
        let contest = match self.contest {
            Contest::Until(limit) if !matches!(self.stage, Stage::Ending { .. }) => Some(limit),
            _ => None,
        };
        let due = [self.engine.poll_timeout(), self.reporter.next_due(), stage, contest];
        due.into_iter().flatten().min().unwrap_or_else(|| self.clock.now() + FIRST_FRAME_WAIT)
    }
}
