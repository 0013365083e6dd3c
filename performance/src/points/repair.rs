//! The last lines of point 1: what a datagram costs that goes out because others are lost.

use anyhow::Result;

use super::{Effort, spread};
use crate::bench::{Lab, Measured};
use crate::server::Server;
use crate::table::{Goal, Row, Table};

/// A load that loses datagrams, and what the broker sends for that.
struct Loss {
    what: &'static str,
    flags: &'static str,
    per_cent: u32,
    /// Where the load counts what it is about.
    counter: &'static str,
    name: &'static str,
}

const LOSSES: &[Loss] = &[
    Loss {
        what: "500 viewers, 2 % loss: a repaired datagram, us, with its FEEDBACK",
        flags: "--viewers 500 --ramp 1000",
        per_cent: 2,
        counter: "/traffic/resent",
        name: "resent",
    },
    Loss {
        // So long a round trip leaves no time for a repair before the deadline: there parity is all that is sent for losses. Many
        // frames, so that reports, which come once in so long a time, are little beside it.
        what: "100 viewers, 5 % loss, no time for repairs: a parity datagram, us, with the reports of a lossy path",
        flags: "--viewers 100 --ramp 500 --rate 48 --delay 90ms --latency 100ms",
        per_cent: 5,
        counter: "/traffic/parity",
        name: "parity",
    },
];

impl Loss {
    /// Runs without loss and with it, by turns.
    fn measure(&self, lab: &Lab, effort: Effort, table: &mut Table) -> Result<()> {
        let run = |per_cent: u32| {
            let (flags, settle, window) = (self.flags, effort.settle, effort.window * 2);
            let flags = format!("{flags} --loss {per_cent}% --warm-up {settle}s --for {window}s");
            lab.run(Server::Broker { workers: 1 }, &flags)
        };
        let mut pairs = Vec::new();
        for _ in 0..effort.repetitions {
            pairs.push((run(0)?, run(self.per_cent)?));
        }
        let costs = pairs.iter().map(|(without, with)| {
            let spent = |run: &Measured| run.number("/broker/cpu_s");
            (spent(with) - spent(without)) * 1e6 / self.sent(with)
        });
        let (figure, range) = spread(costs.collect());
        table.row(&Row {
            point: 1,
            what: self.what,
            ours: format!("{:.0} {}", spread(pairs.iter().map(|it| self.sent(&it.1)).collect()).0, self.name),
            reference: String::new(),
            figure,
            range,
            goal: Goal::None,
        })
    }

    /// What the broker sent of it: the load counts what it did not lose.
    fn sent(&self, run: &Measured) -> f64 {
        run.number(self.counter) / (1.0 - f64::from(self.per_cent) / 100.0)
    }
}

/// The difference that loss makes, over the datagrams that the broker sent for it.
pub(super) fn measure(lab: &Lab, effort: Effort, table: &mut Table) -> Result<()> {
    LOSSES.iter().try_for_each(|loss| loss.measure(lab, effort, table))
}
