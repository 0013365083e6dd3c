//! Delivered frames as files: `DIR/<producer id>/<stream id>/<number>.<extension>`.
//!
//! A file appears whole or not at all: it is written under a hidden name beside its place and then renamed. It is
//! not forced to the disk: a power cut may cost the frames of the last seconds, a crash of the process none.
//! Nothing that is there is ever replaced, and no trouble with the disk stops the stream.

mod fault;
mod numbering;
mod storage;
#[cfg(test)]
mod tests;
mod trouble;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use protocol::id::{ProducerId, StreamId};

pub use self::fault::RecordFault;
use self::numbering::Numbering;
pub use self::storage::{Disk, Storage};
use self::trouble::Trouble;
use crate::engine::event::Frame;

/// Name of the file that tries whether a folder takes files at all.
const PROBE: &str = ".framecast.part";

/// One recording: a folder, and where each stream in it stands.
#[derive(Debug)]
pub struct Recorder<S = Disk> {
    root: PathBuf,
    storage: S,
    streams: BTreeMap<(ProducerId, StreamId), Stream>,
    counters: RecordCounters,
    trouble: Trouble,
}

/// What a recording has done so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RecordCounters {
    /// Frames that are files now.
    pub written: u64,
    /// Bytes of these.
    pub bytes: u64,
    /// Frames that were delivered and are no files.
    pub not_written: u64,
}

/// What became of a frame, and whether there is something to say about it.
#[derive(Debug)]
#[must_use]
pub enum Outcome {
    /// It is a file now.
    Written,
    /// It is a file, and for some time all were: the trouble that was told is over.
    Resumed {
        /// Frames that the trouble cost.
        not_written: u64,
    },
    /// It is no file, for a reason that is news.
    Failed(RecordFault),
    /// It is no file, for a reason that was told before.
    StillFailing,
}

impl Recorder {
    /// Starts a recording below `root`, which is created where it does not exist.
    ///
    /// # Errors
    ///
    /// When the folder can't be created or takes no files.
    pub fn start(root: &Path) -> Result<Self, RecordFault> {
        Self::start_on(Disk, root)
    }
}

impl<S: Storage> Recorder<S> {
    /// The same on storage of one's choice.
    ///
    /// # Errors
    ///
    /// When the folder can't be created or takes no files.
    pub fn start_on(storage: S, root: &Path) -> Result<Self, RecordFault> {
        let probe = root.join(PROBE);
        storage
            .create_folders(root)
            .and_then(|()| storage.write(&probe, &[]))
            .and_then(|()| storage.remove(&probe))
            .map_err(|source| RecordFault::Start { folder: root.to_owned(), source })?;
        Ok(Self {
            root: root.to_owned(),
            storage,
            streams: BTreeMap::new(),
            counters: RecordCounters::default(),
            trouble: Trouble::default(),
        })
    }

    /// The folder of the recording.
    pub fn folder(&self) -> &Path {
        &self.root
    }

    /// What was written so far, and what was not.
    pub fn counters(&self) -> RecordCounters {
        self.counters
    }

    /// Writes a frame under its number. Frames of a stream come in their order.
    pub fn write(&mut self, frame: &Frame) -> Outcome {
        let stream = self.streams.entry((frame.producer, frame.stream)).or_insert_with(|| {
            let folder = self.root.join(frame.producer.to_string()).join(frame.stream.to_string());
            Stream { folder, numbering: Numbering::default(), state: State::New }
        });
        let stored = match stream.numbering.advance(frame.epoch, frame.number) {
            Some(number) => stream.store(&self.storage, number, frame),
            None => Err(RecordFault::OutOfOrder {
                producer: frame.producer,
                stream: frame.stream,
                number: frame.number,
            }),
        };
        if stored.is_ok() {
            self.counters.written += 1;
            self.counters.bytes += frame.data.len() as u64;
        } else {
            self.counters.not_written += 1;
        }
        self.trouble.judge(stored)
    }
}

/// One stream of a recording.
#[derive(Debug)]
struct Stream {
    folder: PathBuf,
    numbering: Numbering,
    state: State,
}

/// What is known of a stream's folder.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// Nothing yet.
    New,
    /// It is there, and ours.
    Open,
    /// It was ours and has vanished.
    Gone,
    /// It holds an earlier recording.
    Occupied,
}

impl Stream {
    fn store(&mut self, storage: &impl Storage, number: u64, frame: &Frame) -> Result<(), RecordFault> {
        let stored = self.open(storage).and_then(|()| match self.state {
            State::Occupied => Ok(false),
            State::New | State::Open | State::Gone => self.write(storage, number, frame).map(|()| true),
        });
        match stored {
            Ok(true) => Ok(()),
            Ok(false) => Err(RecordFault::Occupied { folder: self.folder.clone() }),
            Err(source) => {
                if self.state == State::Open && source.kind() == io::ErrorKind::NotFound {
                    self.state = State::Gone;
                }
                Err(RecordFault::Write { folder: self.folder.clone(), source })
            }
        }
    }

    /// Makes the two folders of the stream, but not the recording's own: where that has vanished, a disk may
    /// have been taken out, and what is under its mount point is not what the user chose.
    fn open(&mut self, storage: &impl Storage) -> io::Result<()> {
        if matches!(self.state, State::Open | State::Occupied) {
            return Ok(());
        }
        if let Some(producer) = self.folder.parent() {
            storage.create_folder(producer)?;
        }
        storage.create_folder(&self.folder)?;
        let occupied = self.state == State::New && storage.holds_frames(&self.folder)?;
        self.state = if occupied { State::Occupied } else { State::Open };
        Ok(())
    }

    fn write(&self, storage: &impl Storage, number: u64, frame: &Frame) -> io::Result<()> {
        let name = format!("{number:012}.{}", frame.extension);
        let part = self.folder.join(format!(".{name}.part"));
        let written =
            storage.write(&part, &frame.data).and_then(|()| storage.publish(&part, &self.folder.join(name)));
        if written.is_err() {
            // What can't be removed either stays hidden, and the next recording writes over it.
            storage.remove(&part).ok();
        }
        written
    }
}
