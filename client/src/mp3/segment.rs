//! A segment: MPEG frames in a row, and which of their samples count.

use std::ops::Range;

use bytes::Bytes;

use super::header::Header;
use super::tag::{Description, leading_tag, trailing_tag};

/// The MPEG frames of a segment, in their order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Segment {
    frames: Vec<MpegFrame>,
}

/// One MPEG frame of a segment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MpegFrame {
    /// What it says of itself.
    pub header: Header,
    /// All of it.
    pub data: Bytes,
    /// Of its samples, those that are sound: an encoder puts silence around what it is given, and says how much. A frame
    /// without any is still needed by those behind it.
    pub sound: Range<u32>,
}

impl Segment {
    /// The frames in these bytes. Tags are passed over, and so is what is no frame or only a piece of one.
    ///
    /// `None` where there is no frame at all.
    pub fn of(bytes: &Bytes) -> Option<Self> {
        let end = bytes.len() - trailing_tag(bytes);
        let mut at = leading_tag(bytes).min(end);
        let mut description = None;
        let mut frames: Vec<MpegFrame> = Vec::new();
        while let Some(rest) = bytes.get(at..end).filter(|rest| !rest.is_empty()) {
            let Some(header) = confirmed(rest, frames.last()) else {
                at += 1;
                continue;
            };
            let data = bytes.slice(at..at + header.length);
            at += header.length;
            if frames.is_empty() && description.is_none() {
                description = Description::of(&header, &data);
                if description.is_some() {
                    continue;
                }
            }
            frames.push(MpegFrame { header, data, sound: 0..header.samples() });
        }
        let Description { delay, padding } = description.unwrap_or_default();
        leave_out(frames.iter_mut(), delay, |sound, count| sound.start += count);
        leave_out(frames.iter_mut().rev(), padding, |sound, count| sound.end -= count);
        (!frames.is_empty()).then_some(Self { frames })
    }

    /// The frames, at least one.
    pub fn frames(&self) -> &[MpegFrame] {
        &self.frames
    }

    /// What the first frame says.
    pub fn header(&self) -> Option<Header> {
        self.frames.first().map(|frame| frame.header)
    }

    /// The frames.
    pub fn into_frames(self) -> Vec<MpegFrame> {
        self.frames
    }
}

/// A header that is one: its frame is all there, and behind it follows another or nothing.
fn confirmed(rest: &[u8], before: Option<&MpegFrame>) -> Option<Header> {
    let header = Header::of(rest)?;
    let behind = rest.get(header.length..)?;
    let in_line = before.is_none_or(|before| header.agrees_with(&before.header));
    let followed = Header::of(behind).is_some_and(|next| header.agrees_with(&next));
    (in_line && (behind.len() < 4 || followed || before.is_some())).then_some(header)
}

/// Takes `count` samples from the sound of the frames.
fn leave_out<'a>(
    frames: impl Iterator<Item = &'a mut MpegFrame>,
    mut count: u32,
    cut: impl Fn(&mut Range<u32>, u32),
) {
    for frame in frames {
        let left = u32::try_from(frame.sound.len()).unwrap_or(0).min(count);
        cut(&mut frame.sound, left);
        count -= left;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SAMPLE: &[u8] = include_bytes!("../../../media/1AAA99/audio/audio1.mp3");

    fn segment(bytes: &[u8]) -> Option<Segment> {
        Segment::of(&Bytes::copy_from_slice(bytes))
    }

    #[test]
    fn a_sample_of_one_second_has_one_second_of_sound() {
        let frames = segment(SAMPLE).unwrap().into_frames();
        assert_eq!(frames.len(), 43, "without the frame that describes them");
        assert_eq!(frames.iter().map(|frame| frame.sound.len()).sum::<usize>(), 48_000);
        assert_eq!((frames[0].sound.clone(), frames[42].sound.clone()), (1_105..1_152, 0..721));
    }

    #[test]
    fn tags_and_rubbish_around_the_frames_are_passed_over() {
        let plain = segment(SAMPLE).unwrap();
        let id3v2 = [b"ID3\x04\x00\x00\x00\x00\x00\x05".as_slice(), &[0xFF, 0xFB, 0x74, 0, 0]].concat();
        let mut id3v1 = [0; 128];
        id3v1[..3].copy_from_slice(b"TAG");
        for around in [
            [&id3v2, SAMPLE, &id3v1].concat(),
            [b"\xFF\xFB rubbish ".as_slice(), SAMPLE, b"\xFF\xFBrubbish"].concat(),
        ] {
            assert_eq!(segment(&around), Some(plain.clone()));
        }
    }

    #[test]
    fn a_segment_cut_out_of_a_longer_sound_counts_whole() {
        let frames = segment(&SAMPLE[288..]).unwrap().into_frames();
        assert_eq!(frames.len(), 43);
        assert!(frames.iter().all(|frame| frame.sound == (0..1_152)));
    }

    #[test]
    fn a_piece_of_a_frame_at_the_end_is_left_out() {
        let cut = segment(&SAMPLE[..SAMPLE.len() - 1]).unwrap();
        assert_eq!(cut.frames().len(), 42);
    }

    #[test]
    fn what_holds_no_frame_is_no_segment() {
        for bytes in [b"".as_slice(), b"\xFF", b"ID3\x04\x00\x00\x7F\x7F\x7F\x7F", b"TAG", &[0xFF; 300]] {
            assert_eq!(segment(bytes), None, "{bytes:02X?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_is_cut_within_its_bytes(
            mut bytes in proptest::collection::vec(any::<u8>(), 0..2_000),
            headers in proptest::collection::vec((0..2_000_usize, 0..4_usize), 0..8),
        ) {
            let known = [[0xFF, 0xFB, 0x74, 0], [0xFF, 0xF3, 0x84, 0xC0], *b"ID3\x04", *b"Info"];
            for (at, which) in headers {
                if let Some(place) = bytes.get_mut(at..at + 4) {
                    place.copy_from_slice(&known[which]);
                }
            }
            let bytes = Bytes::from(bytes);
            for frame in Segment::of(&bytes).map(Segment::into_frames).unwrap_or_default() {
                prop_assert_eq!(frame.data.len(), frame.header.length);
                prop_assert!(frame.sound.start <= frame.sound.end && frame.sound.end <= frame.header.samples());
            }
        }
    }
}
