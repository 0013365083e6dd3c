//! What became of tracks that are closed, as long as their session lasts.
//!
//! A viewer that leaves and comes back opens the same track again: what both ends count of it goes on from where it was, so
//! that a report of either life of it means the same to both (PROTOCOL 7.1).

use std::collections::VecDeque;

use crate::id::TrackKey;
use crate::receiver::Counters;

/// Closed tracks that may be opened again: two lives of all tracks of a producer. The figures of older ones are added up.
const RECENT_MAX: usize = 32;

/// The figures of closed tracks. Who never closed one pays a pointer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Closed(Option<Box<Figures>>);

#[derive(Clone, Debug, Default)]
struct Figures {
    older: Counters,
    recent: VecDeque<(TrackKey, Counters)>,
}

impl Closed {
    /// A track is closed with these figures.
    pub(crate) fn put(&mut self, key: TrackKey, counters: Counters) {
        let Figures { older, recent } = &mut **self.0.get_or_insert_default();
        if recent.len() == RECENT_MAX
            && let Some((_, oldest)) = recent.pop_front()
        {
            older.add(&oldest);
        }
        recent.push_back((key, counters));
    }

    /// A track is opened again: its figures go on from these.
    pub(crate) fn take(&mut self, key: &TrackKey) -> Option<Counters> {
        let recent = &mut self.0.as_mut()?.recent;
        let place = recent.iter().position(|(closed, _)| closed == key)?;
        recent.remove(place).map(|(_, counters)| counters)
    }

    /// The peer tells more of a closed track, as one does that was cut off when it ended; less is an overtaken report.
    pub(crate) fn update(&mut self, key: &TrackKey, counters: Counters) {
        let Some(figures) = &mut self.0 else { return };
        if let Some((_, known)) = figures.recent.iter_mut().find(|(closed, _)| closed == key)
            && counters.expected >= known.expected
        {
            *known = counters;
        }
    }

    /// All of them.
    pub(crate) fn total(&self) -> Counters {
        let Some(figures) = &self.0 else { return Counters::default() };
        let mut total = figures.older;
        figures.recent.iter().for_each(|(_, counters)| total.add(counters));
        total
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{EpochTag, ProducerId, StreamId};

    #[test]
    fn a_track_that_is_opened_again_takes_its_figures_and_nothing_counts_twice() {
        let key = |tag| TrackKey {
            producer: ProducerId::from_bytes([0x1A, 0xAA, 0x99]),
            stream: StreamId::VIDEO,
            tag: EpochTag(tag),
        };
        let lost = |lost| Counters { expected: lost, lost, ..Counters::default() };
        let mut closed = Closed::default();
        for tag in 1..=100 {
            closed.put(key(tag), lost(1));
        }
        let kept = closed.0.as_ref().map(|figures| figures.recent.len());
        assert_eq!((closed.total(), kept), (lost(100), Some(RECENT_MAX)));
        assert_eq!((closed.take(&key(100)), closed.take(&key(1))), (Some(lost(1)), None));
        assert_eq!(closed.total(), lost(99));
        closed.update(&key(99), lost(3));
        closed.update(&key(99), lost(2));
        closed.update(&key(1), lost(9));
        assert_eq!(closed.total(), lost(101), "the most that was told of it");
    }
}
