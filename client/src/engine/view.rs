//! The client's figures, for people and for the summary.

use protocol::id::{ProducerId, StreamId};
use protocol::receiver;
use protocol::time::Time;

use super::Client;
use super::event::{Snapshot, StreamStatus};
use super::stream::Stream;
use super::subscription::{State, Subscription};

impl Client {
    /// The state of everything, for people and for the summary.
    pub fn snapshot(&self, now: Time) -> Snapshot {
        let streams = self.streams.iter().map(|(id, stream)| self.status_of(now, *id, stream)).collect();
        let waiting = self
            .subscriptions
            .iter()
            .filter(|(_, one)| matches!(one.state, State::Waiting))
            .map(|(target, _)| *target);
        let (replayed, foreign_session) = self.link.drops();
        Snapshot {
            broker: self.broker,
            connected: self.link.is_up(),
            rtt: self.receiver.rtt().measured(),
            jitter: self.receiver.jitter(),
            loss: self.receiver.loss(),
            loss_run: self.receiver.loss_run(),
            streams,
            waiting: waiting.collect(),
            datagrams_received: self.receiver.datagrams(),
            datagrams_sent: self.sent,
            drops: vec![
                ("foreign_address", self.drops.foreign),
                ("malformed", self.drops.malformed),
                ("unknown_event", self.drops.unknown_event),
                ("unexpected", self.drops.unexpected),
                ("replayed", replayed),
                ("foreign_session", foreign_session),
                ("conflicting", self.drops.conflicting),
                ("stale", self.drops.stale),
                ("repeated_frames", self.drops.repeated),
                ("early", self.early.dropped()),
            ],
        }
    }

    fn status_of(
        &self,
        now: Time,
        (producer, stream): (ProducerId, StreamId),
        figures: &Stream,
    ) -> StreamStatus {
        let mut open = receiver::Counters::default();
        let keys = self.tracks.keys().filter(|key| key.producer == producer && key.stream == stream);
        for counters in keys.filter_map(|key| self.receiver.counters(key)) {
            open.add(&counters);
        }
        let playing = |one: &Subscription| matches!(&one.state, State::Playing { tracks, .. } if tracks.iter().any(|key| (key.producer, key.stream) == (producer, stream)));
        let (frames_per_second, bits_per_second) = figures.rates(now);
        StreamStatus {
            producer,
            stream,
            kind: figures.kind,
            name: figures.name.clone(),
            live: self.link.is_up() && self.subscriptions.values().any(playing),
            counters: figures.counters(Some(open)),
            frames_per_second,
            bits_per_second,
            loss: self.receiver.loss(),
            delay: figures.delay,
            thinning: figures.thinning,
            age: figures.age.map(|(age, _)| age),
            age_error: figures.age.map(|(_, error)| error),
            latency: figures.latency,
            first_frame: figures.first_frame(),
        }
    }
}
