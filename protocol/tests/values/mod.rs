//! What each golden file says, as values: the third telling beside the specification and the files.

mod data;
mod publish;
mod reliability;
mod session;
mod subscribe;

use protocol::id::{EpochTag, ProducerId, SessionId, StreamId};
use protocol::serial::Serial;
use protocol::time::{CaptureTime, Stamp, Time};
use protocol::wire::{ClockPoint, ControlHeader, LastFrame, Message};

pub(crate) use data::datas;

/// The name of a golden file and the control message that it holds.
pub(crate) type Named = (&'static str, ControlHeader, Message);

/// Every control message that has a golden file.
pub(crate) fn controls() -> Vec<Named> {
    [session::messages(), publish::messages(), subscribe::messages(), reliability::messages()].concat()
}

pub(super) const PRODUCER: ProducerId = ProducerId::from_bytes([0x1A, 0xAA, 0x99]);
pub(super) const OTHER_PRODUCER: ProducerId = ProducerId::from_bytes([0x2B, 0xBB, 0x99]);
pub(super) const TAG: EpochTag = EpochTag(0xCAFE_F00D);
pub(super) const EPOCH: u64 = 1_760_000_000_123;

pub(super) const CLOCK: ClockPoint = ClockPoint {
    capture: CaptureTime(0x0001_2345),
    broker: Time::from_micros(3_600_000_000),
    drift: -25,
    error: 900,
};

/// The header of a message about the whole session.
pub(super) const fn session_wide() -> ControlHeader {
    ControlHeader {
        producer: ProducerId::NONE,
        stream: StreamId::ALL,
        flags: 0,
        session: SessionId(0x0123_4567_89AB_CD02),
        seq: Serial(7),
        sent: Stamp(12_345_678),
    }
}

/// The header of a message about the producer.
pub(super) const fn about_producer() -> ControlHeader {
    ControlHeader { producer: PRODUCER, ..session_wide() }
}

/// The header of a message before there is a session.
pub(super) const fn before_session(seq: u32) -> ControlHeader {
    ControlHeader { session: SessionId::NONE, seq: Serial(seq), ..session_wide() }
}

/// Where the tracks of the producer ended, one of them just before its number wraps.
pub(super) fn last_frames() -> Vec<LastFrame> {
    let last = |stream, frame| LastFrame { stream, tag: TAG, frame: Serial(frame) };
    vec![last(StreamId::VIDEO, 2_000), last(StreamId::AUDIO, u32::MAX)]
}
