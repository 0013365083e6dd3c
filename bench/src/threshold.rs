//! Conditions that a run must not meet: `p99>20ms,lost>0`.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::quantity::split;
use crate::report::{Metric, Report, Unit};

/// One condition: a figure of the report, and the value it must not pass.
#[derive(Clone, PartialEq, Debug)]
pub struct Threshold {
    metric: Metric,
    relation: Relation,
    value: f64,
    text: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Relation {
    Above,
    AtLeast,
    Below,
    AtMost,
}

/// What is wrong with a condition, and what is right.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum ThresholdError {
    /// No relation.
    #[error("'{0}' compares nothing: write a figure, > or <, and a value, such as p99>20ms or lost>0")]
    Relation(String),
    /// No such figure.
    #[error("'{0}' is no figure: write one of {names}", names = Metric::names())]
    Metric(String),
    /// No value of that kind.
    #[error("'{0}' has no value that fits: {1}")]
    Value(String, &'static str),
}

impl Threshold {
    /// Conditions, one behind the other, with commas between.
    ///
    /// # Errors
    ///
    /// The first one that is wrong.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, ThresholdError> {
        text.split(',').map(str::parse).collect()
    }

    /// Whether `report` meets it. A figure that there is none of meets it, too: what was to be shown was not.
    pub fn is_met(&self, report: &Report) -> bool {
        report.figure(self.metric).is_none_or(|figure| match self.relation {
            Relation::Above => figure > self.value,
            Relation::AtLeast => figure >= self.value,
            Relation::Below => figure < self.value,
            Relation::AtMost => figure <= self.value,
        })
    }

    /// How it stands, for a person.
    pub fn verdict(&self, report: &Report) -> String {
        let figure =
            report.figure(self.metric).map_or_else(|| "not measured".to_owned(), |it| format!("{it:.3}"));
        format!("{}: it is {figure} {}", self.text, self.metric.unit().name()).trim_end().to_owned()
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Threshold {
    type Err = ThresholdError;

    fn from_str(text: &str) -> Result<Self, ThresholdError> {
        let text = text.trim();
        let at = text.find(['<', '>']).ok_or_else(|| ThresholdError::Relation(text.to_owned()))?;
        let (name, rest) = text.split_at(at);
        let metric =
            Metric::named(name.trim()).ok_or_else(|| ThresholdError::Metric(name.trim().to_owned()))?;
        let (relation, value) = [
            (">=", Relation::AtLeast),
            ("<=", Relation::AtMost),
            (">", Relation::Above),
            ("<", Relation::Below),
        ]
        .into_iter()
        .find_map(|(sign, relation)| Some((relation, rest.strip_prefix(sign)?)))
        .ok_or_else(|| ThresholdError::Relation(text.to_owned()))?;
        let value = value_in(metric.unit(), value)
            .ok_or_else(|| ThresholdError::Value(text.to_owned(), metric.unit().remedy()))?;
        Ok(Self { metric, relation, value, text: text.to_owned() })
    }
}

/// A number in the metric's own unit.
fn value_in(unit: Unit, text: &str) -> Option<f64> {
    let (number, suffix) = split(text);
    let value: f64 = number.parse().ok()?;
    let factor = match (unit, suffix) {
        (Unit::Milliseconds | Unit::Microseconds | Unit::Bytes | Unit::Count, "") if value == 0.0 => 1.0,
        (Unit::Milliseconds, "us") | (Unit::Microseconds, "ns") => 1e-3,
        (Unit::Milliseconds, "ms")
        | (Unit::Microseconds, "us")
        | (Unit::Count, "")
        | (Unit::Percent, "%")
        | (Unit::Bytes, "B") => 1.0,
        (Unit::Milliseconds, "s") | (Unit::Microseconds, "ms") | (Unit::Bytes, "kB") => 1e3,
        (Unit::Bytes, "MB") => 1e6,
        (Unit::Bytes, "KiB") => 1_024.0,
        (Unit::Bytes, "MiB") => 1_048_576.0,
        _ => return None,
    };
    Some(value * factor)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn report() -> Report {
        let mut report = Report::default();
        (1..=100).for_each(|ms| report.tally.latency.note(Duration::from_millis(ms)));
        report.tally.missing = 2;
        report
    }

    #[test]
    fn a_run_fails_where_a_figure_passes_its_threshold() {
        for (text, met) in [
            ("p99>20ms", true),
            ("p99>0.2s", false),
            ("p50 <= 60ms", true),
            ("p50>50500us", false),
            ("lost>0", true),
            ("lost>2", false),
            ("lost>=2", true),
            ("lost<2", false),
            ("misordered>0", false),
        ] {
            assert_eq!(text.parse::<Threshold>().unwrap().is_met(&report()), met, "{text}");
        }
    }

    #[test]
    fn what_was_not_measured_is_no_success() {
        let threshold: Threshold = "rss>64MiB".parse().unwrap();
        assert!(threshold.is_met(&report()));
        assert_eq!(threshold.verdict(&report()), "rss>64MiB: it is not measured B");
    }

    #[test]
    fn several_are_parted_by_commas_and_the_first_wrong_one_is_named() {
        let both = Threshold::parse_all("p99>20ms, lost>0").unwrap();
        assert_eq!(both.iter().map(ToString::to_string).collect::<Vec<_>>(), ["p99>20ms", "lost>0"]);
        for (text, says) in [
            ("p99", "'p99' compares nothing"),
            ("p99>20ms,", "'' compares nothing"),
            ("p98>20ms", "'p98' is no figure: write one of p50,"),
            ("p99>20", "'p99>20' has no value that fits: write a time, such as 20ms"),
            ("lost>1%", "'lost>1%' has no value that fits: write a number, such as 0"),
            ("p99=20ms", "'p99=20ms' compares nothing"),
        ] {
            let error = Threshold::parse_all(text).unwrap_err().to_string();
            assert!(error.starts_with(says), "{text}: {error}");
        }
    }
}
