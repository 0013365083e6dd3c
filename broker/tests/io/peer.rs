//! A peer that speaks the protocol by hand.

use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use bytes::Bytes;
use protocol::id::{ProducerId, SessionId};
use protocol::limits::{COOKIE_LEN, TOKEN_LEN, VERSION};
use protocol::serial::Serial;
use protocol::time::Stamp;
use protocol::wire::{self, Control, ControlHeader, Datagram, Feedback, Hello, Message, Role, Welcome};

/// A test that waits longer than this has lost a datagram, which loopback does not.
const GUARD: Duration = Duration::from_secs(5);

/// A socket of somebody who talks to the broker.
pub(crate) struct Peer {
    pub(crate) socket: UdpSocket,
    nonce: [u8; TOKEN_LEN],
}

impl Peer {
    pub(crate) fn of(broker: SocketAddr) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect(broker).unwrap();
        socket.set_read_timeout(Some(GUARD)).unwrap();
        Self { socket, nonce: [7; TOKEN_LEN] }
    }

    /// Sends a message of `session`; gives its bytes.
    pub(crate) fn send(&self, session: SessionId, seq: u32, message: &Message) -> usize {
        self.send_about(ProducerId::NONE, session, seq, message)
    }

    /// Sends a message of `session` that is about `producer`; gives its bytes.
    pub(crate) fn send_about(
        &self,
        producer: ProducerId,
        session: SessionId,
        seq: u32,
        message: &Message,
    ) -> usize {
        let (seq, sent) = (Serial(seq), Stamp(seq));
        let header = ControlHeader { producer, session, seq, sent, ..Default::default() };
        self.socket.send(&wire::encode(&header, message)).unwrap()
    }

    fn datagram(&self) -> Vec<u8> {
        let mut datagram = vec![0; 2_048];
        let len = self.socket.recv(&mut datagram).expect("nothing came");
        datagram.truncate(len);
        datagram
    }

    /// Waits for the next message; gives its bytes, too.
    pub(crate) fn receive(&self) -> (Control, usize) {
        let datagram = self.datagram();
        match wire::decode(&datagram).unwrap() {
            Datagram::Control(control) => (control, datagram.len()),
            other => panic!("{other:?}"),
        }
    }

    /// Waits for all datagrams of a frame; messages and other frames may come in between.
    pub(crate) fn frame(&self, number: Serial) -> Vec<u8> {
        let mut shards = BTreeMap::new();
        loop {
            let datagram = self.datagram();
            if let Datagram::Data(header, shard) = wire::decode(&datagram).unwrap()
                && header.frame == number
            {
                shards.insert(header.index, shard.to_vec());
                if shards.len() == usize::from(header.shards()) {
                    return shards.into_values().flatten().collect();
                }
            }
        }
    }

    /// Says HELLO; gives its bytes.
    pub(crate) fn hello(&self, role: Role, cookie: Option<[u8; COOKIE_LEN]>) -> usize {
        let hello = Hello { role, versions: vec![VERSION], nonce: self.nonce, cookie, rider: Bytes::new() };
        self.send(SessionId::NONE, 1, &Message::Hello(hello))
    }

    /// Says HELLO and takes the RETRY that answers it; gives its cookie.
    pub(crate) fn cookie(&self, role: Role) -> [u8; COOKIE_LEN] {
        let asked = self.hello(role, None);
        let (answer, answered) = self.receive();
        let Message::Retry(retry) = answer.message else { panic!("{answer:?}") };
        assert_eq!(retry.nonce, self.nonce);
        assert!(answered <= asked, "{answered} bytes to an address that sent {asked} and is not validated");
        retry.cookie
    }

    /// Opens a viewer's session.
    pub(crate) fn open(&self) -> (SessionId, Welcome) {
        self.open_as(Role::Viewer)
    }

    /// Opens a session.
    pub(crate) fn open_as(&self, role: Role) -> (SessionId, Welcome) {
        self.hello(role, Some(self.cookie(role)));
        let (answer, _) = self.receive();
        let Message::Welcome(welcome) = answer.message else { panic!("{answer:?}") };
        assert_eq!(welcome.nonce, self.nonce);
        (answer.header.session, welcome)
    }

    /// Waits for the first message that `pick` takes; others may come before it.
    pub(crate) fn expect<T>(&self, mut pick: impl FnMut(&Message) -> Option<T>) -> T {
        loop {
            if let Some(found) = pick(&self.receive().0.message) {
                return found;
            }
        }
    }
}

/// A FEEDBACK about nothing.
pub(crate) fn feedback() -> Message {
    Message::Feedback(Feedback {
        heartbeat: Serial(0),
        nonce: 0,
        hold: Duration::ZERO,
        datagrams: 0,
        bytes: 0,
        duplicates: 0,
        lost: 0,
        runs: 0,
        jitter: Duration::ZERO,
        horizon: Duration::ZERO,
        tracks: Vec::new(),
    })
}
