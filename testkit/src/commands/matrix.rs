//! `matrix`.

use clap::Args;
use testkit::matrix::{Cell, Extent, measure, table};

/// Which cells, and how many frames of each.
#[derive(Args)]
pub(crate) struct Matrix {
    /// Frames of each cell.
    #[arg(long, default_value_t = 3_000)]
    frames: u64,
    /// Frames of one simulation at the most.
    #[arg(long, default_value_t = 10_000)]
    frames_per_run: u64,
    /// Where the randomness comes from.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Threads.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Only the cells whose line contains this.
    #[arg(long, default_value = "")]
    only: String,
}

impl Matrix {
    /// Prints the table.
    pub(crate) fn run(&self) {
        let extent = Extent {
            frames: self.frames,
            frames_per_run: self.frames_per_run,
            seed: self.seed,
            threads: self.threads,
        };
        let mut cells = Cell::all();
        cells.retain(|cell| cell.name().contains(&self.only));
        print!("{}", table(&cells, &measure(&cells, &extent)));
    }
}
