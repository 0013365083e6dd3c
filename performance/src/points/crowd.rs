//! Points 5 to 8: very many viewers, viewers of nothing, viewers that come and go, channels without viewers.

use anyhow::Result;

use super::Effort;
use crate::bench::{Lab, Measured};
use crate::server::Server;
use crate::table::{Goal, Row, Table};

const ONE: Server = Server::Broker { workers: 1 };
const MIB: f64 = 1_048_576.0;

/// Point 5.
pub(super) fn measure_many(lab: &Lab, effort: Effort, table: &mut Table) -> Result<()> {
    let window = effort.window * 2;
    let busy = lab.run(
        ONE,
        &format!("--producers 3 --viewers 10000 --ramp 1000 --frame-bytes 1kB --warm-up 3s --for {window}s"),
    )?;
    let name = "10 000 viewers x 12 fps x 1 kB";
    show(table, 5, &format!("{name}: frames lost"), busy.spoilt(), Goal::AtMost(0.0))?;
    show(
        table,
        5,
        &format!("{name}: p99 join, ms"),
        busy.number("/first_frame_ms/p99"),
        Goal::AtMost(1_000.0),
    )?;
    show(
        table,
        5,
        &format!("{name}: broker RSS, MiB"),
        busy.number("/broker/rss") / MIB,
        Goal::AtMost(64.0),
    )?;
    show_load(table, 5, name, &busy)?;

    let flags = |viewers: u32| {
        format!(
            "--producers 3 --viewers {viewers} --ramp 2000 --frame-bytes 1kB --rate 1 --warm-up 3s --for {window}s"
        )
    };
    let fewer = lab.run(ONE, &flags(10_000))?;
    let many = lab.run(ONE, &flags(50_000))?;
    let name = "50 000 viewers x 1 fps x 1 kB";
    show(table, 5, &format!("{name}: frames lost"), many.spoilt(), Goal::AtMost(0.0))?;
    let cost = many.number("/broker/cpu_s") / fewer.number("/broker/cpu_s") / 5.0;
    show(table, 5, &format!("{name}: CPU per viewer beside 10 000"), cost, Goal::AtMost(1.15))?;
    let memory = per_viewer(&many, 50_000.0) / per_viewer(&busy, 10_000.0);
    show(table, 5, &format!("{name}: memory per viewer beside 10 000 x 12 fps"), memory, Goal::AtMost(1.0))?;
    let playing = per_viewer(&many, 50_000.0) / 1_024.0;
    show(table, 5, &format!("{name}: KiB per playing viewer"), playing, Goal::AtMost(4.0))?;
    show_load(table, 5, name, &many)
}

/// Point 6.
pub(super) fn measure_silent(lab: &Lab, effort: Effort, table: &mut Table) -> Result<()> {
    // FEEDBACK backs off to one per 7.5 s: that has to be over.
    let window = effort.window * 4;
    let flags = format!("--producers 3 --viewers 10000 --ramp 3000 --rate 0 --warm-up 12s --for {window}s");
    let run = lab.run(ONE, &flags)?;
    let name = "10 000 viewers of silent channels";
    let share = run.number("/broker/cpu_share") * 100.0;
    show(table, 6, &format!("{name}: per cent of a core"), share, Goal::AtMost(2.0))?;
    let memory = per_viewer(&run, 10_000.0) / 1_024.0;
    show(table, 6, &format!("{name}: KiB per viewer"), memory, Goal::AtMost(1.0))
}

/// Point 7.
pub(super) fn measure_churn(lab: &Lab, effort: Effort, table: &mut Table) -> Result<()> {
    let flags = format!(
        "--producers 3 --viewers 3000 --ramp 1000 --frame-bytes 1kB --churn 1000 --warm-up 2s --for {}s",
        effort.long_window
    );
    let run = lab.run(ONE, &flags)?;
    let name = "1000 joins and leaves per second";
    show(table, 7, &format!("{name}: frames lost"), run.spoilt(), Goal::AtMost(0.0))?;
    show(
        table,
        7,
        &format!("{name}: viewers that came and went"),
        run.number("/viewers/churned"),
        Goal::None,
    )?;
    show(table, 7, &format!("{name}: p99 join, ms"), run.number("/first_frame_ms/p99"), Goal::None)?;
    let steady = lab.run(ONE, "--producers 3 --viewers 3000 --ramp 1000 --frame-bytes 1kB --for 2s")?;
    let memory = run.number("/broker/rss_after") / steady.number("/broker/rss_after");
    show(table, 7, &format!("{name}: memory afterwards beside a run without"), memory, Goal::AtMost(1.15))?;
    show_load(table, 7, name, &run)
}

/// Point 8.
pub(super) fn measure_unwatched(lab: &Lab, effort: Effort, table: &mut Table) -> Result<()> {
    // As many viewers as a core has time for: what the sessions of ten thousand producers cost by themselves, which is not what
    // is asked here, has to be little beside it.
    let window = effort.window * 2;
    let flags = |channels: u32| {
        format!(
            "--producers {channels} --publishing 1 --viewers 3000 --ramp 1000 --warm-up 3s --for {window}s"
        )
    };
    let (one, many) = (lab.run(ONE, &flags(1))?, lab.run(ONE, &flags(10_000))?);
    let idle =
        lab.run(ONE, &format!("--producers 10000 --viewers 1 --rate 0 --warm-up 3s --for {window}s"))?;
    let frames = many.number("/frames/delivered_in_window");
    let cost = (many.number("/broker/cpu_s") - idle.number("/broker/cpu_s")) * 1e6 / frames;
    table.row(&Row {
        point: 8,
        what: "CPU per frame, 10 000 channels beside one (third column), less their own sessions",
        ours: format!("{cost:.2} us ({:.2} with them)", many.cost()),
        reference: format!("{:.2} us", one.cost()),
        figure: cost / one.cost(),
        range: None,
        goal: Goal::AtMost(1.05),
    })
}

fn per_viewer(run: &Measured, viewers: f64) -> f64 {
    (run.number("/broker/rss") - run.number("/broker/rss_before")) / viewers
}

fn show(table: &mut Table, point: u8, what: &str, figure: f64, goal: Goal) -> Result<()> {
    let (ours, reference) = (String::new(), String::new());
    table.row(&Row { point, what, ours, reference, figure, range: None, goal })
}

/// Whether the load measured itself.
fn show_load(table: &mut Table, point: u8, name: &str, run: &Measured) -> Result<()> {
    let words = if run.is_load_bound() { "the load was the limit" } else { "" };
    table.row(&Row {
        point,
        what: &format!("{name}: share of a core, broker; load (figure)"),
        ours: format!("{:.2}", run.number("/broker/cpu_share")),
        reference: words.to_owned(),
        figure: run.number("/load/cpu_share_of_busiest_thread"),
        range: None,
        goal: Goal::None,
    })
}
