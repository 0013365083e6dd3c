//! The packet path: one frame to every viewer of its channel.

use std::collections::BTreeSet;

use bytes::Bytes;
use protocol::id::{ProducerId, SessionId, TrackKey};
use protocol::limits::DATAGRAM_LEN;
use protocol::random::Random;
use protocol::serial::Serial;
use protocol::slab::Slab;
use protocol::time::Time;
use protocol::wire::{Message, Skip, SkipItem, SkipRange, SkipReason};

use super::audience::Subscribers;
use super::channel::Channels;
use super::fan::{Fan, Frame, GROUP, Group};
use super::grid::coarse;
use super::handover::Path;
use super::lane::{Dropped, OwnedFrame};
use super::outbox::Outbox;
use super::session::{Role, Session};
use super::sessions::Slot;
use super::watch::compose_report;
use super::{Broker, Counters};

/// Bytes of a datagram behind which a HEARTBEAT may ride in the same send: one track block fits, whatever it says.
const SHARED_MIN: usize = 256;

impl Broker {
    /// Takes a whole frame into the history and queues it for every viewer: one slab, one send each, made as it leaves where little
    /// of the channel waits. The order of the viewers rotates, so that nobody is always the last.
    pub(super) fn fan_out(&mut self, now: Time, slab: &Slab) {
        let header = slab.header();
        let viewers = self.channels.subscribers(header.producer).map_or(0, Subscribers::len);
        if !self.outbox.has_room_for_fan(header.producer, now, viewers) {
            // Those before it first.
            self.unfold_channel(now, header.producer);
        }
        let Some(number) = self.channels.insert(now, slab) else {
            self.counters.frames_stale += 1;
            return;
        };
        let Some(channel) = self.channels.get_mut(header.producer) else { return };
        let track = channel.live.as_ref().and_then(|live| live.track(header.stream));
        let interval = track.map(|(track, _)| track.frame_duration).unwrap_or_default();
        let Some(first) = channel.subscribers.take_turn() else { return };
        let nth = track.map(|(_, history)| history.taken_in()).unwrap_or_default();
        let frame = Frame { slab: slab.clone(), number, nth, interval, at: now };
        let fan = Fan::new(frame, first, channel.subscribers.len());
        let Some(mut fan) = self.outbox.fan(fan) else { return };
        // Where there is too little room the queue takes what it can, viewer by viewer, and the others are told.
        while fan.left() > 0 {
            let group = fan.next_group(self.channels.subscribers(header.producer));
            self.offer_to_group(now, &group);
        }
    }

    /// Makes all sends of the frames that have not left for everybody yet: before everything ends.
    pub(super) fn unfold(&mut self, now: Time) {
        self.outbox.fanning().into_iter().for_each(|producer| self.unfold_channel(now, producer));
    }

    /// The same for one channel: before its next frame, and before it ends, for what was published is for those who watch it now.
    pub(super) fn unfold_channel(&mut self, now: Time, producer: ProducerId) {
        while self.offer_to_next_group(now, producer) {}
        self.outbox.close_fans(producer);
    }

    /// Makes the sends of the next viewers of a channel's frame for everybody, if it has one.
    pub(super) fn offer_to_next_group(&mut self, now: Time, producer: ProducerId) -> bool {
        let group = self.outbox.next_group(producer, &self.channels);
        if let Some(group) = &group {
            self.offer_to_group(now, group);
        }
        group.is_some()
    }

    /// Queues a frame for the viewers of a group, and behind it the HEARTBEATs that are due.
    fn offer_to_group(&mut self, now: Time, group: &Group) {
        let frame = &group.frame;
        // First a look at all of them: the processor fetches what lies at several viewers at once, while one after
        // the other would be waited for.
        let mut turns = [Turn::Past; GROUP];
        for (turn, slot) in turns.iter_mut().zip(group.slots()) {
            *turn = self.turn(now, *slot, frame);
        }
        let mut takers = 0;
        for (slot, turn) in group.slots().iter().zip(turns) {
            let Some(rides) = self.offer(now, (*slot, turn), frame) else { continue };
            takers += 1;
            if rides {
                self.riders.push(*slot);
            }
        }
        self.repair_budget.earn(now, frame.slab.datagrams().len() as u64 * takers);
        let turn = Some(frame.key().producer);
        while let Some(slot) = self.riders.pop() {
            self.report(now, slot, (DATAGRAM_LEN, turn));
        }
    }

    /// Whether it is a viewer's turn to be offered a frame.
    fn turn(&self, now: Time, slot: Slot, frame: &Frame) -> Turn {
        match self.sessions.at(slot).map(|session| &session.role) {
            Some(Role::Viewer(viewer)) if viewer.sender.awaits(&frame.key(), frame.nth) => {
                Turn::Waits { is_paused: viewer.sender.is_paused(now), until: frame.at + viewer.patience() }
            }
            _ => Turn::Past,
        }
    }

    /// Offers a frame to a viewer whose turn it is: whether its HEARTBEAT goes right behind.
    fn offer(&mut self, now: Time, (slot, turn): (Slot, Turn), frame: &Frame) -> Option<bool> {
        let Turn::Waits { is_paused, until } = turn else { return None };
        let session = self.sessions.at_mut(slot)?;
        if is_paused {
            self.counters.frames_paused += 1;
            pass_over(session, frame);
            return None;
        }
        let (channels, random) = (&self.channels, &mut self.random);
        let (outbox, counters) = (&mut self.outbox, &mut self.counters);
        let mut offering = Offering { times: (now, until), frame, channels, random, outbox, counters };
        let Offered { due, rides } = offering.offer(session)?;
        if let Some(due) = due.filter(|_| !rides) {
            set_timer(&mut self.timers, session, coarse(now, due));
        }
        Some(rides)
    }

    /// Offers a viewer the frames whose turn would come to it later: it is told what it was sent, and would ask for them.
    fn catch_up(&mut self, now: Time, slot: Slot) {
        let Some(Role::Viewer(viewer)) = self.sessions.at(slot).map(|session| &session.role) else { return };
        let frames = viewer.targets().flat_map(|target| self.outbox.frames_of(target.producer));
        let missing = frames.filter(|frame| viewer.sender.awaits(&frame.key(), frame.nth));
        for frame in missing.cloned().collect::<Vec<_>>() {
            // Two subscriptions to one producer name each frame twice.
            let turn = self.turn(now, slot, &frame);
            if self.offer(now, (slot, turn), &frame).is_some() {
                self.repair_budget.earn(now, frame.slab.datagrams().len() as u64);
            }
        }
    }

    /// Queues a HEARTBEAT of at most `room` bytes, behind the media that it speaks of: of a viewer that had its `turn` in a frame for
    /// everybody, behind that.
    pub(super) fn report(&mut self, now: Time, slot: Slot, (room, turn): (usize, Option<ProducerId>)) {
        self.catch_up(now, slot);
        let nonce = self.random.nonzero_u32();
        let Some(session) = self.sessions.at_mut(slot) else { return };
        let report = compose_report(now, session, nonce, room, &self.channels);
        let (Some(report), Role::Viewer(viewer)) = (report, &session.role) else { return };
        let about = viewer.targets().map(|target| target.producer);
        self.outbox.report((session.path, report), turn, about);
        if let Some(due) = viewer.sender.poll_timeout() {
            set_timer(&mut self.timers, session, coarse(now, due));
        }
    }

    /// Queues a frame for one viewer.
    pub(super) fn send_frame(&mut self, now: Time, path: Path, slab: &Slab, until: Time) {
        if self.outbox.media((now, until), path, (slab, None, None)) {
            self.counters.frames_out += 1;
        } else {
            self.counters.dropped_queue_full += 1;
        }
    }

    /// Frames that waited here until they were of no use are left out: their viewers are told so at once, for the next frame may wait
    /// as long as these did, and ask for none of them.
    pub(super) fn recall_dropped(&mut self, now: Time) {
        while let Some(Dropped { frame, bytes }) = self.outbox.poll_dropped() {
            if let Some(session) = self.sessions.get_mut(&frame.viewer) {
                recall(now, session, (frame.number, &bytes), (&self.channels, &mut self.outbox));
            }
        }
    }

    /// Frames that will never come: noted for the HEARTBEATs, and told at once.
    pub(super) fn fan_out_gap(
        &mut self,
        now: Time,
        key: TrackKey,
        (from, to): (Serial, Serial),
        reason: SkipReason,
    ) {
        self.channels.note_gap(now, &key, (from, to), reason);
        let item = SkipItem { stream: key.stream, tag: key.tag, range: SkipRange { from, to, reason } };
        let message = Message::Skip(Skip { ranges: vec![item] });
        let subscribers: Vec<SessionId> = self.subscribers(key.producer);
        for id in subscribers {
            let plays = self.viewer(id).is_some_and(|viewer| viewer.sender.is_playing(&key));
            if let Some(session) = self.sessions.get_mut(&id).filter(|_| plays) {
                let bytes = session.encode_for(now, key.producer, key.stream, &message);
                self.outbox.control(session.path, bytes);
            }
        }
    }
}

/// Has a session looked at by then. Only a timer that moved forward has to be moved in the table.
fn set_timer(timers: &mut BTreeSet<(Time, SessionId)>, session: &mut Session, due: Time) {
    if session.timer.is_none_or(|timer| due < timer) {
        let id = session.outbound.session();
        if let Some(before) = session.timer.replace(due) {
            timers.remove(&(before, id));
        }
        timers.insert((due, id));
    }
}

/// These datagrams of a frame were not sent: they found no place, or waited in it until they were of no use. The viewer is told.
pub(super) fn recall(
    now: Time,
    session: &mut Session,
    (number, datagrams): (u64, &[u8]),
    (channels, outbox): (&Channels, &mut Outbox),
) {
    let Role::Viewer(viewer) = &mut session.role else { return };
    if let Some(key) = viewer.sender.recall(number, datagrams, channels) {
        tell_left_out(now, session, &key, outbox);
    }
}

/// Whether these datagrams of a frame, which have not left, are of no use without one that was recalled.
pub(super) fn is_orphan(session: &Session, number: u64, datagrams: &[u8]) -> bool {
    matches!(&session.role, Role::Viewer(viewer) if viewer.sender.is_orphaned(number, datagrams))
}

/// Tells a viewer of the frames that were left out, once: it waits for nothing that doesn't come.
fn tell_left_out(now: Time, session: &mut Session, key: &TrackKey, outbox: &mut Outbox) {
    let Role::Viewer(viewer) = &mut session.role else { return };
    let ranges = viewer.sender.poll_skip(key);
    if !ranges.is_empty() {
        let skip = session.encode_for(now, key.producer, key.stream, &Message::Skip(Skip { ranges }));
        outbox.control(session.path, skip);
    }
}

/// A frame is not for a viewer, though it was its turn.
fn pass_over(session: &mut Session, frame: &Frame) {
    if let Role::Viewer(viewer) = &mut session.role {
        viewer.sender.note_offered(&frame.key(), frame.nth);
    }
}

/// What a look at a viewer tells before a frame is offered to it.
#[derive(Clone, Copy)]
enum Turn {
    /// It does not play the track, or was offered the frame before.
    Past,
    /// It waits for the frame.
    Waits {
        /// Media to it pauses.
        is_paused: bool,
        /// When the frame is of no use to it any more.
        until: Time,
    },
}

/// A frame was taken.
struct Offered {
    /// When the viewer's timer is due.
    due: Option<Time>,
    /// A HEARTBEAT goes right behind it.
    rides: bool,
}

/// A frame on its way to a viewer, and what that takes.
struct Offering<'a> {
    /// Now, and when it is of no use any more.
    times: (Time, Time),
    frame: &'a Frame,
    channels: &'a Channels,
    random: &'a mut Random,
    outbox: &'a mut Outbox,
    counters: &'a mut Counters,
}

impl Offering<'_> {
    /// Offers the frame to one session that waits for it.
    fn offer(&mut self, session: &mut Session) -> Option<Offered> {
        let (times, key) = (self.times, &self.frame.key());
        let now = times.0;
        let &Frame { ref slab, number, nth, interval, .. } = self.frame;
        let Role::Viewer(viewer) = &mut session.role else { return None };
        viewer.sender.note_offered(key, nth);
        if viewer.sender.leaves_out(now, key, number, slab) {
            self.counters.frames_thinned += 1;
            return None;
        }
        if !viewer.sender.note_sent(now, key, number, slab) {
            return None;
        }
        let deferred = viewer.sender.defer(now, (key, number, slab), interval);
        let before = viewer.sender.parity_sent();
        let parity = viewer.sender.parity(now, (key, slab), deferred);
        self.counters.datagrams_parity += viewer.sender.parity_sent() - before;
        let mut due = viewer.sender.poll_timeout();
        let rides = !deferred && viewer.sender.rides_behind_frame(now, interval);
        // Ahead of the frame.
        tell_left_out(now, session, key, self.outbox);
        let owned = OwnedFrame { viewer: session.outbound.session(), number };
        let report = if rides { self.share_send(session) } else { None };
        let shares = report.is_some();
        if shares {
            due = poll_timeout(session);
        }
        let taken = deferred || self.outbox.media(times, session.path, (slab, Some(owned), report));
        if taken {
            self.counters.frames_out += 1;
        } else {
            self.counters.dropped_queue_full += 1;
            recall(now, session, (number, slab.datagrams()), (self.channels, self.outbox));
        }
        let to = (owned.viewer, session.path);
        if parity.is_some_and(|parity| !self.outbox.run(times, to, parity)) {
            self.counters.dropped_queue_full += 1;
        }
        Some(Offered { due, rides: rides && !shares })
    }

    /// A frame of one datagram takes the HEARTBEAT behind it along in its send: only the last datagram of one may be shorter,
    /// so frames of several can't.
    fn share_send(&mut self, session: &mut Session) -> Option<Bytes> {
        let slab = &self.frame.slab;
        let data = slab.datagrams();
        let Role::Viewer(viewer) = &session.role else { return None };
        // It would overtake what waits in the lanes of other channels,
        let own = slab.header().producer;
        let only = viewer.targets().all(|target| target.producer == own);
        // and the frames behind this one, of which it speaks, too.
        let newest =
            || !self.outbox.frames_of(own).any(|frame| viewer.sender.awaits(&frame.key(), frame.nth));
        if slab.count() != 1 || data.len() < SHARED_MIN || !only || !newest() {
            return None;
        }
        let room = data.len().min(DATAGRAM_LEN);
        compose_report(self.times.0, session, self.random.nonzero_u32(), room, self.channels)
    }
}

/// When the viewer's timer is due.
fn poll_timeout(session: &Session) -> Option<Time> {
    let Role::Viewer(viewer) = &session.role else { return None };
    viewer.sender.poll_timeout()
}
