//! What is measured, point by point.

mod cost;
mod crowd;
mod rate;
mod workers;

use anyhow::Result;

use crate::bench::Lab;
use crate::table::Table;

/// How thoroughly.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Effort {
    /// Pairs of runs, broker and reference one after the other.
    pub(crate) repetitions: usize,
    /// Seconds until viewers that have joined are no news any more.
    pub(crate) settle: u32,
    /// Seconds of a window.
    pub(crate) window: u32,
    /// Seconds of a window that has to be long.
    pub(crate) long_window: u32,
}

impl Effort {
    pub(crate) const FULL: Self = Self { repetitions: 3, settle: 4, window: 4, long_window: 60 };
    pub(crate) const QUICK: Self = Self { repetitions: 1, settle: 3, window: 3, long_window: 10 };
}

/// One of them.
pub(crate) struct Point {
    pub(crate) number: u8,
    pub(crate) name: &'static str,
    pub(crate) measure: fn(&Lab, Effort, &mut Table) -> Result<()>,
}

/// All of them.
pub(crate) const POINTS: &[Point] = &[
    Point { number: 1, name: "CPU per frame and viewer, latency, user time", measure: cost::measure },
    Point { number: 2, name: "highest rate without loss", measure: rate::measure },
    Point { number: 4, name: "two workers", measure: workers::measure },
    Point { number: 5, name: "ten and fifty thousand viewers", measure: crowd::measure_many },
    Point { number: 6, name: "silent channels", measure: crowd::measure_silent },
    Point { number: 7, name: "churn", measure: crowd::measure_churn },
    Point { number: 8, name: "channels that nobody watches", measure: crowd::measure_unwatched },
];

/// The middle one of several figures, and the least and the most of them.
pub(crate) fn spread(mut figures: Vec<f64>) -> (f64, Option<(f64, f64)>) {
    figures.sort_by(f64::total_cmp);
    let middle = figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN);
    let range = figures.first().copied().zip(figures.last().copied()).filter(|_| figures.len() > 1);
    (middle, range)
}
