//! What is typed, piped or given with `--exec`, right and wrong.

use std::fs::File;
use std::io::Write as _;
use std::process::Stdio;

use crate::support::{Broker, Ended, Process, run};

#[test]
fn ids_are_taken_in_any_case_and_wrong_ones_get_the_nearest_right_one() {
    let broker = Broker::start();
    let _producer = broker.producer("1AAA99");
    let ended =
        run(&mut broker.exec("SUBSCRIBE 1aaa99; sub 1AAA98; sub 1AAA9G; lst; 1aaa99", "--output json"));
    assert_eq!(ended.status, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("3 commands were wrong: the output says why"), "{ended:?}");
    for said in [
        r#"{"type":"subscribed","id":"1AAA99","#,
        r#"{"type":"waiting","id":"1AAA98","producer":"1AAA98","nearest":"1AAA99"}"#,
        "'1AAA9G' is not an id: 'G' is not a hexadecimal digit",
        "unknown command 'lst': did you mean 'list'?",
        "unknown command '1aaa99': did you mean 'subscribe 1AAA99'?",
    ] {
        assert!(ended.stdout.contains(said), "{said}: {ended:?}");
    }
}

#[test]
fn a_single_stream_of_a_producer_is_one_that_it_has() {
    let broker = Broker::start();
    let _producer = broker.producer("1AAA99");
    let ended = run(&mut broker.exec("subscribe 1AAA9902", "--output json"));
    assert_eq!(ended.status, Some(1), "{ended:?}");
    assert!(ended.stdout.contains(r#""type":"refused","id":"1AAA9902""#), "{ended:?}");
}

#[test]
fn whatever_is_piped_in_each_line_is_answered_and_the_summary_comes_last() {
    let broker = Broker::start();
    let endless = vec![b'x'; 1 << 20];
    let binary: Vec<u8> = (0..=255).cycle().take(8_192).filter(|byte| *byte != b'#').collect();
    for (input, says) in [
        (&b""[..], ""),
        (b"\n\n;;;\n# nothing\n", ""),
        (b"frobnicate\n", "unknown command 'frobnicate'"),
        (b"\x1b[2Jlist\n", r"\\u{1b}"),
        (b"subscribe '1AAA99\n", "is never closed"),
        (&endless, "a line of 1048576 bytes is too long: at most 4096 are read"),
        (&binary, "unknown command"),
        (b"help", r#""type":"help""#),
    ] {
        let ended = piped(&broker, input);
        assert!(ended.stdout.contains(says), "{says}: {ended:?}");
        let wrong = ended.stdout.contains(r#""type":"error""#);
        assert_eq!(ended.status, Some(if wrong { 2 } else { 0 }), "{ended:?}");
        assert!(ended.stdout.lines().last().unwrap().starts_with(r#"{"type":"summary""#), "{ended:?}");
        let prints =
            |line: &str| line.starts_with('{') && line.ends_with('}') && !line.contains(char::is_control);
        assert!(ended.stdout.lines().all(prints), "{ended:?}");
    }
}

#[test]
fn a_pipe_ends_the_client_with_its_end_and_stay_goes_on() {
    let broker = Broker::start();
    let mut client = Process::start(broker.client("--stay").stdin(Stdio::piped()));
    client.type_line("list");
    client.until("no producers yet");
    client.type_line("subscribe 1AAA99");
    client.end_input();
    client.until("waiting for 1AAA99");
    let _producer = broker.producer("1AAA99");
    client.until("1AAA99 video jpg 12.0/s");
    assert_eq!(client.stop("TERM").status, Some(0));
}

#[test]
fn a_closed_input_is_its_end() {
    let broker = Broker::start();
    let ended = std::process::Command::new("sh")
        .args([
            "-c",
            "exec \"$0\" client --broker \"$1\" <&-",
            env!("CARGO_BIN_EXE_framecast"),
            &broker.address,
        ])
        .output()
        .unwrap();
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(String::from_utf8_lossy(&ended.stdout).contains("no streams"), "{ended:?}");
}

#[test]
fn for_0_ends_with_the_first_answer() {
    let broker = Broker::start();
    let ended = run(&mut broker.exec("", "--for 0 --output json"));
    assert_eq!(ended.status, Some(0), "{ended:?}");
    assert_eq!(ended.stdout.matches(r#""type":"connected""#).count(), 1, "{ended:?}");
}

#[test]
fn nonsense_in_exec_is_told_word_by_word() {
    let broker = Broker::start();
    let many = (1..=33).fold("subscribe".to_owned(), |line, n| format!("{line} 0000{n:02X}"));
    for (commands, says) in [
        ("subscribe", "subscribe needs an argument"),
        ("subscribe 1AAA99 --latency", "--latency needs a duration"),
        ("subscribe 1AAA99 --latency 50ms", "write 100ms to 10s"),
        ("subscribe 1AAA99 --speed 2", "unknown option '--speed'"),
        ("record ~/out", "write the whole path of the folder"),
        ("quit now", "'now' is too much for quit"),
        ("help me", "unknown command 'me'"),
        (many.as_str(), "subscribe takes at most 32 ids"),
    ] {
        let ended = run(&mut broker.exec(commands, ""));
        assert_eq!(ended.status, Some(2), "{ended:?}");
        assert!(ended.stdout.contains(says), "{says}: {ended:?}");
    }
}

#[test]
fn a_name_from_the_wire_steers_no_terminal() {
    let broker = Broker::start();
    let mut producer = broker.producer_command("1AAA99");
    let mut producer = Process::start(producer.args(["--name", "a\u{202e}b"]));
    producer.until("live");
    let ended = run(&mut broker.exec("list; subscribe 1AAA99; status", ""));
    assert_eq!(ended.status, Some(0), "{ended:?}");
    assert!(ended.stdout.contains(r"a\u{202e}b") && !ended.stdout.contains('\u{202e}'), "{ended:?}");
}

fn piped(broker: &Broker, input: &[u8]) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("input");
    File::create(&path).unwrap().write_all(input).unwrap();
    run(broker.client("--output json").stdin(File::open(&path).unwrap()))
}
