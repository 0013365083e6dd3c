//! The channels of a worker: what is published, what is still held of it, and who subscribed.

use std::collections::BTreeMap;
use std::time::Duration;

use protocol::id::{EpochTag, ProducerId, StreamId, TrackKey};
use protocol::limits::LATENCY;
use protocol::sender::{Histories, History};
use protocol::serial::Serial;
use protocol::slab::Slab;
use protocol::time::Time;
use protocol::wire::{
    CATALOG_FIXED_LEN, CatalogEntry, CatalogPage, CatalogTrack, ClockPoint, SkipReason, TrackInfo,
};

use super::audience::Subscribers;
use super::handover::{Publication, Timing};
use super::memory::Memory;
use super::watch::JOIN_GRACE;

/// Former lives of a channel that can still be asked for: a producer that starts more often loses the oldest.
const RETIRED_MAX: usize = 4;

/// All channels of one worker, and the number of their changes.
#[derive(Default)]
pub(super) struct Channels {
    pub(super) table: BTreeMap<ProducerId, Channel>,
    pub(super) memory: Memory,
    generation: u32,
}

/// One producer id: its present life, former ones that are still asked for, and the sessions that subscribed.
#[derive(Default)]
pub(super) struct Channel {
    pub(super) live: Option<Live>,
    retired: Vec<(Time, Live)>,
    pub(super) subscribers: Subscribers,
    /// How long after it came a frame can be asked for.
    pub(super) keep: Duration,
    /// Frames came since it was last measured what the subscribers need.
    moved: bool,
}

/// One life of a publication.
pub(super) struct Live {
    pub(super) publication: Publication,
    pub(super) timing: Timing,
    histories: BTreeMap<StreamId, History>,
}

impl Channel {
    /// What is held of all its lives.
    pub(super) fn histories(&self) -> impl Iterator<Item = &History> {
        let retired = self.retired.iter().map(|(_, live)| live);
        self.live.iter().chain(retired).flat_map(|live| live.histories.values())
    }

    pub(super) fn histories_mut(&mut self) -> impl Iterator<Item = &mut History> {
        let retired = self.retired.iter_mut().map(|(_, live)| live);
        self.live.iter_mut().chain(retired).flat_map(|live| live.histories.values_mut())
    }
}

impl Live {
    fn new(publication: Publication) -> Self {
        let histories = publication
            .tracks
            .iter()
            .map(|track| (track.stream, History::beginning_at(track.next_frame)))
            .collect();
        Self { publication, timing: Timing::default(), histories }
    }

    pub(super) fn key(&self, stream: StreamId) -> TrackKey {
        TrackKey { producer: self.publication.producer, stream, tag: self.publication.tag }
    }

    pub(super) fn track(&self, stream: StreamId) -> Option<(&TrackInfo, &History)> {
        let info = self.publication.tracks.iter().find(|track| track.stream == stream)?;
        Some((info, self.histories.get(&stream)?))
    }

    pub(super) fn history_mut(&mut self, stream: StreamId) -> Option<&mut History> {
        self.histories.get_mut(&stream)
    }
}

impl Channels {
    /// No channels, which will keep no more than this.
    pub(super) fn within(memory: Memory) -> Self {
        Self { memory, ..Self::default() }
    }

    pub(super) fn get(&self, producer: ProducerId) -> Option<&Channel> {
        self.table.get(&producer)
    }

    pub(super) fn get_mut(&mut self, producer: ProducerId) -> Option<&mut Channel> {
        self.table.get_mut(&producer)
    }

    /// The producers of which frames came that somebody watches, each told once.
    pub(super) fn moved(&mut self) -> Vec<ProducerId> {
        let moved = |(id, channel): (&ProducerId, &mut Channel)| {
            (std::mem::take(&mut channel.moved) && !channel.subscribers.is_empty()).then_some(*id)
        };
        self.table.iter_mut().filter_map(moved).collect()
    }

    /// Who subscribed to a channel.
    pub(super) fn subscribers(&self, producer: ProducerId) -> Option<&Subscribers> {
        self.get(producer).map(|channel| &channel.subscribers)
    }

    /// The channel of a producer that somebody waits for or that publishes.
    pub(super) fn entry(&mut self, producer: ProducerId) -> &mut Channel {
        self.table
            .entry(producer)
            .or_insert_with(|| Channel { keep: LATENCY + JOIN_GRACE, ..Channel::default() })
    }

    /// The present life of a producer.
    pub(super) fn live(&self, producer: ProducerId) -> Option<&Live> {
        self.table.get(&producer)?.live.as_ref()
    }

    /// The present life of a producer, if it has this tag.
    pub(super) fn life_mut(&mut self, producer: ProducerId, tag: EpochTag) -> Option<&mut Live> {
        self.table.get_mut(&producer)?.live.as_mut().filter(|live| live.publication.tag == tag)
    }

    /// A life begins or its description changes. A former life has to be taken down before.
    pub(super) fn put_up(&mut self, publication: Publication) {
        self.generation = self.generation.wrapping_add(1);
        let channel = self.entry(publication.producer);
        match &mut channel.live {
            Some(live) if live.publication.tag == publication.tag => {
                for track in &publication.tracks {
                    live.histories
                        .entry(track.stream)
                        .or_insert_with(|| History::beginning_at(track.next_frame));
                }
                live.publication = publication;
            }
            other => *other = Some(Live::new(publication)),
        }
    }

    /// A producer said something of its clock.
    pub(super) fn set_timing(&mut self, producer: ProducerId, tag: EpochTag, timing: Timing) {
        if let Some(live) = self.life_mut(producer, tag) {
            live.timing = timing;
        }
    }

    /// A life ends; its frames can be asked for a while longer.
    pub(super) fn take_down(&mut self, now: Time, producer: ProducerId, tag: EpochTag) {
        let Some(channel) = self.table.get_mut(&producer) else { return };
        if let Some(live) = channel.live.take_if(|live| live.publication.tag == tag) {
            self.generation = self.generation.wrapping_add(1);
            if channel.retired.len() == RETIRED_MAX {
                channel.retired.remove(0);
            }
            channel.retired.push((now + channel.keep, live));
        }
    }

    /// Takes in a frame of the present life; its wide number if it is new.
    pub(super) fn insert(&mut self, now: Time, slab: &Slab) -> Option<u64> {
        let header = slab.header();
        let channel = self.table.get_mut(&header.producer)?;
        channel.moved = true;
        let live = channel.live.as_mut().filter(|live| live.publication.tag == header.tag)?;
        let number = live.history_mut(header.stream)?.insert(now, slab.clone())?;
        self.make_room(header.producer, slab.footprint());
        Some(number)
    }

    /// Notes frames that will never come.
    pub(super) fn note_gap(
        &mut self,
        now: Time,
        key: &TrackKey,
        (from, to): (Serial, Serial),
        reason: SkipReason,
    ) {
        if let Some(history) =
            self.life_mut(key.producer, key.tag).and_then(|live| live.history_mut(key.stream))
        {
            history.note_gap(now, from, to, reason);
        }
    }

    /// Forgets frames that nobody may ask for any more, lives that ended, and channels that nobody knows.
    pub(super) fn expire(&mut self, now: Time) {
        self.table.retain(|_, channel| {
            let keep = channel.keep;
            let live = channel.live.iter_mut().flat_map(|live| live.histories.values_mut());
            live.for_each(|history| history.expire(now, keep));
            channel.retired.retain(|(until, _)| now < *until);
            channel.live.is_some() || !channel.retired.is_empty() || !channel.subscribers.is_empty()
        });
        self.measure();
    }

    /// How often the catalog changed.
    pub(super) const fn generation(&self) -> u32 {
        self.generation
    }

    /// A page of the catalog: the live producers above `after`, as many as fit into one datagram.
    pub(super) fn page(
        &self,
        req: Serial,
        after: Option<ProducerId>,
        room: usize,
        describe: impl Fn(ProducerId) -> (u32, bool),
    ) -> CatalogPage {
        let from = after.map_or(0, |id| id.value() + 1);
        let mut page = CatalogPage { req, generation: self.generation, more: false, entries: Vec::new() };
        let mut left = room.saturating_sub(CATALOG_FIXED_LEN);
        for live in self.table.values().filter_map(|channel| channel.live.as_ref()) {
            if live.publication.producer.value() < from {
                continue;
            }
            let (viewers, stalled) = describe(live.publication.producer);
            let entry = live.catalog_entry(viewers, stalled);
            let Some(rest) =
                left.checked_sub(entry.encoded_len()).filter(|_| page.entries.len() < ENTRIES_MAX)
            else {
                page.more = true;
                break;
            };
            left = rest;
            page.entries.push(entry);
        }
        page
    }

    /// How many channels there are, and how many frames they hold.
    pub(super) fn census(&self) -> (usize, usize) {
        (self.table.len(), self.table.values().flat_map(Channel::histories).map(History::len).sum())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.table.is_empty()
    }
}

/// Entries of one page: what a count of one byte allows.
const ENTRIES_MAX: usize = 255;

impl Live {
    fn catalog_entry(&self, viewers: u32, stalled: bool) -> CatalogEntry {
        CatalogEntry {
            producer: self.publication.producer,
            stalled,
            epoch: self.publication.epoch,
            viewers,
            name: self.publication.name.clone(),
            tracks: self
                .publication
                .tracks
                .iter()
                .map(|track| CatalogTrack {
                    stream: track.stream,
                    kind: track.kind,
                    extension: track.extension,
                    frame_duration: track.frame_duration,
                })
                .collect(),
        }
    }
}

impl Channels {
    /// The life of a track, present or former.
    fn life(&self, key: &TrackKey) -> Option<&Live> {
        let channel = self.table.get(&key.producer)?;
        channel
            .live
            .iter()
            .chain(channel.retired.iter().map(|(_, live)| live))
            .find(|live| live.publication.tag == key.tag)
    }
}

impl Histories for Channels {
    fn history(&self, key: &TrackKey) -> Option<&History> {
        self.life(key)?.histories.get(&key.stream)
    }

    fn clock(&self, key: &TrackKey) -> ClockPoint {
        self.life(key).map(|live| live.timing.clock).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::wire::Text;

    #[test]
    fn a_producer_that_starts_again_and_again_leaves_few_former_lives() {
        let producer = ProducerId::from_bytes([0x1A, 0xAA, 0x99]);
        let mut channels = Channels::default();
        for life in 1..=100 {
            channels.put_up(Publication {
                producer,
                epoch: life.into(),
                tag: EpochTag(life),
                shard_size: 1_164,
                latency_min: Duration::ZERO,
                name: Text::default(),
                tracks: Vec::new(),
            });
            channels.take_down(Time::ZERO, producer, EpochTag(life));
        }
        let tags =
            |channel: &Channel| channel.retired.iter().map(|(_, live)| live.publication.tag.0).collect();
        assert_eq!(channels.get(producer).map(tags), Some(vec![97, 98, 99, 100]));
        channels.expire(Time::ZERO + Duration::from_secs(60));
        assert!(channels.is_empty());
    }
}
