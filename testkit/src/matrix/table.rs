//! The matrix as a person reads it.

use std::fmt::Write as _;

use super::{Cell, Outcome};

const HEAD: [&str; 2] = [
    "                                         missed        miss rate      |      extra traffic             of the | duplicates | control per s",
    "loss           rtt  latency  hops  of      frames  measured   bound   | measured    bound  uplink     optimum |   received |   down   back",
];

/// The outcomes in a table, one line for each cell. A figure beyond its bound is marked with `!`.
pub fn table(cells: &[Cell], outcomes: &[Outcome]) -> String {
    let mut text = HEAD.map(|line| format!("{line}\n")).concat();
    for (cell, outcome) in cells.iter().zip(outcomes) {
        line(&mut text, cell, outcome);
    }
    text
}

fn line(text: &mut String, cell: &Cell, outcome: &Outcome) {
    let (miss, extra) = (outcome.miss_rate(), outcome.down.extra());
    let of_optimum =
        if cell.optimum > 0.0 { format!("{:.2}", extra / cell.optimum) } else { String::from("-") };
    let up = outcome.up.extra();
    let up_text = if cell.both_hops { percent(up) } else { String::from("-") };
    let (down, back) = outcome.control_rates();
    let row = writeln!(
        text,
        "{} {:>3} of {:>7}  {:>8.1e}{} {:>7.0e}   | {:>8}{} {:>7} {:>7}{}     {:>7} | {:>9}{} | {:>6.1} {:>6.1}",
        cell.name(),
        outcome.missed,
        outcome.expected,
        miss,
        mark(miss > cell.miss_max),
        cell.miss_max,
        percent(extra),
        mark(extra > cell.extra_max),
        percent(cell.extra_max),
        up_text,
        mark(cell.both_hops && up > cell.extra_max),
        of_optimum,
        percent(outcome.duplicate_rate()),
        mark(cell.loss_percent <= 10 && outcome.duplicate_rate() > 0.015),
        down,
        back,
    );
    row.expect("text takes what is written");
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

fn mark(beyond: bool) -> char {
    if beyond { '!' } else { ' ' }
}
