//! Arbitrary values of the wire, as a peer may send them.

mod data;
mod publish;
mod reliability;
mod session;
mod subscribe;

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use protocol::id::{EpochTag, ProducerId, SessionId, StreamId, TrackKey};
use protocol::serial::Serial;
use protocol::time::Stamp;
use protocol::wire::{Code, ControlHeader, Label, LastFrame, Message, Text, TrackKind};

pub(crate) use data::{data_header, shard_of};
pub(crate) use reliability::{feedback_of_any_length, missing_indices};

/// A control message with a header that fits it.
pub(crate) fn control() -> impl Strategy<Value = (ControlHeader, Message)> {
    (header(), message()).prop_map(|(header, message)| {
        let flags = u8::from(matches!(message, Message::Reset(_)));
        (ControlHeader { flags, ..header }, message)
    })
}

/// Every message, each kind as often as another.
fn message() -> impl Strategy<Value = Message> {
    prop_oneof![
        5 => session::message(),
        3 => session::end_of_session(),
        4 => publish::message(),
        6 => subscribe::message(),
        3 => reliability::message(),
    ]
}

fn header() -> impl Strategy<Value = ControlHeader> {
    (producer(), any::<u8>(), any::<u64>(), serial(), any::<u32>()).prop_map(
        |(producer, stream, session, seq, sent)| ControlHeader {
            producer,
            stream: StreamId(stream),
            flags: 0,
            session: SessionId(session),
            seq,
            sent: Stamp(sent),
        },
    )
}

fn producer() -> impl Strategy<Value = ProducerId> {
    any::<[u8; 3]>().prop_map(ProducerId::from_bytes).prop_filter("zero", |id| *id != ProducerId::NONE)
}

fn stream() -> impl Strategy<Value = StreamId> {
    (1..=u8::MAX).prop_map(StreamId)
}

fn tag() -> impl Strategy<Value = EpochTag> {
    any::<u32>().prop_map(EpochTag)
}

fn track_key() -> impl Strategy<Value = TrackKey> {
    (producer(), stream(), tag()).prop_map(|(producer, stream, tag)| TrackKey { producer, stream, tag })
}

/// Any number, most often one near the wrap.
fn serial() -> impl Strategy<Value = Serial> {
    prop_oneof![any::<u32>(), (0..20_u32).prop_map(|step| 10_u32.wrapping_sub(step))].prop_map(Serial)
}

fn micros32() -> impl Strategy<Value = Duration> {
    any::<u32>().prop_map(|us| Duration::from_micros(us.into()))
}

fn millis32() -> impl Strategy<Value = Duration> {
    any::<u32>().prop_map(|ms| Duration::from_millis(ms.into()))
}

fn millis16() -> impl Strategy<Value = Duration> {
    any::<u16>().prop_map(|ms| Duration::from_millis(ms.into()))
}

fn text() -> impl Strategy<Value = Text> {
    ".{0,70}".prop_map(|text| Text::new(&text))
}

fn label() -> impl Strategy<Value = Label> {
    "[A-Za-z0-9-][A-Za-z0-9.-]{0,15}".prop_map(|label| Label::new(&label).unwrap())
}

fn kind() -> impl Strategy<Value = TrackKind> {
    prop_oneof![Just(TrackKind::Video), Just(TrackKind::Audio), Just(TrackKind::Data)]
}

fn code() -> impl Strategy<Value = Code> {
    (0..=18_u16).prop_map(Code::from_wire)
}

fn last_frame() -> impl Strategy<Value = LastFrame> {
    (stream(), tag(), serial()).prop_map(|(stream, tag, frame)| LastFrame { stream, tag, frame })
}

fn last_frames() -> impl Strategy<Value = Vec<LastFrame>> {
    vec(last_frame(), 0..=16)
}

/// As many of the first items as leave `room`.
fn fitting<T>(items: Vec<T>, mut room: usize, encoded_len: impl Fn(&T) -> usize) -> Vec<T> {
    items
        .into_iter()
        .map_while(|item| {
            room = room.checked_sub(encoded_len(&item))?;
            Some(item)
        })
        .collect()
}
