//! The worker's dealings with viewers: subscriptions, feedback, the catalog (PROTOCOL 6, 7).

use std::iter;
use std::time::Duration;

use bytes::Bytes;
use protocol::id::{ProducerId, SessionId, StreamId, Target};
use protocol::limits::{DATAGRAM_LEN, LATENCY};
use protocol::time::Time;
use protocol::wire::{CatalogRequest, Control, ControlHeader, Feedback, Message, Subscribe};

use super::Broker;
use super::audience::Needs;
use super::channel::Channels;
use super::directory::Audience;
use super::fanout::{is_orphan, recall};
use super::handover::Path;
use super::session::{Role, Session};
use super::viewer::{Joined, Repeats, Viewer};

/// Frames are kept this much longer than the largest latency: a viewer whose first answer was lost counts its latency
/// from the repeat.
pub(super) const JOIN_GRACE: Duration = Duration::from_secs(1);
/// A producer that was not heard for this long is shown as stalled: a silent one says HEARTBEAT once a second.
const STALLED_AFTER: Duration = Duration::from_millis(2_500);

impl Broker {
    pub(super) fn viewer(&mut self, id: SessionId) -> Option<&mut Viewer> {
        match &mut self.sessions.get_mut(&id)?.role {
            Role::Viewer(viewer) => Some(viewer),
            Role::Producer(_) | Role::Probe => None,
        }
    }

    pub(super) fn handle_from_viewer(&mut self, now: Time, id: SessionId, len: usize, control: &Control) {
        let target = Target { producer: control.header.producer, stream: control.header.stream };
        match &control.message {
            Message::Catalog(request) => self.send_catalog(now, id, request),
            Message::Subscribe(request) => self.handle_subscribe(now, id, target, request),
            Message::Unsubscribe(request) => self.handle_unsubscribe(now, id, target, request.req),
            Message::Feedback(feedback) => self.handle_feedback(now, id, len, &control.header, feedback),
            Message::EndAck(ack) => {
                if let Some(viewer) = self.viewer(id) {
                    viewer.handle_end_ack(*ack);
                }
            }
            _ => self.counters.dropped_wrong_role += 1,
        }
    }

    fn handle_subscribe(&mut self, now: Time, id: SessionId, target: Target, request: &Subscribe) {
        let Some(Session { role: Role::Viewer(viewer), .. }) = self.sessions.get_mut(&id) else {
            self.counters.dropped_wrong_role += 1;
            return;
        };
        if target.producer == ProducerId::NONE {
            return;
        }
        let joined = viewer.subscribe(now, target, request, self.channels.live(target.producer));
        if let Some(joined) = joined {
            viewer.sender.resume(now, &self.channels);
            self.send_joined(now, id, target, joined);
        }
        self.update_audience(now, id, target.producer);
    }

    /// Sends the answer to a subscription, and behind it the frames that the viewer can have at once.
    fn send_joined(&mut self, now: Time, id: SessionId, target: Target, joined: Joined) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let ack = Message::SubscribeAck(joined.ack);
        let bytes = session.encode_for(now, target.producer, target.stream, &ack);
        let path = session.path;
        self.outbox.control(path, bytes);
        let until = now + self.viewer(id).map(|viewer| viewer.patience()).unwrap_or_default();
        for slab in &joined.frames {
            self.send_frame(now, path, slab, until);
        }
    }

    fn handle_unsubscribe(
        &mut self,
        now: Time,
        id: SessionId,
        target: Target,
        req: protocol::serial::Serial,
    ) {
        let Some(viewer) = self.viewer(id) else {
            self.counters.dropped_wrong_role += 1;
            return;
        };
        let ack = viewer.unsubscribe(now, target, req);
        if let Some(session) = self.sessions.get_mut(&id) {
            let bytes =
                session.encode_for(now, target.producer, target.stream, &Message::UnsubscribeAck(ack));
            // Behind the frames that it names as the last ones.
            self.outbox.behind(session.path, bytes, iter::once(target.producer));
        }
        self.update_audience(now, id, target.producer);
    }

    /// Notes at the channel and in the directory whether this session watches the producer.
    fn update_audience(&mut self, now: Time, id: SessionId, producer: ProducerId) {
        let needs = self.viewer(id).and_then(|viewer| viewer.needs_on(producer));
        if let Some((needs, slot)) = needs.zip(self.sessions.slot(id)) {
            self.channels.entry(producer).subscribers.insert(id, slot, needs);
        } else if let Some(channel) = self.channels.get_mut(producer) {
            channel.subscribers.remove(id);
        }
        self.tell_audience(producer);
        self.housekeeping.get_or_insert(now);
    }

    /// What viewers need changes with their paths: once in a while it is measured anew, where it matters to a frame.
    pub(super) fn measure_audiences(&mut self) {
        for producer in self.channels.moved() {
            self.measure_audience(producer);
        }
    }

    fn measure_audience(&mut self, producer: ProducerId) {
        let Some(channel) = self.channels.get_mut(producer) else { return };
        let mut needs = Needs::default();
        for slot in channel.subscribers.slots() {
            if let Some(Role::Viewer(viewer)) = self.sessions.at(slot).map(|session| &session.role) {
                needs = needs.and(viewer.needs_on(producer).unwrap_or_default());
            }
        }
        channel.subscribers.set_needs(needs);
        self.tell_audience(producer);
    }

    /// Who watches a producer decides how long its frames are kept, and what is asked of it.
    fn tell_audience(&mut self, producer: ProducerId) {
        let mut audience = Audience::default();
        if let Some(channel) = self.channels.get_mut(producer) {
            channel.keep = channel.subscribers.needs().latency.max(LATENCY) + JOIN_GRACE;
            audience = channel.subscribers.audience();
        }
        self.config.directory.set_audience(producer, self.config.worker, audience);
    }

    fn handle_feedback(
        &mut self,
        now: Time,
        id: SessionId,
        len: usize,
        header: &ControlHeader,
        feedback: &Feedback,
    ) {
        let Some(Session { role: Role::Viewer(viewer), .. }) = self.sessions.get_mut(&id) else {
            self.counters.dropped_wrong_role += 1;
            return;
        };
        let answer = viewer.sender.handle_feedback(now, (header.seq, header.sent), feedback, &self.channels);
        viewer.confirm(now, feedback);
        // At once: where all that came was too late for it so far, nothing comes whole that would have it measured again.
        for producer in viewer.review_grants(now, &self.channels) {
            self.update_audience(now, id, producer);
        }
        self.send_repairs(now, id, &answer.repairs);
        if answer.heartbeat {
            self.send_heartbeat(now, id, len);
        }
    }

    fn send_heartbeat(&mut self, now: Time, id: SessionId, room: usize) {
        if let Some(slot) = self.sessions.slot(id) {
            self.report(now, slot, (room, None));
        }
    }

    fn send_catalog(&mut self, now: Time, id: SessionId, request: &CatalogRequest) {
        let (directory, workers) = (&self.config.directory, self.config.workers);
        let page = self.channels.page(request.req, request.after, DATAGRAM_LEN, |producer| {
            let stalled = directory.last_heard(producer).is_none_or(|heard| now.since(heard) > STALLED_AFTER);
            (directory.audience(producer, workers).viewers, stalled)
        });
        self.answer(now, id, &Message::CatalogAck(page));
    }

    pub(super) fn tick_viewer(&mut self, now: Time, id: SessionId) {
        self.send_paced(now, id);
        let Some(Role::Viewer(viewer)) = self.sessions.get_mut(&id).map(|session| &mut session.role) else {
            return;
        };
        let Repeats { acks, ends } = viewer.poll_repeats(now, &self.channels);
        let heartbeat = viewer.sender.is_heartbeat_due(now);
        self.send_due_repairs(now, id);
        for (target, ack) in acks {
            self.send_joined(now, id, target, Joined { ack, frames: Vec::new() });
        }
        for (producer, end) in ends {
            let Some(session) = self.sessions.get_mut(&id) else { return };
            let bytes = session.encode_for(now, producer, StreamId::ALL, &Message::End(end));
            self.outbox.behind(session.path, bytes, iter::once(producer));
        }
        if heartbeat {
            self.send_heartbeat(now, id, DATAGRAM_LEN);
        }
    }

    /// Sends what a slow path, or a large frame, has put off until now.
    fn send_paced(&mut self, now: Time, id: SessionId) {
        while let Some(session) = self.sessions.get_mut(&id)
            && let Role::Viewer(viewer) = &mut session.role
            && let Some(run) = viewer.sender.poll_paced(now)
        {
            let (frame, bytes) = (run.frame, run.bytes.clone());
            let until = now + viewer.patience();
            let is_orphan = frame.is_some_and(|number| is_orphan(session, number, &bytes));
            if is_orphan || !self.outbox.run((now, until), (id, session.path), run) {
                self.counters.dropped_queue_full += u64::from(!is_orphan);
                if let Some(number) = frame {
                    recall(now, session, (number, &bytes), (&self.channels, &mut self.outbox));
                }
            }
        }
    }

    /// A life began: the subscriptions that wait for it join. `over`: why a former one in its place has ended.
    pub(super) fn put_up(&mut self, now: Time, publication: super::Publication, over: protocol::wire::Code) {
        let (producer, tag) = (publication.producer, publication.tag);
        let former = self.channels.live(producer).map(|live| live.publication.tag).filter(|old| *old != tag);
        if let Some(former) = former {
            self.take_down(now, producer, former, over);
        }
        self.channels.put_up(publication);
        self.housekeeping.get_or_insert(now);
        for id in self.subscribers(producer) {
            for target in self.viewer(id).map(|viewer| viewer.targets_of(producer)).unwrap_or_default() {
                let Some(Session { role: Role::Viewer(viewer), .. }) = self.sessions.get_mut(&id) else {
                    continue;
                };
                let joined = viewer.join(now, target, self.channels.live(producer));
                self.send_joined(now, id, target, joined);
            }
            // A subscription to a stream that the producer does not have is over.
            if self.viewer(id).is_some_and(|viewer| viewer.targets_of(producer).is_empty()) {
                self.update_audience(now, id, producer);
            }
            self.reschedule(now, id);
        }
        // The channel's least latency counts for those who waited, too.
        self.measure_audience(producer);
    }

    /// A life ended: its viewers are told, and wait for the next one.
    pub(super) fn take_down(
        &mut self,
        now: Time,
        producer: ProducerId,
        tag: protocol::id::EpochTag,
        reason: protocol::wire::Code,
    ) {
        self.unfold_channel(now, producer);
        for id in self.subscribers(producer) {
            if let Some(viewer) = self.viewer(id) {
                viewer.end(now, producer, tag, reason);
                self.tick_viewer(now, id);
                self.reschedule(now, id);
            }
        }
        self.channels.take_down(now, producer, tag);
    }

    pub(super) fn subscribers(&self, producer: ProducerId) -> Vec<SessionId> {
        self.channels.get(producer).map(|channel| channel.subscribers.ids().collect()).unwrap_or_default()
    }

    /// A viewer's session is over.
    pub(super) fn retire_viewer(&mut self, id: SessionId, path: Path, viewer: &Viewer) {
        let mut producers: Vec<ProducerId> = viewer.targets().map(|target| target.producer).collect();
        producers.dedup();
        for producer in producers {
            if let Some(channel) = self.channels.get_mut(producer) {
                channel.subscribers.remove(id);
            }
            self.tell_audience(producer);
        }
        let total = viewer.sender.peer_total();
        self.viewer_total.add(&total);
        let sent = viewer.sender.counters();
        tracing::info!(
            peer = %path.peer, datagrams = sent.datagrams, resent = sent.resent, over_budget = sent.over_budget, left_out = sent.left_out,
            not_held = sent.not_held, too_late = sent.too_late, expected = total.expected, direct = total.direct,
            repaired_arq = total.repaired_arq, repaired_fec = total.repaired_fec, late = total.late, lost = total.lost, skipped = total.skipped,
            "viewer summary"
        );
    }
}

/// A HEARTBEAT of at most `room` bytes, to leave right away.
pub(super) fn compose_report(
    now: Time,
    session: &mut Session,
    nonce: u32,
    room: usize,
    channels: &Channels,
) -> Option<Bytes> {
    let header = session.outbound.session_header(now);
    let Role::Viewer(viewer) = &mut session.role else { return None };
    let heartbeat = viewer.sender.heartbeat(now, (header.seq, nonce), channels.generation(), room, channels);
    Some(protocol::wire::encode(&header, &Message::Heartbeat(heartbeat)))
}
