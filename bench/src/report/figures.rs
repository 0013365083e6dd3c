//! The figures that thresholds speak of.

use std::time::Duration;

use super::{Report, share};
use crate::tally::Times;

/// A figure of the report.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Metric {
    name: &'static str,
    unit: Unit,
    read: fn(&Report) -> Option<f64>,
}

/// What a figure is counted in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unit {
    /// Milliseconds.
    Milliseconds,
    /// Microseconds.
    Microseconds,
    /// A number.
    Count,
    /// Hundredths.
    Percent,
    /// Bytes.
    Bytes,
}

impl Unit {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Milliseconds => "ms",
            Self::Microseconds => "us",
            Self::Count => "",
            Self::Percent => "%",
            Self::Bytes => "B",
        }
    }

    pub(crate) const fn remedy(self) -> &'static str {
        match self {
            Self::Milliseconds => "write a time, such as 20ms",
            Self::Microseconds => "write a time, such as 10us",
            Self::Count => "write a number, such as 0",
            Self::Percent => "write per cent, such as 80%",
            Self::Bytes => "write a size, such as 64MiB",
        }
    }
}

const fn metric(name: &'static str, unit: Unit, read: fn(&Report) -> Option<f64>) -> Metric {
    Metric { name, unit, read }
}

/// All of them, as `docs/BENCH.md` lists them.
const METRICS: &[Metric] = &[
    metric("p50", Unit::Milliseconds, |it| ms(&it.tally.latency, 0.5)),
    metric("p90", Unit::Milliseconds, |it| ms(&it.tally.latency, 0.9)),
    metric("p99", Unit::Milliseconds, |it| ms(&it.tally.latency, 0.99)),
    metric("p99.9", Unit::Milliseconds, |it| ms(&it.tally.latency, 0.999)),
    metric("max", Unit::Milliseconds, |it| ms(&it.tally.latency, 1.0)),
    metric("join_p50", Unit::Milliseconds, |it| ms(&it.tally.join, 0.5)),
    metric("join_p99", Unit::Milliseconds, |it| ms(&it.tally.join, 0.99)),
    metric("first_frame_p99", Unit::Milliseconds, |it| ms(&it.tally.first_frame, 0.99)),
    metric("lost", Unit::Count, |it| count(it.tally.missing)),
    metric("late", Unit::Count, |it| count(it.tally.engine.late)),
    metric("repaired", Unit::Count, |it| count(it.tally.engine.repaired_arq + it.tally.engine.repaired_fec)),
    metric("skipped", Unit::Count, |it| count(it.tally.engine.skipped)),
    metric("misordered", Unit::Count, |it| count(it.tally.misordered)),
    metric("wrong", Unit::Count, |it| count(it.tally.wrong)),
    metric("unsent", Unit::Count, |it| count(it.tally.unsent)),
    metric("unjoined", Unit::Count, |it| {
        let joined = usize::try_from(it.tally.joined).unwrap_or(usize::MAX);
        count(it.asked.viewers.saturating_sub(joined) as u64)
    }),
    metric("refused", Unit::Count, |it| count(it.tally.refused)),
    metric("disconnects", Unit::Count, |it| count(it.tally.disconnects)),
    metric("delivered", Unit::Count, |it| count(it.tally.delivered_in_window)),
    metric("resent", Unit::Percent, |it| {
        (it.tally.traffic.data > 0)
            .then(|| it.tally.traffic.resent as f64 / it.tally.traffic.data as f64 * 100.0)
    }),
    metric("broker_cpu", Unit::Percent, |it| {
        Some(share(it.broker.as_ref()?.used.cpu.total, it.measured) * 100.0)
    }),
    metric("broker_us", Unit::Microseconds, |it| {
        let frames = it.tally.delivered_in_window;
        let used = it.broker.as_ref()?.used.cpu.total.as_secs_f64() * 1e6;
        (frames > 0).then(|| used / frames as f64)
    }),
    metric("rss", Unit::Bytes, |it| count(it.broker.as_ref()?.rss)),
    metric("load_cpu", Unit::Percent, |it| Some(it.load_share() * 100.0)),
];

impl PartialEq for Metric {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Metric {
    /// The one of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        METRICS.iter().find(|metric| metric.name == name).copied()
    }

    /// All names.
    pub(crate) fn names() -> String {
        METRICS.iter().map(|metric| metric.name).collect::<Vec<_>>().join(", ")
    }

    pub(crate) const fn unit(self) -> Unit {
        self.unit
    }
}

impl Report {
    /// A figure; `None` where it was not measured.
    pub(crate) fn figure(&self, metric: Metric) -> Option<f64> {
        (metric.read)(self)
    }

    /// A figure by its name.
    pub fn figure_named(&self, name: &str) -> Option<f64> {
        self.figure(Metric::named(name)?)
    }
}

fn ms(times: &Times, quantile: f64) -> Option<f64> {
    times.quantile(quantile).map(|time: Duration| time.as_secs_f64() * 1e3)
}

#[expect(clippy::unnecessary_wraps, reason = "the form of all readings")]
const fn count(count: u64) -> Option<f64> {
    Some(count as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_is_documented() {
        let documentation = include_str!("../../../docs/BENCH.md");
        for metric in METRICS {
            assert!(documentation.contains(&format!("`{}`", metric.name)), "{}", metric.name);
        }
    }

    #[test]
    fn the_cost_of_a_frame_is_the_brokers_time_over_the_frames_that_came() {
        let mut report = Report { measured: Duration::from_secs(2), ..Report::default() };
        assert_eq!(report.figure_named("broker_us"), None, "there is no broker to look at");
        let mut broker = super::super::BrokerFigures::default();
        broker.used.cpu.total = Duration::from_millis(500);
        report.broker = Some(broker);
        assert_eq!(report.figure_named("broker_us"), None, "no frame came");
        report.tally.delivered_in_window = 50_000;
        assert_eq!(report.figure_named("broker_us"), Some(10.0));
        assert_eq!(report.figure_named("broker_cpu"), Some(25.0));
    }
}
