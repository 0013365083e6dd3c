//! Where a stream goes: standard output, a pipe or a file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, IsTerminal as _, Seek as _, SeekFrom, Write};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

use crate::mux::{Chunk, Index};
use crate::shell::echo::Echo;

/// Another process may have made the stream non-blocking: it is tried again this much later.
const RETRY_PAUSE: Duration = Duration::from_millis(10);

/// Where a stream goes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Destination {
    /// Standard output.
    Stdout,
    /// A new file, or a pipe or device that is there.
    Path(PathBuf),
}

/// Why a stream can't go there.
#[derive(Debug, Error)]
pub enum OutletError {
    /// Nobody wants pictures as bytes on a screen.
    #[error(
        "standard output is a terminal: pipe it into a player, as in 'framecast watch ID --out - | mpv -', or name a file"
    )]
    Terminal,
    /// Nothing is ever replaced.
    #[error("{} is there already: name a new file, or move that one away", Echo(&.0.to_string_lossy()))]
    Exists(PathBuf),
    /// It can't be opened.
    #[error("cannot open {}: {source}; name a file in a folder that takes files", Echo(&.path.to_string_lossy()))]
    Open {
        /// What was named.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It takes nothing any more, and not because a reader has left.
    #[error("cannot write {}: {source}; what came before is there, make room or name another place", Echo(.place))]
    Write {
        /// The file, or standard output.
        place: String,
        /// What the system says.
        source: io::Error,
    },
    /// There is no thread for it.
    #[error("the system refuses a thread: {0}; raise the limit of processes")]
    Thread(io::Error),
}

/// What is open for writing.
#[derive(Debug)]
pub(super) struct Sink {
    file: File,
    /// A regular file of our own: it can be completed, and removed if nothing comes.
    path: Option<PathBuf>,
    place: String,
    index: Index,
    written: u64,
}

impl Destination {
    /// Opens it.
    pub(super) fn open(&self) -> Result<Sink, OutletError> {
        match self {
            Self::Stdout => {
                let stdout = io::stdout();
                if stdout.is_terminal() {
                    return Err(OutletError::Terminal);
                }
                let place = "standard output".to_owned();
                let file = stdout
                    .as_fd()
                    .try_clone_to_owned()
                    .map_err(|source| OutletError::Write { place: place.clone(), source })?;
                Ok(Sink { file: file.into(), path: None, place, index: Index::default(), written: 0 })
            }
            Self::Path(path) => open(path),
        }
    }
}

fn open(path: &Path) -> Result<Sink, OutletError> {
    let place = path.to_string_lossy().into_owned();
    let fault = |source: io::Error| OutletError::Open { path: path.to_owned(), source };
    let sink = |file, path| Sink { file, path, place, index: Index::default(), written: 0 };
    match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(file) => Ok(sink(file, Some(path.to_owned()))),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            if fs::metadata(path).map_err(fault)?.is_file() {
                return Err(OutletError::Exists(path.to_owned()));
            }
            // A pipe waits here for its reader.
            OpenOptions::new().write(true).open(path).map(|file| sink(file, None)).map_err(fault)
        }
        Err(error) => Err(fault(error)),
    }
}

impl Sink {
    /// Writes a chunk behind the others.
    pub(super) fn write(&mut self, chunk: &Chunk) -> io::Result<()> {
        write_all(&mut self.file, &chunk.data)?;
        self.written += chunk.data.len() as u64;
        if self.path.is_some() {
            self.index.note(chunk);
        }
        Ok(())
    }

    /// Completes a file, so that players can seek in it. A file into which nothing came is removed.
    pub(super) fn complete(&mut self) -> io::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        if self.written == 0 {
            return fs::remove_file(path);
        }
        let completion = self.index.completion();
        write_all(&mut self.file, &completion.tail)?;
        for (at, bytes) in &completion.patches {
            self.file.seek(SeekFrom::Start(*at))?;
            write_all(&mut self.file, bytes)?;
        }
        Ok(())
    }

    /// What went wrong, with the name of the place.
    pub(super) fn fault(&self, source: io::Error) -> OutletError {
        OutletError::Write { place: self.place.clone(), source }
    }
}

fn write_all(file: &mut File, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::sleep(RETRY_PAUSE),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
