//! HELLO to VERSIONS, CLOSE, PATH_CHALLENGE and CLOCK.

use bytes::Bytes;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use protocol::time::{Stamp, Time};
use protocol::wire::{ClockAck, Close, Hello, Message, Retry, Role, SessionLast, Welcome};

use super::{code, last_frame, micros32, millis16, millis32, producer, text};

pub(super) fn message() -> impl Strategy<Value = Message> {
    prop_oneof![
        hello().prop_map(Message::Hello),
        (any::<[u8; 16]>(), any::<[u8; 21]>())
            .prop_map(|(nonce, cookie)| Message::Retry(Retry { nonce, cookie })),
        welcome().prop_map(Message::Welcome),
        any::<[u8; 8]>().prop_map(Message::PathChallenge),
        any::<[u8; 8]>().prop_map(Message::PathResponse),
        Just(Message::Clock),
        (any::<u32>().prop_map(Stamp), micros32(), any::<u64>().prop_map(Time::from_micros))
            .prop_map(|(echo, hold, broker)| Message::ClockAck(ClockAck { echo, hold, broker })),
    ]
}

pub(super) fn end_of_session() -> impl Strategy<Value = Message> {
    prop_oneof![
        close().prop_map(Message::Close),
        any::<[u8; 16]>().prop_map(Message::Reset),
        vec(any::<u8>(), 1..=8).prop_map(Message::Versions),
    ]
}

fn hello() -> impl Strategy<Value = Hello> {
    let role = prop_oneof![Just(Role::Producer), Just(Role::Viewer), Just(Role::Probe)];
    let rider = prop_oneof![Just(vec![]), vec(any::<u8>(), 0..=1_024)].prop_map(Bytes::from);
    let cookie = option::of(any::<[u8; 21]>());
    (role, vec(any::<u8>(), 1..=8), any::<[u8; 16]>(), cookie, rider)
        .prop_map(|(role, versions, nonce, cookie, rider)| Hello { role, versions, nonce, cookie, rider })
}

fn welcome() -> impl Strategy<Value = Welcome> {
    let times = (any::<u32>().prop_map(Stamp), micros32(), any::<u64>().prop_map(Time::from_micros));
    let limits = (millis32(), millis16(), any::<u32>(), any::<u16>(), any::<u16>());
    (any::<[u8; 16]>(), any::<u8>(), times, limits, any::<[u8; 16]>()).prop_map(
        |(nonce, version, (echo, hold, broker_time), limits, reset_token)| {
            let (lease, feedback, frame_max, datagram_max, subscriptions_max) = limits;
            Welcome {
                nonce,
                version,
                echo,
                hold,
                broker_time,
                lease,
                feedback,
                frame_max,
                datagram_max,
                subscriptions_max,
                reset_token,
            }
        },
    )
}

fn close() -> impl Strategy<Value = Close> {
    let last = (producer(), last_frame()).prop_map(|(producer, last)| SessionLast { producer, last });
    (code(), text(), vec(last, 0..=Close::LAST_MAX)).prop_map(|(code, reason, last)| Close {
        code,
        reason,
        last,
    })
}
