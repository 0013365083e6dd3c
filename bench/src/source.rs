//! A producer: the producer's own engine and its schedule.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use producer::engine::{Event, Plan, PlannedTrack, Producer, Published, identity};
use protocol::id::{ProducerId, StreamId};
use protocol::limits::SHARD_LEN;
use protocol::random::Random;
use protocol::serial::Serial;
use protocol::time::Time;
use protocol::wire::{Label, Text, TrackKind};

use crate::act::Act;
use crate::peer::{Peer, Transmit};
use crate::schedule::Schedule;
use crate::stamp::Stamp;
use crate::tally::Tally;

/// The first id of the load's producers.
const FIRST_ID: u32 = 0xB0_00_00;
/// How long a producer that ends waits for the broker.
const FAREWELL: Duration = Duration::from_millis(500);

/// The id of producer `number`.
pub(crate) fn id_of(number: usize) -> ProducerId {
    let [_, a, b, c] = (FIRST_ID + u32::try_from(number).unwrap_or(0)).to_be_bytes();
    ProducerId::from_bytes([a, b, c])
}

/// What all producers share.
pub(crate) struct Studio {
    pub(crate) act: Act,
    pub(crate) tally: Tally,
    /// A frame, whose stamp is written anew each time.
    pub(crate) frame: Vec<u8>,
    pub(crate) published: Arc<[AtomicU64]>,
}

/// A producer.
pub(crate) struct Source {
    number: usize,
    broker: SocketAddr,
    engine: Producer,
    schedule: Option<Schedule>,
    frames: u64,
    live: bool,
    ending: bool,
}

impl Source {
    /// Producer `number`, whose frames follow `schedule`; none of them where it is silent. `since_1970` is its epoch.
    pub(crate) fn new(
        now: Time,
        number: usize,
        broker: SocketAddr,
        (schedule, frame_duration): (Option<Schedule>, Duration),
        (mut random, since_1970): (Random, Duration),
    ) -> Self {
        let id = id_of(number);
        let label = || Label::new("bin");
        let track = label().zip(label()).map(|(codec, extension)| PlannedTrack {
            stream: StreamId::VIDEO,
            kind: TrackKind::Video,
            codec,
            extension,
            frame_duration,
        });
        let plan = Plan {
            producer: id,
            identity: identity(&random.block(), id),
            epoch: u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX),
            name: Text::new("bench"),
            shard_size: SHARD_LEN,
            latency_min: Duration::ZERO,
            first_frame: Serial(random.nonzero_u32()),
            // What is offered has to be known: what becomes of it is what is measured.
            thins: false,
            tracks: track.into_iter().collect(),
        };
        let engine = Producer::new(now, broker, plan, random);
        Self { number, broker, engine, schedule, frames: 0, live: false, ending: false }
    }

    fn drain_events(&mut self, now: Time, studio: &mut Studio) {
        while let Some(event) = self.engine.poll_event() {
            match event {
                Event::Live => {
                    studio.tally.live += u64::from(!std::mem::replace(&mut self.live, true));
                    if let Some(schedule) = self.schedule.as_mut().filter(|_| self.frames == 0) {
                        schedule.skip_before(now);
                    }
                }
                Event::Refused { status, reason } => {
                    tracing::warn!(producer = %id_of(self.number), %status, reason = reason.as_str(), "refused");
                    studio.tally.refused += 1;
                }
                Event::Disconnected { .. } | Event::Superseded => studio.tally.disconnects += 1,
                Event::Connected { .. } | Event::Thinned { .. } => {}
            }
        }
    }

    fn publish_what_is_due(&mut self, now: Time, studio: &mut Studio) {
        let Some(schedule) = self.schedule.as_mut().filter(|_| self.live) else { return };
        while let Some(due) = schedule.fire(now) {
            if !studio.act.publishes(due) {
                continue;
            }
            Stamp { number: self.frames, due }.write(&mut studio.frame);
            match self.engine.publish(now, StreamId::VIDEO, due, &studio.frame) {
                Published::Sent | Published::Held => {
                    self.frames += 1;
                    if let Some(count) = studio.published.get(self.number) {
                        count.store(self.frames, Ordering::Release);
                    }
                    studio.tally.published += 1;
                    if studio.act.measures(due) {
                        studio.tally.publish_delay.note(now.since(due));
                    }
                }
                Published::Unsent | Published::LeftOut | Published::Refused => studio.tally.unsent += 1,
            }
        }
    }
}

impl Peer<Studio> for Source {
    fn handle_datagram(&mut self, now: Time, datagram: &[u8], studio: &mut Studio) {
        self.engine.handle_datagram(now, self.broker, datagram);
        self.drain_events(now, studio);
    }

    fn handle_timeout(&mut self, now: Time, studio: &mut Studio) {
        self.engine.handle_timeout(now);
        self.drain_events(now, studio);
        if studio.act.finish_at.is_some_and(|at| at <= now) && !std::mem::replace(&mut self.ending, true) {
            self.engine.finish(now, FAREWELL);
        }
        if !self.ending {
            self.publish_what_is_due(now, studio);
        }
    }

    fn poll_timeout(&mut self, _now: Time, studio: &Studio) -> Option<Time> {
        let frame = self.schedule.as_ref().filter(|_| self.live && !self.ending).map(Schedule::due);
        let frame = frame.filter(|due| studio.act.publishes(*due));
        let finish = studio.act.finish_at.filter(|_| !self.ending);
        self.engine.poll_timeout().into_iter().chain(frame).chain(finish).min()
    }

    fn poll_transmit(&mut self) -> Option<Transmit> {
        self.engine
            .poll_transmit()
            .map(|transmit| Transmit { bytes: transmit.bytes, segment: transmit.segment })
    }

    fn is_over(&self) -> bool {
        self.engine.is_closed()
    }
}
