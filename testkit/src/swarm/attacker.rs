//! Somebody off the path, who can send from any address but receives nothing.

use std::net::SocketAddr;

use bytes::{Bytes, BytesMut};
use fastrand::Rng;
use protocol::id::{EpochTag, ProducerId, SessionId, StreamId};
use protocol::limits::SHARD_LEN;
use protocol::serial::Serial;
use protocol::slab::Slab;
use protocol::time::{CaptureTime, Stamp};
use protocol::wire::{
    self, Close, Code, ControlHeader, DataFlags, DataHeader, Hello, Message, Role, Unsubscribe,
};

use super::fault::Attack;
use crate::world::World;

/// Datagrams of each turn.
const DATAGRAMS: usize = 20;
/// Of all datagrams, how many an attacker that replays has a copy of.
const OVERHEARD_ONE_IN: u32 = 7;

/// One turn of an attack.
pub(super) fn attack(
    world: &mut World,
    rng: &mut Rng,
    attack: Attack,
    peers: &[SocketAddr],
    ids: &[ProducerId],
) {
    let copies = matches!(attack, Attack::Replay | Attack::Flip);
    world.overhear(if copies { OVERHEARD_ONE_IN } else { 0 });
    let broker = world.broker_address();
    for _ in 0..DATAGRAMS {
        match attack {
            Attack::Flood => world.inject(nobody(rng), broker, hello(rng)),
            Attack::Spoof => {
                let peer = rng.choice(peers).copied().unwrap_or_else(|| nobody(rng));
                let (from, to) = if rng.bool() { (peer, broker) } else { (broker, peer) };
                let datagram = forged(rng, ids);
                world.inject(from, to, datagram);
            }
            Attack::Replay => {
                let Some((from, to, datagram)) = world.overheard() else { return };
                let from = if rng.u8(..4) == 0 { nobody(rng) } else { from };
                world.inject(from, to, datagram);
            }
            Attack::Flip => {
                let Some((from, to, datagram)) = world.overheard() else { return };
                world.inject(from, to, flipped(rng, &datagram));
            }
        }
    }
}

/// An address that nobody in the simulation has.
fn nobody(rng: &mut Rng) -> SocketAddr {
    ([198, 51, rng.u8(..), rng.u8(..)], rng.u16(1..)).into()
}

fn flipped(rng: &mut Rng, datagram: &[u8]) -> Bytes {
    let mut bytes = BytesMut::from(datagram);
    for _ in 0..rng.usize(1..=4) {
        let at = rng.usize(..bytes.len().max(1));
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= 1 << rng.u8(..8);
        }
    }
    bytes.freeze()
}

fn random<const N: usize>(rng: &mut Rng) -> [u8; N] {
    let mut bytes = [0; N];
    rng.fill(&mut bytes);
    bytes
}

fn hello(rng: &mut Rng) -> Bytes {
    let hello = Hello {
        role: if rng.bool() { Role::Viewer } else { Role::Producer },
        versions: vec![1],
        nonce: random(rng),
        cookie: rng.bool().then(|| random(rng)),
        rider: Bytes::new(),
    };
    wire::encode(&ControlHeader::default(), &Message::Hello(hello))
}

/// A well-formed message of a session that it has to guess, or DATA of an epoch that it has to guess.
fn forged(rng: &mut Rng, ids: &[ProducerId]) -> Bytes {
    let producer = rng.choice(ids).copied().unwrap_or(ProducerId::NONE);
    let message = match rng.u8(..6) {
        0 => Message::Close(Close::new(Code::Shutdown, "go away")),
        1 => Message::Reset(random(rng)),
        2 => Message::Unsubscribe(Unsubscribe { req: Serial(rng.u32(..)) }),
        3 => Message::PathChallenge(random(rng)),
        4 => Message::PathResponse(random(rng)),
        _ => return forged_data(rng, producer),
    };
    let header = ControlHeader {
        producer,
        stream: StreamId::ALL,
        session: SessionId(rng.u64(..)),
        seq: Serial(rng.u32(..)),
        sent: Stamp(rng.u32(..)),
        flags: 0,
    };
    wire::encode(&header, &message)
}

fn forged_data(rng: &mut Rng, producer: ProducerId) -> Bytes {
    let (number, content) = (Serial(rng.u32(..)), random::<512>(rng));
    let header = DataHeader {
        producer,
        stream: StreamId::VIDEO,
        round: 0,
        flags: DataFlags::KEY,
        pending: 0,
        tag: EpochTag(rng.u32(..)),
        frame: number,
        group: number,
        length: 0,
        index: 0,
        shard_size: SHARD_LEN,
        capture: CaptureTime(rng.u32(..)),
        crc: 0,
    };
    Slab::pack(header, &content).map_or_else(Bytes::new, |slab| slab.datagrams().clone())
}
