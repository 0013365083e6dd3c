//! One track of a source: a schedule, and where its units come from.

use std::time::Duration;

use super::folder::Folder;
use super::schedule::Schedule;
use super::test_card::{self, TestCard};
use super::{FrameRate, Playback, SourceError, TimeOfDay, TrackInfo, TrackRole, Unit};

/// One track of a source.
#[derive(Debug)]
pub(super) struct Track {
    role: TrackRole,
    schedule: Schedule,
    feed: Feed,
}

/// Where the units of a track come from.
#[derive(Debug)]
enum Feed {
    Folder(Folder),
    TestCard(TestCard),
}

impl Track {
    /// A track out of the files of a folder, one for each slot.
    pub(super) fn folder(role: TrackRole, folder: Folder, rate: FrameRate, playback: Playback) -> Self {
        let end = match playback {
            Playback::Loop => None,
            Playback::Once => Some(folder.len()),
        };
        Self { role, schedule: Schedule::new(rate, end), feed: Feed::Folder(folder) }
    }

    /// A track of pictures out of the test card. It has no end.
    pub(super) fn test_card(card: TestCard, rate: FrameRate) -> Self {
        Self { role: TrackRole::Video, schedule: Schedule::new(rate, None), feed: Feed::TestCard(card) }
    }

    pub(super) fn info(&self) -> TrackInfo {
        let extension = match &self.feed {
            Feed::Folder(folder) => folder.extension(),
            Feed::TestCard(_) => test_card::EXTENSION,
        };
        let frame_duration = self.schedule.frame_duration();
        TrackInfo { role: self.role, extension: extension.to_owned(), frame_duration }
    }

    pub(super) fn next_due(&self) -> Option<Duration> {
        self.schedule.next_due()
    }

    pub(super) fn skip_to(&mut self, now: Duration) {
        self.schedule.skip_to(now);
    }

    /// Units dropped because their moment had passed.
    pub(super) fn overdue(&self) -> u64 {
        self.schedule.overdue()
    }

    /// Files left out for good, and files left out in their turn.
    pub(super) fn left_out(&self) -> (u64, u64) {
        match &self.feed {
            Feed::Folder(folder) => (folder.other_kind(), folder.unusable()),
            Feed::TestCard(_) => (0, 0),
        }
    }

    /// The unit of the next slot. None if its file can't be used: its moment stays empty, so that sound and
    /// pictures stay in step.
    pub(super) fn take(
        &mut self,
        now: Duration,
        time_of_day: TimeOfDay,
    ) -> Result<Option<Unit>, SourceError> {
        let Some(slot) = self.schedule.take() else {
            return Ok(None);
        };
        let data = match &mut self.feed {
            Feed::Folder(folder) => folder.read(slot.index)?,
            Feed::TestCard(card) => {
                let captured = time_of_day.before(now.saturating_sub(slot.due));
                Some(card.picture(slot.index.saturating_add(1), captured)?)
            }
        };
        Ok(data.map(|data| Unit { track: self.role, data, capture_offset: slot.due, due: slot.due }))
    }
}
