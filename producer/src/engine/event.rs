//! What the engine tells its owner.

use std::net::SocketAddr;
use std::time::Duration;

use protocol::id::StreamId;
use protocol::receiver::Counters;
use protocol::sender::SenderCounters;
use protocol::wire::{Code, Text, Thinning};

/// Something that a person should know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// A session with the broker stands.
    Connected {
        /// The broker's address.
        broker: SocketAddr,
        /// The first round-trip time.
        rtt: Duration,
        /// Whether a session stood before.
        again: bool,
    },
    /// The announcement was granted: media flows.
    Live,
    /// The announcement was refused; it is tried again once a second. Told once until something changes.
    Refused {
        /// The broker's status.
        status: Code,
        /// In its words.
        reason: Text,
    },
    /// The session was lost; the engine keeps saying HELLO.
    Disconnected {
        /// Why.
        reason: String,
    },
    /// Another producer took over this id: this one has to end.
    Superseded,
    /// The path to the broker is too slow for everything, and whole frames are left out; or it has become fast enough for more of
    /// them.
    Thinned {
        /// How, of the track of which most is left out.
        thinning: Thinning,
    },
}

/// What became of a frame that was to be published.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Published {
    /// It is on its way.
    Sent,
    /// It goes out when the broker has granted the announcement.
    Held,
    /// There is no session: it took a number and nobody will see it.
    Unsent,
    /// The path to the broker is too slow for it: it took a number, and the broker hears that it will not come.
    LeftOut,
    /// It is empty, too large, or of no announced track: it took no number.
    Refused,
}

/// One track in [`Snapshot`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TrackStatus {
    /// The stream.
    pub stream: StreamId,
    /// Frames that took a number.
    pub published: u64,
    /// Those of them that found no session.
    pub unsent: u64,
    /// Those of them that the path to the broker was too slow for.
    pub left_out: u64,
    /// Frames that took no number.
    pub refused: u64,
    /// Bytes of the frames that were sent.
    pub bytes: u64,
    /// What the broker says became of those of the present session; of the last one, where there is none.
    pub broker: Option<Counters>,
}

/// The state of the producer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Snapshot {
    /// Whether a session stands.
    pub connected: bool,
    /// Whether media flows.
    pub live: bool,
    /// Round-trip time to the broker.
    pub rtt: Option<Duration>,
    /// Whether the path to the broker was found slow: media leaves at its rate, and what would come too late is left out.
    pub slow: bool,
    /// How frames are left out beside that, of the track of which most is.
    pub thinning: Thinning,
    /// Datagrams of the present session.
    pub sender: SenderCounters,
    /// The tracks.
    pub tracks: Vec<TrackStatus>,
    /// Datagrams that made no sense here.
    pub dropped: u64,
}
