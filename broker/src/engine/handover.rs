//! What one worker hands to another, through bounded queues.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use protocol::id::{EpochTag, ProducerId, SessionId, StreamId};
use protocol::serial::Serial;
use protocol::slab::Slab;
use protocol::wire::{ClockPoint, Code, SkipReason, Text, TrackInfo};

/// The two ends of a datagram's way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Path {
    /// The peer.
    pub peer: SocketAddr,
    /// The address of this host that the peer talked to, where known: answers come from it.
    pub local: Option<IpAddr>,
}

/// A life of a publication, as every worker knows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Publication {
    /// The producer.
    pub producer: ProducerId,
    /// Its life.
    pub epoch: u64,
    /// The tag that viewers know.
    pub tag: EpochTag,
    /// Bytes of a shard.
    pub shard_size: u16,
    /// The least latency that a viewer is granted.
    pub latency_min: Duration,
    /// For people.
    pub name: Text,
    /// Its tracks.
    pub tracks: Vec<TrackInfo>,
}

/// When things were captured: what a producer's worker tells the others.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Timing {
    /// The clock chain, as the producer says it.
    pub clock: ClockPoint,
    /// The smallest time from capture to arrival here, of late.
    pub transit: Duration,
}

/// A message from worker to worker.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Handover {
    /// A datagram that belongs to a session of the other worker.
    Datagram {
        /// Its way.
        path: Path,
        /// Its bytes.
        bytes: Bytes,
    },
    /// A life began, or its tracks changed.
    Up {
        /// It.
        publication: Publication,
        /// Why a former life in its place is over.
        over: Code,
    },
    /// A whole frame for the viewers of the other worker.
    Frame {
        /// The tag that viewers know.
        tag: EpochTag,
        /// The frame.
        slab: Slab,
    },
    /// Frames that will never come.
    Gap {
        /// The producer.
        producer: ProducerId,
        /// The tag that viewers know.
        tag: EpochTag,
        /// The track.
        stream: StreamId,
        /// The first.
        from: Serial,
        /// The last.
        to: Serial,
        /// Why.
        reason: SkipReason,
    },
    /// What a producer says of its clock.
    Timing {
        /// The producer.
        producer: ProducerId,
        /// The tag that viewers know.
        tag: EpochTag,
        /// Its clock.
        timing: Timing,
    },
    /// A life ended.
    Down {
        /// The producer.
        producer: ProducerId,
        /// The tag that viewers know.
        tag: EpochTag,
        /// Why.
        reason: Code,
    },
    /// The session of the other worker no longer publishes.
    Supersede {
        /// The session.
        session: SessionId,
        /// SUPERSEDED, or OK where its own producer moved on to another session.
        code: Code,
    },
}

/// What it costs where a message finds no room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Worth {
    /// Nobody says it again: without it the other worker would go on with what is not so. It waits until there is room.
    Lasting,
    /// A frame, or what the next one of its kind replaces: it is lost, and counted.
    Passing,
    /// What anybody may send, and its sender says again.
    Foreign,
}

impl Handover {
    /// What it costs where it finds no room.
    pub const fn worth(&self) -> Worth {
        match self {
            Self::Up { .. } | Self::Down { .. } | Self::Gap { .. } | Self::Supersede { .. } => Worth::Lasting,
            Self::Frame { .. } | Self::Timing { .. } => Worth::Passing,
            Self::Datagram { .. } => Worth::Foreign,
        }
    }
}
