//! What is announced, and how far the broker has granted it (PROTOCOL 5.1, 5.2).

use std::time::Duration;

use protocol::id::{EpochTag, ProducerId, StreamId};
use protocol::limits::TOKEN_LEN;
use protocol::random::{first_half, mac};
use protocol::serial::Serial;
use protocol::session::request::Repeat;
use protocol::session::rtt::Rtt;
use protocol::time::Time;
use protocol::wire::{Announce, AnnounceAck, Label, Text, TrackInfo, TrackKind};

/// What a publication is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    /// The id.
    pub producer: ProducerId,
    /// See [`identity`].
    pub identity: [u8; TOKEN_LEN],
    /// ms since 1970 at the start of this publication.
    pub epoch: u64,
    /// For people.
    pub name: Text,
    /// Bytes of a shard.
    pub shard_size: u16,
    /// The least latency that a viewer is granted.
    pub latency_min: Duration,
    /// Number of the first frame of every track.
    pub first_frame: Serial,
    /// Whether frames are left out where the path to the broker is too slow for all of them.
    pub thins: bool,
    /// At least one.
    pub tracks: Vec<PlannedTrack>,
}

/// A track of a [`Plan`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlannedTrack {
    /// The stream.
    pub stream: StreamId,
    /// What it carries.
    pub kind: TrackKind,
    /// Name of the codec.
    pub codec: Label,
    /// Extension of recorded files.
    pub extension: Label,
    /// Nominal duration of a frame, zero if unknown.
    pub frame_duration: Duration,
}

/// Who a producer is, without giving its key away: only who has the key can go on under the id (PROTOCOL 5.1).
pub fn identity(key: &[u8], producer: ProducerId) -> [u8; TOKEN_LEN] {
    first_half(mac(key, &[b"framecast identity", &producer.to_bytes()]))
}

/// The announcement of one producer, session after session.
pub(super) struct Announcement {
    plan: Plan,
    req: Serial,
    /// The tracks as the newest request names them.
    announced: Vec<TrackInfo>,
    state: State,
    /// The refusal has been told.
    told: bool,
}

/// How far it is.
pub(super) enum State {
    /// There is no session.
    Idle,
    /// ANNOUNCE is repeated until it is answered.
    Asking(Repeat),
    /// Refused; asked again then.
    Refused(Time),
    /// Granted with this tag.
    Granted(EpochTag),
}

impl Announcement {
    pub(super) const fn new(plan: Plan) -> Self {
        Self { plan, req: Serial(0), announced: Vec::new(), state: State::Idle, told: false }
    }

    pub(super) const fn state(&self) -> &State {
        &self.state
    }

    pub(super) const fn tag(&self) -> Option<EpochTag> {
        match self.state {
            State::Granted(tag) => Some(tag),
            State::Idle | State::Asking(_) | State::Refused(_) => None,
        }
    }

    pub(super) const fn is_asking(&self) -> bool {
        matches!(self.state, State::Asking(_))
    }

    pub(super) fn announced(&self) -> Vec<TrackInfo> {
        self.announced.clone()
    }

    pub(super) fn ask(&mut self, now: Time, rtt: &Rtt, req: Serial, tracks: Vec<TrackInfo>) {
        self.req = req;
        self.announced = tracks;
        self.state = State::Asking(Repeat::start(now, rtt));
    }

    pub(super) fn withdraw(&mut self) {
        self.state = State::Idle;
    }

    pub(super) fn is_answered_by(&self, ack: &AnnounceAck) -> bool {
        self.is_asking() && ack.req == self.req
    }

    pub(super) fn grant(&mut self, tag: EpochTag) {
        self.state = State::Granted(tag);
        self.told = false;
    }

    /// Notes a refusal; true where it is news.
    pub(super) fn refuse(&mut self, retry: Time) -> bool {
        self.state = State::Refused(retry);
        !std::mem::replace(&mut self.told, true)
    }

    pub(super) fn is_retry_due(&self, now: Time) -> bool {
        matches!(self.state, State::Refused(retry) if now >= retry)
    }

    /// The ANNOUNCE to send, if one is due.
    pub(super) fn poll(&mut self, now: Time) -> Option<Announce> {
        let State::Asking(repeat) = &mut self.state else { return None };
        repeat.fire(now).then(|| Announce {
            req: self.req,
            epoch: self.plan.epoch,
            identity: self.plan.identity,
            rate_kbps: 0,
            latency_min: self.plan.latency_min,
            shard_size: self.plan.shard_size,
            name: self.plan.name.clone(),
            tracks: self.announced.clone(),
        })
    }

    pub(super) const fn poll_timeout(&self) -> Option<Time> {
        match &self.state {
            State::Asking(repeat) => Some(repeat.due()),
            State::Refused(retry) => Some(*retry),
            State::Idle | State::Granted(_) => None,
        }
    }
}
