//! An address that has proven nothing draws no more bytes than it sent (PROTOCOL 4).
#![expect(clippy::expect_used, reason = "tests")]

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use fastrand::Rng;
use protocol::id::SessionId;
use protocol::wire::{self, ControlHeader, Datagram, Hello, Message, Role};
use testkit::{Cluster, for_each_seed};

const PEER: ([u8; 4], u16) = ([192, 0, 2, 1], 4_000);
const STRANGER: ([u8; 4], u16) = ([198, 51, 100, 1], 4_000);

#[test]
fn random_datagrams_draw_no_more_than_they_weigh() {
    for workers in [1, 3] {
        for_each_seed(1, |seed| {
            let mut rng = Rng::with_seed(seed);
            let mut cluster = Cluster::new(workers, 1);
            for _ in 0..10_000 {
                let mut datagram: Vec<u8> = (0..rng.usize(0..1_500)).map(|_| rng.u8(..)).collect();
                // Most begin like a message and end in a right CRC: else few would be read at all.
                if rng.u8(0..4) > 0 && datagram.len() > 28 {
                    datagram.splice(5..8, [0x10, 0, 0]);
                    datagram[0] = rng.choice(wire::Event::ALL).map_or(0, |event| *event as u8);
                    let covered = datagram.len() - 4;
                    let crc = crc32c::crc32c(&datagram[..covered]);
                    datagram.splice(covered.., crc.to_be_bytes());
                }
                assert_draws_no_more(&mut cluster, rng.u8(..), &datagram);
            }
        });
    }
}

#[test]
fn no_valid_message_draws_more_than_it_weighs() {
    for workers in [1, 3] {
        let mut cluster = Cluster::new(workers, 1);
        let messages = valid_messages();
        assert!(messages.len() > 30);
        for steering in 0..workers {
            for message in &messages {
                assert_draws_no_more(&mut cluster, steering, message);
            }
        }
        let (_, drawn) = cluster.drawn(STRANGER.into());
        assert!(drawn > 0, "a RETRY at least");
        assert_eq!(cluster.sessions(), 0, "and none makes a session");
    }
}

#[test]
fn no_message_of_somebody_elses_session_draws_more_than_it_weighs() {
    for workers in [1, 3] {
        let mut cluster = Cluster::new(workers, 1);
        for role in [Role::Viewer, Role::Producer] {
            let session = shake_hands(&mut cluster, role).expect("a session");
            for (seq, message) in (1_000..).zip(valid_messages()) {
                let Ok(Datagram::Control(control)) = wire::decode(&message) else { continue };
                let header = ControlHeader { session, seq: protocol::serial::Serial(seq), ..control.header };
                let closes = matches!(control.message, Message::Close(_) | Message::Reset(_));
                if !closes {
                    assert_draws_no_more(&mut cluster, 0, &wire::encode(&header, &control.message));
                }
            }
        }
    }
}

/// The stranger says this: it draws no more than that.
fn assert_draws_no_more(cluster: &mut Cluster, steering: u8, datagram: &[u8]) {
    let (said, drawn) = cluster.drawn(STRANGER.into());
    cluster.deliver(steering, STRANGER.into(), datagram);
    let (said_now, drawn_now) = cluster.drawn(STRANGER.into());
    assert_eq!(said_now - said, datagram.len() as u64);
    assert!(drawn_now - drawn <= said_now - said, "{datagram:02X?} drew {} bytes", drawn_now - drawn);
}

/// One of every message that there is, well-formed.
fn valid_messages() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/decode");
    let seeds = fs::read_dir(folder).expect("the seeds of the decoder");
    let complete = |path: std::path::PathBuf| {
        let bytes = fs::read(&path).expect("a seed");
        // The seeds of control messages go without their CRC.
        let crc = crc32c::crc32c(&bytes).to_be_bytes();
        if bytes.first() == Some(&0) { bytes } else { [&bytes[..], &crc].concat() }
    };
    let messages: Vec<_> = seeds.map(|seed| complete(seed.expect("a seed").path())).collect();
    assert!(messages.iter().all(|message| wire::decode(message).is_ok()));
    messages
}

/// A session of [`PEER`].
fn shake_hands(cluster: &mut Cluster, role: Role) -> Option<SessionId> {
    let mut hello =
        Hello { role, versions: vec![1], nonce: [role as u8; 16], cookie: None, rider: bytes::Bytes::new() };
    let peer = SocketAddr::from(PEER);
    for _ in 0..2 {
        let message = Message::Hello(hello.clone());
        cluster.deliver(0, peer, &wire::encode(&ControlHeader::default(), &message));
        while let Some((to, bytes)) = cluster.poll_arrival() {
            let Ok(Datagram::Control(control)) = wire::decode(&bytes) else { continue };
            match control.message {
                Message::Retry(retry) if to == peer => hello.cookie = Some(retry.cookie),
                Message::Welcome(_) if to == peer => return Some(control.header.session),
                _ => {}
            }
        }
    }
    None
}
