use tempfile::TempDir;

use super::*;

const LIMIT: usize = 1_000;

fn folder_of(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, data) in files {
        fs::write(folder.path().join(name), data).unwrap();
    }
    folder
}

fn open(folder: &TempDir) -> Folder {
    Folder::open(TrackRole::Video, folder.path(), LIMIT).unwrap()
}

fn refused(path: &Path) -> String {
    Folder::open(TrackRole::Video, path, LIMIT).unwrap_err().to_string()
}

/// What the first `count` slots give, as text; "-" for a file that was skipped.
fn play(folder: &mut Folder, count: u64) -> Vec<String> {
    (0..count)
        .map(|index| match folder.read(index).unwrap() {
            Some(data) => String::from_utf8(data.to_vec()).unwrap(),
            None => "-".to_owned(),
        })
        .collect()
}

#[test]
fn files_come_in_natural_order_again_and_again() {
    let files = folder_of(&[("frame10.jpg", b"ten"), ("frame2.jpg", b"two"), ("Frame1.JPG", b"one")]);
    let mut folder = open(&files);
    assert_eq!((folder.len(), folder.extension()), (3, "jpg"));
    assert_eq!(play(&mut folder, 7), ["one", "two", "ten", "one", "two", "ten", "one"]);
}

#[test]
fn hidden_files_and_sub_folders_do_not_count() {
    let files = folder_of(&[(".DS_Store", b"x"), (".frame0.jpg", b"x"), ("frame1.jpg", b"one")]);
    fs::create_dir(files.path().join("old.jpg")).unwrap();
    let folder = open(&files);
    assert_eq!((folder.len(), folder.other_kind()), (1, 0));
}

#[test]
fn the_prevailing_kind_wins_and_the_others_are_counted() {
    let files = folder_of(&[("README", b"x"), ("b.mp3", b"1"), ("c.MP3", b"2"), ("cover.jpg", b"x")]);
    let mut folder = open(&files);
    assert_eq!((folder.extension(), folder.other_kind()), ("mp3", 2));
    assert_eq!(play(&mut folder, 2), ["1", "2"]);
}

#[test]
fn among_equally_frequent_kinds_the_first_file_decides() {
    assert_eq!(open(&folder_of(&[("a2.png", b"x"), ("a10.jpg", b"x")])).extension(), "png");
    assert_eq!(open(&folder_of(&[("a10.png", b"x"), ("a2.jpg", b"x")])).extension(), "jpg");
}

#[test]
fn an_extension_that_is_no_plain_word_is_called_bin() {
    for name in ["frame", "frame.", "a.b c", "a.größe", "a.abcdefghi"] {
        assert_eq!(open(&folder_of(&[(name, b"x")])).extension(), "bin", "{name}");
    }
}

#[test]
fn files_that_cannot_be_used_are_skipped_in_their_place_and_counted() {
    let large = [b'x'; LIMIT + 1];
    let files = folder_of(&[
        ("1.jpg", b"one"),
        ("2.jpg", b""),
        ("3.jpg", &large),
        ("4.jpg", &large[1..]),
        ("5.jpg", b""),
    ]);
    let mut folder = open(&files);
    fs::remove_file(files.path().join("5.jpg")).unwrap();
    let limit = "x".repeat(LIMIT);
    assert_eq!(play(&mut folder, 6), ["one", "-", "-", &limit, "-", "one"]);
    assert_eq!(folder.unusable(), 3);
}

#[test]
fn a_file_that_recovers_is_played_again() {
    let files = folder_of(&[("1.jpg", b"one"), ("2.jpg", b"")]);
    let mut folder = open(&files);
    assert_eq!(play(&mut folder, 2), ["one", "-"]);
    fs::write(files.path().join("2.jpg"), b"two").unwrap();
    assert_eq!(play(&mut folder, 2), ["one", "two"]);
    assert_eq!(folder.unusable(), 1);
    fs::write(files.path().join("1.jpg"), b"").unwrap();
    assert_eq!(play(&mut folder, 2), ["-", "two"], "one that works is enough to go on");
}

#[test]
fn a_loop_without_one_usable_file_is_an_error() {
    let files = folder_of(&[("1.jpg", b"one"), ("2.jpg", b"")]);
    let mut folder = open(&files);
    assert_eq!(play(&mut folder, 2), ["one", "-"]);
    fs::write(files.path().join("1.jpg"), b"").unwrap();
    let message = folder.read(2).unwrap_err().to_string();
    assert!(message.starts_with("none of the 2 files in "), "{message}");
    assert!(message.contains("larger than 1000 bytes") && message.contains("--frames"), "{message}");
}

#[test]
fn a_folder_without_files_says_what_to_do() {
    let message = refused(folder_of(&[(".hidden", b"x")]).path());
    assert!(message.starts_with("no frames in ") && message.contains("put frame1.jpg"), "{message}");
    let empty = folder_of(&[]);
    let message = Folder::open(TrackRole::Audio, empty.path(), LIMIT).unwrap_err().to_string();
    assert!(message.starts_with("no audio segments in ") && message.contains("--audio"), "{message}");
}

#[test]
fn a_missing_folder_and_a_file_in_its_place_are_told_apart() {
    let files = folder_of(&[("1.jpg", b"one")]);
    assert!(refused(&files.path().join("nowhere")).starts_with("no folder "));
    assert!(refused(&files.path().join("1.jpg")).contains("1.jpg is not a folder"));
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_a_dangling_one_is_a_file_that_cannot_be_used() {
    use std::os::unix::fs::symlink;

    let files = folder_of(&[("1.jpg", b"one")]);
    symlink(files.path().join("1.jpg"), files.path().join("2.jpg")).unwrap();
    symlink(files.path().join("gone"), files.path().join("3.jpg")).unwrap();
    symlink(files.path(), files.path().join("4.jpg")).unwrap();
    let mut folder = open(&files);
    assert_eq!(play(&mut folder, 3), ["one", "one", "-"]);
    assert_eq!((folder.len(), folder.unusable()), (3, 1));
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_no_utf8_are_files_like_any_other() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let files = folder_of(&[]);
    for (name, data) in [(b"f\xFF10.jpg", b"b"), (b"f\xFF02.jpg", b"a")] {
        fs::write(files.path().join(OsStr::from_bytes(name)), data).unwrap();
    }
    assert_eq!(play(&mut open(&files), 2), ["a", "b"]);
}
