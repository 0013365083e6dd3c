//! Where a producer's frames come from, and what is wrong with that.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use crate::support::{Broker, Process, failure, framecast, is_root, not_run, run};

#[test]
fn a_folder_without_a_usable_frame_is_told_with_status_66() {
    let broker = Broker::start();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("empty")).unwrap();
    fs::create_dir(path("hollow")).unwrap();
    fs::write(path("hollow/frame1.jpg"), b"").unwrap();
    fs::write(path("file"), b"").unwrap();
    for (frames, says) in [
        ("empty", "no frames in"),
        ("hollow", "can be used (unreadable, empty or larger than"),
        ("file", "is not a folder"),
        ("absent", "no folder"),
    ] {
        let mut producer = broker.producer_command("1AAA99");
        let line = failure(producer.arg("--frames").arg(path(frames)), 66);
        assert!(line.contains(says) && line.contains(path(frames).to_str().unwrap()), "{line}");
        assert!(line.contains("(FRAMES, --frames)"), "{line}");
    }
}

#[test]
fn files_that_are_no_frames_are_named_skipped_and_counted() {
    let broker = Broker::start();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("frame1.jpg"), b"picture").unwrap();
    fs::write(folder.path().join("frame2.jpg"), b"").unwrap();
    fs::write(folder.path().join("frame10.jpg"), b"picture").unwrap();
    fs::write(folder.path().join("notes.txt"), b"text").unwrap();
    std::os::unix::fs::symlink("/nowhere", folder.path().join("frame3.jpg")).unwrap();
    let mut unusable = 2;
    if is_root() {
        not_run("nothing is unreadable to root");
    } else {
        fs::write(folder.path().join("frame4.jpg"), b"secret").unwrap();
        let locked = std::os::unix::fs::PermissionsExt::from_mode(0o000);
        fs::set_permissions(folder.path().join("frame4.jpg"), locked).unwrap();
        unusable += 1;
    }
    let mut producer = broker.producer_command("1AAA99");
    let ended = run(producer.arg("--frames").arg(folder.path()).args(["--rate", "60", "--once"]));
    assert_eq!(ended.status, Some(0), "{ended:?}");
    for named in ["frame2.jpg", "frame3.jpg", "notes.txt"] {
        let warned = |line: &str| line.contains("WARN") && line.contains(named);
        assert!(ended.stderr.lines().any(warned), "{named}: {ended:?}");
    }
    assert!(ended.stderr.contains("published=2"), "{ended:?}");
    assert!(ended.stderr.contains(&format!("files.unusable={unusable}")), "{ended:?}");
}

#[test]
fn pictures_of_a_pipe_are_published_and_its_end_is_the_end() {
    let broker = Broker::start();
    let folder = tempfile::tempdir().unwrap();
    let pictures = pipe_of(folder.path(), "media/1AAA99/frames");
    let producer = || framecast(&format!("producer --broker {} --id 1AAA99 --stdin mjpeg", broker.address));
    let ended = run(producer().stdin(fs::File::open(pictures).unwrap()));
    assert_eq!(ended.status, Some(0), "{ended:?}");
    for (input, says) in [(&b""[..], "in the 0 bytes"), (b"this is no picture", "in the 18 bytes")] {
        let path = folder.path().join("input");
        fs::write(&path, input).unwrap();
        let line = failure(producer().stdin(fs::File::open(&path).unwrap()), 66);
        assert!(line.contains("no JPEG picture") && line.contains(says), "{line}");
    }
    let mut live = Process::start(producer().stdin(Stdio::piped()));
    live.until("live");
    assert_eq!(live.stop("TERM").status, Some(0));
}

fn pipe_of(folder: &Path, frames: &str) -> std::path::PathBuf {
    let pictures = crate::support::files_below(&crate::support::of_project(frames));
    let bytes: Vec<u8> = pictures.iter().take(5).flat_map(|path| fs::read(path).unwrap()).collect();
    let path = folder.join("pictures.mjpeg");
    fs::write(&path, bytes).unwrap();
    path
}
