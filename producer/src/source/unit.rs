//! What a source hands over: one media unit, and what is known of its track beforehand.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

/// Which of the two tracks of a source a unit belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TrackRole {
    /// Pictures, one unit each.
    Video,
    /// Sound, one unit for each second of pictures.
    Audio,
}

impl fmt::Display for TrackRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Video => "video",
            Self::Audio => "audio",
        })
    }
}

/// What the catalog says of a track before its first unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackInfo {
    /// Pictures or sound.
    pub role: TrackRole,
    /// File name extension of every unit: lower case, without the dot, `jpg` for instance.
    pub extension: String,
    /// Nominal time from the start of one unit to the start of the next.
    pub frame_duration: Duration,
}

/// One media unit, ready to be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// The track it belongs to.
    pub track: TrackRole,
    /// The unit, byte for byte as it came from the file, the pipe or the encoder.
    pub data: Bytes,
    /// Presentation time of its first sample, since the start of the publication.
    pub capture_offset: Duration,
    /// When to hand it over, since the start of the publication.
    pub due: Duration,
}

impl Unit {
    /// A picture from a live pipe: captured when it arrived, due at once.
    pub fn arrived(data: Bytes, arrival: Duration) -> Self {
        Self { track: TrackRole::Video, data, capture_offset: arrival, due: arrival }
    }
}
