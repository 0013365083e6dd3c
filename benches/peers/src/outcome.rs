//! What a run came to.

/// One row of the table.
#[derive(Clone)]
pub(crate) struct Outcome {
    /// CPU time of the server per delivered frame, microseconds.
    pub(crate) cost_us: f64,
    /// From the schedule to the viewer, milliseconds.
    pub(crate) median_ms: f64,
    pub(crate) p99_ms: f64,
    /// Resident memory that a viewer adds, KiB.
    pub(crate) memory_kib: f64,
    /// Frames that did not come, of the window.
    pub(crate) missed: f64,
}

impl Outcome {
    pub(crate) const HEADING: &str = "| broker | CPU per frame and viewer | latency, median | p99 | memory per viewer | missed |\n|---|---|---|---|---|---|";

    pub(crate) fn row(&self, name: &str) -> String {
        // Of a window without a frame there is nothing to say but that.
        let figure = |value: f64, unit| {
            if value.is_finite() { format!("{value:.1} {unit}") } else { "-".to_owned() }
        };
        let (cost, memory) = (figure(self.cost_us, "us"), figure(self.memory_kib, "KiB"));
        let (median, p99) = (figure(self.median_ms, "ms"), figure(self.p99_ms, "ms"));
        format!("| {name} | {cost} | {median} | {p99} | {memory} | {} |", self.missed)
    }
}
