//! The loss x RTT x latency matrix: what reaches a viewer over a path that loses, and at what price.
//!
//! One producer with pictures of 10 kB at 12 per second, one viewer, and for each [`Cell`] the same number of frames.
//! A cell may be split into runs of their own seeds, which threads share: the sums are the same however many there are.

mod cell;
mod run;
mod table;

pub use cell::Cell;
pub use run::Outcome;
pub use table::table;

/// How much is measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Extent {
    /// Frames of each cell.
    pub frames: u64,
    /// Frames of one simulation at the most; a cell with more of them is split.
    pub frames_per_run: u64,
    /// Where the randomness of all of it comes from.
    pub seed: u64,
    /// Threads.
    pub threads: usize,
}

/// Runs each cell.
///
/// # Panics
/// If a simulation breaks an invariant.
pub fn measure(cells: &[Cell], extent: &Extent) -> Vec<Outcome> {
    let runs = extent.frames.div_ceil(extent.frames_per_run.max(1)).max(1);
    let jobs: Vec<(usize, u64)> =
        (0..cells.len()).flat_map(|cell| (0..runs).map(move |run| (cell, run))).collect();
    let next = std::sync::atomic::AtomicUsize::new(0);
    let frames = |run: u64| (extent.frames - run * extent.frames_per_run).min(extent.frames_per_run);
    let work = || {
        let mut sums = vec![Outcome::default(); cells.len()];
        while let Some((cell, run)) = jobs.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
            let seed = extent.seed.wrapping_add(*run);
            if let (Some(sum), Some(cell)) = (sums.get_mut(*cell), cells.get(*cell)) {
                sum.add(&run::run(cell, frames(*run), seed));
            }
        }
        sums
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..extent.threads.max(1)).map(|_| scope.spawn(work)).collect();
        let mut total = vec![Outcome::default(); cells.len()];
        for thread in threads {
            let sums = thread.join().expect("every simulation holds its invariants");
            total.iter_mut().zip(&sums).for_each(|(total, sum)| total.add(sum));
        }
        total
    })
}
