//! Every command is answered, in one line, when the broker has answered.

use client::io::{AtEnd, Settings, ShellError};

use crate::support::{broker, keyboard, piped, producer, settings, start, start_on, types};

#[test]
fn a_script_is_answered_line_by_line_and_ends_with_the_summary() {
    let broker = broker();
    let _producer = producer(broker.address, "1AAA99");
    wait_until_listed(&broker, "1AAA99");
    let script = Settings {
        commands: Some("subscribe 1AAA99; status; list; unsubscribe 1AAA99; help quit".to_owned()),
        ..settings(broker.address)
    };
    let (result, said) = piped(script, "list");
    assert!(result.is_ok(), "{result:?}");
    assert_eq!(
        types(&said),
        ["subscribed", "status", "catalog", "unsubscribed", "help", "summary"],
        "standard input is left alone"
    );
    assert_eq!((&said[1]["name"], &said[1]["latency_ms"]), (&"Aurora".into(), &500.0.into()));
    assert_eq!((&said[2]["connected"], &said[2]["streams"][0]["live"]), (&true.into(), &true.into()));
    assert_eq!(said[3]["producers"][0]["producer"], "1AAA99");
    assert_eq!(said[4]["status"], "OK");
    assert_eq!(said[6]["streams"][0]["stream"], "01");
}

#[test]
fn a_wrong_command_has_one_line_and_the_others_are_carried_out() {
    let broker = broker();
    let (result, said) = piped(settings(broker.address), "lst\nsubscribe 1AAA9\n\nlist\n");
    assert!(matches!(result, Err(ShellError::Wrong(2))), "{result:?}");
    assert_eq!(types(&said), ["error", "error", "catalog", "summary"]);
    let message = said.iter().find(|object| object["type"] == "error").unwrap()["message"].as_str();
    assert_eq!(message, Some("unknown command 'lst': did you mean 'list'?"));
}

#[test]
fn an_unknown_id_waits_and_names_its_neighbour() {
    let broker = broker();
    let _producer = producer(broker.address, "1AAA99");
    wait_until_listed(&broker, "1AAA99");
    let (result, said) = piped(settings(broker.address), "subscribe 1AAA98\nsubscribe 9DDD99");
    assert!(result.is_ok(), "{result:?}");
    assert_eq!(types(&said), ["waiting", "waiting", "summary"], "the catalog is asked for quietly");
    assert_eq!(said[1]["nearest"], "1AAA99");
    assert_eq!(said[2]["nearest"], serde_json::Value::Null);
}

#[test]
fn what_waits_begins_when_its_producer_comes() {
    let broker = broker();
    let (keys, input, _) = keyboard();
    let client = start(settings(broker.address), input);
    keys.enter("subscribe 1AAA9901 --latency 200ms");
    client.wait_for("waiting");
    let _producer = producer(broker.address, "1AAA99");
    let subscribed = client.wait_for("subscribed");
    assert_eq!((&subscribed["id"], &subscribed["latency_ms"]), (&"1AAA9901".into(), &200.0.into()));
    drop(keys);
    assert!(client.join().0.is_ok());
}

#[test]
fn subscribing_twice_and_unsubscribing_from_nothing_have_one_answer_each() {
    let broker = broker();
    let _producer = producer(broker.address, "1AAA99");
    wait_until_listed(&broker, "1AAA99");
    let (result, said) = piped(
        settings(broker.address),
        "unsubscribe all\nunsubscribe 2BBB99\nsubscribe 1AAA99\nsubscribe 1AAA99 --latency 1s\nunsubscribe all\n",
    );
    assert!(result.is_ok(), "{result:?}");
    assert_eq!(
        types(&said),
        ["error", "unsubscribed", "subscribed", "subscribed", "unsubscribed", "summary"]
    );
    let of = |kind: &str| said.iter().filter(|object| object["type"] == kind).cloned().collect::<Vec<_>>();
    assert_eq!(of("unsubscribed")[0]["status"], "NO_SUCH_STREAM");
    assert_eq!(of("subscribed")[1]["latency_ms"], 1_000.0);
    assert_eq!(of("unsubscribed")[1]["status"], "OK");
}

#[test]
fn a_refusal_is_said_and_fails_the_script() {
    let broker = broker();
    let ids: Vec<String> = (1..=33).map(|number| format!("subscribe {number:06X}")).collect();
    let script = Settings { commands: Some(ids.join(";")), ..settings(broker.address) };
    let (result, said) = piped(script, "");
    assert!(matches!(result, Err(ShellError::Refused(1))), "{result:?}");
    let refused = said.iter().find(|object| object["type"] == "refused").unwrap();
    assert_eq!((&refused["id"], &refused["status"]), (&"000021".into(), &"LIMIT".into()));
}

#[test]
fn a_person_has_figures_at_once_while_the_broker_is_silent() {
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let (keys, input, _) = keyboard();
    let client = start_on(settings(silent.local_addr().unwrap()), input, true);
    keys.enter("subscribe 1AAA99");
    keys.enter("status");
    assert_eq!(client.wait_for("status")["connected"], false);
    keys.enter("frobnicate");
    client.wait_for("error");
    keys.enter("quit");
    client.wait_for("summary");
    assert!(client.join().0.is_ok(), "a person's mistakes don't count");
}

#[test]
fn what_was_asked_before_the_broker_came_is_answered_then() {
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let (keys, input, _) = keyboard();
    let client = start(Settings { at_end: AtEnd::Stay, ..settings(address) }, input);
    keys.enter("list");
    let mut hello = [0; 2_048];
    silent.recv_from(&mut hello).unwrap();
    drop(silent);
    let _broker = crate::support::broker_at(address);
    client.wait_for("catalog");
    client.stop.stop();
    assert!(client.join().0.is_ok());
}

/// Returns once the broker's catalog has the producer.
fn wait_until_listed(broker: &crate::support::Peer, id: &str) {
    let (keys, input, _) = keyboard();
    let client = start(settings(broker.address), input);
    loop {
        keys.enter("list");
        if client.wait_for("catalog")["producers"].as_array().unwrap().iter().any(|it| it["producer"] == id) {
            return;
        }
    }
}
