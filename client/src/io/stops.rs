//! Requests to end: signals, or whoever started the client inside its own process.

use std::io;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

/// Requests that wait: the second one ends the process at once, so more are never looked at.
const STOPS_MAX: usize = 2;

/// The receiving end of requests to end. The first ends the client within a second, the second at once.
#[derive(Debug)]
pub struct Stops {
    requests: mpsc::Receiver<()>,
}

/// The asking end.
#[derive(Clone, Debug)]
pub struct StopHandle {
    requests: mpsc::Sender<()>,
}

impl StopHandle {
    /// Asks the client to end.
    pub fn stop(&self) {
        // A full queue holds enough requests to end everything.
        self.requests.try_send(()).ok();
    }
}

impl Stops {
    /// Both ends, for a client within another program.
    pub fn channel() -> (StopHandle, Self) {
        let (sender, requests) = mpsc::channel(STOPS_MAX);
        (StopHandle { requests: sender }, Self { requests })
    }

    /// SIGINT, SIGTERM and SIGHUP. Needs a runtime.
    pub(super) fn of_process() -> io::Result<Self> {
        let (handle, stops) = Self::channel();
        for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
            let (mut signals, handle) = (signal(kind)?, handle.clone());
            tokio::task::spawn(async move {
                while signals.recv().await.is_some() {
                    handle.stop();
                }
            });
        }
        Ok(stops)
    }

    /// The next request; none ever comes once nobody can ask any more. Safe to cancel.
    pub(super) async fn next(&mut self) {
        if self.requests.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }
}
