//! Why a source can't be opened or can't go on.

use std::io;
use std::path::PathBuf;

use super::{FrameRate, TrackRole};

/// Why a source can't be opened or can't go on. Each message names the thing, the value and the remedy.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// There is nothing at the path.
    #[error("no folder {} for the {role} track: create it or {}", path.display(), elsewhere(*role))]
    MissingFolder {
        /// The track it was to feed.
        role: TrackRole,
        /// The path as given.
        path: PathBuf,
    },
    /// The path names something else than a folder.
    #[error("{} is not a folder: put the {} into one, or {}", path.display(), files(*role), elsewhere(*role))]
    NotAFolder {
        /// The track it was to feed.
        role: TrackRole,
        /// The path as given.
        path: PathBuf,
    },
    /// The folder can't be listed.
    #[error("the folder {} can't be read ({cause}): mend its permissions or {}", path.display(), elsewhere(*role))]
    UnreadableFolder {
        /// The track it was to feed.
        role: TrackRole,
        /// The path as given.
        path: PathBuf,
        /// What the system said; the message repeats it.
        cause: io::Error,
    },
    /// The folder holds no file at all, hidden ones and sub-folders aside.
    #[error("no {} in {}: put {} there, or {}", files(*role), path.display(), example(*role), elsewhere(*role))]
    EmptyFolder {
        /// The track it was to feed.
        role: TrackRole,
        /// The path as given.
        path: PathBuf,
    },
    /// A whole loop went by without one usable file.
    #[error(
        "none of the {files} files in {} can be used (unreadable, empty or larger than {max_bytes} bytes): \
         replace them, or {}",
        path.display(),
        elsewhere(*role)
    )]
    NothingUsable {
        /// The track it was to feed.
        role: TrackRole,
        /// The path as given.
        path: PathBuf,
        /// How many files were tried.
        files: usize,
        /// The largest size allowed, bytes.
        max_bytes: usize,
    },
    /// A frame rate outside the range, or not a number.
    #[error(
        "frame rate {value:?} is not a number from {} to {}: give frames per second with RATE or --rate",
        FrameRate::MIN,
        FrameRate::MAX
    )]
    Rate {
        /// The value as given.
        value: String,
    },
    /// The encoder refused the test card.
    #[error("the test card can't be encoded: give a folder of frames with FRAMES or --frames")]
    TestCard(#[from] jpeg_encoder::EncodingError),
}

impl SourceError {
    /// The track whose folder it is about, if it is about one.
    pub const fn role(&self) -> Option<TrackRole> {
        match self {
            Self::MissingFolder { role, .. }
            | Self::NotAFolder { role, .. }
            | Self::UnreadableFolder { role, .. }
            | Self::EmptyFolder { role, .. }
            | Self::NothingUsable { role, .. } => Some(*role),
            Self::Rate { .. } | Self::TestCard(_) => None,
        }
    }
}

fn files(role: TrackRole) -> &'static str {
    match role {
        TrackRole::Video => "frames",
        TrackRole::Audio => "audio segments",
    }
}

fn example(role: TrackRole) -> &'static str {
    match role {
        TrackRole::Video => "frame1.jpg, frame2.jpg and so on",
        TrackRole::Audio => "audio1.mp3, audio2.mp3 and so on, one for each second,",
    }
}

fn elsewhere(role: TrackRole) -> &'static str {
    match role {
        TrackRole::Video => "use another folder (FRAMES, --frames); without one the test card is shown",
        TrackRole::Audio => "use another folder (AUDIO, --audio); without one there is no sound",
    }
}
