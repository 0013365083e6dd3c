//! How frames of a track are left out for one viewer (PROTOCOL 7.8).

use std::fmt;

use super::error::DecodeError;

/// What a HEARTBEAT says of a track that its sender thins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Thinning {
    /// Nothing is left out.
    #[default]
    Whole = 0,
    /// Every 2nd frame is sent.
    Every2nd = 1,
    /// Every 3rd frame is sent.
    Every3rd = 2,
    /// Every 4th frame is sent.
    Every4th = 3,
    /// Frames that no other one depends on are left out.
    WithoutDiscardable = 4,
    /// Key frames are sent.
    KeyFrames = 5,
    /// Nothing of this track is sent, in favour of the sound.
    SoundOnly = 6,
    /// Nothing at all is sent: the viewer is too far behind (TOO_FAR_BEHIND).
    Paused = 7,
}

impl Thinning {
    /// Every code.
    pub const ALL: [Self; 8] = [
        Self::Whole,
        Self::Every2nd,
        Self::Every3rd,
        Self::Every4th,
        Self::WithoutDiscardable,
        Self::KeyFrames,
        Self::SoundOnly,
        Self::Paused,
    ];

    /// The name that programs read.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Every2nd => "every_2nd",
            Self::Every3rd => "every_3rd",
            Self::Every4th => "every_4th",
            Self::WithoutDiscardable => "without_discardable",
            Self::KeyFrames => "key_frames",
            Self::SoundOnly => "sound_only",
            Self::Paused => "paused",
        }
    }

    pub(super) fn from_code(code: u8) -> Result<Self, DecodeError> {
        let known = Self::ALL.into_iter().find(|thinning| *thinning as u8 == code);
        known.ok_or(DecodeError::Value("thinning"))
    }
}

impl fmt::Display for Thinning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Whole => "every frame",
            Self::Every2nd => "every 2nd frame",
            Self::Every3rd => "every 3rd frame",
            Self::Every4th => "every 4th frame",
            Self::WithoutDiscardable => "without the frames that others don't need",
            Self::KeyFrames => "key frames only",
            Self::SoundOnly => "sound only",
            Self::Paused => "paused",
        })
    }
}
