//! The muxer: frames of one producer in, a stream out.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use protocol::id::StreamId;
use protocol::time::Time;
use protocol::wire::{TrackInfo, TrackKind};
use thiserror::Error;

use super::chunk::{Chunk, Kind};
use super::jpeg::PictureSize;
use super::matroska::{self, Block, CLUSTER_SPAN, Pictures, SoundFormat, Tracks};
use super::sound::SoundTrack;
use super::timeline::{Position, Timeline};
use crate::engine::event::{Frame, Subscribed};
use crate::mp3::Segment;

/// From the first frame, so long the header waits for the first frame of the other track: sound comes by the second.
const GATHERING: Duration = Duration::from_millis(1_500);
/// Frames that wait for the header: more than a second and a half at 120 per second.
const GATHERED_MAX: usize = 256;
/// Two pictures are at least this far apart: the smallest step of the container.
const STEP: Duration = Duration::from_micros(100);

/// The forms of the stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// Pictures and sound with their times.
    Matroska,
    /// The pictures alone, one behind the other.
    Mjpeg,
}

/// Nothing of what was granted fits into the stream.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("nothing of this channel can be written as {form}, which takes {takes}: what comes is {given}")]
pub struct Unfit {
    form: &'static str,
    takes: &'static str,
    given: String,
}

/// What became of the frames.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counters {
    /// Pictures in the stream.
    pub pictures: u64,
    /// MPEG frames of sound in the stream.
    pub sounds: u64,
    /// Frames without a picture or sound in them.
    pub no_media: u64,
    /// Frames of tracks that the stream has no place for.
    pub no_track: u64,
    /// MPEG frames that would have sounded before the beginning, or while others do.
    pub overlapping: u64,
    /// Frames of a life that was over when they came.
    pub outlived: u64,
}

/// Frames in, chunks out.
#[derive(Debug)]
pub struct Muxer {
    form: Form,
    title: String,
    wanted: Wanted,
    stage: Stage,
    timeline: Timeline,
    newest_picture: Option<Position>,
    picture_duration: Duration,
    sound: SoundTrack,
    chunks: VecDeque<Chunk>,
    counters: Counters,
}

/// The streams that are written, of the present life.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Wanted {
    pictures: Option<StreamId>,
    sound: Option<StreamId>,
}

#[derive(Debug)]
enum Stage {
    /// The header needs the first frame of each track.
    Gathering { since: Option<Time>, frames: Vec<Media> },
    /// The header is written, with these tracks.
    Running(Tracks),
}

/// A frame whose content is known.
#[derive(Debug)]
struct Media {
    frame: Frame,
    came: Time,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Picture(PictureSize),
    Sound(Segment),
}

impl Muxer {
    /// A stream without anything in it.
    pub fn new(form: Form) -> Self {
        Self {
            form,
            title: String::new(),
            wanted: Wanted::default(),
            stage: Stage::Gathering { since: None, frames: Vec::new() },
            timeline: Timeline::default(),
            newest_picture: None,
            picture_duration: Duration::ZERO,
            sound: SoundTrack::default(),
            chunks: VecDeque::new(),
            counters: Counters::default(),
        }
    }

    /// The broker named the tracks that will come, at first or in a new life of the producer.
    ///
    /// # Errors
    ///
    /// [`Unfit`], when none of them can be written.
    pub fn subscribed(&mut self, granted: &Subscribed) -> Result<(), Unfit> {
        let first = |kind: TrackKind, codecs: &[&str]| {
            let fits = |track: &&TrackInfo| track.kind == kind && codecs.contains(&track.codec.as_str());
            granted.tracks.iter().filter(fits).min_by_key(|track| track.stream)
        };
        let pictures = first(TrackKind::Video, &["jpeg", "jpg", "mjpeg"]);
        let sound = first(TrackKind::Audio, &["mp3"]).filter(|_| self.form == Form::Matroska);
        self.wanted =
            Wanted { pictures: pictures.map(|track| track.stream), sound: sound.map(|track| track.stream) };
        self.picture_duration = pictures.map_or(Duration::ZERO, |track| track.frame_duration);
        if matches!(self.stage, Stage::Gathering { .. }) {
            self.title = granted.name.to_string();
        }
        if self.wanted == Wanted::default() { Err(self.unfit(&granted.tracks)) } else { Ok(()) }
    }

    fn unfit(&self, tracks: &[TrackInfo]) -> Unfit {
        let (form, takes) = match self.form {
            Form::Matroska => ("Matroska", "pictures of JPEG and sound of MP3"),
            Form::Mjpeg => ("MJPEG", "pictures of JPEG"),
        };
        let codecs: Vec<&str> = tracks.iter().map(|track| track.codec.as_str()).collect();
        let given = if codecs.is_empty() { "nothing".to_owned() } else { codecs.join(" and ") };
        Unfit { form, takes, given }
    }

    /// Takes a frame in. Frames of a track come in their order.
    pub fn handle_frame(&mut self, now: Time, frame: Frame) {
        let Some(media) = self.read(now, frame) else { return };
        if self.form == Form::Mjpeg {
            self.counters.pictures += 1;
            self.chunks.push_back(Chunk::picture(media.frame.data));
            return;
        }
        match &mut self.stage {
            Stage::Running(_) => self.write(media),
            Stage::Gathering { since, frames } => {
                since.get_or_insert(now);
                frames.push(media);
                self.handle_timeout(now);
            }
        }
    }

    /// Looks what a frame holds.
    fn read(&mut self, now: Time, frame: Frame) -> Option<Media> {
        let stream = Some(frame.stream);
        let content = if stream == self.wanted.pictures {
            PictureSize::of(&frame.data).map(Content::Picture)
        } else if stream == self.wanted.sound {
            Segment::of(&frame.data).map(Content::Sound)
        } else {
            self.counters.no_track += 1;
            return None;
        };
        if content.is_none() {
            self.counters.no_media += 1;
        }
        content.map(|content| Media { frame, came: now, content })
    }

    /// Writes the header once the first frames are there, or have had their time.
    pub fn handle_timeout(&mut self, now: Time) {
        let Stage::Gathering { since: Some(since), frames } = &self.stage else { return };
        let has =
            |sound: bool| frames.iter().any(|media| matches!(media.content, Content::Sound(_)) == sound);
        let complete =
            (self.wanted.pictures.is_none() || has(false)) && (self.wanted.sound.is_none() || has(true));
        if complete || now >= *since + GATHERING || frames.len() >= GATHERED_MAX {
            self.begin();
        }
    }

    /// When [`Muxer::handle_timeout`] has something to do.
    pub fn poll_timeout(&self) -> Option<Time> {
        match self.stage {
            Stage::Gathering { since, .. } => since.map(|since| since + GATHERING),
            Stage::Running(_) => None,
        }
    }

    /// No more frames: writes what still waits.
    pub fn finish(&mut self) {
        self.begin();
    }

    /// Writes the header and the frames that waited for it.
    fn begin(&mut self) {
        let Stage::Gathering { frames, .. } = &mut self.stage else { return };
        let frames = std::mem::take(frames);
        let Some(first) = frames.first() else { return };
        // The stream begins with what was captured first, which need not have come first.
        let epoch = first.frame.epoch;
        let captures =
            frames.iter().filter(|media| media.frame.epoch == epoch).map(|media| media.frame.media_time);
        let earliest = captures.min_by_key(|capture| capture.micros_after(first.frame.media_time));
        self.timeline.begin(first.came, epoch, earliest.unwrap_or(first.frame.media_time));
        let tracks = self.tracks_of(&frames);
        let (data, layout) = matroska::header(&self.title, &tracks);
        let kind = Kind::Header(layout);
        self.chunks.push_back(Chunk { data: data.freeze(), pictures: 0, sounds: 0, kind });
        self.stage = Stage::Running(tracks);
        for media in frames {
            self.write(media);
        }
    }

    /// The tracks as their first frames describe them, or as they usually are.
    fn tracks_of(&self, frames: &[Media]) -> Tracks {
        let size = frames.iter().find_map(|media| match &media.content {
            Content::Picture(size) => Some(*size),
            Content::Sound(_) => None,
        });
        let heard = frames.iter().find_map(|media| match &media.content {
            Content::Sound(segment) => segment.header().as_ref().map(SoundFormat::of),
            Content::Picture(_) => None,
        });
        let duration = self.picture_duration;
        Tracks {
            pictures: self
                .wanted
                .pictures
                .map(|_| Pictures { size: size.unwrap_or(PictureSize::USUAL), duration }),
            sound: self.wanted.sound.map(|_| heard.unwrap_or(SoundFormat::USUAL)),
        }
    }

    fn write(&mut self, media: Media) {
        let Stage::Running(tracks) = &self.stage else { return };
        let has_track = match &media.content {
            Content::Picture(_) => tracks.pictures.is_some(),
            Content::Sound(_) => tracks.sound.is_some(),
        };
        if !has_track {
            self.counters.no_track += 1;
            return;
        }
        let Media { frame, came, content } = media;
        let end = self.sound.end().max(self.picture_end());
        let Some(at) = self.timeline.place(came, frame.epoch, frame.media_time, end) else {
            self.counters.outlived += 1;
            return;
        };
        match content {
            Content::Picture(_) => self.write_picture(at, frame.data),
            Content::Sound(segment) => self.write_sound(at, segment),
        }
    }

    fn picture_end(&self) -> Position {
        let step = self.picture_duration.max(STEP);
        self.newest_picture.map_or(Position::START, |newest| newest.plus(step))
    }

    fn write_picture(&mut self, captured: Position, data: Bytes) {
        // No picture is left out for its time: a player shows one after the other.
        let least = self.newest_picture.map_or(Position::START, |newest| newest.plus(STEP));
        let at = captured.max(least);
        self.newest_picture = Some(at);
        self.counters.pictures += 1;
        self.chunks.push_back(Chunk::cluster(&[Block::picture(at, self.picture_duration, data)]));
    }

    fn write_sound(&mut self, captured: Position, segment: Segment) {
        let sounds = self.sound.place(captured, segment);
        self.counters.overlapping = self.sound.left_out();
        self.counters.sounds += sounds.len() as u64;
        let blocks: Vec<Block> = sounds.into_iter().map(Block::sound).collect();
        let close = |a: &Block, b: &Block| a.at.distance(b.at) < CLUSTER_SPAN;
        let mut rest = &blocks[..];
        while let Some(first) = rest.first() {
            let count = rest.iter().take_while(|block| close(first, block)).count();
            let (cluster, behind) = rest.split_at(count);
            self.chunks.push_back(Chunk::cluster(cluster));
            rest = behind;
        }
    }

    /// The next piece of the stream.
    pub fn poll_chunk(&mut self) -> Option<Chunk> {
        self.chunks.pop_front()
    }

    /// What became of the frames so far.
    pub const fn counters(&self) -> Counters {
        self.counters
    }
}
