//! Real sockets on loopback.

use std::future::Future;
use std::net::UdpSocket as PlainSocket;
use std::time::Duration;

use super::*;
use crate::{SendFault, SendOutcome};

/// A test that waits longer than this has lost a datagram, which loopback does not.
const GUARD: Duration = Duration::from_secs(5);

async fn soon<T>(event: impl Future<Output = T>) -> T {
    tokio::time::timeout(GUARD, event).await.expect("nothing came")
}

fn socket(addr: &str) -> Socket {
    Socket::bind(addr.parse().unwrap(), &Options::default()).unwrap()
}

fn plain(addr: &str) -> PlainSocket {
    let socket = PlainSocket::bind(addr).unwrap();
    socket.set_read_timeout(Some(GUARD)).unwrap();
    socket
}

/// A datagram as received: from, to which local address, contents.
type Received = (SocketAddr, Option<IpAddr>, Vec<u8>);

async fn receive(socket: &mut Socket, datagrams: usize) -> Vec<Received> {
    let mut buffers = RecvBuffers::new();
    let mut received = Vec::new();
    while received.len() < datagrams {
        soon(socket.readable()).await.unwrap();
        socket.try_recv(&mut buffers, |from, local, datagram| {
            received.push((from, local, datagram.to_vec()));
        });
    }
    received
}

async fn send(
    socket: &mut Socket,
    to: SocketAddr,
    from: Option<IpAddr>,
    contents: &[u8],
    segment: usize,
) -> SendOutcome {
    let mut rest = contents;
    loop {
        soon(socket.writable()).await.unwrap();
        match socket.try_send(to, from, rest, segment) {
            SendOutcome::Blocked { sent_bytes } => rest = &rest[sent_bytes..],
            outcome @ (SendOutcome::Sent | SendOutcome::Dropped { .. }) => return outcome,
        }
    }
}

fn picture(length: usize) -> Vec<u8> {
    (0..length).map(|i| u8::try_from(i % 251).unwrap()).collect()
}

fn cut(contents: &[u8], segment: usize) -> Vec<&[u8]> {
    contents.chunks(segment).collect()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn port_of(socket: &Socket, host: &str) -> SocketAddr {
    SocketAddr::new(ip(host), socket.local_addr().port())
}

#[tokio::test]
async fn a_socket_without_coalescing_gets_each_datagram_by_itself() {
    let options = Options { coalescing: false, ..Options::default() };
    let mut a = socket("127.0.0.1:0");
    let mut b = Socket::bind("127.0.0.1:0".parse().unwrap(), &options).unwrap();
    let frame = picture(10_000);
    assert_eq!(send(&mut a, b.local_addr(), None, &frame, 1200).await, SendOutcome::Sent);
    let received = receive(&mut b, 9).await;
    assert!(received.iter().map(|(_, _, contents)| &contents[..]).eq(cut(&frame, 1200)));
    assert_eq!((b.counters().datagrams_in, b.counters().gro_runs), (9, 0));
}

#[tokio::test]
async fn a_frame_crosses_in_one_call_and_arrives_as_the_datagrams_it_was_cut_into() {
    let (mut a, mut b) = (socket("127.0.0.1:0"), socket("127.0.0.1:0"));
    let frame = picture(10_000);
    assert_eq!(send(&mut a, b.local_addr(), None, &frame, 1200).await, SendOutcome::Sent);
    let received = receive(&mut b, 9).await;
    let contents: Vec<&[u8]> = received.iter().map(|it| &it.2[..]).collect();
    assert_eq!(contents, cut(&frame, 1200));
    assert!(received.iter().all(|it| it.0 == a.local_addr() && it.1 == Some(ip("127.0.0.1"))));
    assert_eq!((a.counters().datagrams_out, a.counters().bytes_out), (9, 10_000));
    assert_eq!((b.counters().datagrams_in, b.counters().bytes_in), (9, 10_000));
    if cfg!(target_os = "linux") {
        assert_eq!((a.counters().sends, a.counters().gso_sends), (1, 1));
        assert_eq!((b.counters().recvs, b.counters().gro_runs), (1, 1));
    }
}

#[tokio::test]
async fn a_receiver_that_knows_nothing_of_offload_gets_the_same_datagrams() {
    let (mut a, b) = (socket("127.0.0.1:0"), plain("127.0.0.1:0"));
    let frame = picture(3000);
    assert_eq!(send(&mut a, b.local_addr().unwrap(), None, &frame, 1200).await, SendOutcome::Sent);
    let mut buffer = [0; 2000];
    for expected in cut(&frame, 1200) {
        let (length, from) = b.recv_from(&mut buffer).unwrap();
        assert_eq!((&buffer[..length], from), (expected, a.local_addr()));
    }
}

#[tokio::test]
async fn a_large_frame_is_cut_into_runs_and_arrives_whole() {
    let (mut a, mut b) = (socket("127.0.0.1:0"), socket("127.0.0.1:0"));
    let frame = picture(100_000);
    assert_eq!(send(&mut a, b.local_addr(), None, &frame, 1200).await, SendOutcome::Sent);
    let received = receive(&mut b, 84).await;
    let contents: Vec<&[u8]> = received.iter().map(|it| &it.2[..]).collect();
    assert_eq!(contents, cut(&frame, 1200));
    if cfg!(target_os = "linux") {
        assert_eq!(a.counters().gso_sends, 2);
    }
}

#[tokio::test]
async fn segmentation_switched_off_changes_the_calls_and_not_the_datagrams() {
    let options = Options { segmentation: false, ..Options::default() };
    let mut a = Socket::bind("127.0.0.1:0".parse().unwrap(), &options).unwrap();
    let mut b = socket("127.0.0.1:0");
    let frame = picture(3000);
    assert_eq!(send(&mut a, b.local_addr(), None, &frame, 1200).await, SendOutcome::Sent);
    let received = receive(&mut b, 3).await;
    assert_eq!(received.iter().map(|it| &it.2[..]).collect::<Vec<_>>(), cut(&frame, 1200));
    assert_eq!((a.counters().sends, a.counters().gso_sends), (3, 0));
}

#[tokio::test]
async fn ipv6_works_as_ipv4_does() {
    let (mut a, mut b) = (socket("[::1]:0"), socket("[::1]:0"));
    let frame = picture(10_000);
    assert_eq!(send(&mut a, b.local_addr(), None, &frame, 1200).await, SendOutcome::Sent);
    let received = receive(&mut b, 9).await;
    assert_eq!(received.iter().map(|it| &it.2[..]).collect::<Vec<_>>(), cut(&frame, 1200));
    assert!(received.iter().all(|it| it.0 == a.local_addr() && it.1 == Some(ip("::1"))));
}

#[tokio::test]
async fn a_dual_stack_socket_talks_to_ipv4_peers_by_their_ipv4_addresses() {
    let mut broker = socket("[::]:0");
    for host in ["127.0.0.1", "::1"] {
        let mut peer = socket(&SocketAddr::new(ip(host), 0).to_string());
        let question = picture(2500);
        let to = port_of(&broker, host);
        assert_eq!(send(&mut peer, to, None, &question, 1200).await, SendOutcome::Sent);
        for (from, local, _) in receive(&mut broker, 3).await {
            assert_eq!((from, local), (peer.local_addr(), Some(ip(host))));
        }
        let answer = picture(5000);
        let outcome = send(&mut broker, peer.local_addr(), Some(ip(host)), &answer, 1200).await;
        assert_eq!(outcome, SendOutcome::Sent);
        let received = receive(&mut peer, 5).await;
        assert_eq!(received.iter().map(|it| &it.2[..]).collect::<Vec<_>>(), cut(&answer, 1200));
        assert!(received.iter().all(|it| it.0 == to));
    }
    assert_eq!(broker.counters().datagrams_lost_in_total(), 0);
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn an_answer_comes_from_the_address_that_was_asked() {
    for wildcard in ["0.0.0.0:0", "[::]:0"] {
        let mut broker = socket(wildcard);
        let mut peer = socket("127.0.0.1:0");
        let asked = port_of(&broker, "127.0.0.7");
        assert_eq!(send(&mut peer, asked, None, b"question", 0).await, SendOutcome::Sent);
        let (from, local, _) = receive(&mut broker, 1).await.remove(0);
        assert_eq!(local, Some(ip("127.0.0.7")));
        assert_eq!(send(&mut broker, from, local, b"answer", 0).await, SendOutcome::Sent);
        let (answerer, _, contents) = receive(&mut peer, 1).await.remove(0);
        assert_eq!((answerer, &contents[..]), (asked, &b"answer"[..]));
    }
}

#[tokio::test]
async fn an_empty_datagram_is_a_datagram() {
    let (a, mut b) = (plain("127.0.0.1:0"), socket("127.0.0.1:0"));
    a.send_to(b"", b.local_addr()).unwrap();
    a.send_to(b"after", b.local_addr()).unwrap();
    let received = receive(&mut b, 2).await;
    assert_eq!((&received[0].2[..], &received[1].2[..]), (&b""[..], &b"after"[..]));
}

#[tokio::test]
async fn receiving_from_an_empty_queue_gives_nothing_and_no_fault() {
    let mut a = socket("127.0.0.1:0");
    assert_eq!(a.try_recv(&mut RecvBuffers::new(), |_, _, _| panic!("nobody sent")), 0);
    assert_eq!(a.counters(), &Counters::default());
}

#[tokio::test]
async fn a_receive_that_brings_nothing_leaves_nothing_of_the_one_before() {
    let (a, mut b) = (plain("127.0.0.1:0"), socket("127.0.0.1:0"));
    let mut buffers = RecvBuffers::new();
    a.send_to(b"once", b.local_addr()).unwrap();
    soon(b.readable()).await.unwrap();
    assert_eq!((b.try_fill(&mut buffers), buffers.datagrams().count()), (1, 1));
    for _ in 0..2 {
        assert_eq!((b.try_fill(&mut buffers), buffers.datagrams().count()), (0, 0));
    }
}

#[tokio::test]
async fn what_the_kernel_refuses_has_its_class_and_later_sends_go_on() {
    let (mut a, mut b) = (socket("127.0.0.1:0"), socket("127.0.0.1:0"));
    let cases = [
        ("127.0.0.1:0", 2500, 1200, 3, SendFault::Invalid),
        ("[::1]:9", 2500, 1200, 3, SendFault::Unsupported),
        ("127.0.0.1:9", 70_000, 0, 1, SendFault::TooBig),
    ];
    for (to, length, segment, lost, fault) in cases {
        let outcome = send(&mut a, to.parse().unwrap(), None, &picture(length), segment).await;
        assert_eq!(outcome, SendOutcome::Dropped { sent_bytes: 0, fault }, "{to}");
        assert_eq!(a.counters().datagrams_lost(fault), lost, "{to}");
    }
    assert_eq!(send(&mut a, b.local_addr(), None, &picture(2500), 1200).await, SendOutcome::Sent);
    assert_eq!(receive(&mut b, 3).await.len(), 3);
    if cfg!(target_os = "linux") {
        assert_eq!(a.counters().gso_sends, 1, "refusals of other destinations leave this one's runs alone");
    }
}

#[tokio::test]
async fn a_peer_that_went_away_disturbs_nobody() {
    let (mut a, mut b) = (socket("127.0.0.1:0"), socket("127.0.0.1:0"));
    let gone = plain("127.0.0.1:0").local_addr().unwrap();
    for _ in 0..10 {
        assert_eq!(send(&mut a, gone, None, &picture(2500), 1200).await, SendOutcome::Sent);
        assert_eq!(send(&mut b, a.local_addr(), None, b"still here", 0).await, SendOutcome::Sent);
        assert_eq!(receive(&mut a, 1).await[0].2, b"still here");
    }
    assert_eq!(a.counters().datagrams_lost_in_total(), 0);
}

#[tokio::test]
async fn buffers_are_granted_as_asked_or_reported_short() {
    let modest = Options { recv_buffer: 100_000, send_buffer: 50_000, ..Options::default() };
    let buffers = Socket::bind("127.0.0.1:0".parse().unwrap(), &modest).unwrap().buffers();
    assert_eq!((buffers.recv_asked, buffers.recv_granted), (100_000, 100_000));
    assert_eq!((buffers.send_asked, buffers.send_granted), (50_000, 50_000));
    assert_eq!(buffers.shortfalls().count(), 0);

    let excessive = Options { recv_buffer: 1 << 30, send_buffer: 0, ..Options::default() };
    let buffers = Socket::bind("127.0.0.1:0".parse().unwrap(), &excessive).unwrap().buffers();
    assert!(buffers.send_granted > 0, "the system's default");
    let short = buffers.recv_granted < 1 << 30;
    assert_eq!(buffers.shortfalls().count(), usize::from(short));
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn datagrams_that_found_the_receive_buffer_full_are_counted() {
    let (mut sockets, mut total) = (Vec::new(), 0);
    for host in ["127.0.0.1:0", "[::1]:0"] {
        let small = Options { recv_buffer: 20_000, ..Options::default() };
        let mut b = Socket::bind(host.parse().unwrap(), &small).unwrap();
        let a = plain(host);
        for _ in 0..100 {
            a.send_to(&[0; 1200], b.local_addr()).unwrap();
        }
        let dropped = b.kernel_drops().unwrap();
        assert!(dropped > 0);
        let arrived = 100 - usize::try_from(dropped).unwrap();
        assert_eq!(receive(&mut b, arrived).await.len(), arrived);
        sockets.push(b);
        total += dropped;
    }
    assert_eq!(Socket::kernel_drops_of(&sockets), Some(total));
    assert_eq!(Socket::kernel_drops_of([]), None);
}

#[tokio::test]
async fn a_taken_port_is_an_error_and_a_shared_one_is_not() {
    let first = socket("127.0.0.1:0");
    let error = Socket::bind(first.local_addr(), &Options::default()).unwrap_err();
    let text = error.to_string();
    assert!(text.contains(&first.local_addr().to_string()) && text.contains("in use"), "{text}");

    let shared = Options { reuse_port: true, ..Options::default() };
    let worker = Socket::bind("127.0.0.1:0".parse().unwrap(), &shared).unwrap();
    let second = Socket::bind(worker.local_addr(), &shared).unwrap();
    assert_eq!(second.local_addr(), worker.local_addr());
}

#[tokio::test]
async fn many_sends_reach_each_destination_as_they_were_cut_from_the_address_they_name() {
    for host in ["127.0.0.1:0", "0.0.0.0:0", "[::]:0"] {
        let mut a = socket(host);
        let mut receivers: Vec<Socket> = (0..2 * BATCH_MAX + 3).map(|_| socket("127.0.0.1:0")).collect();
        let (frame, word) = (picture(10_000), picture(70));
        let from = Some(ip("127.0.0.1"));
        let sends: Vec<Outgoing<'_>> = receivers
            .iter()
            .enumerate()
            .map(|(n, to)| {
                let (contents, segment) = if n % 5 == 4 { (&word[..], 0) } else { (&frame[..], 1_200) };
                Outgoing { to: to.local_addr(), from, contents, segment }
            })
            .collect();
        assert_eq!(a.try_send_all(&sends), (sends.len(), SendOutcome::Sent), "{host}");
        let cuts: Vec<Vec<&[u8]>> =
            (0..sends.len()).map(|n| if n % 5 == 4 { vec![&word[..]] } else { cut(&frame, 1_200) }).collect();
        for (receiver, cut) in receivers.iter_mut().zip(cuts) {
            let received = receive(receiver, cut.len()).await;
            assert!(received.iter().map(|it| &it.2[..]).eq(cut), "{host}");
            assert!(received.iter().all(|it| it.0 == port_of(&a, "127.0.0.1")), "{host}");
        }
        let sent: u64 = sends.iter().map(|send| send.contents.len() as u64).sum();
        assert_eq!(a.counters().bytes_out, sent);
    }
}
