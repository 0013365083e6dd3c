//! Sound on its way to an ear: a bounded queue, and a thread that decodes and may block.
//!
//! The network never waits for it, and the pictures go on where there is no sound.

#[cfg(feature = "audio")]
mod device;
mod pipe;

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use protocol::id::{ProducerId, StreamId};
use protocol::time::Time;
use protocol::wire::TrackKind;
use tokio::sync::mpsc;

use super::clock::Clock;
use crate::engine::event::Frame;

/// Segments that may wait for the decoder, which takes a hundredth of their time.
const SEGMENTS_MAX: usize = 32;
/// One channel is heard until it has been silent for this long.
const SILENT_FOR: Duration = Duration::from_secs(3);

/// Where sound is heard.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Audio {
    /// Nowhere.
    #[default]
    Off,
    /// The system's default device.
    Device,
    /// A command of the shell that reads WAV from its standard input.
    Pipe(String),
}

/// Sound, seen from the loop.
pub(super) struct Sound {
    segments: SyncSender<Heard>,
    news: mpsc::UnboundedReceiver<String>,
    /// What is heard, and when the newest of it was due.
    channel: Option<(ProducerId, StreamId, Time)>,
    left_out: u64,
}

/// A segment and its time.
struct Heard {
    play_at: Time,
    data: Bytes,
}

impl Sound {
    /// Starts the thread; nothing where no sound is wanted.
    pub(super) fn start(audio: Audio, clock: Clock) -> io::Result<Option<Self>> {
        if audio == Audio::Off {
            return Ok(None);
        }
        let (segments, queue) = sync_channel(SEGMENTS_MAX);
        // Unbounded, because the thread says one line in its life.
        let (sender, news) = mpsc::unbounded_channel();
        thread::Builder::new().name("sound".to_owned()).spawn(move || {
            let played = match audio {
                Audio::Off => Ok(()),
                Audio::Device => play_on_device(&queue, clock),
                Audio::Pipe(command) => pipe::play(&command, &queue, clock),
            };
            if let Err(why) = played {
                // Nobody listens where the client has ended.
                sender.send(format!("no sound: {why}\n")).ok();
            }
        })?;
        Ok(Some(Self { segments, news, channel: None, left_out: 0 }))
    }

    /// Queues a segment of the channel that is heard, or that somebody has `chosen`; what is no sound, or another
    /// channel's, is left alone.
    pub(super) fn take(&mut self, frame: &Frame, chosen: bool) {
        if frame.kind != TrackKind::Audio {
            return;
        }
        let own = (frame.producer, frame.stream);
        let other = |(producer, stream, due): &(ProducerId, StreamId, Time)| {
            (*producer, *stream) != own && frame.play_at.since(*due) < SILENT_FOR
        };
        if !chosen && self.channel.as_ref().is_some_and(other) {
            return;
        }
        self.channel = Some((frame.producer, frame.stream, frame.play_at));
        let heard = Heard { play_at: frame.play_at, data: frame.data.clone() };
        if self.segments.try_send(heard).is_err() {
            self.left_out += 1;
            tracing::debug!(segments = self.left_out, "sound left out: nobody plays it");
        }
    }

    /// What is to be said. Safe to cancel.
    pub(super) async fn news(&mut self) -> String {
        match self.news.recv().await {
            Some(line) => line,
            None => std::future::pending().await,
        }
    }
}

#[cfg(feature = "audio")]
fn play_on_device(queue: &Receiver<Heard>, clock: Clock) -> Result<(), String> {
    device::play(queue, clock)
}

#[cfg(not(feature = "audio"))]
fn play_on_device(_: &Receiver<Heard>, _: Clock) -> Result<(), String> {
    Err("this framecast was built without sound devices: build it with --features audio, or use --audio pipe"
        .to_owned())
}
