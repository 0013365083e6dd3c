//! What the user wants to watch, and how far the broker has granted it.

use std::time::Duration;

use protocol::id::{EpochTag, TrackKey};
use protocol::serial::Serial;
use protocol::session::request::Repeat;
use protocol::time::Time;

/// One subscription. It stays until the user ends it or the broker refuses it: sessions and producers come and go.
pub(super) struct Subscription {
    /// What the user wants.
    pub(super) wanted: Duration,
    /// What the broker grants; what is wanted until it has said so.
    pub(super) latency: Duration,
    /// Number of the newest request about it.
    pub(super) req: Serial,
    pub(super) state: State,
    /// When the user asked.
    pub(super) asked: Time,
    /// The broker has answered the user's command: what comes later is news, not an answer.
    pub(super) answered: bool,
    /// It has played: another life goes on where the former one ended.
    pub(super) played: bool,
    /// Number of the broker's newest message that named what plays, in this session.
    pub(super) told: Option<Serial>,
}

/// How far it is.
pub(super) enum State {
    /// SUBSCRIBE is repeated until it is answered.
    Asking(Repeat),
    /// Accepted; the producer is absent.
    Waiting,
    /// Its tracks come.
    Playing { tag: EpochTag, tracks: Vec<TrackKey> },
    /// UNSUBSCRIBE is repeated until it is answered.
    Leaving { repeat: Repeat, tracks: Vec<TrackKey> },
}

impl Subscription {
    /// The repeat of the request that is under way.
    pub(super) const fn repeat_mut(&mut self) -> Option<&mut Repeat> {
        match &mut self.state {
            State::Asking(repeat) | State::Leaving { repeat, .. } => Some(repeat),
            State::Waiting | State::Playing { .. } => None,
        }
    }

    pub(super) const fn repeat(&self) -> Option<&Repeat> {
        match &self.state {
            State::Asking(repeat) | State::Leaving { repeat, .. } => Some(repeat),
            State::Waiting | State::Playing { .. } => None,
        }
    }

    /// The tracks that it holds open.
    pub(super) fn tracks(&self) -> &[TrackKey] {
        match &self.state {
            State::Playing { tracks, .. } | State::Leaving { tracks, .. } => tracks,
            State::Asking(_) | State::Waiting => &[],
        }
    }

    pub(super) const fn is_leaving(&self) -> bool {
        matches!(self.state, State::Leaving { .. })
    }

    /// Notes a message of the broker that names what plays; whether it is the newest so far. One that was overtaken names a life that may be
    /// over, and nobody would say so again.
    pub(super) fn note_news(&mut self, seq: Serial) -> bool {
        let overtaken = self.told.is_some_and(|told| seq.before(told));
        if !overtaken {
            self.told = Some(seq);
        }
        !overtaken
    }

    pub(super) fn plays(&self, tag: EpochTag) -> bool {
        matches!(&self.state, State::Playing { tag: playing, .. } if *playing == tag)
    }
}
