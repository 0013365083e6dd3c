//! Everything of `framecast up` but the shell: the broker and the producers, on a thread of their own.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use ::broker::io::{Running, WorkerLost};
use ::client::io::StopHandle;
use ::producer::io::Settings;
use anyhow::{Context as _, anyhow};
use tokio::runtime::Runtime;
use tokio::sync::{oneshot, watch};
use tokio::task::LocalSet;
use tracing::error;

use crate::failure::Failure;
use crate::runtime::Signals;

/// The shell waits this long for the producers: on loopback they are live within milliseconds, and who isn't after a
/// second has said why in the log.
const LIVE_WITHIN: Duration = Duration::from_secs(1);

/// The broker and the producers.
pub(super) struct Crew {
    stop: watch::Sender<bool>,
    live: Receiver<()>,
    thread: JoinHandle<Result<(), WorkerLost>>,
}

impl Crew {
    /// Starts the producers beside a broker that serves. Every signal, and the loss of the broker, asks `shell` to end.
    pub(super) fn start(
        (runtime, signals): (Runtime, Signals),
        broker: Running,
        producers: Vec<Settings>,
        shell: StopHandle,
    ) -> Result<Self, Failure> {
        let (stop, stopped) = watch::channel(false);
        let (report, live) = sync_channel(1);
        let work = Work { signals, broker, producers, shell, stopped, report };
        let thread = std::thread::Builder::new()
            .name("crew".to_owned())
            .spawn(move || LocalSet::new().block_on(&runtime, work.run()))
            .context("the thread of the producers could not be started")?;
        Ok(Self { stop, live, thread })
    }

    /// Waits until every producer is live, or somebody wants the end.
    pub(super) fn wait_until_live(&self) {
        // Without an answer the shell opens all the same: it shows what is there.
        self.live.recv_timeout(LIVE_WITHIN).ok();
    }

    /// Lets the producers say goodbye, then the broker.
    pub(super) fn stop(self) -> Result<(), Failure> {
        self.stop.send_replace(true);
        match self.thread.join() {
            Ok(ended) => ended.map_err(Failure::from),
            Err(_) => Err(anyhow!("the thread of the producers has panicked: please report it").into()),
        }
    }
}

/// What the thread has to do.
struct Work {
    signals: Signals,
    broker: Running,
    producers: Vec<Settings>,
    shell: StopHandle,
    stopped: watch::Receiver<bool>,
    report: SyncSender<()>,
}

impl Work {
    async fn run(self) -> Result<(), WorkerLost> {
        let Self { mut signals, mut broker, producers, shell, mut stopped, report } = self;
        let mut crew = Vec::with_capacity(producers.len());
        let mut answers = Vec::with_capacity(producers.len());
        for mut settings in producers {
            let (ready, is_live) = oneshot::channel();
            settings.ready = Some(ready);
            answers.push(is_live);
            crew.push(tokio::task::spawn_local(publish(settings, stopped.clone())));
        }
        let early = report.clone();
        tokio::task::spawn_local(async move {
            for is_live in answers {
                // One that has failed is waited for no more; its reason is in the log.
                is_live.await.ok();
            }
            report.try_send(()).ok();
        });
        let lost = loop {
            tokio::select! {
                // A sender that is gone wants the end as well.
                _ = stopped.wait_for(|stop| *stop) => break None,
                () = signals.next() => {
                    early.try_send(()).ok();
                    shell.stop();
                }
                lost = broker.worker_lost() => {
                    early.try_send(()).ok();
                    shell.stop();
                    break Some(lost);
                }
            }
        };
        if lost.is_some() {
            stopped.wait_for(|stop| *stop).await.ok();
        }
        for producer in crew {
            if producer.await.is_err() {
                error!("a producer has panicked: please report it");
            }
        }
        let ended = broker.stop().await;
        lost.map_or(ended, Err)
    }
}

async fn publish(settings: Settings, mut stopped: watch::Receiver<bool>) {
    let id = settings.identity.id;
    let stop = async move {
        stopped.wait_for(|stop| *stop).await.ok();
    };
    if let Err(fault) = ::producer::io::run(settings, stop).await {
        error!(producer = %id, "{:#}", anyhow!(fault));
    }
}
