//! Point 2: the highest rate without loss, in steps of 5 %.

use anyhow::Result;

use super::Effort;
use crate::bench::Lab;
use crate::server::Server;
use crate::table::{Goal, Row, Table};

/// The slowest rate that is tried, frames per second, and the steps above it.
const SLOWEST: f64 = 200.0;
const STEP: f64 = 1.05;
const STEPS: i32 = 40;

/// How far a server came.
struct Reached {
    rate: f64,
    /// The next step was beyond the load, not beyond the server.
    load_bound: bool,
}

pub(super) fn measure(lab: &Lab, _effort: Effort, table: &mut Table) -> Result<()> {
    let ours = search(lab, Server::Broker { workers: 1 })?;
    let reference = search(lab, Server::Reference)?;
    let words = |reached: &Reached| {
        let beyond = if reached.load_bound { "at least " } else { "" };
        format!("{beyond}{:.0}/s", reached.rate)
    };
    table.row(&Row {
        point: 2,
        what: "100 viewers, plain receivers: highest rate without loss, frames per second and viewer",
        ours: words(&ours),
        reference: words(&reference),
        figure: ours.rate / reference.rate,
        range: None,
        goal: if ours.load_bound { Goal::None } else { Goal::AtLeast(0.9) },
    })
}

/// Halves the steps between one that is good and one that is not.
fn search(lab: &Lab, server: Server) -> Result<Reached> {
    let (mut good, mut bad, mut load_bound) = (-1, STEPS, false);
    while bad - good > 1 {
        let step = good.midpoint(bad);
        let rate = SLOWEST * STEP.powi(step);
        let flags = format!("--viewers 100 --ramp 500 --no-gro --warm-up 1s --for 2s --rate {rate:.1}");
        let run = lab.run(server, &flags)?;
        let clean = run.spoilt() == 0.0 && run.number("/frames/unsent") == 0.0;
        if clean && !run.is_load_bound() {
            good = step;
        } else {
            (bad, load_bound) = (step, run.is_load_bound());
        }
    }
    Ok(Reached { rate: SLOWEST * STEP.powi(good), load_bound })
}
