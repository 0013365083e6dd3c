//! The load tester: one command, a report, and a status that says whether it was good.

use crate::support::{Broker, Process, failure, framecast, free_port, run};

/// A load that is over soon.
const SMALL: &str = "bench --producers 2 --viewers 70 --rate 50 --frame-bytes 3kB --warm-up 0 --for 500ms";

#[test]
fn without_a_broker_one_is_started_and_reported() {
    let ended =
        run(&mut framecast(&format!("{SMALL} --json --fail-if lost>0,wrong>0,misordered>0,unjoined>0")));
    assert_eq!(ended.status, Some(0), "{ended:?}");
    let viewers = r#""viewers":{"churned":0,"disconnects":0,"joined":70,"refused":0}"#;
    assert!(ended.stdout.contains(viewers) && ended.stdout.lines().count() == 1, "{ended:?}");
    assert!(ended.stdout.contains(r#""cpu_us_per_frame":"#), "{ended:?}");
}

#[test]
fn a_broker_that_runs_is_loaded_with_loss_and_churn() {
    let broker = Broker::start();
    let mut command = framecast(&format!(
        "{SMALL} --loss 5% --delay 20ms --churn 50/s --fail-if wrong>0,misordered>0,join_p50<20ms"
    ));
    let ended = run(command.args(["--broker", &broker.address]));
    assert_eq!(ended.status, Some(0), "{ended:?}");
    assert!(
        ended.stdout.contains("5.0 % loss, 20 ms from viewers") && ended.stdout.contains(" left and came"),
        "{ended:?}"
    );
    assert!(!ended.stdout.contains("of a core ("), "the process of that broker is not known: {ended:?}");
}

#[test]
fn a_condition_that_holds_is_named_and_ends_with_status_3() {
    let line = failure(&mut framecast(&format!("{SMALL} --fail-if p99>60s,delivered>10")), 3);
    assert!(line.contains("delivered>10: it is ") && !line.contains("p99"), "{line}");
}

#[test]
fn sigint_ends_with_the_report() {
    let broker = Broker::start();
    let mut command = framecast("bench -v --viewers 5 --warm-up 0 --for 1h --fail-if unjoined>0");
    let mut load = Process::start(command.args(["--broker", &broker.address]));
    load.until("measuring");
    let ended = load.stop("INT");
    assert_eq!(ended.status, Some(0), "{ended:?}");
    assert!(ended.stdout.contains("5 of 5 viewers, interrupted"), "{ended:?}");
}

#[test]
fn nobody_at_the_address_is_a_failure_of_its_own() {
    let line = failure(&mut framecast(&format!("bench --broker 127.0.0.1:{}", free_port())), 69);
    assert!(line.contains("no broker answers at 127.0.0.1:"), "{line}");
}
