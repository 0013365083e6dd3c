//! How the client ends: when, with which status, and with the summary as its last line.

use std::io::{self, Write};
use std::net::UdpSocket;
use std::time::{Duration, Instant};

use client::io::{AtEnd, ProbeError, Settings, ShellError, probe};

use crate::support::{
    PATIENCE, Screen, StuckScreen, broker, broker_at, keyboard, piped, producer, settings, spawn, start,
    start_on, types,
};

const HOUR: Duration = Duration::from_secs(3_600);

#[test]
fn an_empty_pipe_ends_with_the_summary() {
    let broker = broker();
    let (result, said) = piped(settings(broker.address), "");
    assert!(result.is_ok(), "{result:?}");
    assert_eq!(types(&said), ["summary"]);
}

#[test]
fn quit_ends_a_script_and_leaves_the_rest_undone() {
    let broker = broker();
    let forever = Settings { at_end: AtEnd::Stay, ..settings(broker.address) };
    let (result, said) = piped(forever, "list; quit; help\nhelp\n");
    assert!(result.is_ok(), "{result:?}");
    assert_eq!(types(&said), ["catalog", "summary"]);
}

#[test]
fn the_time_ends_a_client_that_has_nothing_more_to_do() {
    let broker = broker();
    let short = Duration::from_millis(150);
    let begun = Instant::now();
    let (result, said) =
        piped(Settings { at_end: AtEnd::LeaveAfter(short), ..settings(broker.address) }, "list");
    assert!(result.is_ok(), "{result:?}");
    assert_eq!(types(&said), ["catalog", "summary"]);
    assert!(begun.elapsed() >= short);
}

#[test]
fn without_any_answer_a_script_gives_up_and_still_says_its_summary() {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let begun = Instant::now();
    let (result, said) = piped(settings(address), "subscribe 1AAA99");
    assert!(matches!(&result, Err(ShellError::Unreachable { broker }) if *broker == address), "{result:?}");
    // No sooner; later only where the machine has much else to do.
    assert!((Duration::from_secs(5)..PATIENCE).contains(&begun.elapsed()), "{:?}", begun.elapsed());
    assert_eq!(types(&said), ["summary"]);
}

#[test]
fn the_end_of_the_input_is_read_once_by_a_client_that_stays() {
    let broker = broker();
    let (keys, input, reads_at_end) = keyboard();
    let client = start(Settings { at_end: AtEnd::Stay, ..settings(broker.address) }, input);
    keys.enter("list");
    client.wait_for("catalog");
    drop(keys);
    reads_at_end.recv_timeout(PATIENCE).unwrap();
    client.stop.stop();
    let (result, said) = client.join();
    assert!(result.is_ok(), "{result:?}");
    assert_eq!(types(&said), ["summary"]);
    assert!(reads_at_end.recv().is_err(), "the reader has gone, and did not read again");
}

#[test]
fn the_end_of_the_input_is_a_persons_goodbye() {
    let broker = broker();
    let (keys, input, _) = keyboard();
    let client = start_on(settings(broker.address), input, true);
    client.wait_for("connected");
    drop(keys);
    client.wait_for("summary");
    assert!(client.join().0.is_ok());
}

#[test]
fn a_closed_output_ends_a_script_without_complaint() {
    let broker = broker();
    let (keys, input, _) = keyboard();
    let (screen, lines) = Screen::new();
    drop(lines);
    let long = Settings { at_end: AtEnd::LeaveAfter(HOUR), ..settings(broker.address) };
    let (_stop, client) = spawn(long, Box::new(input), Box::new(screen), false);
    keys.enter("frobnicate");
    let result = client.join().unwrap();
    assert!(result.is_ok(), "{result:?}");
}

#[test]
fn an_output_that_fails_is_a_failure() {
    let broker = broker();
    let script = Settings { commands: Some("help".to_owned()), ..settings(broker.address) };
    let (_stop, client) = spawn(script, Box::new(io::empty()), Box::new(FullDisk), false);
    let result = client.join().unwrap();
    assert!(matches!(result, Err(ShellError::Output(_))), "{result:?}");
}

#[test]
fn a_stop_ends_the_client_soon_though_nobody_reads_what_it_says() {
    let broker = broker();
    let _producer = producer(broker.address, "1AAA99");
    let (screen, touched, _release) = StuckScreen::new();
    let stays = Settings { at_end: AtEnd::Stay, ..settings(broker.address) };
    let (stop, client) = spawn(stays, Box::new(&b"subscribe 1AAA99\n"[..]), Box::new(screen), false);
    touched.recv_timeout(PATIENCE).unwrap();
    let asked = Instant::now();
    stop.stop();
    let result = client.join().unwrap();
    assert!(result.is_ok(), "{result:?}");
    // A second; the rest is for a machine that has much else to do.
    assert!(asked.elapsed() < Duration::from_secs(4), "{:?}", asked.elapsed());
}

#[test]
fn a_second_stop_waits_for_nothing() {
    let broker = broker();
    let (screen, touched, _release) = StuckScreen::new();
    let script = Settings { commands: Some("help".to_owned()), ..settings(broker.address) };
    let (stop, client) = spawn(script, Box::new(io::empty()), Box::new(screen), false);
    touched.recv_timeout(PATIENCE).unwrap();
    stop.stop();
    stop.stop();
    let result = client.join().unwrap();
    assert!(matches!(result, Err(ShellError::Interrupted)), "{result:?}");
}

#[test]
fn a_broker_that_comes_back_finds_the_client_still_there() {
    let first = broker();
    let address = first.address;
    let (keys, input, _) = keyboard();
    let client = start(settings(address), input);
    keys.enter("subscribe 1AAA99");
    client.wait_for("waiting");
    drop(first);
    client.wait_for("disconnected");
    keys.enter("unsubscribe 1AAA99");
    client.wait_for("unsubscribed");
    keys.enter("list");
    let _second = broker_at(address);
    assert_eq!(client.wait_for("connected")["again"], true);
    client.wait_for("catalog");
    drop(keys);
    assert!(client.join().0.is_ok());
}

#[test]
fn a_local_address_that_cannot_serve_is_named() {
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let elsewhere = "127.0.0.1:9".parse().unwrap();
    let (result, _) =
        piped(Settings { local: Some(taken.local_addr().unwrap()), ..settings(elsewhere) }, "list");
    assert!(matches!(result, Err(ShellError::Bind(_))), "{result:?}");
    let (result, _) =
        piped(Settings { local: Some("[::1]:0".parse().unwrap()), ..settings(elsewhere) }, "list");
    assert!(matches!(result, Err(ShellError::Family { .. })), "{result:?}");
}

#[test]
fn a_probe_says_who_is_there_or_that_nobody_is() {
    let broker = broker();
    let health = probe(broker.address, None, PATIENCE).unwrap();
    assert_eq!((health.broker, health.producers), (broker.address, 0));
    assert!(health.rtt < PATIENCE);

    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let asked = probe(silent.local_addr().unwrap(), None, Duration::from_millis(100));
    assert!(matches!(asked, Err(ProbeError::NoAnswer { .. })), "{asked:?}");
}

struct FullDisk;

impl Write for FullDisk {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
