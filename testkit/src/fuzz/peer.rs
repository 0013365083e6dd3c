//! A peer of the broker that keeps to the protocol as far as the script lets it.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use bytes::Bytes;
use protocol::id::{EpochTag, ProducerId, SessionId, StreamId, TrackKey};
use protocol::limits::{COOKIE_LEN, SHARD_LEN, TOKEN_LEN};
use protocol::serial::Serial;
use protocol::time::Time;
use protocol::wire::{self, Code, ControlHeader, Datagram, Message};

/// What a peer knows from what the broker sent to its address.
pub(super) struct Peer {
    pub(super) address: SocketAddr,
    pub(super) cookie: Option<([u8; TOKEN_LEN], [u8; COOKIE_LEN])>,
    session: SessionId,
    seq: u32,
    pub(super) req: u32,
    /// What it announced, and the tag that was granted for it.
    pub(super) producer: ProducerId,
    pub(super) tag: EpochTag,
    pub(super) shard_size: u16,
    /// The number of its next frame.
    pub(super) frame: u32,
    /// What it watches: the tag, and the newest frame of which a shard came with the CRC of that frame.
    pub(super) watched: BTreeMap<ProducerId, EpochTag>,
    pub(super) newest: Option<(TrackKey, Serial, u32)>,
    pub(super) heartbeat: (Serial, u32),
    pub(super) challenge: [u8; 8],
    pub(super) end: Serial,
}

impl Peer {
    pub(super) fn new(address: SocketAddr) -> Self {
        Self {
            address,
            cookie: None,
            session: SessionId::NONE,
            seq: 1,
            req: 0,
            producer: ProducerId::NONE,
            tag: EpochTag(0),
            shard_size: SHARD_LEN,
            frame: u32::MAX - 3,
            watched: BTreeMap::new(),
            newest: None,
            heartbeat: (Serial(0), 0),
            challenge: [0; 8],
            end: Serial(0),
        }
    }

    /// Learns from a datagram of the broker.
    pub(super) fn hear(&mut self, datagram: &[u8]) {
        match wire::decode(datagram) {
            Ok(Datagram::Data(header, _)) => {
                let key = header.track();
                // The digest of a frame of one shard; of others it is wrong.
                self.newest = Some((key, header.frame, crc32c::crc32c(&header.crc.to_be_bytes())));
            }
            Ok(Datagram::Control(control)) => self.hear_control(&control.header, &control.message),
            Ok(Datagram::Unknown(_)) | Err(_) => {}
        }
    }

    fn hear_control(&mut self, header: &ControlHeader, message: &Message) {
        match message {
            Message::Retry(retry) => self.cookie = Some((retry.nonce, retry.cookie)),
            Message::Welcome(_) => (self.session, self.seq) = (header.session, 2),
            Message::AnnounceAck(ack) if ack.status == Code::Ok => {
                (self.producer, self.tag) = (header.producer, ack.tag);
            }
            Message::SubscribeAck(ack) if ack.status == Code::Ok => {
                self.watched.insert(header.producer, ack.tag);
            }
            Message::Heartbeat(heartbeat) => self.heartbeat = (header.seq, heartbeat.nonce),
            Message::PathChallenge(data) => self.challenge = *data,
            Message::End(end) => self.end = end.req,
            _ => {}
        }
    }

    /// A message of its session.
    pub(super) fn say(
        &mut self,
        now: Time,
        producer: ProducerId,
        stream: StreamId,
        message: &Message,
    ) -> Bytes {
        let header = ControlHeader {
            producer,
            stream,
            flags: 0,
            session: self.session,
            seq: Serial(self.seq),
            sent: now.stamp(),
        };
        self.seq += 1;
        wire::encode(&header, message)
    }
}
