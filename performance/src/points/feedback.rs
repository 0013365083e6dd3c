//! Point 10: what a FEEDBACK costs beside reading it.

use anyhow::Result;

use super::{Effort, spread};
use crate::bench::Lab;
use crate::feedback::{Office, Spent};
use crate::speaker::Speaker;
use crate::table::{Goal, Row, Table};

const VIEWERS: usize = 1_000;
const FRAME_BYTES: usize = 10_000;
/// FEEDBACKs of a repetition, for each second of a window.
const PER_SECOND: usize = 5_000;

/// The viewers' thread has the load's cores, the engine the server's.
pub(super) fn measure(lab: &Lab, effort: Effort, table: &mut Table) -> Result<()> {
    let speaker = lab.cores().on_load(true, Speaker::start)?;
    let spent = lab.cores().on_server(true, || {
        let mut office = Office::open(VIEWERS, FRAME_BYTES, speaker)?;
        let feedbacks = PER_SECOND * effort.window as usize;
        (0..effort.repetitions).map(|_| office.measure(feedbacks)).collect::<Result<Vec<_>>>()
    })?;
    let (figure, range) = spread(spent.iter().map(|it| it.handling_us() / it.reading_us()).collect());
    let handling = spread(spent.iter().map(Spent::handling_us).collect()).0;
    let reading = spread(spent.iter().map(Spent::reading_us).collect()).0;
    table.row(&Row {
        point: 10,
        what: "1000 viewers on calm paths: handling a FEEDBACK beside reading it (third column)",
        ours: format!("{handling:.2} us"),
        reference: format!("{reading:.2} us"),
        figure,
        range,
        goal: Goal::AtMost(1.3),
    })
}
