//! Point 4: two workers beside one.

use anyhow::Result;

use super::{Effort, spread};
use crate::bench::Lab;
use crate::server::Server;
use crate::table::{Goal, Row, Table};

pub(super) fn measure(lab: &Lab, effort: Effort, table: &mut Table) -> Result<()> {
    let flags = format!("--viewers 1000 --ramp 1000 --warm-up 2s --for {}s", effort.window);
    let mut pairs = Vec::new();
    for _ in 0..effort.repetitions {
        // Neither has a core of its own here: two workers and the load don't fit on two.
        let one = lab.run_on(Server::Broker { workers: 1 }, &flags, false)?;
        pairs.push((lab.run_on(Server::Broker { workers: 2 }, &flags, false)?, one));
    }
    let (figure, range) = spread(pairs.iter().map(|(two, one)| two.cost() / one.cost()).collect());
    table.row(&Row {
        point: 4,
        what: "1000 viewers: CPU per frame, two workers beside one (third column)",
        ours: format!("{:.2} us", spread(pairs.iter().map(|(two, _)| two.cost()).collect()).0),
        reference: format!("{:.2} us", spread(pairs.iter().map(|(_, one)| one.cost()).collect()).0),
        figure,
        range,
        goal: Goal::AtMost(1.15),
    })?;
    let shares = pairs.iter().map(|(two, _)| {
        let (most, least) = two.busiest_threads();
        (most - least) / most
    });
    let (figure, range) = spread(shares.collect());
    table.row(&Row {
        point: 4,
        what: "the same: how much less the other worker did",
        ours: String::new(),
        reference: String::new(),
        figure,
        range,
        goal: Goal::AtMost(0.1),
    })
}
