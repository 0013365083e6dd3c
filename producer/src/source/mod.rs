//! Where frames come from: folders, the test card, a pipe.
//!
//! A source turns them into [`Unit`]s with a time; nothing else in the producer knows of files. It owns no
//! clock: the caller says how long the publication has been going on, and what time of day it is for the test
//! card to show.
//!
//! # Pace
//!
//! Picture i is due i / rate seconds after the start, computed from i, so nothing drifts. A sound segment
//! covers [`SEGMENT_DURATION`]; segment s is due, and begins, s seconds after the start, and comes before the
//! pictures of its second. A unit overdue by more than [`MAX_LAG`] is dropped and counted, and the next one is
//! that of the present: a process that was suspended does not burst what it missed.
//!
//! Each track of [`Playback::Loop`] begins again by itself after its last file. Sound and pictures of the same
//! length therefore stay in step for ever; of different lengths, each goes round at its own. A file that can't
//! be used leaves its moment empty. With [`Playback::Once`] the source ends when both have ended.
//!
//! # Contract
//!
//! Wait until [`Source::next_due`]; then take units until there is none for this moment; begin again.
//!
//! ```
//! # use std::time::Duration;
//! # use producer::source::{FrameRate, Playback, Source, SourceError, SourceOptions, TimeOfDay, Video};
//! # fn publish(_: producer::source::Unit) {}
//! # fn main() -> Result<(), SourceError> {
//! let mut source = Source::open(&SourceOptions {
//!     video: Video::TestCard { id: "1AAA99".to_owned(), name: "Door".to_owned() },
//!     audio: None,
//!     rate: FrameRate::new(12.0)?,
//!     playback: Playback::Loop,
//!     max_frame_bytes: 4_194_304,
//! })?;
//! while let Some(due) = source.next_due() {
//!     let now = due; // io: sleep until then, and ask the clock
//!     while let Some(unit) = source.poll_unit(now, TimeOfDay::MIDNIGHT)? {
//!         publish(unit);
//!     }
//! #   if now > Duration::from_secs(1) { break }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A pipe has no schedule: its pictures are cut out of the stream by [`MjpegSplitter`] and published as they
//! come, as [`Unit::arrived`].

mod error;
mod folder;
mod mjpeg;
mod natural;
mod rate;
mod schedule;
mod test_card;
mod time_of_day;
mod track;
mod unit;

use std::path::PathBuf;
use std::time::Duration;

pub use self::error::SourceError;
pub use self::mjpeg::{MjpegCounters, MjpegSplitter};
pub use self::rate::FrameRate;
pub use self::schedule::MAX_LAG;
pub use self::time_of_day::TimeOfDay;
pub use self::unit::{TrackInfo, TrackRole, Unit};

use self::folder::Folder;
use self::test_card::TestCard;
use self::track::Track;

/// Sound comes in one segment for each second of pictures.
pub const SEGMENT_DURATION: Duration = Duration::from_secs(1);

/// The rate of segments of [`SEGMENT_DURATION`].
const SEGMENT_RATE: FrameRate = FrameRate::ONE;

/// What to publish, and how.
#[derive(Clone, Debug)]
pub struct SourceOptions {
    /// The pictures.
    pub video: Video,
    /// A folder of sound segments, if there is sound.
    pub audio: Option<PathBuf>,
    /// Pictures per second.
    pub rate: FrameRate,
    /// Whether to begin again at the end.
    pub playback: Playback,
    /// Files larger than this are skipped, bytes.
    pub max_frame_bytes: usize,
}

/// Where pictures come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Video {
    /// The files of a folder, in natural order.
    Folder(PathBuf),
    /// The built-in test card, which has no end.
    TestCard {
        /// The producer id to show, `1AAA99`.
        id: String,
        /// The channel name to show.
        name: String,
    },
}

/// What happens after the last file of a folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Playback {
    /// The first comes again.
    #[default]
    Loop,
    /// The track ends.
    Once,
}

/// What a source has left out so far, over all its tracks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SourceCounters {
    /// Files of another kind than their folder, left out when it was listed.
    pub other_kind: u64,
    /// Times that a file was skipped in its turn: unreadable, empty or too large.
    pub unusable: u64,
    /// Units dropped because they were overdue by more than [`MAX_LAG`].
    pub overdue: u64,
}

/// Pictures and sound, each unit with its time. See the [module](self) for the contract.
#[derive(Debug)]
pub struct Source {
    /// Sound first: of two units due at the same moment it goes out before the picture.
    tracks: Vec<Track>,
}

impl Source {
    /// Opens the folders, or makes the test card.
    ///
    /// # Errors
    ///
    /// A folder that is missing, can't be listed or holds no file.
    pub fn open(options: &SourceOptions) -> Result<Self, SourceError> {
        let SourceOptions { video, audio, rate, playback, max_frame_bytes } = options;
        let mut tracks = Vec::new();
        if let Some(path) = audio {
            let folder = Folder::open(TrackRole::Audio, path, *max_frame_bytes)?;
            tracks.push(Track::folder(TrackRole::Audio, folder, SEGMENT_RATE, *playback));
        }
        tracks.push(match video {
            Video::Folder(path) => {
                let folder = Folder::open(TrackRole::Video, path, *max_frame_bytes)?;
                Track::folder(TrackRole::Video, folder, *rate, *playback)
            }
            Video::TestCard { id, name } => Track::test_card(TestCard::new(id, name), *rate),
        });
        Ok(Self { tracks })
    }

    /// What the catalog says of each track.
    pub fn tracks(&self) -> impl Iterator<Item = TrackInfo> {
        self.tracks.iter().map(Track::info)
    }

    /// What was left out so far.
    pub fn counters(&self) -> SourceCounters {
        self.tracks.iter().fold(SourceCounters::default(), |sum, track| {
            let (other_kind, unusable) = track.left_out();
            SourceCounters {
                other_kind: sum.other_kind + other_kind,
                unusable: sum.unusable + unusable,
                overdue: sum.overdue + track.overdue(),
            }
        })
    }

    /// When the next unit is due, since the start of the publication. None: the source has ended.
    pub fn next_due(&self) -> Option<Duration> {
        self.tracks.iter().filter_map(Track::next_due).min()
    }

    /// The next unit that is due at `now`, sound before pictures; none if that lies in the future. `now` counts
    /// from the start of the publication and does not go back; `time_of_day` is the time of day at `now`.
    ///
    /// # Errors
    ///
    /// [`SourceError::NothingUsable`] when every file of a folder has failed; the source can't go on.
    pub fn poll_unit(&mut self, now: Duration, time_of_day: TimeOfDay) -> Result<Option<Unit>, SourceError> {
        for track in &mut self.tracks {
            track.skip_to(now);
        }
        while let Some(track) = self.earliest_due(now) {
            if let Some(unit) = track.take(now, time_of_day)? {
                return Ok(Some(unit));
            }
        }
        Ok(None)
    }

    fn earliest_due(&mut self, now: Duration) -> Option<&mut Track> {
        let due = self.next_due().filter(|due| *due <= now)?;
        self.tracks.iter_mut().find(|track| track.next_due() == Some(due))
    }
}

#[cfg(test)]
mod tests;
