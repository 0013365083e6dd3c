//! Knows what was published, and checks what is delivered.

mod wire;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hasher};
use std::time::Duration;

use client::engine::event::Frame;
use protocol::id::{ProducerId, StreamId};
use protocol::time::{CaptureTime, Time};

use crate::media::FrameName;

pub(crate) use wire::Wire;

/// One delivered frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Delivery {
    /// When.
    pub at: Time,
    /// Position in its producer's schedule, from 0 in each epoch.
    pub index: u64,
    /// Which life.
    pub epoch: u64,
    /// From its publication.
    pub delay: Duration,
    /// When the client says it was captured, on the client's clock.
    pub captured: Time,
    /// How far that can be from the truth, if the client knows.
    pub error: Option<Duration>,
    /// When the client says it is to be shown, on the client's clock.
    pub play_at: Time,
}

/// What was published, and when.
struct Publication {
    at: Time,
    media_time: CaptureTime,
    /// The frames of its life that have to be there before it.
    needs: Vec<u64>,
    digest: u64,
}

/// What tells a frame's bytes from any others. The bytes themselves are not kept: a worker shows who joins the newest frame that it
/// has, however old it is.
fn digest(frame: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(frame);
    hasher.finish()
}

/// The publications, and what each client got of them.
#[derive(Default)]
pub struct Oracle {
    lives: BTreeSet<(ProducerId, u64)>,
    /// Looked up only.
    published: HashMap<(ProducerId, FrameName), Publication>,
    /// What is sent.
    pub(crate) wire: Wire,
    delivered: BTreeMap<(usize, ProducerId, StreamId), Vec<Delivery>>,
}

impl Oracle {
    pub(crate) fn note_life(&mut self, producer: ProducerId, epoch: u64) {
        self.lives.insert((producer, epoch));
    }

    pub(crate) fn note_published(
        &mut self,
        now: Time,
        producer: ProducerId,
        name: FrameName,
        (capture, needs, frame): (Time, Vec<u64>, &[u8]),
    ) {
        let media_time = CaptureTime::from_time(capture);
        let publication = Publication { at: now, media_time, needs, digest: digest(frame) };
        self.published.insert((producer, name), publication);
    }

    /// Invariants of each delivery: the bytes are those that were published (I1), each frame comes once (I2) and later
    /// than those of its life before it (I3) and not without those it needs (I5), with the capture time that it was published with.
    pub(crate) fn check(&mut self, now: Time, client: usize, frame: &Frame) {
        let name = FrameName::of(&frame.data).expect("a frame that nobody published");
        assert_eq!(
            (name.epoch, name.stream),
            (frame.epoch, frame.stream),
            "a frame of another stream or life"
        );
        assert!(self.lives.contains(&(frame.producer, name.epoch)), "a frame of an unknown life");
        let published = self.published.get(&(frame.producer, name));
        let published = published.expect("a frame before its publication");
        assert!(digest(&frame.data) == published.digest, "the bytes of frame {name:?} changed");
        assert_eq!(frame.media_time, published.media_time, "the capture time of frame {name:?}");
        let deliveries = self.delivered.entry((client, frame.producer, frame.stream)).or_default();
        let of_this_life = deliveries.iter().rev().find(|one| one.epoch == name.epoch);
        if let Some(last) = of_this_life {
            assert!(name.index > last.index, "I2, I3: frame {name:?} after {last:?}: twice or out of order");
        }
        let there =
            |needed: &u64| deliveries.iter().rev().any(|one| (one.epoch, one.index) == (name.epoch, *needed));
        let missing: Vec<u64> = published.needs.iter().filter(|needed| !there(needed)).copied().collect();
        assert!(missing.is_empty(), "I5: frame {name:?} without {missing:?}, which it needs");
        if let Some(last) = deliveries.last().filter(|last| last.epoch > name.epoch) {
            // A life that comes back after a stranger had its id goes on with what is newer.
            let came_back = published.at > last.at.before(last.delay);
            assert!(came_back, "I3: frame {name:?} of a former life after {last:?}");
        }
        let delay = now.since(published.at);
        deliveries.push(Delivery {
            at: now,
            index: name.index,
            epoch: name.epoch,
            delay,
            captured: frame.captured,
            error: frame.captured_error,
            play_at: frame.play_at,
        });
    }

    /// Frames that all clients got.
    pub fn delivered_in_all(&self) -> u64 {
        self.delivered.values().map(|frames| frames.len() as u64).sum()
    }

    /// What a client got of a stream.
    pub fn delivered(&self, client: usize, producer: ProducerId, stream: StreamId) -> &[Delivery] {
        self.delivered.get(&(client, producer, stream)).map_or(&[], Vec::as_slice)
    }
}
