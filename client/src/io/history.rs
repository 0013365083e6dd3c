//! The file in which the lines of before are kept: a line each, the newest last, for its owner alone.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::thread;

use tokio::sync::oneshot;

use crate::editor::{ENTRIES_MAX, History};
use crate::shell::command::LINE_LEN_MAX;

/// Bytes of the file that are read: as many as a full history has. Whatever else is there is no history.
const FILE_LEN_MAX: u64 = (ENTRIES_MAX * (LINE_LEN_MAX + 1)) as u64;
const DIRECTORY_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

/// The history of this file; an empty one where there is none or where it can't be read.
pub(super) fn load(path: &Path) -> History {
    match read(path) {
        Ok(text) => History::new(text.lines()),
        Err(error) => {
            if error.kind() != ErrorKind::NotFound {
                tracing::debug!("no history from {}: {error}", path.display());
            }
            History::default()
        }
    }
}

/// Writes the history on a thread, as the disk may take its time. Resolves when that is done, well or badly: nobody
/// stays for a history.
pub(super) fn save(path: PathBuf, history: &History) -> oneshot::Receiver<()> {
    let (sender, done) = oneshot::channel();
    let lines: Vec<String> = history.entries().map(str::to_owned).collect();
    let started = thread::Builder::new().name("history".to_owned()).spawn(move || {
        if let Err(error) = merge(&path, &lines) {
            tracing::debug!("no history in {}: {error}", path.display());
        }
        sender.send(()).ok();
    });
    if let Err(error) = started {
        tracing::debug!("no history: {error}");
    }
    done
}

/// Puts these lines behind those that other shells have written meanwhile. The file is replaced as a whole.
fn merge(path: &Path, lines: &[String]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(DIRECTORY_MODE).create(folder)?;
    }
    let mut history = load(path);
    for line in lines {
        history.push(line);
    }
    let text: String = history.entries().flat_map(|line| [line, "\n"]).collect();
    let mut new = path.as_os_str().to_owned();
    new.push(format!(".{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(FILE_MODE).open(&new)?;
    // The file may be what a crash has left behind.
    file.set_permissions(Permissions::from_mode(FILE_MODE))?;
    file.write_all(text.as_bytes())?;
    fs::rename(&new, path)
}

fn read(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(FILE_LEN_MAX).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_its_owners_alone_and_holds_each_line_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/framecast/history");
        save(path.clone(), &History::new(["list", "status"])).blocking_recv().unwrap();
        save(path.clone(), &History::new(["subscribe 1AAA99", "list"])).blocking_recv().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "status\nsubscribe 1AAA99\nlist\n");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), FILE_MODE);
        assert_eq!(mode(path.parent().unwrap()), DIRECTORY_MODE);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing else is left");
        assert_eq!(load(&path).entries().last(), Some("list"));
    }

    #[test]
    fn a_history_that_was_open_to_others_is_not_any_more() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history");
        fs::write(&path, "list\n").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        save(path.clone(), &History::new(["status"])).blocking_recv().unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, FILE_MODE);
    }

    #[test]
    fn what_is_no_history_gives_an_empty_one_and_saving_into_it_harms_nothing() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(load(folder.path()).entries().count(), 0);
        save(folder.path().to_owned(), &History::new(["list"])).blocking_recv().unwrap();
        assert!(folder.path().is_dir());
        let path = folder.path().join("binary");
        fs::write(&path, b"li\x1bst\n\xff\xfe\nstatus\n").unwrap();
        assert_eq!(load(&path).entries().last(), Some("status"));
    }
}
