//! The worker's dealings with producers: announcements, their media, their ends (PROTOCOL 5).

use protocol::id::{EpochTag, ProducerId, SessionId};
use protocol::limits::{LATENCY, SHARD_LEN_MAX, SHARD_LEN_MIN};
use protocol::receiver::{DataOutcome, Event};
use protocol::serial::Serial;
use protocol::time::Time;
use protocol::wire::{Announce, AnnounceAck, Code, Control, DataHeader, EndAck, Message, SkipReason, Text};

use super::Broker;
use super::directory::{Claim, Verdict};
use super::handover::{Handover, Path};
use super::ingest::{Ingest, Retired};
use super::session::Role;

impl Broker {
    /// DATA counts only from the validated address of the session that published, with its tag.
    pub(super) fn handle_data(
        &mut self,
        now: Time,
        path: Path,
        datagram: &[u8],
        header: &DataHeader,
        payload: &[u8],
    ) {
        let owner = self.sessions.at_address(&path.peer).filter(|id| self.publishes(*id, header));
        let Some(id) = owner.or_else(|| self.publisher_at(path, header)) else {
            self.redirect_data(path, datagram, header);
            return;
        };
        let Some(ingest) = self.ingest(id) else { return };
        let outcome = ingest.handle_data(now, header, payload);
        if !matches!(outcome, DataOutcome::Stored | DataOutcome::Whole | DataOutcome::Parity) {
            self.counters.dropped_data += 1;
        }
        if let Some(session) = self.sessions.get_mut(&id) {
            session.heard = now;
        }
        self.note_heard(now, id);
        self.after_ingest(now, id);
        self.reschedule(now, id);
    }

    /// A producer that dialled anew after a silence, and heard the broker before its WELCOME, stays in its former session: the
    /// address is that of both.
    fn publisher_at(&self, path: Path, header: &DataHeader) -> Option<SessionId> {
        let owner = self.config.directory.owner(header.producer)?;
        let session = self.sessions.get(&owner).filter(|session| session.path.peer == path.peer);
        session.and(Some(owner)).filter(|id| self.publishes(*id, header))
    }

    /// The directory learns that the producer lives.
    fn note_heard(&mut self, now: Time, id: SessionId) {
        let Some(ingest) = self.ingest(id) else { return };
        let producer = ingest.publishing.as_ref().map(super::ingest::Publishing::producer);
        if let Some(producer) = producer.filter(|_| ingest.note_heard(now)) {
            self.config.directory.heard(producer, id, now);
        }
    }

    fn publishes(&self, id: SessionId, header: &DataHeader) -> bool {
        let Some(Role::Producer(ingest)) = self.sessions.get(&id).map(|session| &session.role) else {
            return false;
        };
        let Some(publishing) = &ingest.publishing else { return false };
        publishing.producer() == header.producer && publishing.tag == header.tag
    }

    /// DATA that came to the wrong worker finds its own by the producer id.
    fn redirect_data(&mut self, path: Path, datagram: &[u8], header: &DataHeader) {
        match self.config.directory.owner(header.producer) {
            Some(owner) if self.is_elsewhere(owner) => {
                self.hand_over_datagram(owner.worker(), path, datagram);
            }
            _ => self.counters.dropped_foreign_data += 1,
        }
    }

    pub(super) fn ingest(&mut self, id: SessionId) -> Option<&mut Ingest> {
        match &mut self.sessions.get_mut(&id)?.role {
            Role::Producer(ingest) => Some(ingest),
            Role::Viewer(_) | Role::Probe => None,
        }
    }

    pub(super) fn handle_from_producer(&mut self, now: Time, id: SessionId, control: &Control) {
        let producer = control.header.producer;
        self.note_heard(now, id);
        let Some(ingest) = self.ingest(id) else { return };
        match &control.message {
            Message::Announce(announce) => self.handle_announce(now, id, producer, announce),
            Message::Heartbeat(heartbeat) => {
                ingest.handle_heartbeat(now, control.header.seq, heartbeat);
                self.note_clock(now, id, heartbeat);
                self.after_ingest(now, id);
            }
            Message::Skip(skip) => {
                ingest.handle_skip(now, producer, skip);
                self.after_ingest(now, id);
            }
            Message::End(end) => {
                ingest.handle_end(now, end);
                let ack = Message::EndAck(EndAck { req: end.req });
                self.answer(now, id, &ack);
                self.after_ingest(now, id);
            }
            _ => self.counters.dropped_wrong_role += 1,
        }
    }

    fn handle_announce(&mut self, now: Time, id: SessionId, producer: ProducerId, announce: &Announce) {
        let Some(ingest) = self.ingest(id) else { return };
        let former = ingest.answer.clone();
        let repeated = former.as_ref().filter(|answer| !answer.req.before(announce.req));
        let ack = match repeated {
            Some(answer) if answer.req == announce.req => answer.clone(),
            Some(_) => return,
            None => self.decide_announce(now, id, producer, announce),
        };
        if let Some(ingest) = self.ingest(id) {
            // A refusal is not kept: the next try may succeed.
            ingest.answer = (ack.status == Code::Ok).then(|| ack.clone());
        }
        if let Some(session) = self.sessions.get_mut(&id) {
            let bytes =
                session.encode_for(now, producer, protocol::id::StreamId::ALL, &Message::AnnounceAck(ack));
            self.outbox.control(session.path, bytes);
        }
    }

    fn decide_announce(
        &mut self,
        now: Time,
        id: SessionId,
        producer: ProducerId,
        announce: &Announce,
    ) -> AnnounceAck {
        let refuse = |status: Code, epoch: u64, reason: &str| AnnounceAck {
            req: announce.req,
            status,
            epoch,
            tag: EpochTag(0),
            horizon: LATENCY,
            reason: Text::new(reason),
        };
        let other = self
            .ingest(id)
            .and_then(|ingest| ingest.publishing.as_ref())
            .map(super::ingest::Publishing::producer);
        if producer == ProducerId::NONE || other.is_some_and(|other| other != producer) {
            self.counters.announces_refused += 1;
            return refuse(Code::Unsupported, 0, "one session publishes one producer id, not 000000");
        }
        if !(SHARD_LEN_MIN..=SHARD_LEN_MAX).contains(&announce.shard_size)
            || !announce.shard_size.is_multiple_of(2)
        {
            self.counters.announces_refused += 1;
            return refuse(Code::Unsupported, 0, "shards have 256 to 1416 bytes, an even number");
        }
        let changes_shards = |live: &super::channel::Live| {
            live.publication.epoch == announce.epoch && live.publication.shard_size != announce.shard_size
        };
        if self.channels.live(producer).is_some_and(changes_shards) {
            self.counters.announces_refused += 1;
            return refuse(Code::Protocol, announce.epoch, "the shard size is constant in an epoch");
        }
        let viewer_tag = EpochTag(self.random.nonzero_u32());
        let claim =
            Claim { producer, identity: announce.identity, epoch: announce.epoch, session: id, viewer_tag };
        let verdict = self.config.directory.claim(now, &claim);
        let refusal = match verdict {
            Verdict::New { .. } | Verdict::Continued { .. } => None,
            Verdict::Superseded { epoch } => {
                Some(refuse(Code::Superseded, epoch, "the same identity has begun a later epoch"))
            }
            Verdict::Taken { epoch } => {
                Some(refuse(Code::DuplicateProducer, epoch, "another identity publishes this id"))
            }
            Verdict::Full => Some(refuse(Code::Limit, 0, "the broker carries no more producers")),
        };
        if let Some(refusal) = refusal {
            self.counters.announces_refused += 1;
            tracing::warn!(%producer, epoch = announce.epoch, status = refusal.status.name(), "announcement refused");
            return refusal;
        }
        let tag = self.begin_publication(now, id, &claim, verdict, announce);
        AnnounceAck { status: Code::Ok, tag, ..refuse(Code::Ok, announce.epoch, "") }
    }

    /// Puts a granted publication in place of a former one; the tag for the producer's DATA.
    fn begin_publication(
        &mut self,
        now: Time,
        id: SessionId,
        claim: &Claim,
        verdict: Verdict,
        announce: &Announce,
    ) -> EpochTag {
        let producer = claim.producer;
        let (former, viewer_tag) = match verdict {
            Verdict::Continued { former, viewer_tag } => (Some((former, Code::Ok)), viewer_tag),
            Verdict::New { former } => (former.map(|one| (one.session, one.code())), claim.viewer_tag),
            Verdict::Superseded { .. } | Verdict::Taken { .. } | Verdict::Full => (None, claim.viewer_tag),
        };
        // Its viewers hear why its life is over, too.
        let lost = former.is_some_and(|(_, code)| code == Code::DuplicateProducer);
        let over = if lost { Code::ProducerLost } else { Code::Superseded };
        if let Some((former, code)) = former.filter(|(former, _)| *former != id) {
            if self.is_elsewhere(former) {
                self.hand_over(former.worker(), Handover::Supersede { session: former, code });
            } else {
                self.supersede(now, former, code);
            }
        }
        let publication = Ingest::describe(producer, announce, viewer_tag);
        let tag = EpochTag(self.random.nonzero_u32());
        if let Some(ingest) = self.ingest(id) {
            ingest.publish(now, publication.clone(), tag);
        }
        tracing::info!(%producer, name = %publication.name, epoch = announce.epoch, "producer is live");
        self.hand_over_to_all(&Handover::Up { publication: publication.clone(), over });
        self.put_up(now, publication.clone(), over);
        // Frames that were published while no session stood will never come.
        for track in &publication.tracks {
            self.note_unsent(now, &publication, track);
        }
        tag
    }

    fn note_unsent(
        &mut self,
        now: Time,
        publication: &super::Publication,
        track: &protocol::wire::TrackInfo,
    ) {
        let newest = self
            .channels
            .live(publication.producer)
            .and_then(|live| live.track(track.stream))
            .and_then(|(_, history)| history.newest())
            .map(|(newest, _)| Serial::narrow(newest + 1));
        let Some(from) = newest.filter(|from| from.before(track.next_frame)) else { return };
        let to = track.next_frame.plus(u32::MAX);
        let key = protocol::id::TrackKey {
            producer: publication.producer,
            stream: track.stream,
            tag: publication.tag,
        };
        self.give_up(now, key, (from, to), SkipReason::Expired);
    }

    /// Sends on what the receiver gave out, and closes the channel of a producer that has ended.
    fn after_ingest(&mut self, now: Time, id: SessionId) {
        let Some(ingest) = self.ingest(id) else { return };
        let viewer_tag = ingest.publishing.as_ref().map(|one| one.publication.tag);
        let ended = ingest.has_ended();
        while let Some(event) = self.ingest(id).and_then(Ingest::poll_event) {
            match event {
                Event::Frame { slab, .. } => {
                    self.counters.frames_in += 1;
                    self.hand_over_to_all(&Handover::Frame { tag: slab.header().tag, slab: slab.clone() });
                    self.fan_out(now, &slab);
                }
                Event::Gap { track, from, to, reason } => {
                    let Some(tag) = viewer_tag else { continue };
                    let key = protocol::id::TrackKey { tag, ..track };
                    self.give_up(now, key, (Serial::narrow(from), Serial::narrow(to)), reason);
                }
            }
        }
        if ended && let Some(publication) = self.ingest(id).and_then(Ingest::retire) {
            self.retire_publication(now, id, &publication, Code::Ok);
        }
    }

    fn give_up(
        &mut self,
        now: Time,
        key: protocol::id::TrackKey,
        (from, to): (Serial, Serial),
        reason: SkipReason,
    ) {
        self.hand_over_to_all(&Handover::Gap {
            producer: key.producer,
            tag: key.tag,
            stream: key.stream,
            from,
            to,
            reason,
        });
        self.fan_out_gap(now, key, (from, to), reason);
    }

    pub(super) fn tick_ingest(&mut self, now: Time, id: SessionId) {
        let producer = self
            .ingest(id)
            .and_then(|ingest| ingest.publishing.as_ref())
            .map(super::ingest::Publishing::producer);
        let workers = self.config.workers;
        let audience = producer.map(|producer| self.config.directory.audience(producer, workers));
        let audience = audience.unwrap_or_default();
        if let Some(ingest) = self.ingest(id) {
            ingest.set_audience(now, audience);
            ingest.receiver.handle_timeout(now);
        }
        self.after_ingest(now, id);
        if let Some(feedback) = self.ingest(id).and_then(|ingest| ingest.poll_feedback(now)) {
            self.answer(now, id, &Message::Feedback(feedback));
        }
    }

    /// The session no longer publishes: another one took over, or its own producer came back in another one.
    pub(super) fn supersede(&mut self, now: Time, id: SessionId, code: Code) {
        let Some(ingest) = self.ingest(id) else { return };
        // What it publishes goes on under its successor.
        if let Some(publishing) = ingest.publishing.take() {
            tracing::info!(producer = %publishing.producer(), code = code.name(), "the publication moved on");
        }
        let reason = match code {
            Code::Superseded => "a newer producer took over this id",
            Code::DuplicateProducer => "another producer has this id since this one was silent",
            _ => "",
        };
        self.end_session(now, id, Some((code, reason)));
    }

    /// A publication is over: its viewers are told, the id is free.
    pub(super) fn retire_publication(&mut self, now: Time, id: SessionId, over: &Retired, reason: Code) {
        let (producer, tag) = (over.publication.producer, over.publication.tag);
        for (key, counters) in &over.counters {
            tracing::info!(
                %producer, stream = %key.stream, expected = counters.expected, direct = counters.direct,
                repaired_arq = counters.repaired_arq, repaired_fec = counters.repaired_fec, late = counters.late,
                lost = counters.lost, skipped = counters.skipped, duplicates = counters.duplicates,
                bytes = counters.bytes, "ingest summary"
            );
        }
        let reason = if over.ending { Code::Ok } else { reason };
        if self.config.directory.release(producer, id) {
            tracing::info!(%producer, reason = reason.name(), "producer is gone");
            self.hand_over_to_all(&Handover::Down { producer, tag, reason });
            self.take_down(now, producer, tag, reason);
        }
    }
}
