//! Names of things: producers, streams, sessions, epochs (PROTOCOL 1, 2.1).

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A producer id: 24 bits, written as six hexadecimal digits (`1AAA99`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct ProducerId(u32);

impl ProducerId {
    /// Session scope: the id that no producer has.
    pub const NONE: Self = Self(0);

    /// The id with these three bytes, as they stand on the wire.
    pub const fn from_bytes(bytes: [u8; 3]) -> Self {
        let [a, b, c] = bytes;
        Self(u32::from_be_bytes([0, a, b, c]))
    }

    /// The three bytes on the wire.
    pub const fn to_bytes(self) -> [u8; 3] {
        let [_, a, b, c] = self.0.to_be_bytes();
        [a, b, c]
    }

    /// The id as a number, 0 to 0xFFFFFF.
    pub const fn value(self) -> u32 {
        self.0
    }
}

impl fmt::Display for ProducerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06X}", self.0)
    }
}

impl FromStr for ProducerId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let target: Target = text.parse()?;
        if target.stream == StreamId::ALL && text.len() == PRODUCER_DIGITS {
            Ok(target.producer)
        } else {
            Err(IdError::Length(text.to_owned()))
        }
    }
}

/// A stream of a producer: 00 the whole producer, 01 video, 02 audio, 03 data, 10 and up further tracks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct StreamId(pub u8);

impl StreamId {
    /// The whole producer.
    pub const ALL: Self = Self(0x00);
    /// The first video track.
    pub const VIDEO: Self = Self(0x01);
    /// The first audio track.
    pub const AUDIO: Self = Self(0x02);
    /// The first data track.
    pub const DATA: Self = Self(0x03);
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02X}", self.0)
    }
}

/// What a person subscribes to: `1AAA99` (the producer) or `1AAA9901` (one stream of it).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Target {
    /// The producer.
    pub producer: ProducerId,
    /// The stream, [`StreamId::ALL`] for the whole producer.
    pub stream: StreamId,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.producer)?;
        if self.stream == StreamId::ALL { Ok(()) } else { write!(f, "{}", self.stream) }
    }
}

const PRODUCER_DIGITS: usize = 6;
const TARGET_DIGITS: usize = 8;

impl FromStr for Target {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        if let Some(wrong) = text.chars().find(|c| !c.is_ascii_hexdigit()) {
            return Err(IdError::Digit(text.to_owned(), wrong));
        }
        let number =
            |digits: &str| u32::from_str_radix(digits, 16).map_err(|_| IdError::Length(text.to_owned()));
        let (producer, stream) = match text.len() {
            PRODUCER_DIGITS => (number(text)?, 0),
            TARGET_DIGITS => {
                let both = number(text)?;
                (both >> 8, both & 0xFF)
            }
            _ => return Err(IdError::Length(text.to_owned())),
        };
        if producer == 0 {
            return Err(IdError::Zero);
        }
        Ok(Self { producer: ProducerId(producer), stream: StreamId(u8::try_from(stream).unwrap_or(u8::MAX)) })
    }
}

/// Why a text is not an id. The message names the value and what an id looks like.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum IdError {
    /// Neither six nor eight digits.
    #[error(
        "'{0}' is not an id: write six hexadecimal digits (1AAA99), or eight to name one stream (1AAA9901)"
    )]
    Length(String),
    /// A character that is not a hexadecimal digit.
    #[error("'{0}' is not an id: '{1}' is not a hexadecimal digit; ids look like 1AAA99 or 1AAA9901")]
    Digit(String, char),
    /// 000000.
    #[error("'000000' is not a producer id: it stands for the session; choose 000001 to FFFFFF")]
    Zero,
}

/// A session: 64 bits chosen by the broker, of which the low byte names the worker (PROTOCOL 2.3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct SessionId(pub u64);

impl SessionId {
    /// Before WELCOME.
    pub const NONE: Self = Self(0);

    /// The worker that owns the session.
    pub const fn worker(self) -> u8 {
        let [.., low] = self.0.to_be_bytes();
        low
    }
}

/// One life of a publication as one side of the broker knows it: 32 random bits (PROTOCOL 3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct EpochTag(pub u32);

/// One track of one life: what FEEDBACK and HEARTBEAT blocks are about (PROTOCOL 7).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TrackKey {
    /// The producer.
    pub producer: ProducerId,
    /// The stream.
    pub stream: StreamId,
    /// The life.
    pub tag: EpochTag,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_digits_name_a_producer_and_eight_a_stream_in_any_case() {
        let whole: Target = "1aaa99".parse().unwrap();
        assert_eq!((whole.producer.value(), whole.stream), (0x001A_AA99, StreamId::ALL));
        assert_eq!(whole.to_string(), "1AAA99");
        let stream: Target = "FFAA9902".parse().unwrap();
        assert_eq!((stream.producer.value(), stream.stream), (0x00FF_AA99, StreamId::AUDIO));
        assert_eq!(stream.to_string(), "FFAA9902");
    }

    #[test]
    fn anything_else_is_refused_with_its_value_in_the_message() {
        for text in
            ["", "1AAA9", "1AAA999", "1AAA99011", "0x1AAA", "1AAA9G", "ÄÄÄ", "000000", "00000001", "+1AAA9"]
        {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
        assert!("1AAA9901".parse::<ProducerId>().is_err());
        assert!("1AAA9G".parse::<Target>().unwrap_err().to_string().contains("'1AAA9G'"));
    }

    #[test]
    fn producer_ids_keep_their_bytes() {
        let id = ProducerId::from_bytes([0x1A, 0xAA, 0x99]);
        assert_eq!(id.to_bytes(), [0x1A, 0xAA, 0x99]);
        assert_eq!(SessionId(0x0102_0304_0506_0708).worker(), 8);
    }
}
