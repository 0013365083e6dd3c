//! One channel for another program: the loop that owns the socket, the muxer and the way out.
//!
//! ```text
//! socket, timers, stops ──> Feed (one thread) ──clusters──> outlet thread ──> player, file
//! ```
//!
//! What is said goes to the log: standard output may be the stream.

mod leave;
mod settings;

use protocol::id::Target;
use protocol::time::Time;
use protocol::wire::{Code, Role};
use thiserror::Error;

use super::absence::Absence;
use super::clock::Clock;
use super::error::ShellError;
use super::lifetime::{End, Lifetime};
use super::network::Network;
use super::outlet::{Ended, LeftOut, Outlet, OutletError, Passed};
use super::stops::Stops;
use crate::engine::event::{Event, Frame};
use crate::mux::{Counters, Muxer, Unfit};
use crate::shell::output::{Format, Hints, Notice};
pub use settings::FeedSettings;

/// Why a feed does not end with status 0.
#[derive(Debug, Error)]
pub enum FeedError {
    /// What any client can fail with.
    #[error(transparent)]
    Client(#[from] ShellError),
    /// The way out.
    #[error(transparent)]
    Outlet(#[from] OutletError),
    /// The channel has nothing that the stream takes.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// The broker does not grant it.
    #[error("the broker refused {target}: {status}")]
    Refused {
        /// What was asked for.
        target: Target,
        /// The broker's reason.
        status: Code,
    },
}

/// The feed's state, all on one thread.
pub(super) struct Feed {
    clock: Clock,
    network: Network,
    lifetime: Lifetime,
    absence: Absence,
    stops: Stops,
    muxer: Muxer,
    /// `None` once its reader has left.
    outlet: Option<Outlet>,
}

/// What ended a wait.
enum Wake {
    /// Each turn begins with what has come.
    Turn,
    Outlet(Result<(), Ended>),
    Stop,
}

impl Feed {
    /// Opens the way out and the socket, and subscribes. Needs a runtime.
    pub(super) fn start(clock: Clock, settings: FeedSettings) -> Result<Self, FeedError> {
        let now = clock.now();
        let mut network = Network::open(clock, settings.broker, settings.local, Role::Viewer)?;
        let outlet = Outlet::start(&settings.out)?;
        let stops = match settings.stops {
            Some(stops) => stops,
            None => Stops::of_process().map_err(ShellError::Runtime)?,
        };
        network.client.subscribe(now, settings.target, settings.latency);
        Ok(Self {
            clock,
            network,
            lifetime: Lifetime::start(now, settings.at_end, false),
            absence: Absence::since(now),
            stops,
            muxer: Muxer::new(settings.form),
            outlet: Some(outlet),
        })
    }

    /// Runs until the end, and leaves in order.
    pub(super) async fn run(mut self) -> Result<Counters, FeedError> {
        loop {
            let now = self.clock.now();
            self.advance(now)?;
            if self.is_over(now) {
                return self.leave().await;
            }
            match self.wait(now).await {
                Wake::Turn => {}
                Wake::Outlet(Err(Ended::Failed(fault))) => return Err(fault.into()),
                Wake::Outlet(_) => {
                    // It has seen what it wanted.
                    self.outlet = None;
                    self.begin_end(End::Done);
                }
                Wake::Stop if self.lifetime.note_stop(now) => self.begin_end(End::Stopped),
                Wake::Stop => return Err(ShellError::Interrupted.into()),
            }
        }
    }

    /// Lets everything that can go on go on.
    fn advance(&mut self, now: Time) -> Result<(), FeedError> {
        self.network.receive(now);
        while let Some(event) = self.network.client.poll_event() {
            self.take_event(now, event)?;
        }
        self.muxer.handle_timeout(now);
        self.pass_on();
        if let Some(end) = self.lifetime.due_end(now, false) {
            self.begin_end(end);
        }
        if self.absence.tell(now) {
            tracing::warn!("waiting for the broker at {}: no answer yet", self.network.broker());
        }
        self.network.send();
        Ok(())
    }

    fn take_event(&mut self, now: Time, event: Event) -> Result<(), FeedError> {
        match &event {
            Event::Connected { .. } => {
                self.lifetime.note_met(now);
                self.absence = Absence::over();
            }
            Event::Subscribed(granted) => self.muxer.subscribed(granted)?,
            Event::Refused { target, status } => {
                return Err(FeedError::Refused { target: *target, status: *status });
            }
            _ => {}
        }
        match event {
            Event::Frame(frame) => self.take_frame(now, frame),
            event => say(&event),
        }
        Ok(())
    }

    fn take_frame(&mut self, now: Time, frame: Frame) {
        self.muxer.handle_frame(now, frame);
    }

    fn pass_on(&mut self) {
        while let Some(chunk) = self.muxer.poll_chunk() {
            let Some(outlet) = &mut self.outlet else { continue };
            match outlet.take(chunk) {
                Passed::AsBefore => {}
                Passed::ShortageBegins => {
                    tracing::warn!("the reader is too slow: leaving out what it can't take");
                }
                Passed::ShortageEnds => {
                    let LeftOut { pictures, sounds } = outlet.left_out();
                    tracing::warn!(pictures, sounds, "the reader is fast enough again; left out so far");
                }
            }
        }
    }

    fn is_over(&self, now: Time) -> bool {
        let closed = self.network.client.is_closed() && self.network.is_sent();
        closed || self.lifetime.is_ending() && self.lifetime.is_overdue(now)
    }

    /// Waits for whatever comes first.
    async fn wait(&mut self, now: Time) -> Wake {
        let timers = [
            self.network.client.poll_timeout(now),
            self.lifetime.poll_timeout(),
            self.absence.poll_timeout(),
            self.muxer.poll_timeout(),
        ];
        let Self { clock, network, outlet, stops, .. } = self;
        tokio::select! {
            ready = network.ready() => {
                // Fails only while the runtime shuts down.
                ready.ok();
                Wake::Turn
            }
            () = clock.sleep_until(timers.into_iter().flatten().min()) => Wake::Turn,
            ended = end_of(outlet) => Wake::Outlet(ended),
            () = stops.next() => Wake::Stop,
        }
    }

    /// Ends the subscription and says goodbye, if that has not begun.
    fn begin_end(&mut self, end: End) {
        let now = self.clock.now();
        let latencies = self.network.client.snapshot(now).streams.into_iter().map(|stream| stream.latency);
        let limit = self.lifetime.begin_end(end, latencies.max().unwrap_or_default());
        self.network.client.shut_down(now, limit);
    }
}

async fn end_of(outlet: &mut Option<Outlet>) -> Result<(), Ended> {
    match outlet {
        Some(outlet) => outlet.ended().await,
        None => std::future::pending().await,
    }
}

/// What a person would read of it, where it is no data.
fn say(event: &Event) {
    let Some(line) = Format::Text.render(&Notice::Event(event, Hints::default())) else { return };
    let line = line.trim_end();
    match event {
        Event::Waiting { .. } | Event::Ended { .. } | Event::Disconnected { .. } => tracing::warn!("{line}"),
        _ => tracing::info!("{line}"),
    }
}
