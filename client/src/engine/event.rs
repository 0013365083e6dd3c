//! What the engine tells its owner: answers of the broker, events of streams, and frames.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use protocol::id::{ProducerId, StreamId, Target};
use protocol::serial::Serial;
use protocol::time::{CaptureTime, Time};
use protocol::wire::{CatalogEntry, Code, Label, Text, Thinning, TrackInfo, TrackKind};

/// Something that happened, in the order in which it happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// A session with the broker stands.
    Connected {
        /// The broker's address.
        broker: SocketAddr,
        /// The first round-trip time, from HELLO to WELCOME.
        rtt: Duration,
        /// Whether a session stood before: the subscriptions go on by themselves.
        again: bool,
    },
    /// The session was lost; the engine keeps saying HELLO.
    Disconnected {
        /// Why: silence, a reset, the broker's CLOSE.
        reason: String,
    },
    /// The broker accepted a subscription and the producer is live.
    Subscribed(Subscribed),
    /// The broker accepted a subscription; it completes when the producer comes.
    Waiting {
        /// What was subscribed to.
        target: Target,
    },
    /// The broker measured that the path of a subscription needs a larger latency than it had.
    LatencyRaised {
        /// What was subscribed to.
        target: Target,
        /// The latency that was asked for.
        wanted: Duration,
        /// The latency until now.
        before: Duration,
        /// The latency from now on.
        latency: Duration,
    },
    /// The broker refused a subscription.
    Refused {
        /// What was asked for.
        target: Target,
        /// The broker's status.
        status: Code,
    },
    /// The broker has ended a subscription on the user's wish. Frames that were under way may still come.
    Unsubscribed {
        /// What had been subscribed to.
        target: Target,
        /// `Ok`, or `NoSuchStream` where there was no subscription.
        status: Code,
    },
    /// The path is too slow, and the broker leaves out whole frames; or it has become fast enough for more of them.
    Thinned {
        /// The producer.
        producer: ProducerId,
        /// The stream.
        stream: StreamId,
        /// What comes of it from now on; `Paused`: the viewer is too far behind (TOO_FAR_BEHIND).
        thinning: Thinning,
    },
    /// The producer finished or was lost; the subscription waits for its return.
    Ended {
        /// The subscription.
        target: Target,
        /// `Ok` (finished), `Superseded` or `ProducerLost`.
        reason: Code,
    },
    /// The whole catalog of the broker, in ascending order of ids: the answer to `list`.
    Catalog(Vec<CatalogEntry>),
    /// A whole frame, next in order on its track.
    Frame(Frame),
}

/// The facts of a subscription that plays.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Subscribed {
    /// What was subscribed to.
    pub target: Target,
    /// The producer's life, ms since 1970 at its start.
    pub epoch: u64,
    /// The producer's name, may be empty.
    pub name: Text,
    /// The latency that was asked for.
    pub wanted: Duration,
    /// The granted latency: more than that where the channel or the path needs it.
    pub latency: Duration,
    /// The tracks that will come.
    pub tracks: Vec<TrackInfo>,
    /// `false` for the answer to a command, `true` when a known subscription goes on in a new life.
    pub again: bool,
}

/// A frame as delivered: whole, in order, once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Frame {
    /// The producer.
    pub producer: ProducerId,
    /// The stream.
    pub stream: StreamId,
    /// What the track carries.
    pub kind: TrackKind,
    /// File extension of its frames.
    pub extension: Label,
    /// The producer's life.
    pub epoch: u64,
    /// The frame number on the wire.
    pub number: Serial,
    /// When it was captured, on the producer's clock, which all streams of a life share.
    pub media_time: CaptureTime,
    /// When it was captured, on this end's clock. While the clock chain has no value: when it would have come at best.
    pub captured: Time,
    /// That is at most this far from the truth. `None` while the clock chain has no value.
    pub captured_error: Option<Duration>,
    /// When to show it, on this end's clock: its capture + the granted latency, and not before now.
    pub play_at: Time,
    /// The bytes, identical to what the producer read.
    pub data: Bytes,
}

/// Counters of one stream since it was first subscribed to, over all lives (PROTOCOL 7.5).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct StreamCounters {
    /// Frames whose deadline has come, of all that were for this viewer.
    pub expected: u64,
    /// Whole in time without repair.
    pub direct: u64,
    /// Whole in time with a resent shard.
    pub repaired_arq: u64,
    /// Whole in time with parity.
    pub repaired_fec: u64,
    /// Whole after the deadline, not delivered.
    pub late: u64,
    /// Never whole.
    pub lost: u64,
    /// Left out on purpose.
    pub skipped: u64,
    /// Datagrams that came twice.
    pub duplicates: u64,
    /// Parity datagrams, needed or not.
    pub parity: u64,
    /// Their bytes.
    pub parity_bytes: u64,
    /// Bytes of delivered frames.
    pub bytes: u64,
}

/// One stream in [`Snapshot`].
#[derive(Clone, PartialEq, Debug)]
pub struct StreamStatus {
    /// The producer.
    pub producer: ProducerId,
    /// The stream.
    pub stream: StreamId,
    /// What it carries.
    pub kind: TrackKind,
    /// The producer's name.
    pub name: Text,
    /// Whether frames are expected now: subscribed, live and connected.
    pub live: bool,
    /// Counters since the first subscription.
    pub counters: StreamCounters,
    /// Delivered frames per second over the last seconds.
    pub frames_per_second: f64,
    /// Delivered bits per second over the last seconds.
    pub bits_per_second: f64,
    /// Share of first-sent datagrams that did not come, 0 to 1, over the session.
    pub loss: f64,
    /// Time from the best case arrival to delivery of the newest frame: what repair and order cost.
    pub delay: Duration,
    /// How the broker leaves out frames, since the path is too slow.
    pub thinning: Thinning,
    /// From its capture to its delivery, of the newest frame. `None` while the clock chain has no value.
    pub age: Option<Duration>,
    /// The age is at most this far from the truth.
    pub age_error: Option<Duration>,
    /// The granted latency.
    pub latency: Duration,
    /// From SUBSCRIBE to the first delivered frame.
    pub first_frame: Option<Duration>,
}

/// The state of the client, for `status`, `stats` and the summary.
#[derive(Clone, PartialEq, Debug)]
pub struct Snapshot {
    /// The broker's address.
    pub broker: SocketAddr,
    /// Whether a session stands.
    pub connected: bool,
    /// Smoothed round-trip time, if measured.
    pub rtt: Option<Duration>,
    /// RFC 3550 jitter of arrivals.
    pub jitter: Duration,
    /// Share of first-sent datagrams that did not come, 0 to 1, over the session.
    pub loss: f64,
    /// Mean length of the runs in which they did not come lately, in datagrams, once there were 20 runs.
    pub loss_run: Option<f64>,
    /// Every stream that was ever subscribed to, in ascending order.
    pub streams: Vec<StreamStatus>,
    /// Subscriptions that wait for their producer.
    pub waiting: Vec<Target>,
    /// Datagrams received.
    pub datagrams_received: u64,
    /// Datagrams sent.
    pub datagrams_sent: u64,
    /// Datagrams that were dropped with a reason: name and count, in a fixed order.
    pub drops: Vec<(&'static str, u64)>,
}
