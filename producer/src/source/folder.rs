//! A folder whose files are the units of one track.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use tracing::{debug, warn};

use super::natural::natural_order;
use super::{SourceError, TrackRole};

/// Longest extension that names a kind, characters. It goes into the catalog and into the file names of
/// recordings; none in use is longer.
const MAX_EXTENSION: usize = 8;

/// The kind of a file without a plain extension.
const NO_EXTENSION: &str = "bin";

/// The files of one track, in natural order, listed once.
///
/// A file is read when its moment comes and not kept: a film may be larger than memory, and the system's page
/// cache holds what a loop needs again.
#[derive(Debug)]
pub(super) struct Folder {
    role: TrackRole,
    path: PathBuf,
    extension: String,
    files: Vec<Entry>,
    max_bytes: usize,
    other_kind: u64,
    unusable: u64,
}

#[derive(Debug)]
struct Entry {
    path: PathBuf,
    /// It failed when it was last tried, and a warning has said so.
    failing: bool,
}

impl Folder {
    /// Lists the folder. Its kind is the most frequent extension (the first in natural order among equals);
    /// files of another kind are left out with a warning. Hidden files and sub-folders don't count at all.
    pub(super) fn open(role: TrackRole, path: &Path, max_bytes: usize) -> Result<Self, SourceError> {
        let names = list(path).map_err(|cause| refusal(role, path, cause))?;
        let Some(extension) = prevailing_extension(&names) else {
            return Err(SourceError::EmptyFolder { role, path: path.to_owned() });
        };
        let (files, others): (Vec<_>, Vec<_>) =
            names.into_iter().partition(|file| extension_of(file) == extension);
        if let Some(first) = others.first() {
            warn!(folder = %path.display(), kind = extension, skipped = others.len(), first = %first.display(),
                "files of another kind are left out: one kind per folder");
        }
        Ok(Self {
            role,
            path: path.to_owned(),
            extension,
            files: files.into_iter().map(|path| Entry { path, failing: false }).collect(),
            max_bytes,
            other_kind: others.len() as u64,
            unusable: 0,
        })
    }

    /// The common extension of the files: lower case, without the dot.
    pub(super) fn extension(&self) -> &str {
        &self.extension
    }

    /// The number of files in a loop.
    pub(super) fn len(&self) -> u64 {
        self.files.len() as u64
    }

    /// Files left out when the folder was listed, because they are of another kind.
    pub(super) fn other_kind(&self) -> u64 {
        self.other_kind
    }

    /// Files left out when their turn came, because they could not be used.
    pub(super) fn unusable(&self) -> u64 {
        self.unusable
    }

    /// Reads the file of slot `index`, which goes round and round. None if it can't be used: that is warned of
    /// once until it works again, and counted each time.
    pub(super) fn read(&mut self, index: u64) -> Result<Option<Bytes>, SourceError> {
        let position = index.checked_rem(self.len()).and_then(|position| usize::try_from(position).ok());
        let Some(file) = position.and_then(|position| self.files.get_mut(position)) else {
            return Ok(None);
        };
        match read_usable(&file.path, self.max_bytes) {
            Ok(data) => {
                file.failing = false;
                return Ok(Some(data));
            }
            Err(error) if file.failing => debug!(file = %file.path.display(), %error, "file skipped again"),
            Err(error) => warn!(file = %file.path.display(), %error, "file skipped"),
        }
        file.failing = true;
        self.unusable += 1;
        if self.files.iter().all(|file| file.failing) {
            return Err(self.nothing_usable());
        }
        Ok(None)
    }

    fn nothing_usable(&self) -> SourceError {
        SourceError::NothingUsable {
            role: self.role,
            path: self.path.clone(),
            files: self.files.len(),
            max_bytes: self.max_bytes,
        }
    }
}

/// Why one file can't be used.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error("can't be read: {0}")]
    Unreadable(#[from] io::Error),
    #[error("is no longer a regular file")]
    NotAFile,
    #[error("is empty")]
    Empty,
    #[error("is larger than {max_bytes} bytes, the largest frame")]
    TooLarge { max_bytes: usize },
}

fn read_usable(path: &Path, max_bytes: usize) -> Result<Bytes, Unusable> {
    // Opening a named pipe would block for as long as nobody writes to it.
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(Unusable::NotAFile);
    }
    let limit = max_bytes as u64;
    if metadata.len() > limit {
        return Err(Unusable::TooLarge { max_bytes });
    }
    // The file may grow meanwhile: one byte more than allowed is enough to know.
    let mut data = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    File::open(path)?.take(limit.saturating_add(1)).read_to_end(&mut data)?;
    match data.len() {
        0 => Err(Unusable::Empty),
        length if length > max_bytes => Err(Unusable::TooLarge { max_bytes }),
        _ => Ok(data.into()),
    }
}

/// The visible regular files of a folder in natural order.
fn list(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if !hidden && is_file_or_broken(&entry)? {
            files.push(entry.path());
        }
    }
    files.sort_by(|left, right| natural_order(&name(left), &name(right)).then_with(|| left.cmp(right)));
    Ok(files)
}

/// Whether an entry is a file, or a link that should lead to one: a dangling link is a missing frame, to be
/// named in a warning when its turn comes.
fn is_file_or_broken(entry: &fs::DirEntry) -> io::Result<bool> {
    let kind = entry.file_type()?;
    if !kind.is_symlink() {
        return Ok(kind.is_file());
    }
    Ok(fs::metadata(entry.path()).map_or(true, |target| target.is_file()))
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn prevailing_extension(files: &[PathBuf]) -> Option<String> {
    let mut kinds = BTreeMap::new();
    for (position, file) in files.iter().enumerate() {
        let (count, _first) = kinds.entry(extension_of(file)).or_insert((0_u64, Reverse(position)));
        *count += 1;
    }
    kinds.into_iter().max_by_key(|(_, rank)| *rank).map(|(extension, _)| extension)
}

fn extension_of(file: &Path) -> String {
    let plain = |text: &&str| {
        (1..=MAX_EXTENSION).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let extension = file.extension().and_then(|extension| extension.to_str()).filter(plain);
    extension.unwrap_or(NO_EXTENSION).to_ascii_lowercase()
}

fn refusal(role: TrackRole, path: &Path, cause: io::Error) -> SourceError {
    let path = path.to_owned();
    // Told by looking and not by the kind of error: what ENOTDIR is called differs between systems.
    if path.exists() && !path.is_dir() {
        SourceError::NotAFolder { role, path }
    } else if cause.kind() == io::ErrorKind::NotFound {
        SourceError::MissingFolder { role, path }
    } else {
        SourceError::UnreadableFolder { role, path, cause }
    }
}

#[cfg(test)]
mod tests;
