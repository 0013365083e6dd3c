//! Figures as people read them.

use std::time::Duration;

const KILO: f64 = 1e3;
const MEGA: f64 = 1e6;
const GIGA: f64 = 1e9;

/// `0.4 ms`, `23 ms`.
pub(crate) fn span(span: Duration) -> String {
    let ms = milliseconds(span);
    if ms < 9.95 { format!("{ms:.1} ms") } else { format!("{ms:.0} ms") }
}

/// `31` of `31 ms`.
pub(super) fn whole_ms(span: Duration) -> String {
    format!("{:.0}", milliseconds(span))
}

/// `0.4 ms`, or a dash for what was not measured.
pub(crate) fn span_or_dash(measured: Option<Duration>) -> String {
    measured.map_or_else(|| "-".to_owned(), span)
}

/// `985 kb/s`.
pub(crate) fn bit_rate(bits_per_second: f64) -> String {
    scaled(bits_per_second, "b/s")
}

/// `240 kB/s`.
pub(crate) fn byte_rate(bytes_per_second: f64) -> String {
    scaled(bytes_per_second, "B/s")
}

/// `1.2 MB`.
pub(crate) fn bytes(bytes: u64) -> String {
    scaled(bytes as f64, "B")
}

/// `12.0/s`.
pub(crate) fn frame_rate(per_second: f64) -> String {
    format!("{per_second:.1}/s")
}

/// `0.2 %` of a share from 0 to 1.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// Milliseconds to the microsecond.
pub(crate) fn milliseconds(span: Duration) -> f64 {
    span.as_micros() as f64 / KILO
}

/// Frames per second of frames that long, to the thousandth; `None` where they have no fixed length.
///
/// The wire has whole microseconds: of the rates that give these, the one with the fewest decimals was meant.
pub(crate) fn rate_of(frame_duration: Duration) -> Option<f64> {
    let micros = frame_duration.as_micros() as f64;
    let rate = MEGA / micros;
    let is_meant = |candidate: &f64| (0.0..1.0).contains(&(MEGA / candidate - micros));
    let candidates = [1.0, 10.0, 100.0].map(|decimals| (rate * decimals).round() / decimals);
    (!frame_duration.is_zero())
        .then(|| candidates.into_iter().find(is_meant).unwrap_or_else(|| thousandths(rate)))
}

/// Rounded to the thousandth.
pub(crate) fn thousandths(value: f64) -> f64 {
    (value * KILO).round() / KILO
}

fn scaled(value: f64, unit: &str) -> String {
    match value {
        _ if value >= GIGA => format!("{:.1} G{unit}", value / GIGA),
        _ if value >= MEGA => format!("{:.1} M{unit}", value / MEGA),
        _ if value >= KILO => format!("{:.0} k{unit}", value / KILO),
        _ => format!("{value:.0} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short_and_carry_their_unit() {
        assert_eq!(span(Duration::from_micros(412)), "0.4 ms");
        assert_eq!(span(Duration::from_micros(9_960)), "10 ms");
        assert_eq!(span_or_dash(None), "-");
        assert_eq!(bit_rate(0.0), "0 b/s");
        assert_eq!(bit_rate(984_999.0), "985 kb/s");
        assert_eq!(bytes(1_250_000), "1.2 MB");
        assert_eq!(bytes(3_000_000_000), "3.0 GB");
        assert_eq!(percent(0.0023), "0.2 %");
    }

    #[test]
    fn a_rate_is_what_its_frame_duration_was_made_from() {
        for (rate, micros) in [
            (0.1, 10_000_000),
            (1.0, 1_000_000),
            (12.0, 83_333),
            (23.976, 41_708),
            (29.97, 33_366),
            (60.0, 16_666),
            (240.0, 4_166),
        ] {
            assert_eq!(rate_of(Duration::from_micros(micros)), Some(rate));
        }
        assert_eq!(rate_of(Duration::ZERO), None);
    }
}
