//! What a run came to.

/// One row of the table.
#[derive(Clone)]
pub(crate) struct Outcome {
    /// CPU time of the server per delivered frame, microseconds.
    pub(crate) cost_us: f64,
    /// From the schedule to the viewer, milliseconds.
    pub(crate) median_ms: f64,
    pub(crate) p99_ms: f64,
    /// From the schedule to the publisher's call that sends: what of the above is the load's own.
    pub(crate) late_median_ms: f64,
    pub(crate) late_p99_ms: f64,
    /// Resident memory that a viewer adds, KiB.
    pub(crate) memory_kib: f64,
    /// Frames that did not come, of the window.
    pub(crate) missed: f64,
}

impl Outcome {
    pub(crate) const HEADING: &str = "| broker | CPU per frame and viewer | latency, median | p99 | published late, median | p99 | memory per viewer | missed |\n|---|---|---|---|---|---|---|---|";

    pub(crate) fn row(&self, name: &str) -> String {
        // Of a window without a frame there is nothing to say but that.
        let figure = |value: f64, digits, unit| {
            if value.is_finite() { format!("{value:.digits$} {unit}") } else { "-".to_owned() }
        };
        let (cost, memory) = (figure(self.cost_us, 1, "us"), figure(self.memory_kib, 1, "KiB"));
        let (median, p99) = (figure(self.median_ms, 1, "ms"), figure(self.p99_ms, 1, "ms"));
        // A publisher that keeps its schedule is late by less than a tenth.
        let (late, late_p99) = (figure(self.late_median_ms, 2, "ms"), figure(self.late_p99_ms, 2, "ms"));
        format!("| {name} | {cost} | {median} | {p99} | {late} | {late_p99} | {memory} | {} |", self.missed)
    }
}
