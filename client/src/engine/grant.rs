//! What the broker grants, ends and takes back: the answers to subscriptions (PROTOCOL 5.3, 6).

use std::time::Duration;

use protocol::clock::MediaClock;
use protocol::id::{EpochTag, ProducerId, StreamId, Target, TrackKey};
use protocol::limits::LATENCY_MIN;
use protocol::receiver::{DataOutcome, Order, TrackPlan};
use protocol::serial::Serial;
use protocol::time::Time;
use protocol::wire::{
    ClockPoint, Code, DataHeader, End, EndAck, LastFrame, Message, SubscribeAck, TrackInfo, UnsubscribeAck,
};

use super::event::{Event, Subscribed};
use super::stream::Stream;
use super::subscription::State;
use super::{Client, Retiring, TrackFacts};

/// A track whose end nobody names is closed this long after its last deadline.
const RETIRE_GRACE: Duration = Duration::from_millis(500);

impl Client {
    pub(super) fn handle_subscribe_ack(
        &mut self,
        now: Time,
        target: Target,
        seq: Serial,
        ack: &SubscribeAck,
    ) {
        let Some(subscription) = self.subscriptions.get_mut(&target).filter(|one| !one.is_leaving()) else {
            return;
        };
        if ack.req.before(subscription.req) || !subscription.note_news(seq) {
            return;
        }
        match ack.status {
            Code::Ok => self.play(now, target, ack),
            Code::Waiting => {
                let waiting = matches!(subscription.state, State::Waiting);
                if matches!(subscription.state, State::Asking(_)) {
                    subscription.state = State::Waiting;
                }
                if !waiting && !std::mem::replace(&mut subscription.answered, true) {
                    self.events.push_back(Event::Waiting { target });
                }
            }
            status => {
                self.subscriptions.remove(&target);
                self.events.push_back(Event::Refused { target, status });
            }
        }
    }

    /// The broker named the life that plays.
    fn play(&mut self, now: Time, target: Target, ack: &SubscribeAck) {
        let Some(subscription) = self.subscriptions.get_mut(&target) else { return };
        if subscription.plays(ack.tag) {
            self.note_clock(now, (target.producer, ack.tag), &ack.clock);
            self.raise_latency(now, target, ack.latency);
            return;
        }
        let again = std::mem::replace(&mut subscription.played, true);
        subscription.answered = true;
        let (asked, former) = (subscription.asked, subscription.tracks().to_vec());
        let tracks: Vec<TrackKey> = ack.tracks.iter().map(|track| key_of(target, track, ack.tag)).collect();
        subscription.latency = ack.latency;
        let wanted = subscription.wanted;
        subscription.state = State::Playing { tag: ack.tag, tracks: tracks.clone() };
        for key in former.into_iter().filter(|key| !tracks.contains(key)) {
            self.retire(now, key, ack.latency);
        }
        for track in &ack.tracks {
            self.open_track(now, asked, key_of(target, track, ack.tag), track, ack);
        }
        self.events.push_back(Event::Subscribed(Subscribed {
            target,
            epoch: ack.epoch,
            name: ack.name.clone(),
            wanted,
            latency: ack.latency,
            tracks: ack.tracks.clone(),
            again,
        }));
        self.tell_horizon(now);
        self.note_clock(now, (target.producer, ack.tag), &ack.clock);
        for (at, datagram) in self.early.take(now, self.receiver.rtt().smoothed()) {
            if let Ok((header, payload)) = DataHeader::decode(&datagram)
                && self.receiver.handle_data(now, &header, payload) == DataOutcome::UnknownTrack
            {
                self.early.hold(at, &datagram);
            }
        }
    }

    /// The path got slower. An answer that was overtaken says less: a granted latency never shrinks.
    fn raise_latency(&mut self, now: Time, target: Target, granted: Duration) {
        let Some(subscription) = self.subscriptions.get_mut(&target) else { return };
        if granted <= subscription.latency {
            return;
        }
        let before = std::mem::replace(&mut subscription.latency, granted);
        let wanted = subscription.wanted;
        for key in subscription.tracks().to_vec() {
            self.receiver.set_latency(&key, granted);
            if let Some(stream) = self.streams.get_mut(&(key.producer, key.stream)) {
                stream.latency = granted;
            }
        }
        self.tell_horizon(now);
        self.events.push_back(Event::LatencyRaised { target, wanted, before, latency: granted });
    }

    /// FEEDBACK says how long this end may ask: the broker knows by it that the granted latency has come.
    fn tell_horizon(&mut self, now: Time) {
        let latencies = self.subscriptions.values().map(|one| one.latency);
        self.receiver.set_horizon(now, latencies.max().unwrap_or_default());
    }

    /// A point of the clock chain, at the broker: on this clock it is as good as what is known of the broker's.
    pub(super) fn note_clock(&mut self, now: Time, life: (ProducerId, EpochTag), point: &ClockPoint) {
        if let Some(clock) =
            self.link.broker_clock().and_then(|broker| MediaClock::at_viewer(point, now, broker))
        {
            self.receiver.set_clock(now, life, clock);
        }
    }

    fn open_track(&mut self, now: Time, asked: Time, key: TrackKey, track: &TrackInfo, ack: &SubscribeAck) {
        // What came by another session is counted as it is; in this one the broker goes on where it says.
        if self.retiring.remove(&key).is_some_and(|retiring| retiring.cut) {
            self.receiver.give_up(now, &key);
            self.drain_receiver(now);
            self.close_track(&key);
        }
        self.receiver.resume(now, &key, track.next_frame);
        let id = (key.producer, key.stream);
        self.streams.insert_new(id, || Stream::new(asked, track.kind));
        let Some(stream) = self.streams.get_mut(&id) else { return };
        (stream.name, stream.latency) = (ack.name.clone(), ack.latency);
        stream.begin_life(ack.epoch);
        // What another session delivered before is not expected again.
        let first = stream.goes_on_at(track.next_frame);
        self.receiver.open(
            now,
            TrackPlan {
                key,
                first,
                shard_size: ack.shard_size,
                frame_duration: track.frame_duration,
                latency: ack.latency,
                order: Order::InOrder,
                retag: None,
            },
        );
        self.receiver.set_latency(&key, ack.latency);
        let extension = track.extension;
        self.tracks.insert(key, TrackFacts { kind: track.kind, extension, epoch: ack.epoch });
    }

    pub(super) fn handle_unsubscribe_ack(&mut self, now: Time, target: Target, ack: &UnsubscribeAck) {
        let answers =
            self.subscriptions.get(&target).is_some_and(|one| one.is_leaving() && one.req == ack.req);
        if answers {
            self.leave(now, target, ack.status, &ack.last);
        }
    }

    /// A subscription is over; its tracks end where the broker said, or where they are.
    pub(super) fn leave(&mut self, now: Time, target: Target, status: Code, last: &[LastFrame]) {
        let Some(subscription) = self.subscriptions.remove(&target) else { return };
        let wanted: Vec<TrackKey> =
            self.subscriptions.values().flat_map(|other| other.tracks().iter().copied()).collect();
        self.finish(now, target.producer, last);
        for key in subscription.tracks().iter().filter(|key| !wanted.contains(key)) {
            self.retire(now, *key, subscription.latency);
        }
        self.events.push_back(Event::Unsubscribed { target, status });
    }

    pub(super) fn handle_end(&mut self, now: Time, producer: ProducerId, seq: Serial, end: &End) {
        self.send(now, (producer, StreamId::ALL), false, &Message::EndAck(EndAck { req: end.req }));
        self.finish(now, producer, &end.last);
        let mut ended = Vec::new();
        for (target, subscription) in self.subscriptions.iter_mut() {
            let named = |key: &TrackKey| end.last.iter().any(|last| last.tag == key.tag);
            if let State::Playing { tracks, .. } = &subscription.state
                && target.producer == producer
                && tracks.iter().any(named)
            {
                ended.extend(tracks.iter().map(|key| (*key, subscription.latency)));
                subscription.state = State::Waiting;
                subscription.note_news(seq);
                self.events.push_back(Event::Ended { target: *target, reason: end.reason });
            }
        }
        for (key, latency) in ended {
            self.retire(now, key, latency);
        }
    }

    /// The broker named the last frames of some tracks.
    pub(super) fn finish(&mut self, now: Time, producer: ProducerId, last: &[LastFrame]) {
        for last in last {
            let key = TrackKey { producer, stream: last.stream, tag: last.tag };
            self.receiver.finish(now, &key, last.frame);
        }
    }

    /// A track ends: it is closed when its frames are settled, or when their deadlines have passed.
    pub(super) fn retire(&mut self, now: Time, key: TrackKey, latency: Duration) {
        let until = now + latency.max(LATENCY_MIN) + RETIRE_GRACE;
        self.retiring.insert_new(key, || Retiring { until, told: None, cut: false });
    }
}

fn key_of(target: Target, track: &TrackInfo, tag: EpochTag) -> TrackKey {
    TrackKey { producer: target.producer, stream: track.stream, tag }
}
