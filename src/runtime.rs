//! What every long-running command needs: a runtime, and the wish to stop.

use anyhow::Context as _;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failure::Failure;

/// The signals that ask a process to end.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Signals {
    /// The next SIGINT, SIGTERM or SIGHUP. Safe to cancel.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
        }
    }
}

/// A single-threaded runtime, and the signals that it hears. The handlers are in place when this returns, so that a
/// signal is heard also as process 1 of a container.
pub(crate) fn with_signals() -> Result<(Runtime, Signals), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the runtime could not be started")?;
    let guard = runtime.enter();
    let listen = |kind: SignalKind| signal(kind).context("signals could not be listened for");
    let signals = Signals {
        interrupt: listen(SignalKind::interrupt())?,
        terminate: listen(SignalKind::terminate())?,
        hang_up: listen(SignalKind::hangup())?,
    };
    drop(guard);
    Ok((runtime, signals))
}
