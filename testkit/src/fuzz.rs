//! What fuzz targets run, as plain functions: the ordinary tests replay their corpus with them.

mod message;
mod peer;
mod script;

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use protocol::id::{ProducerId, StreamId};
use protocol::limits::{LATENCY_MAX, LEASE};
use protocol::slab::Slab;
use protocol::wire::{self, ControlHeader, DataHeader, Hello, Message};

use crate::cluster::Cluster;
use peer::Peer;
use script::Script;

/// Operations of one run: beyond it inputs get slower, not better.
const OPERATIONS_MAX: usize = 300;
/// Datagrams that can be replayed.
const SENT_MAX: usize = 64;
/// Shards of a frame that are worth their time.
const SHARDS_MAX: u16 = 256;
/// Addresses: those of the peers, and some that never answer.
const PEERS: u8 = 4;
const ADDRESSES: u8 = 6;
/// The producer ids in play.
const PRODUCERS: [ProducerId; 3] = [
    ProducerId::from_bytes([0x1A, 0xAA, 0x99]),
    ProducerId::from_bytes([0x2B, 0xBB, 0x99]),
    ProducerId::from_bytes([0xFF, 0xFF, 0xFF]),
];
const STREAMS: [StreamId; 5] =
    [StreamId::ALL, StreamId::VIDEO, StreamId::AUDIO, StreamId::DATA, StreamId(0x11)];

/// Does to the workers of a broker what `data` says, as honest, broken and hostile peers would, and checks what has to
/// hold whatever they do ([`Cluster`]). In the end everybody is silent and nothing may be left of anybody.
///
/// # Panics
/// If the broker breaks one of its promises.
pub fn broker_ops(data: &[u8]) {
    let mut script = Script::new(data);
    let workers = if script.bit() { 3 } else { 1 };
    let mut stage = Stage::new(workers);
    for _ in 0..OPERATIONS_MAX {
        let Some(operation) = script.operation() else { break };
        stage.play(operation, &mut script);
    }
    stage.cluster.pass(LEASE + LATENCY_MAX + Duration::from_secs(2));
    stage.cluster.assert_empty();
}

/// The broker, its peers, and what was said so far.
struct Stage {
    cluster: Cluster,
    peers: Vec<Peer>,
    sent: Vec<(SocketAddr, Bytes)>,
}

impl Stage {
    fn new(workers: u8) -> Self {
        let peers = (0..PEERS).map(|number| Peer::new(address(number))).collect();
        Self { cluster: Cluster::new(workers, 7), peers, sent: Vec::new() }
    }

    fn play(&mut self, operation: u8, script: &mut Script<'_>) {
        match operation % 16 {
            0 => self.pass(script),
            1 => self.send_as(script, |_, script| Bytes::copy_from_slice(script.bytes())),
            2 => self.replay(script),
            3 => self.dial(script, false),
            4 | 5 => self.dial(script, true),
            6 | 7 => self.send_frame(script),
            8 => self.send_as(script, |peer, script| message::stray_shard(peer, script)),
            kind => {
                let now = self.cluster.now();
                self.send_as(script, |peer, script| message::control(now, kind, peer, script));
            }
        }
        self.hear();
    }

    /// Gives the peers what the broker sent.
    fn hear(&mut self) {
        while let Some((to, datagram)) = self.cluster.poll_arrival() {
            if let Some(peer) = self.peers.iter_mut().find(|peer| peer.address == to) {
                peer.hear(&datagram);
            }
        }
    }

    fn pass(&mut self, script: &mut Script<'_>) {
        let ms = script.pick(&[1, 16, 60, 250, 1_000, 3_100, 16_000]);
        self.cluster.pass(Duration::from_millis(ms));
    }

    /// One of the peers says something; now and then from another address than its own.
    fn send_as(&mut self, script: &mut Script<'_>, say: impl FnOnce(&mut Peer, &mut Script<'_>) -> Bytes) {
        let who = script.u8();
        let Some(peer) = self.peers.get_mut(usize::from(who % PEERS)) else { return };
        let from = if who & 0xC0 == 0xC0 { address((who >> 2) % ADDRESSES) } else { peer.address };
        let datagram = say(peer, script);
        self.deliver(script.u8(), from, datagram);
    }

    fn deliver(&mut self, steering: u8, from: SocketAddr, datagram: Bytes) {
        self.cluster.deliver(steering, from, &datagram);
        if self.sent.len() < SENT_MAX {
            self.sent.push((from, datagram));
        }
    }

    /// Something that was said before, from where it came or from elsewhere.
    fn replay(&mut self, script: &mut Script<'_>) {
        let Some(place) = usize::from(script.u8()).checked_rem(self.sent.len()) else { return };
        let Some((from, datagram)) = self.sent.get(place).cloned() else { return };
        let elsewhere = script.u8();
        let from = if elsewhere < 0x80 { from } else { address(elsewhere % ADDRESSES) };
        self.cluster.deliver(script.u8(), from, &datagram);
    }

    /// HELLO; with `through` also the second one, with the cookie that the first one drew.
    fn dial(&mut self, script: &mut Script<'_>, through: bool) {
        let role = script.pick(&[wire::Role::Producer, wire::Role::Viewer, wire::Role::Probe]);
        let nonce = [script.u8() % 4; 16];
        let mut hello = Hello { role, versions: vec![1], nonce, cookie: None, rider: Bytes::new() };
        let say = |hello: &Hello| wire::encode(&ControlHeader::default(), &Message::Hello(hello.clone()));
        let who = script.u8() % PEERS;
        let from = address(who);
        self.deliver(script.u8(), from, say(&hello));
        self.hear();
        let Some(peer) = self.peers.get_mut(usize::from(who)).filter(|_| through) else { return };
        hello.cookie = peer.cookie.filter(|(of, _)| *of == nonce).map(|(_, cookie)| cookie);
        if script.bit() {
            hello.rider = message::rider(script);
        }
        self.deliver(script.u8(), from, say(&hello));
    }

    /// A frame of what a peer publishes, but for the shards that the script withholds.
    fn send_frame(&mut self, script: &mut Script<'_>) {
        let (who, withheld) = (script.u8(), script.u8());
        let Some(peer) = self.peers.get_mut(usize::from(who % PEERS)) else { return };
        let header = message::data_header(peer, script);
        peer.frame = header.frame.0.wrapping_add(1);
        let frame = vec![withheld; usize::from(script.u16()).max(1)];
        let Some(slab) = Slab::pack(header, &frame).filter(|slab| slab.count() <= SHARDS_MAX) else { return };
        let from = peer.address;
        let steering = script.u8();
        for (header, shard) in DataHeader::split_run(slab.datagrams()) {
            if withheld & (1 << (header.index % 8)) == 0 {
                self.deliver(steering, from, [&header.encode(), shard].concat().into());
            }
        }
    }
}

/// Addresses in one documentation prefix, so that its share of sessions counts.
fn address(number: u8) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, number], 4_000))
}
