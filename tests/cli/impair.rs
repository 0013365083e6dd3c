//! The relay between real sockets.

use std::net::UdpSocket;
use std::time::{Duration, Instant};

use crate::support::{Broker, Ended, GUARD, Process, STOP, failure, framecast, number, run};

/// So often at most a datagram is sent to and fro until one trip is exact: 20 s in all.
const TRIPS_MAX: u32 = 400;

/// A relay, and where it listens.
struct Relay {
    process: Process,
    address: String,
}

impl Relay {
    fn start(to: &str, arguments: &str) -> Self {
        let mut command = framecast("impair --listen 127.0.0.1:0 --output json --seed 7 --to");
        let mut process = Process::start(command.arg(to).args(arguments.split_whitespace()));
        let line = process.until("the relay listens");
        let address = line.split("address=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
        Self { process, address }
    }

    /// A socket that talks to it.
    fn dial(&self) -> UdpSocket {
        let socket = socket();
        socket.connect(&self.address).unwrap();
        socket
    }
}

fn socket() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(GUARD)).unwrap();
    socket
}

fn address(socket: &UdpSocket) -> String {
    socket.local_addr().unwrap().to_string()
}

/// The figures of one direction in the last line of a relay.
fn direction<'a>(ended: &'a Ended, name: &str) -> &'a str {
    assert_eq!(ended.status, Some(0), "{ended:?}");
    let line = ended.stdout.lines().last().unwrap();
    line.split(&format!("\"{name}\":{{")).nth(1).unwrap().split('}').next().unwrap()
}

#[test]
fn a_datagram_takes_as_long_as_asked_for_within_a_millisecond() {
    let far = socket();
    let relay = Relay::start(&address(&far), "--delay 20ms/30ms");
    let near = relay.dial();
    let mut buffer = [0; 64];
    let mut trip = || {
        let sent = Instant::now();
        near.send(b"there").unwrap();
        let (len, from) = far.recv_from(&mut buffer).unwrap();
        let there = sent.elapsed();
        far.send_to(b"and back", from).unwrap();
        assert_eq!(&buffer[..len], b"there");
        near.recv(&mut buffer).unwrap();
        (there, sent.elapsed())
    };
    let is_exact = |took: Duration, milliseconds: u64| {
        let asked = Duration::from_millis(milliseconds);
        assert!(took >= asked, "{took:?} is too early");
        took < asked + Duration::from_millis(1)
    };
    // The quickest way and the quickest way back: on a busy machine most of them tell about the machine.
    let (mut there, mut back) = (Duration::MAX, Duration::MAX);
    for _ in 0..TRIPS_MAX {
        let (took_there, took_both) = trip();
        (there, back) = (there.min(took_there), back.min(took_both));
        if is_exact(there, 20) && is_exact(back, 50) {
            return;
        }
    }
    panic!("{there:?} {back:?}");
}

#[test]
fn every_client_has_an_address_of_its_own_and_gets_its_own_answers() {
    let far = socket();
    let relay = Relay::start(&address(&far), "");
    let clients = [relay.dial(), relay.dial(), relay.dial()];
    let mut buffer = [0; 64];
    let mut seen = Vec::new();
    for (name, client) in (b'a'..).zip(&clients) {
        client.send(&[name]).unwrap();
        let (_, from) = far.recv_from(&mut buffer).unwrap();
        assert_eq!(buffer[0], name);
        assert!(!seen.contains(&from), "{from} again");
        seen.push(from);
    }
    for (name, from) in (b'a'..).zip(&seen) {
        far.send_to(&[name], from).unwrap();
    }
    for (name, client) in (b'a'..).zip(&clients) {
        client.recv(&mut buffer).unwrap();
        assert_eq!(buffer[0], name);
    }
    let ended = relay.process.stop("TERM");
    assert_eq!(number(&ended.stdout, "clients_seen"), 3);
}

#[test]
fn what_is_lost_is_what_was_asked_for_and_is_counted_and_the_same_seed_loses_it_again() {
    let lost = || {
        let far = socket();
        let relay = Relay::start(&address(&far), "--loss 20%/0");
        let near = relay.dial();
        let mut came = Vec::new();
        let mut buffer = [0; 64];
        for number in 0..500_u16 {
            near.send(&number.to_be_bytes()).unwrap();
            // One after the other, so that no buffer overflows: what follows shows what has gone.
            if number % 50 == 49 {
                far.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
                while let Ok(len) = far.recv(&mut buffer) {
                    came.push(buffer[..len].to_vec());
                }
            }
        }
        let ended = relay.process.stop("TERM");
        let up = direction(&ended, "up");
        assert_eq!((number(up, "received"), number(up, "passed")), (500, came.len() as u64), "{up}");
        assert_eq!(number(up, "lost"), 500 - came.len() as u64);
        assert!((70..=130).contains(&number(up, "lost")), "{up}");
        came
    };
    assert_eq!(lost(), lost());
}

#[test]
fn a_signal_ends_it_at_once_with_its_counters_and_sigusr1_asks_for_them() {
    let far = socket();
    for signal in ["INT", "TERM"] {
        let mut relay = Relay::start(&address(&far), "--delay 60s");
        relay.dial().send(b"under way for a minute").unwrap();
        relay.process.signal("USR1");
        relay.process.until(r#""type":"impair""#);
        let ended = relay.process.stop(signal);
        assert!(ended.took < STOP, "{ended:?}");
        assert_eq!(number(direction(&ended, "up"), "received"), 1);
    }
}

#[test]
fn it_ends_by_itself_when_its_time_is_over() {
    let ended = run(&mut framecast("impair --listen 127.0.0.1:0 --for 300ms --loss 5%"));
    assert_eq!(ended.status, Some(0), "{ended:?}");
    assert!(ended.took >= Duration::from_millis(300) && ended.stdout.starts_with("up    0 datagrams in"));
}

#[test]
fn a_taken_port_is_told_with_status_1() {
    let far = socket();
    let relay = Relay::start(&address(&far), "");
    let line = failure(&mut framecast(&format!("impair --listen {}", relay.address)), 1);
    assert!(line.contains(&relay.address) && line.contains("in use by another program"), "{line}");
}

#[test]
fn a_client_behind_it_gets_every_frame_in_spite_of_it() {
    let broker = Broker::start();
    let _producer = broker.producer("1AAA99");
    let path = "--loss 5% --delay 10ms --jitter 2ms --reorder 1% --duplicate 1%";
    let relay = Relay::start(&broker.address, path);
    let mut client = framecast("client --for 4s --output json --broker");
    let ended = run(client.arg(&relay.address).args(["--exec", "subscribe 1AAA99"]));
    let summary = ended.stdout.lines().last().unwrap();
    assert!(number(summary, "expected") > 20, "{ended:?}");
    assert_eq!((number(summary, "lost"), number(summary, "late")), (0, 0), "{ended:?}");
    let ended = relay.process.stop("TERM");
    let down = direction(&ended, "down");
    assert!(number(down, "lost") > 0, "{down}");
}
