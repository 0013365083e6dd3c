//! The few things that a recording asks of a file system.

use std::path::Path;
use std::{fs, io};

/// A place for recordings. The real one is [`Disk`]; tests have one that fills up.
pub trait Storage {
    /// Creates a folder and all above it; one that is there is fine.
    ///
    /// # Errors
    ///
    /// What the system answers.
    fn create_folders(&self, folder: &Path) -> io::Result<()>;

    /// Creates a folder in an existing one; one that is there is fine.
    ///
    /// # Errors
    ///
    /// What the system answers.
    fn create_folder(&self, folder: &Path) -> io::Result<()>;

    /// Whether there are frames of a recording in this folder.
    ///
    /// # Errors
    ///
    /// What the system answers.
    fn holds_frames(&self, folder: &Path) -> io::Result<bool>;

    /// Writes a file, new or anew.
    ///
    /// # Errors
    ///
    /// What the system answers. There may be a part of the file then.
    fn write(&self, file: &Path, data: &[u8]) -> io::Result<()>;

    /// Gives `part` its final name.
    ///
    /// # Errors
    ///
    /// What the system answers; `AlreadyExists` where that name is taken.
    fn publish(&self, part: &Path, file: &Path) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    ///
    /// What the system answers.
    fn remove(&self, file: &Path) -> io::Result<()>;
}

/// The file system of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl Storage for Disk {
    fn create_folders(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)
    }

    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        match fs::create_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
            created => created,
        }
    }

    fn holds_frames(&self, folder: &Path) -> io::Result<bool> {
        for entry in fs::read_dir(folder)? {
            if is_frame(&entry?.file_name().to_string_lossy()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn write(&self, file: &Path, data: &[u8]) -> io::Result<()> {
        fs::write(file, data)
    }

    fn publish(&self, part: &Path, file: &Path) -> io::Result<()> {
        // Renaming replaces what is there. A second recorder that comes between these two lines would have to
        // write the same stream into the same folder, and have found no frame in it a moment ago.
        if file.symlink_metadata().is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        fs::rename(part, file)
    }

    fn remove(&self, file: &Path) -> io::Result<()> {
        fs::remove_file(file)
    }
}

/// Whether a name is that of a recorded frame: digits, a point, an extension.
fn is_frame(name: &str) -> bool {
    name.split_once('.')
        .is_some_and(|(number, _)| number.len() >= 12 && number.bytes().all(|digit| digit.is_ascii_digit()))
}
