//! How each role ends.

use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::Stdio;

use crate::support::{Broker, Nobody, Process, STOP, failure, framecast, free_port, not_run, run};

#[test]
fn every_role_ends_within_a_second_of_a_signal_with_status_0() {
    for signal in ["TERM", "INT", "HUP"] {
        let broker = Broker::start();
        let producer = broker.producer("1AAA99");
        let mut client = Process::start(&mut broker.exec("subscribe 1AAA99", "--stay --output json"));
        client.until("subscribed");
        let client = client.stop(signal);
        assert_eq!(client.status, Some(0), "{client:?}");
        assert!(client.stdout.lines().last().unwrap().starts_with(r#"{"type":"summary""#), "{client:?}");
        let producer = producer.stop(signal);
        let broker = broker.process.stop(signal);
        for ended in [client, producer, broker] {
            assert_eq!(ended.status, Some(0), "{ended:?}");
            assert!(ended.took < STOP, "{ended:?}");
        }
    }
}

#[test]
fn roles_that_nobody_answers_end_as_fast() {
    let nobody = Nobody::listens();
    let mut producer = Process::start(framecast("producer --id 1AAA99 --broker").arg(nobody.address()));
    producer.until("publishing the test card");
    let mut client = Process::start(framecast("client --stay --exec list --broker").arg(nobody.address()));
    client.until("waiting for the broker");
    for ended in [producer.stop("TERM"), client.stop("TERM")] {
        assert_eq!(ended.status, Some(0), "{ended:?}");
        assert!(ended.took < STOP, "{ended:?}");
    }
}

#[test]
fn a_one_shot_client_gives_up_an_absent_broker_after_five_seconds() {
    let nobody = Nobody::listens();
    let ended = run(framecast("client --for 0 --exec list --output json --broker").arg(nobody.address()));
    assert_eq!(ended.status, Some(69), "{ended:?}");
    // No sooner; later only where the machine has much else to do.
    assert!((5..20).contains(&ended.took.as_secs()), "{ended:?}");
    assert!(
        ended
            .stderr
            .contains(&format!("no answer from {} within 5 s: start a broker there", nobody.address()))
    );
    assert!(ended.stdout.lines().last().unwrap().contains(r#""type":"summary""#), "{ended:?}");
    let unknown = failure(&mut framecast("client --exec list --broker no-such-host.invalid"), 69);
    assert!(unknown.contains("--broker 'no-such-host.invalid'"), "{unknown}");
}

#[test]
fn health_is_one_line_and_a_status() {
    let broker = Broker::start();
    let _producer = broker.producer("1AAA99");
    let ended = run(framecast("health --broker").arg(&broker.address));
    assert_eq!((ended.status, ended.stdout.lines().count()), (Some(0), 1), "{ended:?}");
    assert!(ended.stdout.ends_with(", 1 producer\n"), "{ended:?}");
    let nobody = Nobody::listens();
    let line = failure(framecast("health --timeout 200ms --broker").arg(nobody.address()), 1);
    assert!(line.contains(&format!("no answer from {} within 0.2 s", nobody.address())), "{line}");
}

#[test]
fn a_taken_port_is_told_with_status_1() {
    let broker = Broker::start();
    for workers in ["1", "2"] {
        let line = failure(framecast("broker --workers").args([workers, "--listen", &broker.address]), 1);
        assert!(line.contains(&broker.address) && line.contains("in use by another program"), "{line}");
    }
}

#[test]
fn a_log_that_nobody_reads_holds_up_no_broadcast() {
    // As at a terminal that was stopped with Ctrl-S: full from the beginning.
    let (_unread, mut log) = UnixStream::pair().unwrap();
    log.set_nonblocking(true).unwrap();
    while log.write(b"\n").is_ok() {}
    log.set_nonblocking(false).unwrap();
    let address = format!("127.0.0.1:{}", free_port());
    let mut broker = framecast("broker --listen");
    let mut broker = broker.arg(&address).stderr(OwnedFd::from(log)).spawn().unwrap();
    let ended = run(framecast("health --timeout 10s --broker").arg(&address));
    let kill = run(std::process::Command::new("kill").arg(broker.id().to_string()));
    assert_eq!((ended.status, kill.status), (Some(0), Some(0)), "{ended:?}");
    assert_eq!(broker.wait().unwrap().code(), Some(0));
}

#[test]
fn a_reader_that_leaves_ends_a_client_and_its_status_stays_0() {
    let broker = Broker::start();
    let _producer = broker.producer("1AAA99");
    // As of `framecast client .. | head -1`.
    let mut client = broker.exec("subscribe 1AAA99; status; list; status", "--for 600s --output json");
    let mut client = client.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    drop(client.stdout.take());
    assert_eq!(client.wait().unwrap().code(), Some(0));
}

#[test]
fn an_output_that_takes_nothing_is_told() {
    let broker = Broker::start();
    let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else {
        not_run("there is no /dev/full");
        return;
    };
    let ended = broker.exec("list", "").stdout(full).output().unwrap();
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    let stderr = String::from_utf8_lossy(&ended.stderr);
    assert!(stderr.contains("standard output can't be written: No space left"), "{stderr}");
}
