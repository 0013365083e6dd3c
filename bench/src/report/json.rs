//! The report as one JSON object; `docs/BENCH.md` says what its fields mean.

use serde_json::{Value, json};

use super::{BrokerFigures, Report, share};
use crate::tally::{Times, Traffic};
use crate::threshold::Threshold;

impl Report {
    /// The report, with what each threshold found.
    pub fn to_json(&self, thresholds: &[Threshold]) -> Value {
        let tally = &self.tally;
        json!({
            "type": "bench",
            "asked": {
                "producers": self.asked.producers,
                "viewers": self.asked.viewers,
                "rate": self.asked.rate,
                "frame_bytes": self.asked.frame_bytes,
                "loss": self.asked.loss,
                "delay_ms": rounded(self.asked.delay.as_secs_f64() * 1e3),
                "churn": self.asked.churn,
                "coalescing": self.asked.coalescing,
            },
            "measured_s": rounded(self.measured.as_secs_f64()),
            "interrupted": self.interrupted,
            "viewers": {
                "joined": tally.joined,
                "churned": tally.churned,
                "refused": tally.refused,
                "disconnects": tally.disconnects,
            },
            "frames": {
                "published": tally.published,
                "unsent": tally.unsent,
                "delivered": tally.delivered,
                "delivered_in_window": tally.delivered_in_window,
                "lost": tally.missing,
                "misordered": tally.misordered,
                "wrong": tally.wrong,
            },
            "engines": {
                "expected": tally.engine.expected,
                "direct": tally.engine.direct,
                "repaired_arq": tally.engine.repaired_arq,
                "repaired_fec": tally.engine.repaired_fec,
                "late": tally.engine.late,
                "lost": tally.engine.lost,
                "skipped": tally.engine.skipped,
                "duplicates": tally.engine.duplicates,
            },
            "latency_ms": times(&tally.latency),
            "join_ms": times(&tally.join),
            "first_frame_ms": times(&tally.first_frame),
            "traffic": traffic(&tally.traffic),
            "broker": self.broker.as_ref().map(|broker| self.broker_json(broker)),
            "load": {
                "cpu_share_of_busiest_thread": rounded(self.load_share()),
                "dropped": self.load.dropped,
                "bound": self.is_load_bound(),
                "publish_delay_ms": times(&tally.publish_delay),
            },
            "thresholds": thresholds.iter().map(|threshold| json!({
                "condition": threshold.to_string(),
                "failed": threshold.is_met(self),
            })).collect::<Vec<_>>(),
        })
    }

    fn broker_json(&self, broker: &BrokerFigures) -> Value {
        let used = &broker.used;
        json!({
            "pid": broker.pid,
            "cpu_s": used.cpu.total.as_secs_f64(),
            "cpu_user_s": used.cpu.user.as_secs_f64(),
            "cpu_system_s": used.cpu.system.as_secs_f64(),
            "cpu_share": rounded(share(used.cpu.total, self.measured)),
            "cpu_us_per_frame": self.figure_named("broker_us").map(rounded),
            "threads_cpu_s": used.threads.iter().map(|(_, spent)| spent.as_secs_f64()).collect::<Vec<_>>(),
            "rss_before": broker.rss_before,
            "rss": broker.rss,
            "rss_after": broker.rss_after,
        })
    }
}

fn times(times: &Times) -> Value {
    let at = |share| times.quantile(share).map(|time| rounded(time.as_secs_f64() * 1e3));
    json!({
        "count": times.count(),
        "p50": at(0.5),
        "p90": at(0.9),
        "p99": at(0.99),
        "p99.9": at(0.999),
        "max": at(1.0),
    })
}

fn traffic(traffic: &Traffic) -> Value {
    json!({
        "data": traffic.data,
        "resent": traffic.resent,
        "parity": traffic.parity,
        "control_in": traffic.control_in,
        "control_in_bytes": traffic.control_in_bytes,
        "control_out": traffic.control_out,
        "control_out_bytes": traffic.control_out_bytes,
        "impaired": traffic.impaired,
    })
}

/// Three decimals: what lies behind them is noise.
fn rounded(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_documented() {
        let documentation = include_str!("../../../docs/BENCH.md");
        let broker = Some(BrokerFigures::default());
        let report = Report { broker, ..Report::default() };
        let thresholds = Threshold::parse_all("lost>0").unwrap();
        let mut open = vec![report.to_json(&thresholds)];
        while let Some(value) = open.pop() {
            match value {
                Value::Object(object) => {
                    for (name, value) in object {
                        assert!(documentation.contains(&format!("`{name}`")), "{name}");
                        open.push(value);
                    }
                }
                Value::Array(values) => open.extend(values),
                _ => {}
            }
        }
    }
}
