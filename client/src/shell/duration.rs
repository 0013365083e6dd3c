//! Durations as people write them: `500ms`, `2s`, `1.5s`, `10m`, `0`.

use std::time::Duration;

use protocol::limits::{LATENCY_MAX, LATENCY_MIN};
use thiserror::Error;

use super::echo::Echo;

/// Seconds in a duration that is still taken: a year; longer ones are typing errors.
const SECONDS_MAX: f64 = 366.0 * 24.0 * 3_600.0;

/// Reads a duration: a number with a unit (`ms`, `s`, `m`, `h`), whole milliseconds, or `0`.
///
/// # Errors
///
/// When there is no number, no unit, or more than a year.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let value: f64 = number.parse().map_err(|_| DurationError::syntax(text))?;
    let unit_seconds = match unit {
        "ms" => 1e-3,
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3_600.0,
        "" if value == 0.0 => 1.0,
        "" => return Err(DurationError::Unit(Echo(text).to_string())),
        _ => return Err(DurationError::syntax(text)),
    };
    let seconds = value * unit_seconds;
    if seconds > SECONDS_MAX {
        return Err(DurationError::TooLong(Echo(text).to_string()));
    }
    let milliseconds = (seconds * 1e3).round() / 1e3;
    Duration::try_from_secs_f64(milliseconds).map_err(|_| DurationError::syntax(text))
}

/// Reads a latency: `0` (what is whole is shown at once) or 100 ms to 10 s.
///
/// # Errors
///
/// When it is no duration or outside that range.
pub fn parse_latency(text: &str) -> Result<Duration, DurationError> {
    let latency = parse_duration(text)?;
    if latency.is_zero() || (LATENCY_MIN..=LATENCY_MAX).contains(&latency) {
        Ok(latency)
    } else {
        Err(DurationError::Latency(Echo(text).to_string()))
    }
}

/// Why a text is not the duration that was asked for.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum DurationError {
    /// No number, or no unit that exists.
    #[error("'{0}' is not a duration: write a number and a unit, such as 500ms or 2s")]
    Syntax(String),
    /// A number alone.
    #[error("'{0}' has no unit: write {0}ms or {0}s")]
    Unit(String),
    /// More than a year.
    #[error("'{0}' is too long: at most a year is taken")]
    TooLong(String),
    /// A duration, but not one of a latency.
    #[error(
        "latency '{0}' is out of range: write 100ms to {max}s, or 0 for the newest picture at once",
        max = LATENCY_MAX.as_secs()
    )]
    Latency(String),
}

impl DurationError {
    fn syntax(text: &str) -> Self {
        Self::Syntax(Echo(text).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_with_units_are_durations() {
        for (text, milliseconds) in [
            ("0", 0),
            ("0s", 0),
            ("500ms", 500),
            ("2s", 2_000),
            ("1.5s", 1_500),
            ("0.0004s", 0),
            ("2m", 120_000),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused_with_its_value_and_the_remedy() {
        for text in ["", "ms", "-1s", "fast", "1e3s", "NaN", "inf", "1..2s", "5 s", "5d", "٣s", "."] {
            let message = parse_duration(text).unwrap_err().to_string();
            assert_eq!(
                message,
                format!("'{text}' is not a duration: write a number and a unit, such as 500ms or 2s")
            );
        }
        assert_eq!(parse_duration("500").unwrap_err().to_string(), "'500' has no unit: write 500ms or 500s");
        let endless = "9".repeat(400) + "h";
        assert!(matches!(parse_duration(&endless), Err(DurationError::TooLong(_))));
    }

    #[test]
    fn a_latency_is_zero_or_lies_between_its_limits() {
        for text in ["0", "100ms", "500ms", "10s"] {
            assert!(parse_latency(text).is_ok(), "{text}");
        }
        for text in ["1ms", "99ms", "10001ms", "1h"] {
            assert_eq!(
                parse_latency(text).unwrap_err().to_string(),
                format!(
                    "latency '{text}' is out of range: write 100ms to 10s, or 0 for the newest picture at once"
                )
            );
        }
    }
}
