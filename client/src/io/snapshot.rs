//! The newest picture as a file, written by a thread that may block.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tokio::task::{JoinHandle, spawn_blocking};

use crate::engine::event::Frame;
use crate::shell::echo::Clean;

/// A picture on its way to a file; resolves to what is to be said.
#[derive(Debug)]
pub(super) struct Snapshot(JoinHandle<String>);

impl Snapshot {
    /// Begins to write a frame to this file, or to one that is called after it.
    pub(super) fn start(frame: Frame, file: Option<PathBuf>) -> Self {
        let named =
            || PathBuf::from(format!("{}-{:010}.{}", frame.producer, frame.number.0, frame.extension));
        let path = file.unwrap_or_else(named);
        Self(spawn_blocking(move || {
            let shown = path.to_string_lossy().into_owned();
            match write(&path, &frame.data) {
                Ok(()) => format!("picture written to {}\n", Clean(&shown)),
                Err(error) => format!(
                    "error: the picture can't be written to {}: {error}; name another file\n",
                    Clean(&shown)
                ),
            }
        }))
    }

    /// Waits until it is written. Safe to cancel.
    pub(super) async fn done(&mut self) -> String {
        let said = (&mut self.0).await;
        said.unwrap_or_else(|_| "error: the picture was not written\n".to_owned())
    }
}

/// Nothing that is there is replaced.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    OpenOptions::new().write(true).create_new(true).open(path)?.write_all(bytes)
}
