//! Recordings to folders that take them, and to those that don't.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::{
    Broker, Process, delivered, files_below, framecast, is_root, not_run, number, of_project, run,
};

#[test]
fn every_recorded_frame_is_what_the_producer_read_in_order_and_once() {
    let broker = Broker::start();
    let folder = tempfile::tempdir().unwrap();
    let frames = numbered_frames(folder.path(), 40);
    let out = folder.path().join("out");
    let mut client = broker.exec("subscribe 1AAA99", "--stay --output json");
    let mut client = Process::start(client.arg("--record").arg(&out));
    client.until(r#""type":"waiting""#);
    let mut producer = broker.producer_command("1AAA99");
    let producer = run(producer.arg("--frames").arg(&frames).args(["--rate", "60", "--once"]));
    assert_eq!(producer.status, Some(0), "{producer:?}");
    client.until(r#""type":"ended""#);
    let ended = client.stop("TERM");
    let summary = ended.stdout.lines().last().unwrap();
    assert_eq!((number(summary, "expected"), number(summary, "written")), (40, 40), "{summary}");
    let recorded = files_below(&out);
    assert_eq!(recorded.len(), 40);
    for (number, path) in (1..).zip(&recorded) {
        assert!(path.ends_with(format!("1AAA99/01/{number:012}.jpg")), "{path:?}");
        assert_eq!(fs::read(path).unwrap(), fs::read(frames.join(format!("frame{number}.jpg"))).unwrap());
    }
}

#[test]
fn a_folder_that_holds_frames_already_is_left_as_it_is_and_the_stream_goes_on() {
    let broker = Broker::start();
    let _producer = broker.producer("1AAA99");
    let out = tempfile::tempdir().unwrap();
    let stream = out.path().join("1AAA99/01");
    fs::create_dir_all(&stream).unwrap();
    fs::write(stream.join("000000000001.jpg"), b"from before").unwrap();
    let mut client = broker.exec("subscribe 1AAA99", "--for 500ms --output json");
    let ended = run(client.arg("--record").arg(out.path()));
    assert_eq!(ended.status, Some(0), "{ended:?}");
    assert_eq!(ended.stdout.matches(r#""type":"record_error""#).count(), 1, "{ended:?}");
    assert!(ended.stdout.contains("1AAA99/01"), "{ended:?}");
    let summary = ended.stdout.lines().last().unwrap();
    assert!(delivered(summary) >= 1, "{summary}");
    assert_eq!(number(summary, "not_written"), delivered(summary), "{summary}");
    assert_eq!(files_below(out.path()), [stream.join("000000000001.jpg")]);
    assert_eq!(fs::read(stream.join("000000000001.jpg")).unwrap(), b"from before");
}

#[test]
fn a_folder_that_takes_no_files_begins_nothing() {
    let broker = Broker::start();
    let ended = run(&mut broker.exec("list", "--record /dev/null/out"));
    assert_eq!((ended.status, ended.stdout.as_str()), (Some(1), ""), "{ended:?}");
    assert!(ended.stderr.contains("/dev/null/out"), "{ended:?}");
}

#[test]
fn a_full_disk_is_told_once_and_the_stream_goes_on() {
    let Some(disk) = SmallDisk::mount() else { return };
    let broker = Broker::start();
    let mut producer = framecast("producer --id 1AAA99 --rate 60 --broker");
    let frames = of_project("media/1AAA99/frames");
    let mut producer = Process::start(producer.arg(&broker.address).arg("--frames").arg(frames));
    producer.until("live");
    let mut client = broker.exec("subscribe 1AAA99", "--stay --output json");
    let mut client = Process::start(client.arg("--record").arg(disk.folder.path().join("out")));
    let error = client.until(r#""type":"record_error""#);
    assert!(error.contains("No space left on device") && error.contains("make room"), "{error}");
    // Room again: it resumes by itself.
    for file in files_below(disk.folder.path()) {
        fs::remove_file(file).unwrap();
    }
    client.until(r#""state":"resumed""#);
    let ended = client.stop("TERM");
    assert_eq!(ended.status, Some(0), "{ended:?}");
    let summary = ended.stdout.lines().last().unwrap();
    let (written, missed) = (number(summary, "written"), number(summary, "not_written"));
    assert!(written > 0 && missed > 0, "{summary}");
    assert_eq!(written + missed, delivered(summary), "{summary}");
    assert!(files_below(disk.folder.path()).iter().all(|file| file.extension().unwrap() == "jpg"));
}

fn numbered_frames(folder: &Path, count: usize) -> std::path::PathBuf {
    let frames = folder.join("frames");
    fs::create_dir(&frames).unwrap();
    for number in 1..=count {
        let picture = format!("picture {number} ").repeat(number * 40);
        fs::write(frames.join(format!("frame{number}.jpg")), picture).unwrap();
    }
    frames
}

/// 512 KiB, unmounted at the end.
struct SmallDisk {
    folder: tempfile::TempDir,
}

impl SmallDisk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=512k", "none"]).arg(folder.path());
        if is_root() && mount.output().is_ok_and(|mounted| mounted.status.success()) {
            return Some(Self { folder });
        }
        not_run("a small file system can only be mounted by root");
        None
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        Command::new("umount").arg("--lazy").arg(self.folder.path()).output().ok();
    }
}
