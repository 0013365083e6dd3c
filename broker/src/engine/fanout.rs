//! The packet path: one frame to every viewer of its channel.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use protocol::id::{SessionId, TrackKey};
use protocol::limits::DATAGRAM_LEN;
use protocol::random::Random;
use protocol::serial::Serial;
use protocol::slab::Slab;
use protocol::time::Time;
use protocol::wire::{Message, Skip, SkipItem, SkipRange, SkipReason};

use super::channel::Channels;
use super::grid::coarse;
use super::handover::Path;
use super::lanes::{Dropped, OwnedFrame};
use super::outbox::Outbox;
use super::session::{Role, Session};
use super::sessions::Slot;
use super::watch::{compose_report, report};
use super::{Broker, Counters};

/// Viewers that are looked at together: as many as a processor fetches memory for at once.
const GROUP: usize = 16;
/// Bytes of a datagram behind which a HEARTBEAT may ride in the same send: one track block fits, whatever it says.
const SHARED_MIN: usize = 256;

impl Broker {
    /// Takes a whole frame into the history and queues it for every viewer: one slab, one send each. The order of the
    /// viewers rotates, so that nobody is always the last.
    pub(super) fn fan_out(&mut self, now: Time, slab: &Slab) {
        let Some(number) = self.channels.insert(now, slab) else { return };
        let header = slab.header();
        let key = TrackKey { producer: header.producer, stream: header.stream, tag: header.tag };
        let Some(channel) = self.channels.get(key.producer) else { return };
        let interval = channel.live.as_ref().and_then(|live| live.track(key.stream));
        let interval = interval.map_or(Duration::ZERO, |(track, _)| track.frame_duration);
        self.rotation = self.rotation.wrapping_add(1);
        let mut takers = 0;
        let mut group = [Slot::default(); GROUP];
        self.outbox.expect(key.producer, channel.subscribers.len());
        let mut slots = channel.subscribers.slots_by_turns(self.rotation);
        let mut fan = Fan {
            now,
            frame: (&key, number, slab),
            interval,
            channels: &self.channels,
            random: &mut self.random,
            outbox: &mut self.outbox,
            counters: &mut self.counters,
        };
        loop {
            // First a look at a whole group: the processor fetches what lies at several viewers at once, while one after
            // the other would be waited for.
            let mut size = 0;
            for (place, slot) in group.iter_mut().zip(&mut slots) {
                *place = slot;
                size += 1;
            }
            let mut playing = [false; GROUP];
            for (plays, slot) in playing.iter_mut().zip(group.iter().take(size)) {
                *plays = self.sessions.at(*slot).is_some_and(|session| plays_here(session, &key));
            }
            for (slot, _) in group.iter().zip(playing).take(size).filter(|(_, plays)| *plays) {
                let Some(session) = self.sessions.at_mut(*slot) else { continue };
                let Some(Offered { due, rides }) = fan.offer(session) else { continue };
                takers += 1;
                if rides {
                    self.riders.push(*slot);
                } else if let Some(due) = due {
                    set_timer(&mut self.timers, session, coarse(now, due));
                }
            }
            if size < GROUP {
                break;
            }
        }
        self.repair_budget.earn(now, slab.datagrams().len() as u64 * takers);
        drop(slots);
        self.send_riders(now);
    }

    /// Queues the HEARTBEATs that are due to those who were sent a frame just now, behind the frame for everybody.
    fn send_riders(&mut self, now: Time) {
        for slot in self.riders.drain(..) {
            let Some(session) = self.sessions.at_mut(slot) else { continue };
            let nonce = self.random.nonzero_u32();
            let due = report(now, session, nonce, DATAGRAM_LEN, &self.channels, &mut self.outbox);
            if let Some(due) = due {
                set_timer(&mut self.timers, session, coarse(now, due));
            }
        }
    }

    /// Queues a frame for one viewer.
    pub(super) fn send_frame(&mut self, now: Time, path: Path, slab: &Slab, patience: Duration) {
        if self.outbox.media(now, path, (slab, None, None), patience) {
            self.counters.frames_out += 1;
        } else {
            self.counters.dropped_queue_full += 1;
        }
    }

    /// Frames that waited here until they were of no use are left out: their viewers are told so and ask for none of them.
    pub(super) fn recall_dropped(&mut self) {
        while let Some(Dropped { frame, bytes }) = self.outbox.poll_dropped() {
            if let Some(viewer) = self.viewer(frame.viewer) {
                viewer.sender.recall(frame.number, &bytes);
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

/// A frame that found no place was not sent.
fn recall(session: &mut Session, number: u64, slab: &Slab) {
    if let Role::Viewer(viewer) = &mut session.role {
        viewer.sender.recall(number, slab.datagrams());
    }
}

/// Whether a session plays this track.
fn plays_here(session: &Session, key: &TrackKey) -> bool {
    matches!(&session.role, Role::Viewer(viewer) if viewer.sender.is_playing(key))
}

/// A frame was taken.
struct Offered {
    /// When the viewer's timer is due.
    due: Option<Time>,
    /// A HEARTBEAT goes right behind it.
    rides: bool,
}

/// A frame on its way to everybody, and what that takes.
struct Fan<'a> {
    now: Time,
    frame: (&'a TrackKey, u64, &'a Slab),
    /// Duration of a frame, zero if unknown.
    interval: Duration,
    channels: &'a Channels,
    random: &'a mut Random,
    outbox: &'a mut Outbox,
    counters: &'a mut Counters,
}

impl Fan<'_> {
    /// Offers the frame to one session that plays its track.
    fn offer(&mut self, session: &mut Session) -> Option<Offered> {
        let (now, (key, number, slab)) = (self.now, self.frame);
        let Role::Viewer(viewer) = &mut session.role else { return None };
        if viewer.sender.is_paused(now) {
            self.counters.frames_paused += 1;
            return None;
        }
        if viewer.sender.leaves_out(now, key, number, slab) {
            self.counters.frames_thinned += 1;
            return None;
        }
        if !viewer.sender.note_sent(now, key, number, slab) {
            return None;
        }
        let deferred = viewer.sender.defer(now, (key, number, slab), self.interval);
        let before = viewer.sender.parity_sent();
        let parity = viewer.sender.parity(now, (key, slab), deferred);
        self.counters.datagrams_parity += viewer.sender.parity_sent() - before;
        let (mut due, left_out) = (viewer.sender.poll_timeout(), viewer.sender.poll_skip(key));
        let rides = !deferred && viewer.sender.rides_behind_frame(now, self.interval);
        let patience = viewer.patience();
        if !left_out.is_empty() {
            // Ahead of the frame: the viewer waits for nothing that doesn't come.
            let skip =
                session.encode_for(now, key.producer, key.stream, &Message::Skip(Skip { ranges: left_out }));
            self.outbox.control(session.path, skip);
        }
        let frame = OwnedFrame { viewer: session.outbound.session(), number };
        let report = if rides { self.share_send(session) } else { None };
        let shares = report.is_some();
        if shares {
            due = poll_timeout(session);
        }
        let taken = deferred || self.outbox.media(now, session.path, (slab, Some(frame), report), patience);
        if taken {
            self.counters.frames_out += 1;
        } else {
            self.counters.dropped_queue_full += 1;
            recall(session, number, slab);
        }
        if parity.is_some_and(|parity| !self.outbox.run(now, (frame.viewer, session.path), parity, patience))
        {
            self.counters.dropped_queue_full += 1;
        }
        Some(Offered { due, rides: rides && !shares })
    }

    /// A frame of one datagram takes the HEARTBEAT behind it along in its send: only the last datagram of one may be shorter,
    /// so frames of several can't.
    fn share_send(&mut self, session: &mut Session) -> Option<Bytes> {
        let (key, _, slab) = self.frame;
        let data = slab.datagrams();
        let Role::Viewer(viewer) = &session.role else { return None };
        // It would overtake what waits in the lanes of other channels.
        let only = viewer.targets().all(|target| target.producer == key.producer);
        if slab.count() != 1 || data.len() < SHARED_MIN || !only {
            return None;
        }
        let room = data.len().min(DATAGRAM_LEN);
        compose_report(self.now, session, self.random.nonzero_u32(), room, self.channels)
    }
}

/// When the viewer's timer is due.
fn poll_timeout(session: &Session) -> Option<Time> {
    let Role::Viewer(viewer) = &session.role else { return None };
    viewer.sender.poll_timeout()
}
