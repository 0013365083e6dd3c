//! Points 1, 3 and 9: what a frame costs and how long it takes, beside the reference.

use anyhow::Result;

use super::{Effort, repair, spread};
use crate::bench::{Lab, Measured};
use crate::server::Server;
use crate::table::{Goal, Row, Table};

/// A load, and what it may cost as a multiple of the reference.
struct Load {
    name: &'static str,
    flags: &'static str,
    cost: f64,
    latency: Latency,
    /// Most of user time in user and system.
    user: Option<f64>,
}

/// What latency may be.
#[derive(Clone, Copy)]
enum Latency {
    /// Multiples of the reference: median, 99th percentile.
    Relative(f64, f64),
    /// Milliseconds of the 99th percentile.
    Absolute(f64),
    Shown,
}

const LOADS: &[Load] = &[
    Load {
        name: "100 viewers, plain receivers",
        flags: "--viewers 100 --ramp 500 --no-gro",
        cost: 1.15,
        latency: Latency::Relative(1.2, 1.5),
        user: None,
    },
    Load {
        name: "100 viewers, GRO receivers",
        flags: "--viewers 100 --ramp 500",
        cost: 1.25,
        latency: Latency::Relative(1.2, 1.5),
        user: None,
    },
    Load {
        name: "1000 viewers, plain receivers",
        flags: "--viewers 1000 --ramp 1000 --no-gro",
        cost: 1.15,
        latency: Latency::Absolute(15.0),
        user: Some(0.1),
    },
    Load {
        name: "1000 viewers, GRO receivers",
        flags: "--viewers 1000 --ramp 1000",
        cost: 1.25,
        latency: Latency::Absolute(15.0),
        user: Some(0.1),
    },
    Load {
        name: "100 viewers, 1100 bytes, 108/s",
        flags: "--viewers 100 --ramp 500 --frame-bytes 1100 --rate 108",
        cost: 1.3,
        latency: Latency::Shown,
        user: None,
    },
];

/// Pairs of runs, broker and reference by turns.
pub(super) fn measure(lab: &Lab, effort: Effort, table: &mut Table) -> Result<()> {
    for load in LOADS {
        let flags = format!("{} --warm-up {}s --for {}s", load.flags, effort.settle, effort.window);
        let mut pairs = Vec::new();
        for _ in 0..effort.repetitions {
            let ours = lab.run(Server::Broker { workers: 1 }, &flags)?;
            pairs.push((ours, lab.run(Server::Reference, &flags)?));
        }
        show_cost(load, &pairs, table)?;
        show_latency(load, &pairs, table)?;
        show_user_share(load, &pairs, table)?;
    }
    repair::measure(lab, effort, table)
}

fn show_cost(load: &Load, pairs: &[(Measured, Measured)], table: &mut Table) -> Result<()> {
    let (figure, range) = spread(pairs.iter().map(|(ours, other)| ours.cost() / other.cost()).collect());
    table.row(&Row {
        point: 1,
        what: &format!("{}: CPU per frame", load.name),
        ours: format!("{:.2} us", spread(pairs.iter().map(|(ours, _)| ours.cost()).collect()).0),
        reference: format!("{:.2} us", spread(pairs.iter().map(|(_, other)| other.cost()).collect()).0),
        figure,
        range,
        goal: Goal::AtMost(load.cost),
    })?;
    let spoilt: f64 = pairs.iter().map(|(ours, _)| ours.spoilt()).sum();
    let spoilt_there: f64 = pairs.iter().map(|(_, other)| other.spoilt()).sum();
    table.row(&Row {
        point: 1,
        what: &format!("{}: frames lost", load.name),
        ours: format!("{spoilt}"),
        reference: format!("{spoilt_there}"),
        figure: spoilt,
        range: None,
        goal: Goal::AtMost(0.0),
    })
}

fn show_latency(load: &Load, pairs: &[(Measured, Measured)], table: &mut Table) -> Result<()> {
    for (name, path) in [("median", "/latency_ms/p50"), ("p99", "/latency_ms/p99")] {
        let (ours, own_range) = spread(pairs.iter().map(|(ours, _)| ours.number(path)).collect());
        let other = spread(pairs.iter().map(|(_, other)| other.number(path)).collect()).0;
        let ratios = pairs.iter().map(|(ours, other)| ours.number(path) / other.number(path));
        let (ratio, ratio_range) = spread(ratios.collect());
        let (figure, range, goal) = match (load.latency, name) {
            (Latency::Relative(median, _), "median") => (ratio, ratio_range, Goal::AtMost(median)),
            (Latency::Relative(_, p99), _) => (ratio, ratio_range, Goal::AtMost(p99)),
            (Latency::Absolute(most), "p99") => (ours, own_range, Goal::AtMost(most)),
            (Latency::Absolute(_) | Latency::Shown, _) => (ratio, ratio_range, Goal::None),
        };
        table.row(&Row {
            point: 3,
            what: &format!("{}: latency, {name}", load.name),
            ours: format!("{ours:.2} ms"),
            reference: format!("{other:.2} ms"),
            figure,
            range,
            goal,
        })?;
    }
    Ok(())
}

fn show_user_share(load: &Load, pairs: &[(Measured, Measured)], table: &mut Table) -> Result<()> {
    let Some(most) = load.user else { return Ok(()) };
    let share = |measured: &Measured| measured.user_share();
    let (figure, range) = spread(pairs.iter().map(|(ours, _)| share(ours)).collect());
    let other = spread(pairs.iter().map(|(_, other)| share(other)).collect()).0;
    table.row(&Row {
        point: 9,
        what: &format!("{}: user time of user + system", load.name),
        ours: format!("{:.1} %", figure * 100.0),
        reference: format!("{:.1} %", other * 100.0),
        figure,
        range,
        goal: Goal::AtMost(most),
    })
}
