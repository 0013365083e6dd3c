//! A run from its start to its report.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::process;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use protocol::time::Time;
use tokio::sync::watch;

use super::child::BrokerChild;
use super::clock::Clock;
use super::crew::{Kit, Member, start_producers, start_viewers};
use super::error::BenchError;
use super::limits;
use super::process::usage_of;
use super::progress::Progress;
use crate::act::{Act, Pace};
use crate::address::Spread;
use crate::report::{Asked, BrokerFigures, LoadFigures, Report};
use crate::schedule::Schedule;
use crate::seat::HallPlan;
use crate::settings::{BrokerChoice, Settings};
use crate::source::{Source, Studio};
use crate::tally::Tally;
use crate::usage::Usage;

/// How often the run looks at where it is.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How often the line on the terminal changes.
const SHOW_EVERY: Duration = Duration::from_millis(500);
/// A broker that gives no session to any producer within this time is not there.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// Channels that are announced in a second at least; and the time for it at the least.
const ANNOUNCED_PER_SECOND: f64 = 500.0;
const ANNOUNCED_WITHIN: Duration = Duration::from_secs(10);
/// How long after the last viewer should have joined the others are waited for.
const JOIN_GRACE: Duration = Duration::from_secs(10);
/// The window begins this long after it is set: every thread has heard of it by then.
const NOTICE: Duration = Duration::from_millis(150);
/// Frames that are on their way at the end of the window have the latency and this long.
const DRAIN_GRACE: Duration = Duration::from_millis(300);
/// All viewers leave within about this long, but never slower than they joined.
const LEAVE_WITHIN: Duration = Duration::from_secs(3);
/// How long is waited for goodbyes beyond that.
const LEAVE_GRACE: Duration = Duration::from_secs(4);
/// The broker's memory is read this long after the last viewer left: what it keeps for repairs is gone by then.
const SETTLE: Duration = Duration::from_millis(1_700);

/// Puts the load on the broker and reports. `stop` ends the window before its time.
///
/// # Errors
///
/// No broker, no sockets, no threads. What the broker did wrong is in the report.
pub async fn run(settings: &Settings, stop: impl Future<Output = ()>) -> Result<Report, BenchError> {
    let mut child = None;
    let (broker, pid) = match &settings.broker {
        BrokerChoice::At { address, pid } => (*address, *pid),
        BrokerChoice::Child { program, workers } => {
            let started = child.insert(BrokerChild::start(program, *workers)?);
            (started.address(), Some(started.pid()))
        }
    };
    let mut run = Run::start(settings, broker, pid, child)?;
    let mut stop = std::pin::pin!(stop);
    let outcome = run.play(settings, stop.as_mut()).await;
    run.progress.clear();
    let report = outcome?;
    run.end(report)
}

struct Run {
    clock: Clock,
    broker: SocketAddr,
    pid: Option<u32>,
    child: Option<BrokerChild>,
    acts: watch::Sender<Act>,
    act: Act,
    producers: Option<Member>,
    viewers: Vec<Member>,
    progress: Progress,
    shown_at: Time,
    plan: HallPlan,
}

impl Run {
    /// Starts the producers.
    fn start(
        settings: &Settings,
        broker: SocketAddr,
        pid: Option<u32>,
        child: Option<BrokerChild>,
    ) -> Result<Self, BenchError> {
        let size = Spread::towards(broker).peers_per_socket();
        limits::make_room(settings.viewers.div_ceil(size) + settings.producers.div_ceil(size))?;
        let clock = Clock::start();
        let (acts, receiver) = watch::channel(Act::default());
        let kit = Kit { clock, broker, acts: receiver };
        let published: Arc<[AtomicU64]> = (0..settings.producers).map(|_| AtomicU64::new(0)).collect();
        let studio = Studio {
            act: Act::default(),
            tally: Tally::default(),
            frame: vec![0xA5; settings.frame_bytes],
            published: Arc::clone(&published),
        };
        let (rate, watched) = (settings.rate, settings.channels_watched());
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let frame_duration =
            if rate > 0.0 { Duration::from_secs_f64((1.0 / rate).min(3_600.0)) } else { Duration::ZERO };
        let producers = start_producers(&kit, settings.producers, studio, move |number, random| {
            let now = clock.now();
            let schedule = if number < watched { Schedule::new(now, rate, number, watched) } else { None };
            Source::new(now, number, broker, (schedule, frame_duration), (random, since_1970))
        })?;
        let slowest_leave = settings.viewers as f64 / LEAVE_WITHIN.as_secs_f64();
        let plan = HallPlan {
            broker,
            latency: settings.latency,
            frame_bytes: settings.frame_bytes,
            viewers: settings.viewers as u64,
            join_from: Time::ZERO,
            joins: Pace::per_second(settings.ramp),
            leaves: Pace::per_second(settings.ramp.max(slowest_leave)),
            churn: (settings.churn > 0.0).then(|| Pace::per_second(settings.churn)),
            published,
        };
        Ok(Self {
            clock,
            broker,
            pid,
            child,
            acts,
            act: Act::default(),
            producers: Some(producers),
            viewers: Vec::new(),
            progress: Progress::new(settings.progress),
            shown_at: Time::ZERO,
            plan,
        })
    }

    async fn play(
        &mut self,
        settings: &Settings,
        mut stop: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<Report, BenchError> {
        let mut interrupted = self.await_channels(settings, stop.as_mut()).await?;
        let rss_before = self.broker_usage().rss;
        if !interrupted {
            interrupted = self.await_viewers(settings, stop.as_mut()).await?;
        }
        tracing::info!(joined = self.tally().joined, "the viewers have joined");
        if !interrupted && !settings.warm_up.is_zero() {
            let until = self.clock.now() + settings.warm_up;
            interrupted = self.wait_until("warm-up", until, stop.as_mut()).await?;
        }
        let from = self.clock.now() + NOTICE;
        let until = from + if interrupted { Duration::ZERO } else { settings.run_for };
        self.announce(Act { window: Some((from, until)), publish_until: Some(until), ..self.act });
        self.wait_without_stop("warm-up", from).await?;
        tracing::info!("measuring");
        let (broker_before, load_before) = (self.broker_usage(), usage_of(process::id()).unwrap_or_default());
        if !interrupted {
            interrupted = self.wait_until("measure", until, stop.as_mut()).await?;
        }
        let ended = self.clock.now();
        let (broker_after, load_after) = (self.broker_usage(), usage_of(process::id()).unwrap_or_default());
        if interrupted {
            self.announce(Act { window: Some((from, ended)), publish_until: Some(ended), ..self.act });
        }
        let broker = self.pid.map(|pid| BrokerFigures {
            pid,
            used: broker_after.since(&broker_before),
            rss_before,
            rss: broker_after.rss,
            rss_after: 0,
        });
        self.leave(settings).await?;
        let rss_after = self.broker_usage().rss;
        Ok(Report {
            asked: asked(settings),
            measured: ended.min(until.max(from)).since(from),
            interrupted,
            tally: Tally::default(),
            broker: broker.map(|broker| BrokerFigures { rss_after, ..broker }),
            load: LoadFigures { used: load_after.since(&load_before), dropped: 0 },
        })
    }

    async fn await_channels(
        &mut self,
        settings: &Settings,
        mut stop: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<bool, BenchError> {
        let start = self.clock.now();
        let asked = settings.producers as u64;
        let patience = ANNOUNCED_WITHIN + Duration::from_secs_f64(asked as f64 / ANNOUNCED_PER_SECOND);
        loop {
            let live = self.tally().live;
            if live >= asked {
                return Ok(false);
            }
            let waited = self.clock.now().since(start);
            if live == 0 && waited > ANSWER_WITHIN {
                return Err(BenchError::Unreachable(self.broker));
            }
            if waited > patience {
                return Err(BenchError::NotLive { live, asked, seconds: waited.as_secs() });
            }
            if self.look("announce", stop.as_mut()).await? {
                return Ok(true);
            }
        }
    }

    async fn await_viewers(
        &mut self,
        settings: &Settings,
        mut stop: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<bool, BenchError> {
        self.plan.join_from = self.clock.now();
        let kit = Kit { clock: self.clock, broker: self.broker, acts: self.acts.subscribe() };
        let channels = settings.channels_watched();
        let link = (settings.loss, settings.delay, settings.coalescing);
        self.viewers = start_viewers(&kit, &self.plan, channels, settings.threads, link)?;
        let deadline = self.plan.join_from + self.plan.joins.after(self.plan.viewers) + JOIN_GRACE;
        while self.tally().joined < self.plan.viewers && self.clock.now() < deadline {
            if self.look("ramp", stop.as_mut()).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Lets what is on its way arrive, then everybody leaves.
    async fn leave(&mut self, settings: &Settings) -> Result<(), BenchError> {
        let drained = self.clock.now() + settings.latency + DRAIN_GRACE;
        self.wait_without_stop("drain", drained).await?;
        self.announce(Act { leave_from: Some(self.clock.now()), ..self.act });
        let deadline = self.clock.now() + self.plan.leaves.after(self.plan.viewers) + LEAVE_GRACE;
        while self.clock.now() < deadline && !self.viewers.iter().all(Member::is_over) {
            self.wait_without_stop("leave", self.clock.now() + LOOK_EVERY).await?;
        }
        if self.pid.is_some() {
            self.wait_without_stop("leave", self.clock.now() + SETTLE).await?;
        }
        self.announce(Act { finish_at: Some(self.clock.now()), ..self.act });
        Ok(())
    }

    /// Waits for the threads, and adds up what they counted.
    fn end(mut self, mut report: Report) -> Result<Report, BenchError> {
        for member in self.viewers.drain(..).chain(self.producers.take()) {
            let (tally, dropped) = member.join()?;
            report.tally.add(&tally);
            report.load.dropped += dropped;
        }
        Ok(report)
    }

    /// Fails where the broker's process or a thread has ended before it should.
    fn check(&mut self) -> Result<(), BenchError> {
        if let Some(child) = &mut self.child {
            child.check()?;
        }
        if self.act.leave_from.is_some() {
            return Ok(());
        }
        let gone = self.viewers.iter().position(Member::is_over).map(|at| self.viewers.swap_remove(at));
        match gone.or_else(|| self.producers.take_if(|member| member.is_over())) {
            Some(member) => match member.join() {
                Ok(_) => Err(BenchError::Thread("it ended early".to_owned())),
                Err(error) => Err(error),
            },
            None => Ok(()),
        }
    }

    fn announce(&mut self, act: Act) {
        self.act = act;
        self.acts.send_replace(act);
    }

    fn tally(&self) -> Tally {
        let mut sum = Tally::default();
        for member in self.viewers.iter().chain(&self.producers) {
            sum.add(&member.shown());
        }
        sum
    }

    fn broker_usage(&self) -> Usage {
        self.pid.and_then(usage_of).unwrap_or_default()
    }

    async fn wait_until(
        &mut self,
        phase: &str,
        until: Time,
        mut stop: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<bool, BenchError> {
        while self.clock.now() < until {
            let left = until.since(self.clock.now()).min(LOOK_EVERY);
            if self.look_for(left, phase, stop.as_mut()).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn wait_without_stop(&mut self, phase: &str, until: Time) -> Result<(), BenchError> {
        let never = std::pin::pin!(std::future::pending());
        self.wait_until(phase, until, never).await.map(drop)
    }

    async fn look(
        &mut self,
        phase: &str,
        stop: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<bool, BenchError> {
        self.look_for(LOOK_EVERY, phase, stop).await
    }

    /// Waits a moment and shows how it goes; true where the run is to end.
    async fn look_for(
        &mut self,
        span: Duration,
        phase: &str,
        stop: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<bool, BenchError> {
        let stopped = tokio::select! {
            () = stop => true,
            () = tokio::time::sleep(span) => false,
        };
        self.check()?;
        let now = self.clock.now();
        if now.since(self.shown_at) >= SHOW_EVERY {
            self.shown_at = now;
            let rss = self.pid.map(|_| self.broker_usage().rss);
            let tally = self.tally();
            self.progress.show(now, phase, &tally, rss);
        }
        Ok(stopped)
    }
}

fn asked(settings: &Settings) -> Asked {
    Asked {
        producers: settings.producers,
        viewers: settings.viewers,
        rate: settings.rate,
        frame_bytes: settings.frame_bytes,
        loss: settings.loss,
        delay: settings.delay,
        churn: settings.churn,
        coalescing: settings.coalescing,
    }
}
