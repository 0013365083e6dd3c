//! HELLO to VERSIONS, PATH_CHALLENGE and CLOCK (PROTOCOL 4, 7.7, 8).

use std::time::Duration;

use bytes::Bytes;
use protocol::id::{SessionId, StreamId};
use protocol::serial::Serial;
use protocol::time::{Stamp, Time};
use protocol::wire::{
    self, ClockAck, Close, Code, ControlHeader, Hello, LastFrame, Message, Retry, Role, SessionLast, Text,
    Welcome,
};

use super::{Named, OTHER_PRODUCER, PRODUCER, TAG, about_producer, before_session, session_wide, subscribe};

const NONCE: [u8; 16] = ascending(0xA0);
const TOKEN: [u8; 16] = ascending(0x50);
const ECHO: [u8; 8] = ascending(0xE0);
const COOKIE: [u8; 21] = [
    0x03, 0x00, 0x01, 0xE2, 0x40, 0xC0, 0xC1, 0xC2, 0xC3, 0xC4, 0xC5, 0xC6, 0xC7, 0xC8, 0xC9, 0xCA, 0xCB,
    0xCC, 0xCD, 0xCE, 0xCF,
];

pub(super) fn messages() -> Vec<Named> {
    let rider_header = ControlHeader { session: SessionId::NONE, seq: Serial(1), ..about_producer() };
    let rider = wire::encode(&rider_header, &Message::Subscribe(subscribe::subscribe()));
    let welcome_header = ControlHeader { seq: Serial(1), ..session_wide() };
    let reset_header = ControlHeader { flags: 1, seq: Serial(0), sent: Stamp(0), ..session_wide() };
    vec![
        ("HELLO", before_session(1), hello(None, Bytes::new())),
        ("HELLO-cookie", before_session(2), hello(Some(COOKIE), Bytes::new())),
        ("HELLO-rider", before_session(3), hello(Some(COOKIE), rider)),
        ("RETRY", before_session(0), Message::Retry(Retry { nonce: NONCE, cookie: COOKIE })),
        ("WELCOME", welcome_header, Message::Welcome(welcome())),
        ("VERSIONS", before_session(0), Message::Versions(vec![1, 2])),
        ("CLOSE", session_wide(), Message::Close(Close::new(Code::Shutdown, "maintenance"))),
        ("CLOSE-last", session_wide(), Message::Close(close_with_last_frames())),
        ("CLOSE-reset", reset_header, Message::Reset(TOKEN)),
        ("PATH_CHALLENGE", session_wide(), Message::PathChallenge(ECHO)),
        ("PATH_RESPONSE", session_wide(), Message::PathResponse(ECHO)),
        ("CLOCK", session_wide(), Message::Clock),
        ("CLOCK_ACK", session_wide(), Message::ClockAck(clock_ack())),
    ]
}

fn hello(cookie: Option<[u8; 21]>, rider: Bytes) -> Message {
    Message::Hello(Hello { role: Role::Viewer, versions: vec![1], nonce: NONCE, cookie, rider })
}

const fn welcome() -> Welcome {
    Welcome {
        nonce: NONCE,
        version: 1,
        echo: Stamp(12_345_678),
        hold: Duration::from_micros(120),
        broker_time: Time::from_micros(3_600_000_000),
        lease: Duration::from_secs(15),
        feedback: Duration::from_millis(250),
        frame_max: 4 << 20,
        datagram_max: 1_200,
        subscriptions_max: 32,
        reset_token: TOKEN,
    }
}

const fn clock_ack() -> ClockAck {
    ClockAck {
        echo: Stamp(12_345_678),
        hold: Duration::from_micros(120),
        broker: Time::from_micros(3_600_000_000),
    }
}

fn close_with_last_frames() -> Close {
    let video = LastFrame { stream: StreamId::VIDEO, tag: TAG, frame: Serial(2_000) };
    let audio = LastFrame { stream: StreamId::AUDIO, tag: protocol::id::EpochTag(7), frame: Serial(9) };
    let last = vec![
        SessionLast { producer: PRODUCER, last: video },
        SessionLast { producer: OTHER_PRODUCER, last: audio },
    ];
    Close { code: Code::Ok, reason: Text::default(), last }
}

const fn ascending<const N: usize>(first: u8) -> [u8; N] {
    let mut bytes = [first; N];
    let mut i = 1;
    while i < N {
        bytes[i] = bytes[i - 1] + 1;
        i += 1;
    }
    bytes
}
