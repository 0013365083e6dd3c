//! A line that says how it goes, on a terminal.

use std::io::{self, IsTerminal as _, Write as _};

use protocol::time::Time;

use crate::tally::Tally;

/// The line on stderr, written over and over; nothing where nobody looks.
pub(super) struct Progress {
    shown: bool,
    before: Option<(Time, u64)>,
}

impl Progress {
    pub(super) fn new(wanted: bool) -> Self {
        Self { shown: wanted && io::stderr().is_terminal(), before: None }
    }

    /// Shows how far `phase` is. `broker`: CPU seconds so far, and memory in bytes.
    pub(super) fn show(&mut self, now: Time, phase: &str, tally: &Tally, rss: Option<u64>) {
        if !self.shown {
            return;
        }
        let (since, before) = self.before.replace((now, tally.delivered)).unwrap_or((now, tally.delivered));
        let per_second = (tally.delivered - before) as f64 / now.since(since).as_secs_f64().max(1e-3);
        let p99 = tally
            .latency
            .quantile(0.99)
            .map_or(String::new(), |time| format!("  p99 {:.1} ms", time.as_secs_f64() * 1e3));
        let rss = rss.map_or(String::new(), |rss| format!("  broker {:.1} MiB", rss as f64 / 1_048_576.0));
        let line = format!(
            "{phase:<8} {} channels  {} viewers  {per_second:.0} frames/s{p99}  {} wrong{rss}",
            tally.live,
            tally.joined,
            tally.wrong + tally.misordered,
        );
        self.write(&format!("\r\x1b[K{line}"));
    }

    /// Takes the line away.
    pub(super) fn clear(&mut self) {
        if self.shown {
            self.write("\r\x1b[K");
        }
    }

    fn write(&mut self, text: &str) {
        // Where it can't be shown it is not: the report is what counts.
        self.shown = io::stderr().write_all(text.as_bytes()).is_ok();
    }
}
