//! The four bytes in front of each MPEG audio frame (ISO 11172-3 2.4.1.3, 13818-3), layer III only.

use std::time::Duration;

/// kbit/s by index, MPEG 1; index 0 leaves the size open, which no segment that can be cut does.
const RATES_1: [u32; 15] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
/// The same, MPEG 2 and 2.5.
const RATES_2: [u32; 15] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
/// Hz by index, MPEG 1; MPEG 2 has half of it, MPEG 2.5 a quarter.
const SAMPLE_RATES: [u32; 3] = [44_100, 48_000, 32_000];

/// What a frame of MP3 says of itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    version: Version,
    /// Samples per second, 8 000 to 48 000.
    pub sample_rate: u32,
    /// 1 or 2.
    pub channels: u8,
    /// Bytes of the frame, these four included.
    pub length: usize,
    has_crc: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Version {
    Mpeg1,
    Mpeg2,
    Mpeg25,
}

impl Header {
    /// The header at the beginning of `bytes`.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let &[0xFF, second, third, fourth, ..] = bytes else { return None };
        let (version, rates) = match second >> 3 & 3 | second & 0xE0 {
            0b1110_0000 => (Version::Mpeg25, &RATES_2),
            0b1110_0010 => (Version::Mpeg2, &RATES_2),
            0b1110_0011 => (Version::Mpeg1, &RATES_1),
            _ => return None,
        };
        if second >> 1 & 3 != 1 {
            return None;
        }
        let rate = *rates.get(usize::from(third >> 4)).filter(|rate| **rate > 0)?;
        let sample_rate = SAMPLE_RATES.get(usize::from(third >> 2 & 3))? / version.divisor();
        let padding = u32::from(third >> 1 & 1);
        let bytes = version.samples() / 8 * rate * 1_000 / sample_rate + padding;
        Some(Self {
            version,
            sample_rate,
            channels: if fourth >> 6 == 3 { 1 } else { 2 },
            length: usize::try_from(bytes).ok()?,
            has_crc: second & 1 == 0,
        })
    }

    /// Samples per channel in one frame: 1 152 or 576.
    pub const fn samples(&self) -> u32 {
        self.version.samples()
    }

    /// How long one frame sounds.
    pub fn duration(&self) -> Duration {
        self.span(self.samples())
    }

    /// How long this many samples sound.
    pub fn span(&self, samples: u32) -> Duration {
        let nanoseconds = u64::from(samples) * 1_000_000_000 / u64::from(self.sample_rate.max(1));
        Duration::from_nanos(nanoseconds)
    }

    /// Whether both can stand in one stream, so that one may follow the other.
    pub(super) fn agrees_with(&self, other: &Self) -> bool {
        self.version == other.version && self.sample_rate == other.sample_rate
    }

    /// Where a frame that describes its file in place of sound has its description.
    pub(super) const fn description_at(&self) -> usize {
        let side_information = match (self.version, self.channels) {
            (Version::Mpeg1, 1) => 17,
            (Version::Mpeg1, _) => 32,
            (_, 1) => 9,
            (_, _) => 17,
        };
        // The CRC is counted by nobody who writes or reads such a frame.
        4 + side_information
    }
}

impl Version {
    const fn divisor(self) -> u32 {
        match self {
            Self::Mpeg1 => 1,
            Self::Mpeg2 => 2,
            Self::Mpeg25 => 4,
        }
    }

    const fn samples(self) -> u32 {
        match self {
            Self::Mpeg1 => 1_152,
            Self::Mpeg2 | Self::Mpeg25 => 576,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_players_agree_on_is_read() {
        let known: [([u8; 4], u32, u8, usize, u32); 5] = [
            ([0xFF, 0xFB, 0x74, 0x00], 48_000, 2, 288, 1_152),
            ([0xFF, 0xFB, 0x90, 0x64], 44_100, 2, 417, 1_152),
            ([0xFF, 0xFB, 0x92, 0xC4], 44_100, 1, 418, 1_152),
            ([0xFF, 0xF3, 0x84, 0xC0], 24_000, 1, 192, 576),
            ([0xFF, 0xE3, 0x18, 0xC0], 8_000, 1, 72, 576),
        ];
        for (bytes, rate, channels, length, samples) in known {
            let header = Header::of(&bytes).unwrap();
            assert_eq!((header.sample_rate, header.channels), (rate, channels), "{bytes:02X?}");
            assert_eq!((header.length, header.samples()), (length, samples), "{bytes:02X?}");
        }
        assert_eq!(Header::of(&[0xFF, 0xFB, 0x74, 0x00]).unwrap().duration(), Duration::from_millis(24));
    }

    #[test]
    fn what_is_no_frame_of_layer_three_is_none() {
        for bytes in [
            [0xFF, 0xFD, 0x74, 0x00], // layer II
            [0xFF, 0xEB, 0x74, 0x00], // a version that there is not
            [0xFF, 0xFB, 0x04, 0x00], // free format
            [0xFF, 0xFB, 0xF4, 0x00], // a rate that there is not
            [0xFF, 0xFB, 0x7C, 0x00], // a sample rate that there is not
            [0xFE, 0xFB, 0x74, 0x00],
        ] {
            assert_eq!(Header::of(&bytes), None, "{bytes:02X?}");
        }
        assert_eq!(Header::of(&[0xFF, 0xFB, 0x74]), None);
    }
}
