//! The manual pages.

use std::process::{Command, Stdio};

use crate::support::{failure, framecast, not_run, run};

/// Commands that have a page.
const COMMANDS: [&str; 11] = [
    "bench",
    "broker",
    "client",
    "completions",
    "health",
    "impair",
    "man",
    "producer",
    "up",
    "watch",
    "wireshark",
];

#[test]
fn every_command_has_a_page_with_its_flags_its_examples_and_the_exit_statuses() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("not/there/yet");
    assert_eq!(run(framecast("man --dir").arg(&pages)).status, Some(0));
    let mut names: Vec<String> = std::fs::read_dir(&pages)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let mut expected: Vec<String> = COMMANDS.iter().map(|command| format!("framecast-{command}.1")).collect();
    expected.push("framecast.1".to_owned());
    assert_eq!(names, expected);
    for name in names {
        let page = std::fs::read_to_string(pages.join(&name)).unwrap();
        for heading in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXAMPLES", "\"EXIT STATUS\""] {
            assert!(page.contains(&format!(".SH {heading}\n")), "{name}: no {heading}\n{page}");
        }
        assert!(page.starts_with(".TH FRAMECAST"), "{name}");
    }
}

#[test]
fn a_page_is_printed_where_nobody_reads_it_on_a_screen() {
    let ended = run(&mut framecast("man watch"));
    assert_eq!(ended.status, Some(0), "{ended:?}");
    assert!(ended.stdout.contains("FRAMECAST-WATCH") && ended.stdout.contains("\\-\\-latency"), "{ended:?}");
    assert!(run(&mut framecast("man")).stdout.contains("framecast\\-producer(1)"));
    let line = failure(&mut framecast("man wach"), 2);
    assert!(line.contains("'wach' is no command: 'framecast --help' lists them"), "{line}");
}

#[test]
fn man_reads_the_pages_without_complaint() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(run(framecast("man --dir").arg(folder.path())).status, Some(0));
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let mut groff = Command::new("groff");
        groff.args(["-man", "-Tutf8", "-ww"]).arg(&path).stdin(Stdio::null());
        let Ok(read) = groff.output() else {
            not_run("there is no groff");
            return;
        };
        assert!(read.status.success() && read.stderr.is_empty(), "{}: {read:?}", path.display());
    }
}
