//! A producer's session: what it announced, and the receiving end of its media.

use protocol::id::{EpochTag, ProducerId, StreamId, TrackKey};
use protocol::limits::{FEEDBACK_INTERVAL, LATENCY, LATENCY_MAX};
use protocol::receiver::{Counters, DataOutcome, Event, Order, Receiver, TrackPlan};
use protocol::time::Time;
use protocol::wire::{Announce, AnnounceAck, DataHeader, End, Feedback, Heartbeat, Skip};

use super::directory::Audience;
use super::handover::Publication;

/// The broker's end of a producer.
pub(super) struct Ingest {
    pub(super) receiver: Receiver,
    pub(super) publishing: Option<Publishing>,
    /// The answer to the newest ANNOUNCE, to repeat.
    pub(super) answer: Option<AnnounceAck>,
    /// When the directory last heard of this session.
    heard_noted: Time,
    /// When WELCOME was sent, which the producer answers at once with ANNOUNCE.
    welcomed: Time,
}

/// A publication that was granted.
pub(super) struct Publishing {
    /// As the viewers know it.
    pub(super) publication: Publication,
    /// The tag that the producer's DATA carries.
    pub(super) tag: EpochTag,
    /// The producer said END: when its frames are settled, the channel closes.
    pub(super) ending: bool,
}

impl Publishing {
    pub(super) const fn producer(&self) -> ProducerId {
        self.publication.producer
    }

    fn key(&self, stream: StreamId) -> TrackKey {
        TrackKey { producer: self.publication.producer, stream, tag: self.tag }
    }
}

/// What is left of a publication that is over.
pub(super) struct Retired {
    pub(super) publication: Publication,
    /// The producer said END.
    pub(super) ending: bool,
    /// What became of its frames on the way here.
    pub(super) counters: Vec<(TrackKey, Counters)>,
}

impl Ingest {
    /// For a session that begins now.
    pub(super) fn new(now: Time) -> Self {
        Self {
            receiver: Receiver::default(),
            publishing: None,
            answer: None,
            heard_noted: Time::ZERO,
            welcomed: now,
        }
    }

    /// Ends the publication. The receiver goes on telling the producer the final figures until it says goodbye.
    pub(super) fn retire(&mut self) -> Option<Retired> {
        let publishing = self.publishing.take()?;
        let counters = self.receiver.tracks().filter_map(|key| Some((key, self.receiver.counters(&key)?)));
        let counters = counters.collect();
        Some(Retired { publication: publishing.publication, ending: publishing.ending, counters })
    }

    /// Opens the tracks of a granted announcement.
    pub(super) fn publish(&mut self, now: Time, publication: Publication, tag: EpochTag) {
        self.close_tracks();
        self.receiver.assume_rtt(now.since(self.welcomed));
        for track in &publication.tracks {
            self.receiver.open(
                now,
                TrackPlan {
                    key: TrackKey { producer: publication.producer, stream: track.stream, tag },
                    first: track.next_frame,
                    shard_size: publication.shard_size,
                    frame_duration: track.frame_duration,
                    latency: LATENCY,
                    order: Order::AsWhole,
                    retag: Some(publication.tag),
                },
            );
        }
        self.publishing = Some(Publishing { publication, tag, ending: false });
    }

    fn close_tracks(&mut self) {
        let keys: Vec<TrackKey> = self.receiver.tracks().collect();
        for key in keys {
            self.receiver.close(&key);
        }
    }

    /// Takes in DATA of the announced producer and tag.
    pub(super) fn handle_data(&mut self, now: Time, header: &DataHeader, payload: &[u8]) -> DataOutcome {
        self.receiver.handle_data(now, header, payload)
    }

    pub(super) fn handle_heartbeat(
        &mut self,
        now: Time,
        seq: protocol::serial::Serial,
        heartbeat: &Heartbeat,
    ) {
        self.receiver.handle_heartbeat(now, seq, heartbeat);
    }

    pub(super) fn handle_skip(&mut self, now: Time, producer: ProducerId, skip: &Skip) {
        for item in &skip.ranges {
            let key = TrackKey { producer, stream: item.stream, tag: item.tag };
            self.receiver.handle_skip(now, &key, &item.range);
        }
    }

    /// The producer named the last frames.
    pub(super) fn handle_end(&mut self, now: Time, end: &End) {
        let Some(publishing) = &mut self.publishing else { return };
        publishing.ending = true;
        let keys = end
            .last
            .iter()
            .map(|last| (publishing.key(last.stream), last))
            .filter(|(key, last)| key.tag == last.tag);
        for (key, last) in keys {
            self.receiver.finish(now, &key, last.frame);
        }
    }

    /// Whether the producer said END and everything before it is settled.
    pub(super) fn has_ended(&self) -> bool {
        let ending = self.publishing.as_ref().is_some_and(|publishing| publishing.ending);
        ending && self.receiver.tracks().all(|key| self.receiver.is_finished(&key))
    }

    /// How long after capture frames are asked for: as long as one is of use to some viewer, and the channel's minimum at
    /// least; the default latency while nobody watches, so that who joins finds whole frames (PROTOCOL 7.1).
    pub(super) fn set_audience(&mut self, now: Time, audience: Audience) {
        let least = self.publishing.as_ref().map_or(LATENCY, |publishing| publishing.publication.latency_min);
        let horizon = if audience.viewers == 0 { LATENCY } else { audience.horizon }.max(least);
        self.receiver.set_horizon(now, horizon);
        let keys: Vec<TrackKey> = self.receiver.tracks().collect();
        for key in keys {
            self.receiver.set_latency(&key, horizon);
        }
    }

    /// Whether the directory should be told that the producer lives: four times a second is enough.
    pub(super) fn note_heard(&mut self, now: Time) -> bool {
        let due = now.since(self.heard_noted) >= FEEDBACK_INTERVAL || self.heard_noted == Time::ZERO;
        if due {
            self.heard_noted = now;
        }
        due
    }

    pub(super) fn poll_event(&mut self) -> Option<Event> {
        self.receiver.poll_event()
    }

    pub(super) fn poll_feedback(&mut self, now: Time) -> Option<Feedback> {
        self.receiver.tracks().next()?;
        (now >= self.receiver.feedback_due(false)).then(|| self.receiver.feedback(now).0)
    }

    pub(super) fn poll_timeout(&mut self, now: Time) -> Option<Time> {
        self.receiver.tracks().next()?;
        let due = self.receiver.poll_timeout(now, false);
        // While media comes, what viewers need of it is looked up as often as FEEDBACK goes out at most.
        Some(if self.receiver.has_news() { due.min(now + FEEDBACK_INTERVAL) } else { due })
    }

    /// A publication as this announcement describes it.
    pub(super) fn describe(producer: ProducerId, announce: &Announce, tag: EpochTag) -> Publication {
        Publication {
            producer,
            epoch: announce.epoch,
            tag,
            shard_size: announce.shard_size,
            latency_min: announce.latency_min.min(LATENCY_MAX),
            name: announce.name.clone(),
            tracks: announce.tracks.clone(),
        }
    }
}
