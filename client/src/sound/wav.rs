//! Samples as a WAV without an end: what any player of sound reads from a pipe.

use super::speaker::Sample;

/// Samples per second.
pub const RATE: u32 = 48_000;
const CHANNELS: u16 = 2;
const BITS: u16 = 16;
const BYTES_PER_SAMPLE: u16 = CHANNELS * BITS / 8;
/// A length that nobody has to believe.
const ENDLESS: u32 = 0x7FFF_FFFF;

/// What stands in front of the samples.
pub fn header() -> Vec<u8> {
    let mut header = Vec::with_capacity(44);
    header.extend_from_slice(b"RIFF");
    header.extend_from_slice(&ENDLESS.to_le_bytes());
    header.extend_from_slice(b"WAVEfmt ");
    header.extend_from_slice(&16_u32.to_le_bytes());
    // Plain numbers.
    header.extend_from_slice(&1_u16.to_le_bytes());
    header.extend_from_slice(&CHANNELS.to_le_bytes());
    header.extend_from_slice(&RATE.to_le_bytes());
    header.extend_from_slice(&(RATE * u32::from(BYTES_PER_SAMPLE)).to_le_bytes());
    header.extend_from_slice(&BYTES_PER_SAMPLE.to_le_bytes());
    header.extend_from_slice(&BITS.to_le_bytes());
    header.extend_from_slice(b"data");
    header.extend_from_slice(&(ENDLESS - 36).to_le_bytes());
    header
}

/// Writes samples behind it, those that are too loud as loud as can be.
pub fn put(out: &mut Vec<u8>, samples: &[Sample]) {
    for Sample { left, right } in samples {
        for value in [left, right] {
            out.extend_from_slice(&number(*value).to_le_bytes());
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "clamped before")]
fn number(value: f32) -> i16 {
    (value.clamp(-1.0, 1.0) * f32::from(i16::MAX)).round() as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_written_as_players_read_them() {
        assert_eq!(header().len(), 44);
        let mut out = Vec::new();
        put(&mut out, &[Sample { left: 1.0, right: -2.0 }, Sample { left: 0.0, right: 0.5 }]);
        assert_eq!(out, [0xFF, 0x7F, 0x01, 0x80, 0, 0, 0x00, 0x40]);
    }
}
