//! One run of one broker.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::bail;
use clap::ValueEnum;
use tokio::task::LocalSet;

use crate::load::{DRAIN, JOINED_WITHIN, Load, Seen, WARM_UP};
use crate::outcome::Outcome;
use crate::publisher::Publisher;
use crate::server::{Server, is_installed};
use crate::{cores, framecast, mqtt, nats, srt, zeromq};

const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A broker.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Peer {
    Framecast,
    Mosquitto,
    MosquittoQos1,
    Nats,
    Zeromq,
    Srt,
}

/// A broker with its load. The publisher ends before the server does.
pub(crate) struct Running {
    pub(crate) publisher: Publisher,
    pub(crate) server: Server,
    /// Resident memory of the server before anybody came, bytes.
    pub(crate) empty: u64,
}

impl Peer {
    pub(crate) const ALL: [Self; 6] =
        [Self::Framecast, Self::Mosquitto, Self::MosquittoQos1, Self::Nats, Self::Zeromq, Self::Srt];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Framecast => "Framecast (UDP, acknowledged)",
            Self::Mosquitto => "mosquitto, QoS 0 (TCP)",
            Self::MosquittoQos1 => "mosquitto, QoS 1 (TCP)",
            Self::Nats => "nats-server (TCP)",
            Self::Zeromq => "ZeroMQ XSUB/XPUB (TCP)",
            Self::Srt => "SRT, least fan-out (UDP, acknowledged)",
        }
    }

    /// Why it can't be run on this machine, and what to do.
    pub(crate) fn missing(self) -> Option<&'static str> {
        let unless = |is_there: bool, why| (!is_there).then_some(why);
        match self {
            Self::Mosquitto | Self::MosquittoQos1 => {
                unless(is_installed("mosquitto"), "no program `mosquitto`: apt-get install mosquitto")
            }
            Self::Nats => {
                unless(is_installed("nats-server"), "no program `nats-server`: apt-get install nats-server")
            }
            Self::Srt => srt::MISSING,
            // One is this project's own: without it there is nothing to compare with. The other is in this program.
            Self::Framecast | Self::Zeromq => None,
        }
    }

    /// Starts it, loads it and ends it.
    pub(crate) fn run(self, framecast: &Path, load: Load) -> anyhow::Result<Outcome> {
        let all = cores::all()?;
        let outcome = match self {
            Self::Framecast => framecast::run(framecast, load),
            Self::Mosquitto | Self::MosquittoQos1 | Self::Nats | Self::Zeromq | Self::Srt => {
                self.run_here(load)
            }
        };
        cores::together(&all)?;
        outcome
    }

    /// With publisher and viewers in this process.
    fn run_here(self, load: Load) -> anyhow::Result<Outcome> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let origin = Instant::now();
        let seen = Seen::new(origin)?;
        let tasks = LocalSet::new();
        let run = async {
            let running = match self {
                Self::Nats => nats::run(load, origin, &seen).await?,
                Self::Zeromq => zeromq::run(load, origin, &seen)?,
                Self::Srt => srt::run(load, origin, &seen)?,
                Self::Mosquitto => mqtt::run(load, origin, &seen, rumqttc::QoS::AtMostOnce).await?,
                Self::MosquittoQos1 | Self::Framecast => {
                    mqtt::run(load, origin, &seen, rumqttc::QoS::AtLeastOnce).await?
                }
            };
            measure(running, load, &seen).await
        };
        let outcome = tasks.block_on(&runtime, run);
        // Tasks and clients go before the next broker comes; some of them start tasks when they are dropped.
        let context = runtime.enter();
        drop(tasks);
        drop(context);
        runtime.shutdown_timeout(Duration::from_secs(1));
        outcome
    }
}

/// Waits until all viewers see frames, then looks at the server for the length of the window.
async fn measure(running: Running, load: Load, seen: &Seen) -> anyhow::Result<Outcome> {
    let Running { publisher, server, empty } = running;
    let begun = Instant::now();
    while seen.joined() < load.viewers {
        if publisher.has_ended() {
            publisher.end()?;
            bail!("the publisher has ended");
        }
        if begun.elapsed() > JOINED_WITHIN {
            bail!("only {} of {} viewers see frames", seen.joined(), load.viewers);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    tokio::time::sleep(WARM_UP).await;
    let before = server.usage()?;
    seen.open_window(load.window);
    tokio::time::sleep(load.window).await;
    let used = server.usage()?.since(&before);
    tokio::time::sleep(DRAIN).await;
    let late = seen.lateness(&publisher.end()?)?;
    let latency = seen.latency();
    let frames = latency.count as f64;
    let expected = load.window.as_secs_f64() * f64::from(load.rate) * load.viewers as f64;
    Ok(Outcome {
        cost_us: if latency.count > 0 { used.cpu.total.as_secs_f64() * 1e6 / frames } else { f64::NAN },
        median_ms: latency.median_ms,
        p99_ms: latency.p99_ms,
        late_median_ms: late.median_ms,
        late_p99_ms: late.p99_ms,
        memory_kib: used.rss.saturating_sub(empty) as f64 / 1_024.0 / load.viewers as f64,
        // A frame on either edge of the window may be counted or not.
        missed: (expected - load.viewers as f64 - frames).max(0.0),
    })
}
