//! What the texts of the settings mean, on the command line, in the environment and in `.env` alike.
//!
//! A [`Fault`] does not repeat the value: whoever read it has said the name and the value before.

use std::fmt;
use std::time::Duration;

use client::io::Ui;
use client::mux::Form;
use client::shell::output::Format;
use client::view::{Renderer, RendererError};
use producer::source::FrameRate;
use protocol::id::{IdError, ProducerId};
use protocol::limits::{DATA_HEADER_LEN, DATAGRAM_LEN_MAX, SHARD_LEN_MIN, TEXT_LEN_MAX};
use thiserror::Error;

use crate::commands::audio::Place;

/// Seconds that a producer may wait before it starts: an hour is a schedule's business, more is a slip.
const DELAY_SECONDS_MAX: f64 = 3_600.0;
/// Bytes of the smallest datagram that may be asked for.
const DATAGRAM_SIZE_MIN: usize = DATA_HEADER_LEN + SHARD_LEN_MIN as usize;

/// What is wrong with a value, and what is right.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub(crate) enum Fault {
    /// Not a producer id.
    #[error("not a producer id: {}", IdRemedy(.0))]
    Id(IdError),
    /// A name that doesn't fit the wire.
    #[error("{0} bytes long: shorten the name to {TEXT_LEN_MAX}")]
    NameLength(usize),
    /// A name that steers terminals.
    #[error("holds a control character: write the name without it")]
    NameControl,
    /// Not a rate.
    #[error("not a rate: write frames per second from {} to {}, such as 12", FrameRate::MIN, FrameRate::MAX)]
    Rate,
    /// Not a delay.
    #[error("not a delay: write seconds from 0 to {DELAY_SECONDS_MAX}, such as 0 or 2.5")]
    Delay,
    /// Not a UDP port.
    #[error("not a port: write a number from 1 to 65535")]
    Port,
    /// Not a datagram size.
    #[error(
        "not a datagram size: write an even number of bytes from {DATAGRAM_SIZE_MIN} to {DATAGRAM_LEN_MAX}"
    )]
    DatagramSize,
    /// Nothing that can be read from standard input.
    #[error("can't be read from standard input: write mjpeg")]
    StdinForm,
    /// Neither on nor off.
    #[error("neither yes nor no: write 1 or 0")]
    Switch,
    /// Neither text nor JSON.
    #[error("no format: write text or json")]
    Format,
    /// No place for sound.
    #[error("no place for sound: write off, device or pipe")]
    Audio,
    /// A command that nobody would start.
    #[error("is for --audio pipe: ask for that, or leave the command out")]
    AudioCommand,
    /// Neither Matroska nor MJPEG.
    #[error("no form of a stream: write matroska or mjpeg")]
    StreamForm,
    /// A file whose name asks for another form.
    #[error("asks for a form that is not written: call it .mkv or .mjpeg, or say which with --format")]
    FileName,
    /// Neither line nor full.
    #[error("no kind of screen: write line or full")]
    Ui,
    /// Not a whole number.
    #[error("not a number: write a whole one, such as 7")]
    Number,
    /// Not a count.
    #[error("not a number: write one from {min} to {max}")]
    Count {
        /// The smallest that is taken.
        min: usize,
        /// The largest.
        max: usize,
    },
}

struct IdRemedy<'a>(&'a IdError);

impl fmt::Display for IdRemedy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IdError::Length(_) | IdError::Digit(..) => {
                f.write_str("write six hexadecimal digits, such as 1AAA99")
            }
            IdError::Zero => f.write_str("it stands for the session; choose 000001 to FFFFFF"),
        }
    }
}

/// A producer's id.
pub(crate) fn id(text: &str) -> Result<ProducerId, Fault> {
    text.parse().map_err(Fault::Id)
}

/// A channel's name.
pub(crate) fn name(text: &str) -> Result<String, Fault> {
    if text.len() > TEXT_LEN_MAX {
        Err(Fault::NameLength(text.len()))
    } else if text.contains(char::is_control) {
        Err(Fault::NameControl)
    } else {
        Ok(text.to_owned())
    }
}

/// Frames per second.
pub(crate) fn rate(text: &str) -> Result<FrameRate, Fault> {
    decimal(text).and_then(|rate| FrameRate::new(rate).ok()).ok_or(Fault::Rate)
}

/// Seconds.
pub(crate) fn delay(text: &str) -> Result<Duration, Fault> {
    let seconds = decimal(text).filter(|seconds| (0.0..=DELAY_SECONDS_MAX).contains(seconds));
    seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).ok_or(Fault::Delay)
}

/// Plain digits with a point: Rust's own reading takes `inf`, `NaN` and `1e3` as well.
fn decimal(text: &str) -> Option<f64> {
    let plain = text.chars().all(|c| c.is_ascii_digit() || c == '.');
    text.parse().ok().filter(|_| plain)
}

/// A UDP port that somebody can dial.
pub(crate) fn port(text: &str) -> Result<u16, Fault> {
    text.parse().ok().filter(|&port| port != 0).ok_or(Fault::Port)
}

/// Bytes of a datagram.
pub(crate) fn datagram_size(text: &str) -> Result<u16, Fault> {
    let fits = |size: &u16| {
        (DATAGRAM_SIZE_MIN..=DATAGRAM_LEN_MAX).contains(&usize::from(*size)) && size.is_multiple_of(2)
    };
    text.parse().ok().filter(fits).ok_or(Fault::DatagramSize)
}

/// What comes on standard input.
pub(crate) fn stdin_form(text: &str) -> Result<(), Fault> {
    if text.eq_ignore_ascii_case("mjpeg") { Ok(()) } else { Err(Fault::StdinForm) }
}

/// On or off.
pub(crate) fn switch(text: &str) -> Result<bool, Fault> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Ok(true),
        "0" | "false" | "no" | "off" => Ok(false),
        _ => Err(Fault::Switch),
    }
}

/// How the client says things.
pub(crate) fn format(text: &str) -> Result<Format, Fault> {
    match text {
        "text" => Ok(Format::Text),
        "json" => Ok(Format::Json),
        _ => Err(Fault::Format),
    }
}

/// Where sound is heard.
pub(crate) fn audio(text: &str) -> Result<Place, Fault> {
    match text {
        "off" => Ok(Place::Off),
        "device" => Ok(Place::Device),
        "pipe" => Ok(Place::Pipe),
        _ => Err(Fault::Audio),
    }
}

/// How a stream is written.
pub(crate) fn stream_form(text: &str) -> Result<Form, Fault> {
    match text {
        "matroska" => Ok(Form::Matroska),
        "mjpeg" => Ok(Form::Mjpeg),
        _ => Err(Fault::StreamForm),
    }
}

/// What stands on the terminal.
pub(crate) fn ui(text: &str) -> Result<Ui, Fault> {
    match text {
        "line" => Ok(Ui::Line),
        "full" => Ok(Ui::Full),
        _ => Err(Fault::Ui),
    }
}

/// How pictures are shown; `None` where the terminal is to be asked.
pub(crate) fn renderer(text: &str) -> Result<Option<Renderer>, RendererError> {
    if text.eq_ignore_ascii_case("auto") { Ok(None) } else { text.parse().map(Some) }
}

/// Any whole number of 64 bits.
pub(crate) fn number(text: &str) -> Result<u64, Fault> {
    text.parse().map_err(|_| Fault::Number)
}

/// A whole number within limits.
pub(crate) fn count(min: usize, max: usize) -> impl FnOnce(&str) -> Result<usize, Fault> {
    move |text| {
        let count = text.parse().ok().filter(|count| (min..=max).contains(count));
        count.ok_or(Fault::Count { min, max })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_understood() {
        assert_eq!(id("1aaa99").unwrap().to_string(), "1AAA99");
        assert_eq!(name("Harbour, east"), Ok("Harbour, east".to_owned()));
        assert_eq!(rate("29.97").unwrap().to_string(), "29.97");
        assert_eq!((delay("0"), delay("2.5")), (Ok(Duration::ZERO), Ok(Duration::from_millis(2_500))));
        assert_eq!((port("1"), port("65535")), (Ok(1), Ok(65_535)));
        assert_eq!((datagram_size("292"), datagram_size("1452")), (Ok(292), Ok(1_452)));
        assert_eq!(stdin_form("MJPEG"), Ok(()));
        assert_eq!((switch("Yes"), switch("0")), (Ok(true), Ok(false)));
        assert_eq!((format("text"), format("json")), (Ok(Format::Text), Ok(Format::Json)));
        assert_eq!((count(1, 64)("1"), count(1, 64)("64")), (Ok(1), Ok(64)));
    }

    #[test]
    fn what_is_wrong_is_told_with_the_remedy() {
        for text in ["", "-1", "1e3", "inf", "NaN", "3601", "1s", "."] {
            assert_eq!(delay(text), Err(Fault::Delay), "{text}");
        }
        for text in ["", "0", "0.09", "241", "-12", "1e1", "inf", "NaN", "12fps", "."] {
            assert_eq!(rate(text), Err(Fault::Rate), "{text}");
        }
        for text in ["", "290", "1454", "1201", "-2", "x"] {
            assert_eq!(datagram_size(text), Err(Fault::DatagramSize), "{text}");
        }
        for text in ["", "0", "65536", "-1", "http"] {
            assert_eq!(port(text), Err(Fault::Port), "{text}");
        }
        for text in ["", "0", "65", "-1", "two"] {
            assert_eq!(count(1, 64)(text), Err(Fault::Count { min: 1, max: 64 }), "{text}");
        }
        assert_eq!(name(&"x".repeat(65)).unwrap_err().to_string(), "65 bytes long: shorten the name to 64");
        assert_eq!(name("a\x1b[2J"), Err(Fault::NameControl));
        assert_eq!((stdin_form("h264"), switch("maybe")), (Err(Fault::StdinForm), Err(Fault::Switch)));
        assert_eq!(format("xml"), Err(Fault::Format));
        assert_eq!(
            Fault::DatagramSize.to_string(),
            "not a datagram size: write an even number of bytes from 292 to 1452"
        );
    }
}
