//! A viewer's session: its subscriptions, and the sending end of their media.

mod confirm;
mod grant;

use std::time::Duration;

use protocol::few::Few;
use protocol::id::{EpochTag, ProducerId, StreamId, Target, TrackKey};
use protocol::limits::{LATENCY, LATENCY_MIN, SUBSCRIPTIONS_MAX, TRACKS_MAX};
use protocol::seldom::Seldom;
use protocol::sender::{History, Sender};
use protocol::serial::Serial;
use protocol::session::request::{Repeat, RequestNumbers};
use protocol::slab::Slab;
use protocol::time::{Time, micros32};
use protocol::wire::{
    ClockPoint, Code, End, EndAck, Feedback, LastFrame, SessionLast, Start, Subscribe, SubscribeAck, Text,
    TrackInfo, TrackKind, UnsubscribeAck,
};

use super::audience::Needs;
use super::channel::{Channels, Live};
use super::grid::coarse;
use confirm::Confirm;
use grant::{Grant, needed};

/// Bytes of a group that a viewer gets at once when it joins; a longer one is left out in favour of the next.
const JOIN_BYTES_MAX: usize = 2 << 20;
/// What was dropped is known as a whole within this.
const NEWS: Duration = Duration::from_millis(100);
/// Answers to UNSUBSCRIBE that are kept to be repeated.
const FORMER_MAX: usize = SUBSCRIPTIONS_MAX;

/// The broker's end of a viewer. What the fan-out looks at stands in front.
#[repr(C)]
pub(super) struct Viewer {
    /// As [`Viewer::patience`] gives it, in microseconds: each frame asks.
    patience_us: u32,
    requests: RequestNumbers,
    /// Whether frames are left out where its path is too slow.
    thins: bool,
    pub(super) sender: Sender,
    subscriptions: Few<Target, Subscription>,
    past: Seldom<Past>,
}

/// What has ended and is not over.
#[derive(Default)]
struct Past {
    former: Vec<(Target, UnsubscribeAck)>,
    /// Tracks that ended and are still asked for, until then.
    draining: Vec<(Time, TrackKey)>,
    endings: Vec<Ending>,
}

struct Subscription {
    request: Subscribe,
    grant: Grant,
    /// The life that plays.
    playing: Option<EpochTag>,
    tracks: Vec<TrackKey>,
    /// SUBSCRIBE_ACK is repeated until a FEEDBACK names the tag and knows of the latency.
    confirm: Option<Box<Confirm>>,
}

/// An END that is repeated until it is acknowledged.
struct Ending {
    producer: ProducerId,
    end: End,
    repeat: Repeat,
    until: Time,
}

/// What a join gives: the answer, and the frames to send at once.
pub(super) struct Joined {
    pub(super) ack: SubscribeAck,
    pub(super) frames: Vec<Slab>,
}

/// What is due to be said again.
pub(super) struct Repeats {
    pub(super) acks: Vec<(Target, SubscribeAck)>,
    pub(super) ends: Vec<(ProducerId, End)>,
}

impl Viewer {
    pub(super) fn new(now: Time, thins: bool) -> Self {
        let sender = Sender::new(now);
        Self {
            patience_us: patience(&sender),
            sender,
            thins,
            subscriptions: Few::default(),
            past: Seldom::default(),
            requests: RequestNumbers::default(),
        }
    }

    /// A look at what a FEEDBACK needs; see [`Sender::look`].
    pub(super) fn look(&self) -> u64 {
        let tags = self.subscriptions.iter().filter_map(|(_, one)| one.tracks.first());
        tags.fold(self.sender.look(), |sum, key| sum.wrapping_add(key.tag.0.into()))
    }

    /// Takes in a SUBSCRIBE; `None` where it is older than the present state (PROTOCOL 6.1).
    pub(super) fn subscribe(
        &mut self,
        now: Time,
        target: Target,
        request: &Subscribe,
        live: Option<&Live>,
    ) -> Option<Joined> {
        if let Some(present) = self.subscriptions.get(&target) {
            if request.req.before(present.request.req) {
                return None;
            }
        } else if self.subscriptions.len() >= SUBSCRIPTIONS_MAX {
            return Some(Joined { ack: refusal(request.req, Code::Limit), frames: Vec::new() });
        }
        let floor = live.map_or(Duration::ZERO, |live| live.publication.latency_min);
        let transit = live.map_or(Duration::ZERO, |live| live.timing.transit);
        let grant = Grant::new(request.latency, floor, needed(self.sender.rtt(), transit));
        self.subscriptions.insert_new(target, || Subscription {
            request: *request,
            grant,
            playing: None,
            tracks: Vec::new(),
            confirm: None,
        });
        let subscription = self.subscriptions.get_mut(&target)?;
        if subscription.request.req != request.req {
            (subscription.request, subscription.grant) = (*request, grant);
        }
        Some(self.join(now, target, live))
    }

    /// Brings a subscription to the present life of its producer, or says that it waits.
    pub(super) fn join(&mut self, now: Time, target: Target, live: Option<&Live>) -> Joined {
        let Some(subscription) = self.subscriptions.get_mut(&target) else {
            return Joined { ack: refusal(Serial(0), Code::NoSuchStream), frames: Vec::new() };
        };
        let request = subscription.request;
        let Some(live) = live else {
            let ack =
                SubscribeAck { latency: subscription.grant.granted(), ..refusal(request.req, Code::Waiting) };
            return Joined { ack, frames: Vec::new() };
        };
        let chosen = choose_tracks(&live.publication.tracks, target.stream, request.kinds);
        subscription.grant.raise(live.publication.latency_min);
        let latency = subscription.grant.granted();
        let wanted = chosen.iter().map(|track| live.key(track.stream)).collect();
        let left = std::mem::replace(&mut subscription.tracks, wanted);
        let before = subscription.playing.replace(live.publication.tag);
        let former = subscription.confirm.take().filter(|_| before == Some(live.publication.tag));
        subscription.confirm = Some(Box::new(Confirm::of_join(now, self.sender.rtt(), former.as_deref())));
        if chosen.is_empty() {
            self.subscriptions.remove(&target);
        }
        self.leave(now, left, latency);
        if chosen.is_empty() {
            return Joined { ack: refusal(request.req, Code::NoSuchStream), frames: Vec::new() };
        }
        let mut frames = Vec::new();
        let tracks = chosen
            .into_iter()
            .map(|track| {
                let first = self.open_track(now, live, track, (request.start, latency), &mut frames);
                TrackInfo { next_frame: Serial::narrow(first), ..track.clone() }
            })
            .collect();
        let ack = SubscribeAck {
            req: request.req,
            status: Code::Ok,
            latency,
            epoch: live.publication.epoch,
            tag: live.publication.tag,
            shard_size: live.publication.shard_size,
            clock: live.timing.clock,
            name: live.publication.name.clone(),
            tracks,
        };
        Joined { ack, frames }
    }

    /// Opens a track, unless it plays already: its first frame. The frames to send at once are added to `frames`.
    fn open_track(
        &mut self,
        now: Time,
        live: &Live,
        track: &TrackInfo,
        (start, latency): (Start, Duration),
        frames: &mut Vec<Slab>,
    ) -> u64 {
        let key = live.key(track.stream);
        if let Some(first) = self.sender.first(&key).filter(|_| self.sender.is_playing(&key)) {
            self.sender.let_leave_out(key, track.kind, latency, self.thins);
            // A viewer that asks again may not have had the answer: its latency counts from this one.
            self.sender.tell_again(now, &key);
            return first;
        }
        let Some((_, history)) = live.track(track.stream) else { return 0 };
        let first = first_frame(history, start, track.next_frame);
        // What is left of it from a subscription that ended goes on: the viewer may still ask for it.
        if let Some(past) = self.past.get_mut() {
            past.draining.retain(|(_, draining)| *draining != key);
        }
        let first = self.sender.reopen(now, &key, first).unwrap_or(first);
        let slow = track.frame_duration.is_zero() || track.frame_duration > latency / 4;
        self.sender.open(now, key, first, slow);
        self.sender.let_leave_out(key, track.kind, latency, self.thins);
        self.sender.note_offered(&key, history.taken_in());
        for (number, slab) in history.from(first) {
            // Where it goes on amid a group of which something was left out, the rest is of no use.
            if !self.sender.leaves_out_orphan(&key, number, slab)
                && self.sender.note_sent(now, &key, number, slab)
            {
                frames.push(slab.clone());
            }
        }
        first
    }

    /// Ends a subscription on the viewer's wish; what was answered before is answered again (PROTOCOL 6.3).
    pub(super) fn unsubscribe(&mut self, now: Time, target: Target, req: Serial) -> UnsubscribeAck {
        // A later SUBSCRIBE may have overtaken it.
        let is_meant = |one: &Subscription| !req.before(one.request.req);
        let is_meant = self.subscriptions.get(&target).is_some_and(is_meant);
        let Some(subscription) = is_meant.then(|| self.subscriptions.remove(&target)).flatten() else {
            let mut former = self.past.get().into_iter().flat_map(|past| past.former.iter().rev());
            let former = former.find(|(old, ack)| *old == target && ack.req == req);
            return former.map_or_else(
                || UnsubscribeAck { req, status: Code::NoSuchStream, last: Vec::new() },
                |(_, ack)| ack.clone(),
            );
        };
        let tracks = self.withdraw(now, target, subscription.tracks);
        let last = self.drain(now, tracks, subscription.grant.granted());
        let ack = UnsubscribeAck { req, status: Code::Ok, last };
        let former = &mut self.past.make().former;
        if former.len() == FORMER_MAX {
            former.remove(0);
        }
        former.push((target, ack.clone()));
        ack
    }

    /// Of the tracks that a subscription leaves, and of those of its producer's former lives, nothing goes out any more that did
    /// not leave yet: nothing comes behind the answer but repairs (PROTOCOL 6.3). Those whose end the viewer has to hear of.
    fn withdraw(&mut self, now: Time, target: Target, tracks: Vec<TrackKey>) -> Vec<TrackKey> {
        let mut left = self.unwanted(tracks);
        for key in &left {
            self.sender.withdraw(now, key);
        }
        let within = |key: &TrackKey| {
            key.producer == target.producer && (target.stream == StreamId::ALL || key.stream == target.stream)
        };
        let draining = self.past.get().into_iter().flat_map(|past| &past.draining);
        let former = draining.map(|(_, key)| *key).filter(within).collect();
        for key in self.unwanted(former) {
            if left.len() < TRACKS_MAX && !left.contains(&key) && self.sender.withdraw(now, &key) {
                left.push(key);
            }
        }
        left
    }

    /// Ends those of the tracks that no subscription plays any more: their last frames.
    fn leave(&mut self, now: Time, tracks: Vec<TrackKey>, latency: Duration) -> Vec<LastFrame> {
        let tracks = self.unwanted(tracks);
        self.drain(now, tracks, latency)
    }

    /// Those of the tracks that no subscription plays any more.
    fn unwanted(&self, mut tracks: Vec<TrackKey>) -> Vec<TrackKey> {
        tracks.sort_unstable();
        tracks.dedup();
        tracks.retain(|key| !self.subscriptions.values().any(|other| other.tracks.contains(key)));
        tracks
    }

    /// Ends tracks: their last frames. Repairs go on for a while.
    fn drain(&mut self, now: Time, tracks: Vec<TrackKey>, latency: Duration) -> Vec<LastFrame> {
        let until = now + latency.max(LATENCY_MIN) * 2;
        let mut last = Vec::new();
        for key in tracks {
            if let Some(frame) = self.sender.finish(&key) {
                let draining = &mut self.past.make().draining;
                if !draining.iter().any(|(_, draining)| *draining == key) {
                    draining.push((until, key));
                }
                last.push(LastFrame { stream: key.stream, tag: key.tag, frame });
            }
        }
        last
    }

    /// The life of a producer has ended: its subscriptions wait again, and the viewer is told.
    pub(super) fn end(&mut self, now: Time, producer: ProducerId, tag: EpochTag, reason: Code) {
        let mut latency = Duration::ZERO;
        let mut ended = Vec::new();
        for (target, subscription) in self.subscriptions.iter_mut() {
            if target.producer == producer
                && subscription.playing.take_if(|playing| *playing == tag).is_some()
            {
                subscription.confirm = None;
                latency = latency.max(subscription.grant.granted());
                ended.append(&mut subscription.tracks);
            }
        }
        if ended.is_empty() {
            return;
        }
        let last = self.leave(now, ended, latency);
        let endings = &mut self.past.make().endings;
        if endings.len() == ENDINGS_MAX {
            endings.remove(0);
        }
        let end = End { req: self.requests.next_number(), reason, last };
        let repeat = Repeat::start(now, self.sender.rtt());
        endings.push(Ending { producer, end, repeat, until: now + ENDING_LIFE });
    }

    pub(super) fn handle_end_ack(&mut self, ack: EndAck) {
        if let Some(past) = self.past.get_mut() {
            past.endings.retain(|ending| ending.end.req != ack.req);
        }
    }

    /// Raises the latencies that the path can't keep any more: the new ones are said until a FEEDBACK knows of them. Whose they are.
    pub(super) fn review_grants(&mut self, now: Time, channels: &Channels) -> Vec<ProducerId> {
        let mut raised = Vec::new();
        for (target, subscription) in self.subscriptions.iter_mut() {
            let Some(live) = channels.live(target.producer) else { continue };
            let needed = needed(self.sender.rtt(), live.timing.transit);
            if subscription.playing.is_some() && subscription.grant.review(now, needed) {
                subscription.confirm = Some(Box::new(Confirm::of_raise(now, self.sender.rtt())));
                raised.push(target.producer);
            }
        }
        raised
    }

    /// A FEEDBACK names tags, and how long it may ask: SUBSCRIBE_ACKs with them have come.
    pub(super) fn confirm(&mut self, now: Time, feedback: &Feedback) {
        self.patience_us = patience(&self.sender);
        let named = |key: &TrackKey| feedback.tracks.iter().any(|block| block.track == *key);
        let is_shown = |(target, one): &(&Target, &Subscription)| {
            let Some(confirm) = &one.confirm else { return false };
            let latency = one.grant.granted();
            let mut others = self.subscriptions.iter().filter(|(other, _)| other != target);
            let largest = others.all(|(_, other)| other.grant.granted() < latency);
            confirm.is_shown(now, largest) && feedback.horizon >= latency && one.tracks.iter().any(named)
        };
        let shown: Vec<Target> =
            self.subscriptions.iter().filter(is_shown).map(|(target, _)| *target).collect();
        for target in shown {
            if let Some(subscription) = self.subscriptions.get_mut(&target) {
                subscription.confirm = None;
            }
        }
        let (sender, Some(past)) = (&mut self.sender, self.past.get_mut()) else { return };
        past.draining.retain(|(_, key)| {
            let settled = sender.is_settled(key);
            if settled {
                sender.close(key);
            }
            !settled
        });
    }

    /// The repeats that are due.
    pub(super) fn poll_repeats(&mut self, now: Time, channels: &Channels) -> Repeats {
        let due: Vec<Target> = self
            .subscriptions
            .iter_mut()
            .filter_map(|(target, one)| one.confirm.as_mut()?.fire(now).then_some(*target))
            .collect();
        for subscription in due.iter().filter_map(|target| self.subscriptions.get(target)) {
            subscription.tracks.iter().for_each(|key| self.sender.tell_again(now, key));
        }
        let acks = due
            .into_iter()
            .filter_map(|target| Some((target, self.present_ack(target, channels)?)))
            .collect();
        let ends = self.poll_past(now);
        Repeats { acks, ends }
    }

    /// The ENDs that are due to be said again; forgets what is over.
    fn poll_past(&mut self, now: Time) -> Vec<(ProducerId, End)> {
        let (sender, Some(past)) = (&mut self.sender, self.past.get_mut()) else { return Vec::new() };
        past.endings.retain(|ending| now < ending.until);
        past.draining.retain(|(until, key)| {
            let over = now >= *until;
            if over {
                sender.close(key);
            }
            !over
        });
        let due =
            |ending: &mut Ending| ending.repeat.fire(now).then(|| (ending.producer, ending.end.clone()));
        past.endings.iter_mut().filter_map(due).collect()
    }

    fn present_ack(&self, target: Target, channels: &Channels) -> Option<SubscribeAck> {
        let subscription = self.subscriptions.get(&target)?;
        let live = channels.live(target.producer)?;
        let tracks = subscription.tracks.iter().filter_map(|key| {
            let (info, _) = live.track(key.stream)?;
            Some(TrackInfo { next_frame: Serial::narrow(self.sender.first(key)?), ..info.clone() })
        });
        Some(SubscribeAck {
            req: subscription.request.req,
            status: Code::Ok,
            latency: subscription.grant.granted(),
            epoch: live.publication.epoch,
            tag: live.publication.tag,
            shard_size: live.publication.shard_size,
            clock: live.timing.clock,
            name: live.publication.name.clone(),
            tracks: tracks.collect(),
        })
    }

    /// When [`Viewer::poll_repeats`] or a HEARTBEAT is due.
    pub(super) fn poll_timeout(&self, now: Time) -> Option<Time> {
        let confirms = self.subscriptions.values().filter_map(|one| Some(one.confirm.as_ref()?.due()));
        let past = || self.past.get().into_iter();
        let endings = past().flat_map(|past| &past.endings).map(|ending| ending.repeat.due());
        let drains = past().flat_map(|past| &past.draining).map(|(until, _)| coarse(now, *until));
        let sender = self.sender.poll_timeout().map(|due| coarse(now, due));
        confirms.chain(endings).chain(drains).chain(sender).min()
    }

    /// How long media to it may wait for the socket: as long as it can still come in time, less what a repair would take, and
    /// what the news of what was dropped may take: a frame that is spread over time is found out part by part. What is dropped without
    /// being told of in time would be asked for, and the answers would take the place of what is new.
    pub(super) const fn patience(&self) -> Duration {
        Duration::from_micros(self.patience_us as u64)
    }

    /// The subscriptions.
    pub(super) fn targets(&self) -> impl Iterator<Item = Target> + Clone {
        self.subscriptions.keys().copied()
    }

    /// The subscriptions of one producer.
    pub(super) fn targets_of(&self, producer: ProducerId) -> Vec<Target> {
        self.targets().filter(|target| target.producer == producer).collect()
    }

    /// What it needs of one producer, if it watches that: the largest latency that it was granted, and how long after its
    /// capture a frame is of use to it here, which is that less its smallest one-way time. Who shows frames as they come
    /// has no deadline: the usual latency counts.
    pub(super) fn needs_on(&self, producer: ProducerId) -> Option<Needs> {
        let granted = |(target, one): (&Target, &Subscription)| {
            (target.producer == producer).then_some(one.grant.granted())
        };
        let latency = self.subscriptions.iter().filter_map(granted).max()?;
        let horizon = match latency {
            Duration::ZERO => LATENCY,
            latency => latency.saturating_sub(self.sender.rtt().least() / 2),
        };
        Some(Needs { latency, horizon })
    }

    /// Where every track ends if the session ends now.
    pub(super) fn last_frames(&mut self, now: Time) -> Vec<SessionLast> {
        let keys: Vec<TrackKey> = self.sender.tracks().copied().collect();
        keys.into_iter()
            .filter_map(|key| {
                self.sender.withdraw(now, &key);
                let frame = self.sender.finish(&key)?;
                let last = LastFrame { stream: key.stream, tag: key.tag, frame };
                Some(SessionLast { producer: key.producer, last })
            })
            .collect()
    }
}

/// ENDs that wait for their acknowledgement; a producer that ends more lives in 5 s is heard of by its next one.
const ENDINGS_MAX: usize = SUBSCRIPTIONS_MAX;
/// An END that nobody acknowledges is given up after this.
const ENDING_LIFE: Duration = Duration::from_secs(5);

fn refusal(req: Serial, status: Code) -> SubscribeAck {
    SubscribeAck {
        req,
        status,
        latency: Duration::ZERO,
        epoch: 0,
        tag: EpochTag(0),
        shard_size: 0,
        clock: ClockPoint::default(),
        name: Text::default(),
        tracks: Vec::new(),
    }
}

/// Microseconds that media may wait, see [`Viewer::patience`].
fn patience(sender: &Sender) -> u32 {
    let horizon = sender.horizon().filter(|horizon| !horizon.is_zero()).unwrap_or(LATENCY);
    let rtt = sender.rtt();
    micros32(horizon.saturating_sub(rtt.smoothed() + rtt.reorder_wait() + NEWS).max(horizon / 2))
}

/// One stream, or for the whole producer the first track of each wanted kind.
fn choose_tracks(tracks: &[TrackInfo], stream: StreamId, kinds: u8) -> Vec<&TrackInfo> {
    let mut chosen: Vec<&TrackInfo> = Vec::new();
    for track in tracks {
        let wanted = if stream == StreamId::ALL {
            let kind_wanted = kinds == 0 || kinds & TrackKind::mask(track.kind) != 0;
            kind_wanted && !chosen.iter().any(|other| other.kind == track.kind)
        } else {
            track.stream == stream
        };
        if wanted {
            chosen.push(track);
        }
    }
    chosen
}

/// The first frame of a new viewer, as a wide number (PROTOCOL 6.1).
fn first_frame(history: &History, start: Start, announced: Serial) -> u64 {
    let Some((newest, slab)) = history.newest() else { return history.widen(announced) };
    match start {
        Start::NextGroup => newest + 1,
        Start::LiveEdge => newest,
        Start::CurrentGroup => {
            let group = history.widen(slab.header().group);
            let whole = (group..=newest).all(|number| history.get(number).is_some());
            let bytes: usize = history.from(group).map(|(_, slab)| slab.datagrams().len()).sum();
            if whole && bytes <= JOIN_BYTES_MAX { group } else { newest + 1 }
        }
    }
}

#[cfg(test)]
mod tests;
