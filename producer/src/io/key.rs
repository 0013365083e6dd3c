//! The producer's secret, out of a file.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use thiserror::Error;
use tracing::warn;

/// Bytes of a key: beyond any key in use, so that a wrong file is noticed.
pub const KEY_LEN_MAX: usize = 4_096;
/// Permissions that let others than the owner read, write or run a file.
const BEYOND_OWNER: u32 = 0o077;

/// Why a file is no key.
#[derive(Debug, Error)]
pub enum KeyError {
    /// It can't be read.
    #[error("the key file {} can't be read: {cause}; name one that can (PRODUCER_KEY_FILE, --key-file)", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// There is nothing in it.
    #[error("the key file {} is empty: fill it, such as with `openssl rand -hex 32`", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// No key is that long.
    #[error("the key file {} has more than {KEY_LEN_MAX} bytes: that is no key; name another", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
    },
}

/// Reads a key: the bytes of the file without the line end that editors put behind them. Warns of a file that others
/// than its owner may use.
///
/// # Errors
///
/// A file that can't be read, is empty, or is too long for a key.
pub fn read_key_file(path: &Path) -> Result<Vec<u8>, KeyError> {
    let unreadable = |cause| KeyError::Unreadable { path: path.to_owned(), cause };
    let file = File::open(path).map_err(unreadable)?;
    warn_of_others(path, &file);
    let mut key = Vec::new();
    file.take(KEY_LEN_MAX as u64 + 1).read_to_end(&mut key).map_err(unreadable)?;
    if key.len() > KEY_LEN_MAX {
        return Err(KeyError::TooLong { path: path.to_owned() });
    }
    let end = key.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |last| last + 1);
    key.truncate(end);
    if key.is_empty() { Err(KeyError::Empty { path: path.to_owned() }) } else { Ok(key) }
}

fn warn_of_others(path: &Path, file: &File) {
    use std::os::unix::fs::PermissionsExt as _;
    let Ok(metadata) = file.metadata() else { return };
    let mode = metadata.permissions().mode() & 0o777;
    if mode & BEYOND_OWNER != 0 {
        warn!(file = %path.display(), mode = format!("{mode:04o}"),
            "others than its owner may use the key file: chmod 600 keeps the producer's id its own");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_file<T>(contents: &[u8], read: impl FnOnce(&Path) -> T) -> T {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, contents).unwrap();
        read(&path)
    }

    #[test]
    fn the_line_end_behind_a_key_is_no_part_of_it() {
        for (contents, key) in
            [("secret", "secret"), ("secret\r\n", "secret"), ("\nse\ncret\n\n", "\nse\ncret")]
        {
            assert_eq!(with_file(contents.as_bytes(), read_key_file).unwrap(), key.as_bytes());
        }
    }

    #[test]
    fn what_is_no_key_is_named() {
        for contents in [&b""[..], b"\n"] {
            assert!(matches!(with_file(contents, read_key_file), Err(KeyError::Empty { .. })));
        }
        assert!(matches!(with_file(&[b'x'; KEY_LEN_MAX + 1], read_key_file), Err(KeyError::TooLong { .. })));
        let missing = read_key_file(Path::new("/nowhere/key")).unwrap_err().to_string();
        assert!(missing.contains("/nowhere/key") && missing.contains("--key-file"), "{missing}");
    }
}
