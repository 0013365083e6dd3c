use std::cell::Cell;
use std::fs;
use std::io::ErrorKind;
use std::rc::Rc;

use bytes::Bytes;
use protocol::serial::Serial;
use protocol::wire::{Label, TrackKind};
use tempfile::TempDir;

use super::*;

#[test]
fn frames_become_files_byte_for_byte_under_numbers_that_show_the_gaps() {
    let folder = tempfile::tempdir().unwrap();
    let mut recorder = Recorder::start(&folder.path().join("new/clips")).unwrap();
    for number in [u32::MAX, 0, 3] {
        assert!(matches!(recorder.write(&video(number, b"picture")), Outcome::Written));
    }
    assert!(matches!(recorder.write(&audio(70, b"\xFF\xFBsound")), Outcome::Written));
    assert!(matches!(recorder.write(&Frame { epoch: 2, ..video(900, b"again") }), Outcome::Written));

    assert_eq!(
        files(&folder),
        [
            "new/clips/1AAA99/01/000000000001.jpg",
            "new/clips/1AAA99/01/000000000002.jpg",
            "new/clips/1AAA99/01/000000000005.jpg",
            "new/clips/1AAA99/01/000000000006.jpg",
            "new/clips/1AAA99/02/000000000001.mp3",
        ]
    );
    let sound = fs::read(folder.path().join("new/clips/1AAA99/02/000000000001.mp3")).unwrap();
    assert_eq!(sound, b"\xFF\xFBsound");
    assert_eq!(recorder.counters(), RecordCounters { written: 5, bytes: 33, not_written: 0 });
}

#[test]
fn a_stream_that_was_recorded_there_before_is_refused_and_nothing_of_it_changes() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = Recorder::start(folder.path()).unwrap();
    assert!(matches!(first.write(&video(1, b"first")), Outcome::Written));

    let mut second = Recorder::start(folder.path()).unwrap();
    let Outcome::Failed(fault) = second.write(&video(1, b"second")) else { panic!("it was written") };
    assert_eq!(
        fault.to_string(),
        format!("{}/1AAA99/01 already holds a recording: choose an empty folder", folder.path().display())
    );
    for number in 2..100 {
        assert!(matches!(second.write(&video(number, b"second")), Outcome::StillFailing));
        assert!(matches!(second.write(&audio(number, b"fresh")), Outcome::Written), "another stream is free");
    }
    assert_eq!(files(&folder).len(), 1 + 98);
    assert_eq!(fs::read(folder.path().join("1AAA99/01/000000000001.jpg")).unwrap(), b"first");
    assert_eq!(second.counters(), RecordCounters { written: 98, bytes: 490, not_written: 99 });
}

#[test]
fn a_file_that_comes_into_the_way_later_is_not_replaced_either() {
    let folder = tempfile::tempdir().unwrap();
    let mut recorder = Recorder::start(folder.path()).unwrap();
    assert!(matches!(recorder.write(&video(1, b"ours")), Outcome::Written));
    let foreign = folder.path().join("1AAA99/01/000000000002.jpg");
    fs::write(&foreign, b"theirs").unwrap();

    assert!(matches!(recorder.write(&video(2, b"ours")), Outcome::Failed(RecordFault::Write { .. })));
    assert!(matches!(recorder.write(&video(3, b"ours")), Outcome::Written));
    assert_eq!(fs::read(foreign).unwrap(), b"theirs");
}

#[test]
fn what_a_killed_recorder_left_half_written_is_no_recording() {
    let folder = tempfile::tempdir().unwrap();
    let stream = folder.path().join("1AAA99/01");
    fs::create_dir_all(&stream).unwrap();
    fs::write(stream.join(".000000000001.jpg.part"), b"half of an older, longer frame").unwrap();
    fs::write(stream.join("notes.txt"), b"").unwrap();

    let mut recorder = Recorder::start(folder.path()).unwrap();
    assert!(matches!(recorder.write(&video(1, b"whole")), Outcome::Written));
    assert_eq!(files(&folder), ["1AAA99/01/000000000001.jpg", "1AAA99/01/notes.txt"]);
    assert_eq!(fs::read(stream.join("000000000001.jpg")).unwrap(), b"whole");
}

#[test]
fn a_full_disk_is_told_once_leaves_no_part_behind_and_recording_goes_on() {
    let (folder, disk, mut recorder) = on_small_disk();
    assert!(matches!(recorder.write(&video(1, b"fits")), Outcome::Written));

    disk.room.set(0);
    let Outcome::Failed(fault) = recorder.write(&video(2, b"too much")) else { panic!("it was written") };
    let message = fault.to_string();
    assert!(message.contains("/1AAA99/01: "), "{message}");
    assert!(message.ends_with(": make room, recording goes on by itself"), "{message}");
    for number in 3..=10 {
        assert!(matches!(recorder.write(&video(number, b"too much")), Outcome::StillFailing));
        assert!(matches!(recorder.write(&audio(number, b"too much")), Outcome::StillFailing));
    }
    assert_eq!(files(&folder), ["1AAA99/01/000000000001.jpg"]);

    disk.room.set(100);
    assert_eq!(until_resumed(&mut recorder, 11), 17);
    assert!(files(&folder).contains(&"1AAA99/01/000000000011.jpg".to_owned()), "the gap shows");
    disk.room.set(0);
    assert!(matches!(recorder.write(&video(500, b"again")), Outcome::Failed(_)), "new trouble is news");
    assert_eq!(recorder.counters().not_written, 18);
}

#[test]
fn a_disk_at_its_limit_that_takes_every_second_frame_is_told_once() {
    let (_folder, disk, mut recorder) = on_small_disk();
    disk.room.set(5);
    let mut lines = 0;
    for number in 1..=500 {
        let large = matches!(recorder.write(&video(number, b"a large picture")), Outcome::Failed(_));
        let small = matches!(recorder.write(&audio(number, b"beep")), Outcome::Written);
        assert!(small);
        lines += u32::from(large);
    }
    assert_eq!(lines, 1);
    assert_eq!(recorder.counters(), RecordCounters { written: 500, bytes: 2_000, not_written: 500 });
}

#[test]
fn each_kind_of_trouble_is_told_with_its_remedy() {
    for (kind, remedy) in [
        (ErrorKind::QuotaExceeded, ": make room, recording goes on by itself"),
        (ErrorKind::ReadOnlyFilesystem, ": make it writable, recording goes on by itself"),
        (ErrorKind::PermissionDenied, ": make it writable, recording goes on by itself"),
        (ErrorKind::Other, ": once this is over, recording goes on by itself"),
    ] {
        let (_folder, disk, mut recorder) = on_small_disk();
        disk.room.set(0);
        disk.kind.set(kind);
        let Outcome::Failed(fault) = recorder.write(&video(1, b"x")) else { panic!("it was written") };
        assert!(fault.to_string().ends_with(remedy), "{fault}");
        disk.kind.set(ErrorKind::StorageFull);
        assert!(matches!(recorder.write(&video(2, b"x")), Outcome::Failed(_)), "another kind is news");
        disk.kind.set(kind);
        assert!(matches!(recorder.write(&video(3, b"x")), Outcome::StillFailing));
    }
}

#[test]
fn a_stream_folder_that_vanished_is_made_again_but_the_chosen_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("usb");
    let mut recorder = Recorder::start(&root).unwrap();
    assert!(matches!(recorder.write(&video(1, b"x")), Outcome::Written));

    fs::remove_dir_all(&root).unwrap();
    let Outcome::Failed(fault) = recorder.write(&video(2, b"x")) else { panic!("it was written") };
    assert!(
        fault.to_string().ends_with(": create the recording's folder again, recording goes on by itself")
    );
    assert!(matches!(recorder.write(&video(3, b"x")), Outcome::StillFailing));
    assert!(!root.exists());

    fs::create_dir(&root).unwrap();
    assert_eq!(until_resumed(&mut recorder, 4), 2);
    assert_eq!(files(&folder).first().unwrap(), "usb/1AAA99/01/000000000004.jpg");
}

#[test]
fn a_recording_does_not_start_where_no_file_can_be() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, b"").unwrap();
    for root in [file.clone(), file.join("below")] {
        let message = Recorder::start(&root).unwrap_err().to_string();
        assert!(message.starts_with(&format!("cannot record to {}: ", root.display())), "{message}");
        assert!(message.ends_with(": choose a folder that takes files"), "{message}");
    }
    let full = SmallDisk::default();
    full.room.set(0);
    full.empty_fits.set(false);
    let message = Recorder::start_on(full, folder.path()).unwrap_err().to_string();
    assert!(message.ends_with(": make room, or choose another folder"), "{message}");
}

#[test]
fn a_frame_out_of_order_replaces_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut recorder = Recorder::start(folder.path()).unwrap();
    assert!(matches!(recorder.write(&video(5, b"five")), Outcome::Written));
    let Outcome::Failed(fault) = recorder.write(&video(5, b"twice")) else { panic!("it was written") };
    assert_eq!(fault.to_string(), "frame 5 of 1AAA9901 came out of order: it is left out of the recording");
    assert_eq!(fs::read(folder.path().join("1AAA99/01/000000000001.jpg")).unwrap(), b"five");
}

/// A disk with room for frames up to a size: like a full one, it leaves half of what it refuses.
#[derive(Clone, Debug)]
struct SmallDisk {
    room: Rc<Cell<usize>>,
    kind: Rc<Cell<ErrorKind>>,
    empty_fits: Rc<Cell<bool>>,
}

impl Default for SmallDisk {
    fn default() -> Self {
        Self {
            room: Rc::new(Cell::new(usize::MAX)),
            kind: Rc::new(Cell::new(ErrorKind::StorageFull)),
            empty_fits: Rc::new(Cell::new(true)),
        }
    }
}

impl Storage for SmallDisk {
    fn create_folders(&self, folder: &Path) -> io::Result<()> {
        Disk.create_folders(folder)
    }

    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        Disk.create_folder(folder)
    }

    fn holds_frames(&self, folder: &Path) -> io::Result<bool> {
        Disk.holds_frames(folder)
    }

    fn write(&self, file: &Path, data: &[u8]) -> io::Result<()> {
        if data.len() <= self.room.get() && (self.empty_fits.get() || !data.is_empty()) {
            return Disk.write(file, data);
        }
        Disk.write(file, &data[..data.len() / 2])?;
        Err(self.kind.get().into())
    }

    fn publish(&self, part: &Path, file: &Path) -> io::Result<()> {
        Disk.publish(part, file)
    }

    fn remove(&self, file: &Path) -> io::Result<()> {
        Disk.remove(file)
    }
}

fn on_small_disk() -> (TempDir, SmallDisk, Recorder<SmallDisk>) {
    let folder = tempfile::tempdir().unwrap();
    let disk = SmallDisk::default();
    let recorder = Recorder::start_on(disk.clone(), folder.path()).unwrap();
    (folder, disk, recorder)
}

/// Writes frames from `number` on until the trouble is over; the frames that it cost.
fn until_resumed(recorder: &mut Recorder<impl Storage>, number: u32) -> u64 {
    for number in number..number + 100 {
        match recorder.write(&video(number, b"x")) {
            Outcome::Written => {}
            Outcome::Resumed { not_written } => return not_written,
            other @ (Outcome::Failed(_) | Outcome::StillFailing) => panic!("frame {number}: {other:?}"),
        }
    }
    panic!("it never said that the trouble was over")
}

fn video(number: u32, data: &'static [u8]) -> Frame {
    Frame {
        producer: "1AAA99".parse().unwrap(),
        stream: StreamId::VIDEO,
        kind: TrackKind::Video,
        extension: Label::new("jpg").unwrap(),
        epoch: 1,
        number: Serial(number),
        media_time: protocol::time::CaptureTime(0),
        captured: protocol::time::Time::ZERO,
        captured_error: None,
        play_at: protocol::time::Time::ZERO,
        data: Bytes::from_static(data),
    }
}

fn audio(number: u32, data: &'static [u8]) -> Frame {
    Frame {
        stream: StreamId::AUDIO,
        kind: TrackKind::Audio,
        extension: Label::new("mp3").unwrap(),
        ..video(number, data)
    }
}

/// Every file below the folder, hidden ones too, by its path.
fn files(folder: &TempDir) -> Vec<String> {
    let mut files = Vec::new();
    let mut folders = vec![folder.path().to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let relative = path.strip_prefix(folder.path()).unwrap();
                files.push(relative.to_str().unwrap().to_owned());
            }
        }
    }
    files.sort();
    files
}
