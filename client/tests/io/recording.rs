//! Delivered frames become files, and a disk that fails stops nothing.

use std::fs;
use std::path::Path;
use std::time::Duration;

use client::io::{AtEnd, Settings, ShellError};

use crate::support::{broker, keyboard, picture, piped, producer, settings, start, types};

#[test]
fn every_delivered_frame_is_a_file_with_the_producers_bytes() {
    let broker = broker();
    let _producer = producer(broker.address, "1AAA99");
    let folder = tempfile::tempdir().unwrap();
    let client = Settings {
        commands: Some("subscribe 1AAA9901".to_owned()),
        at_end: AtEnd::LeaveAfter(Duration::from_millis(500)),
        record: Some(folder.path().to_owned()),
        ..settings(broker.address)
    };
    let (result, said) = piped(client, "");
    assert!(result.is_ok(), "{result:?}");
    let summary = said.last().unwrap();
    let stream = &summary["streams"][0];
    // On a busy machine some of them come late enough to be asked for again.
    let delivered: u64 =
        ["direct", "repaired_arq", "repaired_fec"].iter().map(|kind| stream[kind].as_u64().unwrap()).sum();
    let written = &summary["recording"]["written"];
    assert_eq!((types(&said)[0], written.as_u64()), ("recording", Some(delivered)));
    assert!(delivered >= 10, "{summary}");
    assert_eq!(stream["expected"].as_u64(), Some(delivered), "nothing is lost on the loopback");

    let files = files(&folder.path().join("1AAA99/01"));
    let names: Vec<String> = (1..=delivered).map(|number| format!("{number:012}.jpg")).collect();
    assert_eq!(files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>(), names);
    let first = (0..500).find(|index| picture(*index) == files[0].1).unwrap();
    for (index, (name, bytes)) in (first..).zip(&files) {
        assert!(*bytes == picture(index), "{name}");
    }
}

#[test]
fn recordings_begin_end_and_follow_one_another() {
    let broker = broker();
    let folder = tempfile::tempdir().unwrap();
    let (keys, input, _) = keyboard();
    let client = start(settings(broker.address), input);
    let [first, second] = ["a", "b"].map(|name| folder.path().join(name));
    keys.enter("record off");
    client.wait_for("error");
    keys.enter(&format!("record '{}'", first.display()));
    assert_eq!(client.wait_for("recording")["state"], "started");
    keys.enter(&format!("record '{}'", second.display()));
    let stopped = client.wait_for("recording");
    assert_eq!((&stopped["state"], stopped["folder"].as_str()), (&"stopped".into(), first.to_str()));
    assert_eq!(client.wait_for("recording")["folder"].as_str(), second.to_str());
    keys.enter("record off");
    assert_eq!(client.wait_for("recording")["state"], "stopped");
    drop(keys);
    let (result, said) = client.join();
    assert!(result.is_ok(), "{result:?}");
    assert_eq!(said.last().unwrap()["recording"], serde_json::Value::Null);
}

#[test]
fn a_folder_that_takes_no_files_is_named() {
    let broker = broker();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let below = file.join("clips");

    let (result, said) = piped(Settings { record: Some(below.clone()), ..settings(broker.address) }, "list");
    assert!(matches!(result, Err(ShellError::Record(_))), "{result:?}");
    assert_eq!(types(&said), Vec::<&str>::new(), "nothing has begun");

    let script = Settings {
        commands: Some(format!("record '{}'; help quit", below.display())),
        ..settings(broker.address)
    };
    let (result, said) = piped(script, "");
    assert!(matches!(result, Err(ShellError::Refused(1))), "{result:?}");
    assert_eq!(types(&said), ["record_error", "help", "summary"]);
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap())
        })
        .collect();
    files.sort();
    files
}
