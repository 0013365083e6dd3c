//! The client as a process: one loop that owns the socket, the engine and the commands.
//!
//! ```text
//! stdin thread ──lines──┐                        ┌──lines, frames of the editor──> stdout thread
//! keyboard thread ─keys─┤                        │
//! --exec ───────────────┼─> Shell (one thread) ──┤
//! socket, timers, stops ┘                        └──frames of streams──> recorder thread
//! ```
//!
//! Keys come in place of lines where a person types at a terminal that lines can be edited on.
//! The network waits for nobody: every queue is bounded, and a full one has its rule in the file that owns it.
#![expect(clippy::disallowed_methods, reason = "the shell owns clocks, sockets and threads")]

mod absence;
mod agenda;
mod answers;
mod clock;
mod console;
mod error;
mod feed;
mod gallery;
mod history;
mod inquiry;
mod keyboard;
mod lifetime;
mod lines;
mod logbook;
mod neighbours;
mod network;
mod outlet;
mod patience;
mod pictures;
mod presence;
mod printer;
mod probe;
mod recording;
mod run;
mod screen;
mod settings;
mod snapshot;
mod sound;
mod stops;
mod terminal;

pub use console::Console;
pub use error::ShellError;
pub use feed::{FeedError, FeedSettings};
pub use logbook::show_log;
pub use outlet::{Destination, OutletError};
pub use probe::{Health, ProbeError, catalog, probe};
pub use settings::{AtEnd, Settings, Ui};
pub use sound::Audio;
pub use stops::{StopHandle, Stops};
pub use terminal::Terminal;
/// From what a person writes to the address that [`Settings`] take.
pub use udp::{ResolveError, resolve};

use clock::Clock;
use feed::Feed;
use run::Shell;

use crate::mux::Counters;

/// Runs the client until its commands, its time or a stop end it. Blocks the calling thread.
///
/// The summary is the last line of the output, also where this fails.
///
/// # Errors
///
/// [`ShellError`], which names the cause and the remedy; `docs/SCRIPTING.md` lists the exit status of each.
pub fn run(settings: Settings, console: Console) -> Result<(), ShellError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(ShellError::Runtime)?.block_on(async {
        let shell = Shell::start(Clock::start(), settings, console)?;
        Box::pin(shell.run()).await
    })
}

/// Writes one channel for another program, until its time, its reader or a stop ends it. Blocks the calling thread.
///
/// # Errors
///
/// [`FeedError`], which names the cause and the remedy. A reader that has left is none.
pub fn feed(settings: FeedSettings) -> Result<Counters, FeedError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(ShellError::Runtime)?.block_on(async {
        let feed = Feed::start(Clock::start(), settings)?;
        Box::pin(feed.run()).await
    })
}
