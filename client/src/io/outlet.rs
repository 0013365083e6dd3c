//! A stream on its way out: a bounded queue, and a thread that may block on its reader.
//!
//! The network never waits for it. What a full queue costs are whole chunks, which are counted; what is written stays
//! a stream that can be read.

mod sink;

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tokio::sync::{mpsc, oneshot};

use crate::mux::Chunk;
use sink::Sink;
pub use sink::{Destination, OutletError};

/// Chunks that may wait: more than a minute of a channel.
const CHUNKS_MAX: usize = 1_024;
/// Bytes that may wait: some seconds of a busy channel, more would only be late.
const BYTES_MAX: usize = 8 << 20;

/// What of the stream did not go out, because its reader was too slow.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct LeftOut {
    /// Pictures.
    pub pictures: u64,
    /// MPEG frames of sound.
    pub sounds: u64,
}

/// The stream, seen from the loop.
pub(super) struct Outlet {
    /// `None` once the stream is being finished.
    chunks: Option<mpsc::Sender<Chunk>>,
    waiting_bytes: Arc<AtomicUsize>,
    done: oneshot::Receiver<Result<(), Ended>>,
    left_out: LeftOut,
    /// The queue was full and is not yet half empty.
    shortage: bool,
}

/// Why a stream ended before it was finished.
#[derive(Debug)]
pub(super) enum Ended {
    /// Its reader has seen enough.
    ReaderLeft,
    /// It can't be written.
    Failed(OutletError),
}

/// What happened to a chunk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Passed {
    /// It waits for the reader, or was left out as those before it.
    AsBefore,
    /// It is the first that was left out.
    ShortageBegins,
    /// It is the first that was not left out any more.
    ShortageEnds,
}

impl Outlet {
    /// Opens the destination and starts the thread.
    pub(super) fn start(destination: &Destination) -> Result<Self, OutletError> {
        // A pipe without a reader blocks: that is the thread's matter, but what is wrong is told at once.
        let patient = matches!(destination, Destination::Path(path) if !is_new(path));
        if patient {
            let destination = destination.clone();
            return Self::begin(move || destination.open());
        }
        let sink = destination.open()?;
        Self::begin(move || Ok(sink))
    }

    fn begin(open: impl FnOnce() -> Result<Sink, OutletError> + Send + 'static) -> Result<Self, OutletError> {
        let (chunks, queue) = mpsc::channel(CHUNKS_MAX);
        let (sender, done) = oneshot::channel();
        let waiting_bytes = Arc::new(AtomicUsize::new(0));
        let waiting = Arc::clone(&waiting_bytes);
        let work = move || {
            let result = open().map_err(Ended::Failed).and_then(|sink| write_all(sink, queue, &waiting));
            // Nobody listens where the client has ended without waiting.
            sender.send(result).ok();
        };
        thread::Builder::new().name("outlet".to_owned()).spawn(work).map_err(OutletError::Thread)?;
        Ok(Self { chunks: Some(chunks), waiting_bytes, done, left_out: LeftOut::default(), shortage: false })
    }

    /// Queues a chunk, or leaves it out.
    pub(super) fn take(&mut self, chunk: Chunk) -> Passed {
        let Some(chunks) = &self.chunks else { return Passed::AsBefore };
        let (bytes, pictures, sounds) = (chunk.data.len(), chunk.pictures, chunk.sounds);
        let waiting = self.waiting_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let limit = if self.shortage { BYTES_MAX / 2 } else { BYTES_MAX };
        let fits =
            waiting == bytes || waiting <= limit && (!self.shortage || chunks.capacity() > CHUNKS_MAX / 2);
        if fits && chunks.try_send(chunk).is_ok() {
            let relieved = std::mem::take(&mut self.shortage);
            return if relieved { Passed::ShortageEnds } else { Passed::AsBefore };
        }
        self.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
        self.left_out.pictures += pictures;
        self.left_out.sounds += sounds;
        let began = !std::mem::replace(&mut self.shortage, true);
        if began { Passed::ShortageBegins } else { Passed::AsBefore }
    }

    /// What did not go out so far.
    pub(super) const fn left_out(&self) -> LeftOut {
        self.left_out
    }

    /// No more chunks: [`Outlet::ended`] resolves when all are written.
    pub(super) fn finish(&mut self) {
        self.chunks = None;
    }

    /// Waits for the end. Safe to cancel, and not to be called again after it.
    pub(super) async fn ended(&mut self) -> Result<(), Ended> {
        let lost = || Ended::Failed(OutletError::Thread(ErrorKind::Other.into()));
        (&mut self.done).await.map_err(|_| lost())?
    }
}

fn is_new(path: &std::path::Path) -> bool {
    std::fs::metadata(path).map_or(true, |there| there.is_file())
}

/// Writes every chunk of the queue, and completes the stream.
fn write_all(mut sink: Sink, mut queue: mpsc::Receiver<Chunk>, waiting: &AtomicUsize) -> Result<(), Ended> {
    let mut written = Ok(());
    while let Some(chunk) = queue.blocking_recv() {
        written = sink.write(&chunk);
        waiting.fetch_sub(chunk.data.len(), Ordering::Relaxed);
        if written.is_err() {
            break;
        }
    }
    queue.close();
    // A full disk leaves what is there, completed as far as that goes.
    let completed = sink.complete();
    match written.and(completed) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(Ended::ReaderLeft),
        Err(error) => Err(Ended::Failed(sink.fault(error))),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::mpsc as std_mpsc;

    use bytes::Bytes;

    use super::*;

    const PICTURE: &[u8] = &[7; 10_000];
    const ALL: u64 = 1_500;

    #[test]
    fn a_reader_that_takes_nothing_costs_whole_pictures_that_are_counted_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pictures.mjpeg");
        let destination = Destination::Path(file.clone());
        let (release, stalled) = std_mpsc::channel::<()>();
        let mut outlet = Outlet::begin(move || {
            stalled.recv().ok();
            destination.open()
        })
        .unwrap();
        let news: Vec<Passed> = (0..ALL)
            .map(|_| outlet.take(Chunk::picture(Bytes::from_static(PICTURE))))
            .filter(|passed| *passed != Passed::AsBefore)
            .collect();
        assert_eq!(news, [Passed::ShortageBegins], "said once");
        let left_out = outlet.left_out().pictures;
        assert_eq!(ALL - left_out, (BYTES_MAX / PICTURE.len()) as u64);

        drop(release);
        outlet.finish();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert!(runtime.block_on(outlet.ended()).is_ok());
        let written = fs::read(&file).unwrap();
        assert_eq!(written.len(), PICTURE.len() * usize::try_from(ALL - left_out).unwrap(), "whole ones");
    }

    #[test]
    fn a_disk_that_is_full_is_told_with_the_name_of_the_place() {
        let Ok(mut outlet) = Outlet::start(&Destination::Path("/dev/full".into())) else { return };
        outlet.take(Chunk::picture(Bytes::from_static(PICTURE)));
        outlet.finish();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let ended = runtime.block_on(outlet.ended());
        let Err(Ended::Failed(fault)) = ended else { panic!("{ended:?}") };
        assert!(fault.to_string().starts_with("cannot write /dev/full: No space left"), "{fault}");
    }
}
