//! Where the MPEG frames of the segments stand in the stream.

use std::time::Duration;

use bytes::Bytes;

use super::timeline::Position;
use crate::mp3::Segment;

/// Two that begin at the same time are told apart by the smallest step that the container knows.
const STEP: Duration = Duration::from_micros(100);

/// An MPEG frame and its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Sound {
    pub(crate) at: Position,
    pub(crate) duration: Duration,
    pub(crate) data: Bytes,
    /// What a player leaves out of it.
    pub(crate) silent: Silent,
}

/// What of a frame is no sound but an encoder's silence.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Silent {
    Nothing,
    /// All of it: those behind it need it to be decoded.
    Whole,
    /// This much of its end.
    End(Duration),
}

/// The sound so far.
#[derive(Debug, Default)]
pub(crate) struct SoundTrack {
    /// Where the next segment goes on if it follows without a gap.
    end: Option<Position>,
    /// The newest frame.
    newest: Option<Position>,
    left_out: u64,
}

impl SoundTrack {
    /// Where the sound that was placed ends.
    pub(crate) fn end(&self) -> Position {
        self.end.unwrap_or(Position::START)
    }

    /// Frames that were left out, because they would sound before the beginning or while others do.
    pub(crate) const fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Places a segment that was captured at `captured`.
    ///
    /// Segments do not begin exactly when they say: they are cut between MPEG frames. One that is no further from the
    /// end of the former one than such a frame is long follows it without a gap; any other begins where it says.
    pub(crate) fn place(&mut self, captured: Position, segment: Segment) -> Vec<Sound> {
        let tolerance = segment.header().map_or(Duration::ZERO, |header| header.duration());
        let follows = self.end.filter(|end| end.distance(captured) <= tolerance);
        let mut at = follows.unwrap_or(captured);
        let mut placed = Vec::new();
        for frame in segment.into_frames() {
            let header = frame.header;
            let sounds = u32::try_from(frame.sound.len()).unwrap_or(0);
            // A frame that begins with silence is that at the seam: what little sounds in it is no more than a click.
            let (silent, duration) = match (frame.sound.start, header.samples() - frame.sound.end) {
                (0, 0) => (Silent::Nothing, header.duration()),
                (0, end) if sounds > 0 => (Silent::End(header.span(end)), header.span(sounds)),
                _ => (Silent::Whole, header.span(sounds)),
            };
            if at < self.end() {
                self.left_out += 1;
            } else {
                let own = self.newest.map_or(at, |newest| newest.plus(STEP).max(at));
                self.newest = Some(own);
                placed.push(Sound { at: own, duration, data: frame.data, silent });
            }
            at = at.plus(duration);
        }
        self.end = self.end.max(Some(at).filter(|at| *at > Position::START));
        placed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &[u8] = include_bytes!("../../../media/1AAA99/audio/audio1.mp3");
    const SECOND: i64 = 1_000_000_000;
    const MS: i64 = 1_000_000;

    /// One second of sound that says what is silence.
    fn tagged() -> Segment {
        Segment::of(&Bytes::from_static(SAMPLE)).unwrap()
    }

    /// So many frames of 24 ms that say nothing.
    fn cut(frames: usize) -> Segment {
        Segment::of(&Bytes::from_static(&SAMPLE[288..288 + 288 * frames])).unwrap()
    }

    fn follow_each_other(sounds: &[Sound]) -> bool {
        sounds.windows(2).all(|pair| pair[0].at < pair[1].at)
    }

    #[test]
    fn segments_that_say_their_silence_follow_each_other_to_the_sample() {
        let mut track = SoundTrack::default();
        let all: Vec<Sound> =
            (0..20).flat_map(|second| track.place(Position::from_nanos(second * SECOND), tagged())).collect();
        assert_eq!((all.len(), track.left_out()), (20 * 43, 0));
        assert!(follow_each_other(&all));
        let off = track.end().distance(Position::from_nanos(20 * SECOND));
        assert!(off < Duration::from_micros(1), "{off:?}");
        let silent = all.iter().filter(|sound| sound.silent == Silent::Whole).count();
        let cut = all.iter().filter(|sound| matches!(sound.silent, Silent::End(_))).count();
        assert_eq!((silent, cut), (20, 20), "the first and the last of each segment");
    }

    #[test]
    fn segments_cut_between_frames_run_on_and_stay_close_to_what_they_say() {
        let mut track = SoundTrack::default();
        let mut all = Vec::new();
        // As a segmenter cuts a second: 41 or 42 frames of 24 ms, each segment from the first frame of its second on.
        let mut frames = 0_i64;
        for second in 0..60 {
            let until = ((second + 1) * 1_000 + 23) / 24;
            let truth = Position::from_nanos(frames * 24 * MS);
            let segment = cut(usize::try_from(until - frames).unwrap());
            let placed = track.place(Position::from_nanos(second * SECOND), segment);
            assert!(placed[0].at.distance(truth) < Duration::from_millis(25), "{second}: {:?}", placed[0].at);
            all.extend(placed);
            frames = until;
        }
        assert!(follow_each_other(&all));
        assert_eq!((i64::try_from(all.len()).unwrap(), track.left_out()), (frames, 0), "none is missing");
        let gap = |pair: &[Sound]| pair[0].at.plus(pair[0].duration) != pair[1].at;
        assert!(!all.windows(2).any(gap), "without a gap");
    }

    #[test]
    fn a_lost_segment_is_a_gap_and_the_next_one_begins_where_it_says() {
        let mut track = SoundTrack::default();
        track.place(Position::START, tagged());
        let placed = track.place(Position::from_nanos(3 * SECOND), tagged());
        assert_eq!(placed[0].at, Position::from_nanos(3 * SECOND));
    }

    #[test]
    fn sound_that_overlaps_is_left_out_and_time_never_goes_back() {
        let mut track = SoundTrack::default();
        let mut all = Vec::new();
        for second in 0..10 {
            all.extend(track.place(Position::from_nanos(second * SECOND), cut(43)));
        }
        assert!(follow_each_other(&all) && track.left_out() > 0);
        let late = track.end().distance(Position::from_nanos(10 * SECOND));
        assert!(late <= Duration::from_millis(56), "{late:?}");
        assert_eq!(track.place(Position::from_nanos(5 * SECOND), cut(43)).len(), 0, "all of it is over");
    }

    #[test]
    fn what_was_captured_before_the_beginning_is_left_out() {
        let mut track = SoundTrack::default();
        let placed = track.place(Position::from_nanos(-500 * MS), cut(42));
        assert_eq!((placed.len(), track.left_out()), (21, 21));
        assert_eq!(placed[0].at, Position::from_nanos(4 * MS));
    }
}
