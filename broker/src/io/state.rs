//! What outlives a restart: the key of stateless resets, in a file of its own (PROTOCOL 4.4).

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use protocol::random::Random;
use thiserror::Error;

/// The file in the state directory.
const FILE: &str = "reset.key";
/// Bytes of the key, and of the file.
const KEY_LEN: usize = 32;
/// Read and write for the owner, nothing for anybody else.
const FILE_MODE: u32 = 0o600;
/// As [`FILE_MODE`], for the directory.
const DIR_MODE: u32 = 0o700;
/// The bits of a mode that tell who may do what.
const MODE_BITS: u32 = 0o7777;

/// Why the state directory can't be used.
#[derive(Debug, Error)]
pub enum StateError {
    /// It does not exist and can't be made, or nothing can be written there.
    #[error(
        "state directory {path}: {cause}; name one that this user may write to, or leave `--state` out",
        path = .path.display()
    )]
    Directory {
        /// The directory.
        path: PathBuf,
        /// The system's error.
        cause: io::Error,
    },
    /// The key exists and can't be read.
    #[error(
        "state file {path} can't be read: {cause}; give it to the user that the broker runs as, or remove it \
         for a new one",
        path = .path.display()
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's error.
        cause: io::Error,
    },
    /// Others may read or change the key.
    #[error(
        "state file {path} has mode {mode:04o}, so that others than its owner can use the key: remove it for a \
         new one (or `chmod 600` it, if nobody has read it)",
        path = .path.display()
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The file is not a key.
    #[error("state file {path} is not a key of {KEY_LEN} bytes: remove it for a new one", path = .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
    },
}

/// The reset key in `dir`; the first time it is made there.
pub(super) fn reset_key(dir: &Path, random: &mut Random) -> Result<[u8; KEY_LEN], StateError> {
    let path = dir.join(FILE);
    if let Some(key) = read(&path)? {
        return Ok(key);
    }
    create(dir, &path, random).map_err(|cause| StateError::Directory { path: dir.into(), cause })?;
    // Read back, since another broker may have been first.
    read(&path)?.ok_or(StateError::Malformed { path })
}

/// The key at `path`, or none where there is no file.
fn read(path: &Path) -> Result<Option<[u8; KEY_LEN]>, StateError> {
    let unreadable = |cause| StateError::Unreadable { path: path.into(), cause };
    // Looked at before it is opened: to open a pipe would wait for somebody to write to it.
    match fs::metadata(path) {
        Ok(found) if found.is_file() => {}
        Ok(_) => return Err(StateError::Malformed { path: path.into() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        // Something on the way to the file is no directory: making it says so, with the remedy.
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    }
    let file = File::open(path).map_err(unreadable)?;
    let mode = file.metadata().map_err(unreadable)?.permissions().mode() & MODE_BITS;
    if mode & !FILE_MODE != 0 {
        return Err(StateError::Exposed { path: path.into(), mode });
    }
    let mut bytes = Vec::new();
    file.take(KEY_LEN as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    let key = bytes.try_into().map_err(|_| StateError::Malformed { path: path.into() })?;
    Ok(Some(key))
}

/// Makes the key at `path`: whole and for its owner alone, or not at all. One that is there already is left alone.
fn create(dir: &Path, path: &Path, random: &mut Random) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(DIR_MODE).create(dir)?;
    let draft = dir.join(format!("{FILE}.{:016x}", random.u64()));
    let published = write_draft(&draft, &random.block()).and_then(|()| publish(&draft, path));
    let removed = fs::remove_file(&draft);
    published.and(removed)?;
    // The name has to outlive a power cut as well.
    File::open(dir)?.sync_all()
}

fn write_draft(draft: &Path, key: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(draft)?;
    file.write_all(key)?;
    file.sync_all()
}

/// A link, and not a new name: it never takes the place of a file that another broker has made meanwhile.
fn publish(draft: &Path, path: &Path) -> io::Result<()> {
    match fs::hard_link(draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        outcome => outcome,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key_in(dir: &Path, seed: u8) -> Result<[u8; KEY_LEN], StateError> {
        reset_key(dir, &mut Random::from_seed([seed; 32]))
    }

    fn put(dir: &Path, bytes: &[u8], mode: u32) -> PathBuf {
        let path = dir.join(FILE);
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    fn mode_of(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & MODE_BITS
    }

    #[test]
    fn the_key_is_made_once_for_its_owner_alone() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("var/framecast");
        let key = key_in(&dir, 1).unwrap();
        assert_eq!(key_in(&dir, 2).unwrap(), key);
        assert_eq!(fs::read(dir.join(FILE)).unwrap(), key);
        assert_eq!((mode_of(&dir.join(FILE)), mode_of(&dir)), (FILE_MODE, DIR_MODE));
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn a_key_that_another_broker_made_meanwhile_is_left_alone() {
        let home = tempfile::tempdir().unwrap();
        let path = put(home.path(), &[7; KEY_LEN], FILE_MODE);
        create(home.path(), &path, &mut Random::from_seed([1; 32])).unwrap();
        assert_eq!(key_in(home.path(), 1).unwrap(), [7; KEY_LEN]);
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn a_key_that_others_can_use_is_refused_and_one_that_is_only_read_is_not() {
        for mode in [0o640, 0o604, 0o620, 0o700, 0o4600] {
            let home = tempfile::tempdir().unwrap();
            let path = put(home.path(), &[7; KEY_LEN], mode);
            let error = key_in(home.path(), 1).unwrap_err().to_string();
            assert!(error.contains(path.to_str().unwrap()), "{error}");
            assert!(error.contains(&format!("mode {mode:04o}")) && error.contains("chmod 600"), "{error}");
        }
        let home = tempfile::tempdir().unwrap();
        put(home.path(), &[7; KEY_LEN], 0o400);
        assert_eq!(key_in(home.path(), 1).unwrap(), [7; KEY_LEN]);
    }

    #[test]
    fn a_file_that_is_no_key_is_refused_and_never_replaced() {
        for len in [0, KEY_LEN - 1, KEY_LEN + 1, 4096] {
            let home = tempfile::tempdir().unwrap();
            let path = put(home.path(), &vec![7; len], FILE_MODE);
            let error = key_in(home.path(), 1).unwrap_err().to_string();
            assert!(error.contains("not a key of 32 bytes: remove it"), "{error}");
            assert_eq!(fs::read(path).unwrap().len(), len);
        }
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join(FILE)).unwrap();
        assert!(matches!(key_in(home.path(), 1), Err(StateError::Malformed { .. })));
    }

    #[test]
    fn a_directory_that_can_not_be_made_is_named_with_the_remedy() {
        let home = tempfile::tempdir().unwrap();
        let file = put(home.path(), b"", FILE_MODE);
        let error = key_in(&file.join("state"), 1).unwrap_err().to_string();
        assert!(error.contains("reset.key/state") && error.contains("Not a directory"), "{error}");
        assert!(error.contains("leave `--state` out"), "{error}");
    }
}
