//! How people write what a path does: `5%`, `2mbit`, `2s@10s`.
//!
//! A [`Fault`] does not repeat the value: whoever read it has said the name and the value before.

use std::time::Duration;

use thiserror::Error;

use crate::blackout::Blackout;

/// Bits per second of the slowest link: below it a datagram takes minutes.
const RATE_MIN: f64 = 1e3;
/// Bits per second of the fastest; one process can't relay more.
const RATE_MAX: f64 = 1e11;
/// The longest time that a datagram may be under way, and what bounds the memory for it.
pub const SPAN_MAX: Duration = Duration::from_secs(60);

/// What is wrong with a value, and what is right.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum Fault {
    /// Not a share.
    #[error("not a share: write per cent from 0% to 100%, such as 5% or 0.1%")]
    Share,
    /// Not a rate.
    #[error("not a rate: write bits per second from 1kbit to 100gbit, such as 500kbit or 2mbit")]
    Rate,
    /// Not a span that a datagram may wait.
    #[error("not a time: write milliseconds or seconds up to 60s, such as 20ms")]
    Span,
    /// Not a blackout.
    #[error(
        "not a blackout: write 2s@10s for 2 s every 10 s, or 2s@10s:once for one of 2 s that starts after 10 s"
    )]
    Blackout,
    /// Two directions of a path, and more.
    #[error("more than two directions: write one value for both, or UP/DOWN")]
    Directions,
}

/// A share of all datagrams: `5%`, `0.1%`, `0`.
///
/// # Errors
///
/// [`Fault::Share`].
pub fn share(text: &str) -> Result<f64, Fault> {
    let number = if text == "0" { text } else { text.strip_suffix('%').ok_or(Fault::Share)? };
    let percent = decimal(number).filter(|percent| (0.0..=100.0).contains(percent));
    percent.map(|percent| percent / 100.0).ok_or(Fault::Share)
}

/// A rate in bits per second: `500kbit`, `2mbit`, `1gbit`.
///
/// # Errors
///
/// [`Fault::Rate`].
pub fn rate(text: &str) -> Result<u64, Fault> {
    let lower = text.to_ascii_lowercase();
    let (number, unit) = [("kbit", 1e3), ("mbit", 1e6), ("gbit", 1e9)]
        .iter()
        .find_map(|(suffix, unit)| Some((lower.strip_suffix(suffix)?, unit)))
        .ok_or(Fault::Rate)?;
    let bits =
        decimal(number).map(|number| number * unit).filter(|bits| (RATE_MIN..=RATE_MAX).contains(bits));
    // Whole, positive and far below 2^53.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked against RATE_MAX")]
    bits.map(|bits| bits as u64).ok_or(Fault::Rate)
}

/// A time that a datagram may wait: `20ms`, `0.5ms`, `1s`, `0`.
///
/// # Errors
///
/// [`Fault::Span`].
pub fn span(text: &str) -> Result<Duration, Fault> {
    time(text).filter(|span| *span <= SPAN_MAX).ok_or(Fault::Span)
}

/// When nothing passes: `2s@10s`, or `2s@10s:once`.
///
/// # Errors
///
/// [`Fault::Blackout`], also for one that leaves no time between.
pub fn blackout(text: &str) -> Result<Blackout, Fault> {
    let (times, once) = text.strip_suffix(":once").map_or((text, false), |times| (times, true));
    let (lasts, at) = times.split_once('@').ok_or(Fault::Blackout)?;
    let (lasts, at) = time(lasts).zip(time(at)).ok_or(Fault::Blackout)?;
    if lasts.is_zero() || (!once && lasts >= at) {
        Err(Fault::Blackout)
    } else if once {
        Ok(Blackout::Once { at, lasts })
    } else {
        Ok(Blackout::Every { period: at, lasts })
    }
}

/// A value for both directions, or one each: `5%`, `5%/1%`; `-` leaves a direction as it is.
///
/// # Errors
///
/// What `read` says, or [`Fault::Directions`].
pub fn directions<T: Copy>(
    text: &str,
    read: impl Fn(&str) -> Result<T, Fault>,
) -> Result<(Option<T>, Option<T>), Fault> {
    let one = |text: &str| if text == "-" { Ok(None) } else { read(text).map(Some) };
    match text.split_once('/') {
        None => one(text).map(|both| (both, both)),
        Some((_, down)) if down.contains('/') => Err(Fault::Directions),
        Some((up, down)) => Ok((one(up)?, one(down)?)),
    }
}

fn time(text: &str) -> Option<Duration> {
    let (number, unit) = if let Some(number) = text.strip_suffix("ms") {
        (number, 1e-3)
    } else if let Some(number) = text.strip_suffix('s') {
        (number, 1.0)
    } else if let Some(number) = text.strip_suffix('m') {
        (number, 60.0)
    } else {
        return (text == "0").then_some(Duration::ZERO);
    };
    Duration::try_from_secs_f64(decimal(number)? * unit).ok()
}

/// Plain digits with a point: Rust's own reading takes `inf`, `NaN` and `1e3` as well.
fn decimal(text: &str) -> Option<f64> {
    let plain = text.chars().all(|c| c.is_ascii_digit() || c == '.');
    text.parse().ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn what_people_write_is_understood() {
        assert_eq!(
            (share("5%"), share("0.1%"), share("0"), share("100%")),
            (Ok(0.05), Ok(0.001), Ok(0.0), Ok(1.0))
        );
        assert_eq!(
            (rate("2mbit"), rate("500kbit"), rate("1.5Mbit")),
            (Ok(2_000_000), Ok(500_000), Ok(1_500_000))
        );
        assert_eq!(
            (span("20ms"), span("0.5ms"), span("1s"), span("0")),
            (Ok(20 * MS), Ok(MS / 2), Ok(1_000 * MS), Ok(Duration::ZERO))
        );
        let every = Blackout::Every { period: 10_000 * MS, lasts: 2_000 * MS };
        assert_eq!(blackout("2s@10s"), Ok(every));
        assert_eq!(blackout("2s@10s:once"), Ok(Blackout::Once { at: 10_000 * MS, lasts: 2_000 * MS }));
        assert_eq!(blackout("500ms@0:once"), Ok(Blackout::Once { at: Duration::ZERO, lasts: 500 * MS }));
    }

    #[test]
    fn one_value_is_for_both_directions_and_two_are_up_and_down() {
        assert_eq!(directions("5%", share), Ok((Some(0.05), Some(0.05))));
        assert_eq!(directions("5%/1%", share), Ok((Some(0.05), Some(0.01))));
        assert_eq!(directions("2mbit/-", rate), Ok((Some(2_000_000), None)));
        assert_eq!(directions("1%/2%/3%", share), Err(Fault::Directions));
        assert_eq!(directions("1%/", share), Err(Fault::Share));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "5", "0.05", "-1%", "101%", "%", "NaN%", "inf%", "1e1%", "five"] {
            assert_eq!(share(text), Err(Fault::Share), "{text}");
        }
        for text in ["", "2", "2m", "mbit", "0mbit", "200gbit", "-1mbit", "inf mbit", "1e3kbit", "2mbyte"] {
            assert_eq!(rate(text), Err(Fault::Rate), "{text}");
        }
        for text in ["", "20", "61s", "2m", "-1ms", "1h", "NaNs", "9999999999999999999999999s"] {
            assert_eq!(span(text), Err(Fault::Span), "{text}");
        }
        for text in ["", "2s", "2s@", "@10s", "10s@10s", "0@10s", "2s@10s:twice", "2@10"] {
            assert_eq!(blackout(text), Err(Fault::Blackout), "{text}");
        }
    }
}
