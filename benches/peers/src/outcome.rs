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
        let Self { cost_us, median_ms, p99_ms, memory_kib, missed } = self;
        format!(
            "| {name} | {cost_us:.1} us | {median_ms:.1} ms | {p99_ms:.1} ms | {memory_kib:.1} KiB | {missed} |"
        )
    }
}
