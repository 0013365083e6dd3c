//! Pictures from a pipe: a thread that reads and cuts, and a short queue between it and the loop.
//!
//! The queue never makes the thread wait: while a pipe is not read its pictures grow old inside it, and those behind
//! would be stamped with a time that is not theirs. A loop that is too slow loses the *oldest* pictures of the
//! queue instead, since of live pictures the newest counts most.

use std::io::{self, Read};
use std::sync::Arc;
use std::thread;

use bytes::Bytes;
use protocol::time::Time;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::broadcast::{self, Receiver, Sender};
use tracing::warn;

use super::clock::Clock;
use crate::source::{MjpegCounters, MjpegSplitter};

/// Pictures that wait for the loop: half a second at 30 a second.
const QUEUE_LEN: usize = 16;
/// Bytes per read: what a pipe holds.
const CHUNK_LEN: usize = 64 << 10;

/// What came through a pipe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PipeCounters {
    /// What the splitter found in the bytes.
    pub stream: MjpegCounters,
    /// Pictures dropped because newer ones came before the loop took them.
    pub overtaken: u64,
}

/// The loop's end of the queue.
#[derive(Debug)]
pub(super) struct Pipe {
    queue: Receiver<Item>,
    /// Taken out of the queue to see that it is there.
    next: Option<Item>,
    counters: PipeCounters,
    end: Option<Result<(), Arc<io::Error>>>,
    warned: bool,
}

/// A picture, and when it was whole.
#[derive(Clone, Debug)]
pub(super) struct Picture {
    pub(super) data: Bytes,
    pub(super) arrival: Time,
}

/// What the thread says, each time with all its counters: items may be overtaken.
#[derive(Clone, Debug)]
struct Item {
    counters: MjpegCounters,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    Picture(Picture),
    End(Result<(), Arc<io::Error>>),
}

impl Pipe {
    /// Starts the thread. It ends with the input, or when a picture finds the pipe dropped; a read that never returns
    /// dies with the process.
    pub(super) fn open(input: Box<dyn Read + Send>, clock: Clock, max_bytes: usize) -> io::Result<Self> {
        let (sender, queue) = broadcast::channel(QUEUE_LEN);
        let reader = Reader { input, clock, splitter: MjpegSplitter::new(max_bytes), sender };
        thread::Builder::new().name("pipe".to_owned()).spawn(|| reader.run())?;
        Ok(Self { queue, next: None, counters: PipeCounters::default(), end: None, warned: false })
    }

    /// Waits until [`Pipe::take`] has something or the pipe has ended. Safe to cancel.
    pub(super) async fn ready(&mut self) {
        while self.next.is_none() && self.end.is_none() {
            match self.queue.recv().await {
                Ok(item) => self.next = Some(item),
                Err(RecvError::Lagged(count)) => self.overtake(count),
                Err(RecvError::Closed) => self.close(),
            }
        }
    }

    /// The next picture, if one is there.
    pub(super) fn take(&mut self) -> Option<Picture> {
        loop {
            let item = match self.next.take() {
                Some(item) => item,
                None => match self.queue.try_recv() {
                    Ok(item) => item,
                    Err(TryRecvError::Lagged(count)) => {
                        self.overtake(count);
                        continue;
                    }
                    Err(TryRecvError::Empty) => return None,
                    Err(TryRecvError::Closed) => {
                        self.close();
                        return None;
                    }
                },
            };
            self.note(item.counters);
            match item.content {
                Content::Picture(picture) => return Some(picture),
                Content::End(end) => self.end = Some(end),
            }
        }
    }

    /// How the input ended, once all its pictures are taken.
    pub(super) const fn end(&self) -> Option<&Result<(), Arc<io::Error>>> {
        self.end.as_ref()
    }

    pub(super) const fn counters(&self) -> PipeCounters {
        self.counters
    }

    /// The thread is gone; it has said how before.
    fn close(&mut self) {
        self.end.get_or_insert(Ok(()));
    }

    fn overtake(&mut self, count: u64) {
        if self.counters.overtaken == 0 {
            warn!(
                "pictures come faster than they can be published, the oldest are dropped: pace them, as by ffmpeg -re"
            );
        }
        self.counters.overtaken += count;
    }

    fn note(&mut self, stream: MjpegCounters) {
        self.counters.stream = stream;
        let bad = stream.malformed + stream.oversized;
        if bad > 0 && !std::mem::replace(&mut self.warned, true) {
            let MjpegCounters { malformed, oversized, .. } = stream;
            warn!(malformed, oversized, "pictures from the pipe are broken or too large: they are left out");
        }
    }
}

/// The thread.
struct Reader {
    input: Box<dyn Read + Send>,
    clock: Clock,
    splitter: MjpegSplitter,
    sender: Sender<Item>,
}

impl Reader {
    fn run(mut self) {
        let mut chunk = vec![0; CHUNK_LEN];
        let end = loop {
            match self.input.read(&mut chunk) {
                Ok(0) => break Ok(()),
                Ok(len) => {
                    if !self.pass_on(chunk.get(..len).unwrap_or_default()) {
                        return;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(Arc::new(error)),
            }
        };
        self.splitter.finish();
        self.say(Content::End(end));
    }

    /// Hands on the pictures that this chunk completes; false when nobody is there any more.
    fn pass_on(&mut self, mut chunk: &[u8]) -> bool {
        while let Some(data) = self.splitter.next_picture(&mut chunk) {
            let arrival = self.clock.now();
            if !self.say(Content::Picture(Picture { data, arrival })) {
                return false;
            }
        }
        true
    }

    fn say(&self, content: Content) -> bool {
        self.sender.send(Item { counters: self.splitter.counters(), content }).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX_BYTES: usize = 1_000;

    fn picture(number: u8) -> Vec<u8> {
        [b"\xFF\xD8\xFF\xDA\x00\x02 scan ", &[number][..], b"\xFF\xD9"].concat()
    }

    /// Reads a pipe to its end, once the thread has put everything into the queue that it ever will.
    async fn drained(input: impl Read + Send + 'static) -> (Vec<Bytes>, Pipe) {
        let mut pipe = Pipe::open(Box::new(input), Clock::start(), MAX_BYTES).unwrap();
        let mut pictures = Vec::new();
        while pipe.end().is_none() {
            pipe.ready().await;
            pictures.extend(std::iter::from_fn(|| pipe.take()).map(|picture| picture.data));
        }
        (pictures, pipe)
    }

    #[tokio::test]
    async fn pictures_come_in_order_and_then_the_end() {
        let input: Vec<u8> = (0..10).flat_map(picture).collect();
        let (pictures, pipe) = drained(io::Cursor::new(input)).await;
        assert_eq!(pictures, (0..10).map(picture).collect::<Vec<_>>());
        assert!(matches!(pipe.end(), Some(Ok(()))));
        assert_eq!(pipe.counters().stream.pictures, 10);
    }

    #[test]
    fn a_loop_that_is_too_slow_loses_the_oldest_pictures_and_counts_them() {
        let (sender, queue) = broadcast::channel(QUEUE_LEN);
        let mut pipe =
            Pipe { queue, next: None, counters: PipeCounters::default(), end: None, warned: false };
        let input: Vec<u8> = (0..100).flat_map(picture).collect();
        let splitter = MjpegSplitter::new(MAX_BYTES);
        Reader { input: Box::new(io::Cursor::new(input)), clock: Clock::start(), splitter, sender }.run();
        let taken: Vec<Bytes> = std::iter::from_fn(|| pipe.take()).map(|picture| picture.data).collect();
        // The end took one of the 16 places, too.
        assert_eq!(taken, (85..100).map(picture).collect::<Vec<_>>());
        assert_eq!(pipe.counters().overtaken, 85);
        assert_eq!(pipe.counters().stream.pictures, 100, "counters survive what is overtaken");
        assert!(matches!(pipe.end(), Some(Ok(()))));
    }

    #[tokio::test]
    async fn a_broken_pipe_says_why_after_its_last_picture() {
        struct Broken(bool);
        impl Read for Broken {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                if std::mem::replace(&mut self.0, true) {
                    return Err(io::ErrorKind::IsADirectory.into());
                }
                buffer[..picture(1).len()].copy_from_slice(&picture(1));
                Ok(picture(1).len())
            }
        }
        let (pictures, pipe) = drained(Broken(false)).await;
        assert_eq!(pictures, [picture(1)]);
        assert!(matches!(pipe.end(), Some(Err(error)) if error.kind() == io::ErrorKind::IsADirectory));
    }
}
