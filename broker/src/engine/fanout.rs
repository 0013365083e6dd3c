//! The packet path: one frame to every viewer of its channel.

use std::collections::BTreeSet;
use std::time::Duration;

use protocol::id::{SessionId, TrackKey};
use protocol::limits::DATAGRAM_LEN;
use protocol::serial::Serial;
use protocol::slab::Slab;
use protocol::time::Time;
use protocol::wire::{Message, Skip, SkipItem, SkipRange, SkipReason};

use super::Broker;
use super::grid::coarse;
use super::handover::Path;
use super::lanes::{Dropped, OwnedFrame};
use super::session::{Role, Session};
use super::sessions::Slot;
use super::watch::report;

/// Viewers that are looked at together: as many as a processor fetches memory for at once.
const GROUP: usize = 16;

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
        let mut slots = channel.subscribers.slots_by_turns(self.rotation);
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
                let offered =
                    offer(now, session, (&key, number, slab), interval, &mut self.outbox, &mut self.counters);
                let Some(Offered { due, rides }) = offered else { continue };
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
        if self.outbox.media(now, path, (slab, None), patience) {
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

/// Offers a frame to one session that plays its track.
fn offer(
    now: Time,
    session: &mut Session,
    (key, number, slab): (&TrackKey, u64, &Slab),
    interval: Duration,
    outbox: &mut super::outbox::Outbox,
    counters: &mut super::Counters,
) -> Option<Offered> {
    let Role::Viewer(viewer) = &mut session.role else { return None };
    if viewer.sender.is_paused(now) {
        counters.frames_paused += 1;
        return None;
    }
    if viewer.sender.leaves_out(now, key, number, slab) {
        counters.frames_thinned += 1;
        return None;
    }
    if !viewer.sender.note_sent(now, key, number, slab) {
        return None;
    }
    let deferred = viewer.sender.defer(now, (key, number, slab), interval);
    let before = viewer.sender.parity_sent();
    let parity = viewer.sender.parity(now, (key, slab), deferred);
    counters.datagrams_parity += viewer.sender.parity_sent() - before;
    let (due, left_out) = (viewer.sender.poll_timeout(), viewer.sender.poll_skip(key));
    let rides = viewer.sender.rides_behind_frame(now);
    let patience = viewer.patience();
    if !left_out.is_empty() {
        // Ahead of the frame: the viewer waits for nothing that doesn't come.
        let skip =
            session.encode_for(now, key.producer, key.stream, &Message::Skip(Skip { ranges: left_out }));
        outbox.control(session.path, skip);
    }
    let frame = OwnedFrame { viewer: session.outbound.session(), number };
    if deferred || outbox.media(now, session.path, (slab, Some(frame)), patience) {
        counters.frames_out += 1;
    } else {
        counters.dropped_queue_full += 1;
        recall(session, number, slab);
    }
    if parity.is_some_and(|parity| !outbox.run(now, (frame.viewer, session.path), parity, patience)) {
        counters.dropped_queue_full += 1;
    }
    Some(Offered { due, rides: !deferred && rides })
}
