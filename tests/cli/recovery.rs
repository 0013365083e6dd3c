//! What the roles survive.

use std::fs;
use std::time::{Duration, Instant};

use crate::support::{Broker, Process, failure, run};

/// Within this everybody goes on after the broker was killed: two seconds, and the rest for a machine that has much else
/// to do. By its lease alone nobody would for 15 s.
const GOES_ON: Duration = Duration::from_secs(8);

#[test]
fn a_killed_broker_is_found_again_by_producer_and_client() {
    let mut broker = Broker::start();
    let mut producer = broker.producer("1AAA99");
    let mut client = Process::start(&mut broker.exec("subscribe 1AAA99", "--stay --output json"));
    client.until(r#""type":"subscribed""#);
    broker.process.kill();
    let mut broker = Broker::start_at(&broker.address);
    let started = Instant::now();
    producer.until("live");
    client.until(r#""again":true}"#);
    client.until(r#""type":"subscribed""#);
    assert!(started.elapsed() < GOES_ON, "{:?}", started.elapsed());
    // Once more, with what a state folder keeps.
    broker.process.kill();
    assert_eq!(client.stop("TERM").status, Some(0));
}

#[test]
fn with_a_state_folder_a_killed_broker_is_found_again_as_well() {
    let state = tempfile::tempdir().unwrap();
    let start = |address: &str| {
        let mut command = crate::support::framecast("broker --listen");
        let mut process = Process::start(command.arg(address).arg("--state").arg(state.path().join("state")));
        process.until("the broker listens");
        process
    };
    let address = format!("127.0.0.1:{}", crate::support::free_port());
    let process = start(&address);
    let mut broker = Broker { process, address: address.clone() };
    let mut producer = broker.producer("1AAA99");
    let mut client = Process::start(&mut broker.exec("subscribe 1AAA99", "--stay --output json"));
    client.until(r#""type":"subscribed""#);
    broker.process.kill();
    let _restarted = start(&address);
    let started = Instant::now();
    producer.until("live");
    client.until(r#""type":"subscribed""#);
    assert!(started.elapsed() < GOES_ON, "{:?}", started.elapsed());
}

#[test]
fn a_client_that_came_before_its_producer_gets_frames_when_that_one_comes() {
    let broker = Broker::start();
    let folder = tempfile::tempdir().unwrap();
    let mut client = broker.exec("subscribe 1AAA99", "--stay --output json");
    let mut client = Process::start(client.arg("--record").arg(folder.path()));
    client.until(r#""type":"waiting","id":"1AAA99""#);
    let _producer = broker.producer("1AAA99");
    client.until(r#""type":"subscribed","id":"1AAA99""#);
    let mut status = Process::start(&mut broker.exec("subscribe 1AAA99", "--for 300ms"));
    status.until("subscribed 1AAA99");
    assert_eq!(status.ended().status, Some(0));
    assert_eq!(client.stop("TERM").status, Some(0));
    assert!(folder.path().join("1AAA99/01/000000000001.jpg").exists());
}

#[test]
fn a_killed_producer_goes_on_with_its_key_and_its_viewers_with_it() {
    let broker = Broker::start();
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    fs::write(&key, "the secret of 1AAA99\n").unwrap();
    let start = || {
        let mut command = broker.producer_command("1AAA99");
        let mut producer = Process::start(command.arg("--key-file").arg(&key));
        producer.until("live");
        producer
    };
    let mut first = start();
    let mut client = Process::start(&mut broker.exec("subscribe 1AAA99", "--stay --output json"));
    client.until(r#""again":false}"#);
    first.kill();
    let _second = start();
    client.until(r#""again":true}"#);
}

#[test]
fn a_stranger_with_the_same_id_is_refused_with_status_77_and_the_first_goes_on() {
    let broker = Broker::start();
    let _first = broker.producer("1AAA99");
    let line = failure(&mut broker.producer_command("1AAA99"), 77);
    assert!(line.contains("the broker refuses 1AAA99") && line.contains("PRODUCER_KEY"), "{line}");
    let ended = run(&mut broker.exec("list", ""));
    assert!(ended.stdout.contains("1AAA99  live"), "{ended:?}");
}

#[test]
fn a_later_life_with_the_same_key_takes_over_and_the_former_is_told() {
    let broker = Broker::start();
    let start = || {
        let mut command = broker.producer_command("1AAA99");
        let mut producer = Process::start(command.env("PRODUCER_KEY", "the secret of 1AAA99"));
        producer.until("live");
        producer
    };
    let first = start();
    let mut viewer = Process::start(&mut broker.exec("subscribe 1AAA99", "--stay --output json"));
    viewer.until("\"type\":\"subscribed\"");
    let _second = start();
    let ended = first.ended();
    assert_eq!(ended.status, Some(1), "{ended:?}");
    let sent =
        ended.stderr.lines().find(|line| line.contains("producer summary") && line.contains(" datagrams="));
    assert!(
        !sent.unwrap().contains(" datagrams=0 "),
        "the session is over, and what it sent is still told: {sent:?}"
    );
    assert!(ended.stderr.contains("a newer producer with the key of this one took over 1AAA99"), "{ended:?}");
}
