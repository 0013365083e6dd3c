use std::io::ErrorKind;
use std::ops::Range;

use protocol::limits::{DATAGRAM_LEN, DATAGRAM_LEN_MAX};
use protocol::random::Random;
use protocol::wire::{Message, Role};

use crate::broker;
use crate::peer::Peer;

/// Datagrams between two signs of life: fewer than the smallest receive buffer of a kernel holds.
const AT_ONCE: usize = 50;
const DATAGRAMS: usize = 10_000;

/// Random bytes, `len.start` to below `len.end` of them.
fn noise(random: &mut Random, len: Range<usize>) -> Vec<u8> {
    let span = u64::try_from(len.len()).unwrap();
    let len = len.start + usize::try_from(random.u64() % span).unwrap();
    let mut bytes: Vec<u8> = (0..len.div_ceil(32)).flat_map(|_| random.block()).collect();
    bytes.truncate(len);
    bytes
}

#[tokio::test]
async fn ten_thousand_random_datagrams_draw_nothing() {
    let broker = broker(1);
    let peer = Peer::of(broker.local_addr());
    let mut random = Random::from_seed([42; 32]);
    for _ in 0..DATAGRAMS / AT_ONCE {
        for _ in 0..AT_ONCE {
            peer.socket.send(&noise(&mut random, 0..DATAGRAM_LEN)).unwrap();
        }
        // One worker answers in order: an answer to noise would come before this RETRY.
        peer.cookie(Role::Viewer);
    }
    broker.stop().await.unwrap();
    peer.socket.set_nonblocking(true).unwrap();
    assert_eq!(peer.socket.recv(&mut [0; 1]).unwrap_err().kind(), ErrorKind::WouldBlock);
}

/// What is as long as a HELLO may be one of another version: it draws VERSIONS, which is shorter.
#[tokio::test]
async fn large_random_datagrams_draw_fewer_bytes_than_they_have() {
    let broker = broker(3);
    let peer = Peer::of(broker.local_addr());
    let mut random = Random::from_seed([43; 32]);
    for _ in 0..DATAGRAMS / AT_ONCE {
        let datagrams = (0..AT_ONCE).map(|_| noise(&mut random, DATAGRAM_LEN..DATAGRAM_LEN_MAX + 1));
        let sent: usize = datagrams.map(|datagram| peer.socket.send(&datagram).unwrap()).sum();
        peer.hello(Role::Viewer, None);
        let mut drawn = 0;
        loop {
            match peer.receive() {
                (answer, _) if matches!(answer.message, Message::Retry(_)) => break,
                (answer, len) if matches!(answer.message, Message::Versions(_)) => drawn += len,
                (answer, _) => panic!("{answer:?}"),
            }
        }
        assert!(drawn < sent, "{drawn} bytes for {sent}");
    }
    broker.stop().await.unwrap();
}
