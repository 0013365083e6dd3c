//! Sizes, rates and shares as people write them: `10kB`, `1000/s`, `1%`.

use thiserror::Error;

/// What is wrong with a quantity, and what is right.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum QuantityError {
    /// Not a size.
    #[error("not a size: write bytes from 20 to 4194304, such as 10kB, 64KiB or 1200")]
    Bytes,
    /// Not a rate.
    #[error("not a rate: write a number per second, such as 1000/s or 12")]
    Rate,
    /// Not a share.
    #[error("not a share: write per cent from 0% to 50%, such as 1% or 0.5%")]
    Share,
}

/// The largest share of datagrams that may be lost: above it nothing that lives on repairs goes on.
const SHARE_MAX: f64 = 0.5;

/// A size in bytes: `1200`, `10kB` (10 000), `1MB`, `64KiB` (65 536), `1MiB`.
///
/// # Errors
///
/// No number, or another unit.
pub fn parse_bytes(text: &str) -> Result<usize, QuantityError> {
    let (number, unit) = split(text);
    let value: f64 = number.parse().map_err(|_| QuantityError::Bytes)?;
    let factor = match unit {
        "" | "B" => 1.0,
        "kB" | "k" => 1e3,
        "MB" | "M" => 1e6,
        "KiB" => 1_024.0,
        "MiB" => 1_048_576.0,
        _ => return Err(QuantityError::Bytes),
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "digits and a point only")]
    let bytes = (value * factor).round() as usize;
    Ok(bytes)
}

/// A rate per second: `12`, `12/s`, `1000/s`.
///
/// # Errors
///
/// No number, or another unit.
pub fn parse_rate(text: &str) -> Result<f64, QuantityError> {
    match split(text) {
        (number, "" | "/s") => number.parse().map_err(|_| QuantityError::Rate),
        _ => Err(QuantityError::Rate),
    }
}

/// A share: `1%`, `0.5%`, `0`; up to 50 %.
///
/// # Errors
///
/// No number, another unit, or more than half.
pub fn parse_share(text: &str) -> Result<f64, QuantityError> {
    let (number, unit) = split(text);
    let per_cent: f64 = number.parse().map_err(|_| QuantityError::Share)?;
    let known = unit == "%" || (unit.is_empty() && per_cent == 0.0);
    let share = per_cent / 100.0;
    if known && share <= SHARE_MAX { Ok(share) } else { Err(QuantityError::Share) }
}

/// The number at the beginning, and what follows.
pub(crate) fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    (number, unit.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_understood() {
        for (text, bytes) in [("1200", 1_200), ("10kB", 10_000), ("1.5 kB", 1_500), ("64KiB", 65_536)] {
            assert_eq!(parse_bytes(text), Ok(bytes), "{text}");
        }
        assert_eq!((parse_rate("1000/s"), parse_rate("12.5")), (Ok(1_000.0), Ok(12.5)));
        assert_eq!((parse_share("1%"), parse_share("0"), parse_share("50%")), (Ok(0.01), Ok(0.0), Ok(0.5)));
    }

    #[test]
    fn what_is_no_quantity_is_refused() {
        for text in ["", "kB", "-1", "10 apples", "1e3", "inf", "NaN"] {
            assert_eq!(parse_bytes(text), Err(QuantityError::Bytes), "{text}");
            assert_eq!(parse_rate(text), Err(QuantityError::Rate), "{text}");
            assert_eq!(parse_share(text), Err(QuantityError::Share), "{text}");
        }
        assert_eq!(parse_share("1"), Err(QuantityError::Share), "per cent or a part of one?");
        assert_eq!(parse_share("51%"), Err(QuantityError::Share));
    }
}
