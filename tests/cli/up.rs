//! The main job on one machine.

use std::process::{Command, Stdio};

use crate::support::{Process, STOP, delivered, failure, framecast, free_port, number, of_project, run};

/// `up` in the project's folder, at a port of its own.
fn up(arguments: &str) -> Command {
    let mut command = framecast("up");
    command.args(arguments.split_whitespace()).current_dir(of_project("."));
    command.env("BROKER_PORT", free_port().to_string());
    command
}

#[test]
fn the_channels_of_the_project_are_there_at_the_first_command() {
    let ended = run(up("--output json").args(["--exec", "list"]));
    assert_eq!(ended.status, Some(0), "{ended:?}");
    let catalog = ended.stdout.lines().find(|line| line.contains(r#""type":"catalog""#)).unwrap();
    for channel in [r#""1AAA99","name":"Aurora""#, r#""2BBB99","name":"Tide""#, r#""3CCC99","name":"Ember""#]
    {
        assert!(catalog.contains(channel), "{catalog}");
    }
    assert!(ended.stderr.is_empty(), "a shell is not disturbed: {ended:?}");
}

#[test]
fn video_and_sound_arrive_at_their_rates() {
    let ended = run(up("--for 3s --output json").args(["--exec", "subscribe 1AAA99"]));
    assert_eq!(ended.status, Some(0), "{ended:?}");
    let subscribed = ended.stdout.lines().find(|line| line.contains(r#""type":"subscribed""#)).unwrap();
    assert!(subscribed.contains(r#""rate":12.0"#) && subscribed.contains(r#""rate":1.0"#), "{subscribed}");
    let summary = ended.stdout.lines().last().unwrap();
    // 36 and what comes until the goodbye; at another rate it would be half of them, or twice as many.
    assert!((30..=50).contains(&delivered(summary)), "{summary}");
    assert_eq!(number(summary, "lost"), 0, "{summary}");
    assert!(number(summary, "first_frame_ms") < 3_000, "{summary}");
}

#[test]
fn it_ends_with_its_input_and_with_a_signal() {
    assert_eq!(run(&mut up("")).status, Some(0));
    for signal in ["TERM", "INT"] {
        let mut shell = Process::start(up("--stay").stdin(Stdio::piped()));
        shell.type_line("subscribe 1AAA99 2BBB99 3CCC99");
        shell.until("subscribed 3CCC99");
        let ended = shell.stop(signal);
        assert_eq!(ended.status, Some(0), "{ended:?}");
        assert!(ended.took < STOP, "{ended:?}");
        assert!(ended.stdout.contains("3CCC9902  "), "{ended:?}");
    }
}

#[test]
fn a_second_one_is_told_that_the_port_is_taken() {
    let port = free_port().to_string();
    let mut first = Process::start(up("--stay --exec list").env("BROKER_PORT", &port));
    first.until("1AAA99");
    let line = failure(up("--exec list").env("BROKER_PORT", &port), 1);
    assert!(line.contains(&format!("BROKER_PORT={port}: ")), "{line}");
    assert!(line.contains("in use by another program") && line.contains("choose another port"), "{line}");
    assert_eq!(first.stop("TERM").status, Some(0));
}

#[test]
fn a_wrong_file_is_one_line_with_its_status() {
    let folder = tempfile::tempdir().unwrap();
    let in_folder = |command: &mut Command| {
        command.current_dir(folder.path());
    };
    let mut absent = up("");
    in_folder(&mut absent);
    let line = failure(&mut absent, 66);
    assert_eq!(
        line,
        "framecast: no file .env: name one with --file, or write it: PRODUCER_ID1=1AAA99 and \
         PRODUCER_FRAMES1=FOLDER are enough"
    );
    for (text, status, says) in [
        ("PRODUCER_ID1=1AAA99\n", 78, ".env: PRODUCER_FRAMES1 is missing though PRODUCER_ID1 is set"),
        ("PRODUCER_ID1=1AAA99\nPRODUCER_FRAMES1=nowhere\n", 66, "PRODUCER_FRAMES1: no folder nowhere"),
        ("PRODUCER_ID1=1AAA99\nPRODUCER_AUDIO1=nowhere\n", 66, "PRODUCER_AUDIO1: no folder nowhere"),
        ("PRODUCER_ID1=1AAA99\nPRODUCER_FRAMES1=f\nRATE1=0\n", 78, ".env: RATE1=0: not a rate: write"),
        ("no assignment\n", 78, "'no assignment' is not of the form NAME=value"),
        ("BROKER_PORT=70000\nPRODUCER_ID1=1AAA99\nPRODUCER_FRAMES1=f\n", 78, "BROKER_PORT=70000: not a port"),
    ] {
        std::fs::write(folder.path().join(".env"), text).unwrap();
        let mut command = framecast("up");
        in_folder(&mut command);
        let line = failure(&mut command, status);
        assert!(line.contains(says), "{line}");
    }
}
