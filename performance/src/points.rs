//! What is measured, point by point.

mod cost;
mod crowd;
mod feedback;
mod rate;
mod repair;
mod workers;

use anyhow::{Result, bail};

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
    /// The first one names it; the others are read off the same runs.
    pub(crate) numbers: &'static [u8],
    pub(crate) name: &'static str,
    pub(crate) measure: fn(&Lab, Effort, &mut Table) -> Result<()>,
}

/// All of them.
pub(crate) const POINTS: &[Point] = &[
    Point {
        numbers: &[1, 3, 9],
        name: "CPU per frame and viewer, latency, user time",
        measure: cost::measure,
    },
    Point { numbers: &[2], name: "highest rate without loss", measure: rate::measure },
    Point { numbers: &[4], name: "two workers", measure: workers::measure },
    Point { numbers: &[5], name: "ten and fifty thousand viewers", measure: crowd::measure_many },
    Point { numbers: &[6], name: "silent channels", measure: crowd::measure_silent },
    Point { numbers: &[7], name: "churn", measure: crowd::measure_churn },
    Point { numbers: &[8], name: "channels that nobody watches", measure: crowd::measure_unwatched },
    Point { numbers: &[10], name: "FEEDBACK, handled and read", measure: feedback::measure },
];

/// Those that were asked for, all where none was.
pub(crate) fn select(asked: &[u8]) -> Result<Vec<&'static Point>> {
    if let Some(unknown) = asked.iter().find(|number| !POINTS.iter().any(|point| point.has(**number))) {
        bail!("there is no point {unknown}: they are 1 to 10");
    }
    Ok(POINTS
        .iter()
        .filter(|point| asked.is_empty() || asked.iter().any(|number| point.has(*number)))
        .collect())
}

impl Point {
    fn has(&self, number: u8) -> bool {
        self.numbers.contains(&number)
    }

    /// The number that names it.
    pub(crate) fn number(&self) -> u8 {
        self.numbers.first().copied().unwrap_or_default()
    }
}

/// The middle one of several figures, and the least and the most of them.
pub(crate) fn spread(mut figures: Vec<f64>) -> (f64, Option<(f64, f64)>) {
    figures.sort_by(f64::total_cmp);
    let middle = figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN);
    let range = figures.first().copied().zip(figures.last().copied()).filter(|_| figures.len() > 1);
    (middle, range)
}
