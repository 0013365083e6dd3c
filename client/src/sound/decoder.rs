//! Segments in, samples with their times out.

use bytes::Bytes;
use protocol::time::Time;
use symphonia_bundle_mp3::MpaDecoder;
use symphonia_core::codecs::audio::well_known::CODEC_ID_MP3;
use symphonia_core::codecs::audio::{AudioCodecParameters, AudioDecoder as _, AudioDecoderOptions};
use symphonia_core::packet::PacketRef;
use symphonia_core::units::{Duration as Ticks, Timestamp};

use super::speaker::Sample;
use crate::mp3::{Header, Segment};
use crate::mux::{Position, Silent, SoundTrack};

/// Samples that follow each other without a gap.
#[derive(Clone, PartialEq, Debug)]
pub struct Piece {
    /// When the first is to be heard, on the client's clock.
    pub at: Time,
    /// Samples per second.
    pub rate: u32,
    /// Left and right.
    pub samples: Vec<Sample>,
}

/// The decoder of one stream of sound.
#[derive(Default)]
pub struct Decoder {
    track: SoundTrack,
    running: Option<Running>,
    interleaved: Vec<f32>,
    undecodable: u64,
}

/// A decoder for sound of one kind.
struct Running {
    header: Header,
    decoder: MpaDecoder,
}

impl Decoder {
    /// MPEG frames that could not be decoded: silence is in their place.
    pub const fn undecodable(&self) -> u64 {
        self.undecodable
    }

    /// Decodes a segment whose first sample is to be heard at `play_at`. Segments come in their order; one that holds no
    /// sound gives nothing.
    pub fn decode(&mut self, play_at: Time, segment: &Bytes) -> Vec<Piece> {
        let Some(segment) = Segment::of(segment) else {
            self.undecodable += 1;
            return Vec::new();
        };
        let placed = self.track.place(Position::from_time(play_at), segment);
        let decoded = placed.into_iter().filter_map(|sound| {
            let header = Header::of(&sound.data)?;
            let samples = self.samples(&header, &sound.data);
            let kept = match sound.silent {
                Silent::Nothing => samples,
                // Decoded all the same: those behind it build on it.
                Silent::Whole => return None,
                Silent::End(_) => {
                    let count = sound.duration.as_secs_f64() * f64::from(header.sample_rate);
                    let mut samples = samples;
                    samples.truncate(whole(count));
                    samples
                }
            };
            Some(Piece { at: sound.at.to_time(), rate: header.sample_rate, samples: kept })
        });
        decoded.collect()
    }

    fn samples(&mut self, header: &Header, data: &[u8]) -> Vec<Sample> {
        let silence = || vec![Sample::default(); whole(f64::from(header.samples()))];
        let Some(running) = running(&mut self.running, header) else { return silence() };
        let packet = PacketRef::new(0, Timestamp::new(0), Ticks::new(u64::from(header.samples())), data);
        let Ok(decoded) = running.decoder.decode_ref(&packet) else {
            self.undecodable += 1;
            return silence();
        };
        decoded.copy_to_vec_interleaved(&mut self.interleaved);
        let channels = usize::from(header.channels.max(1));
        self.interleaved
            .chunks_exact(channels)
            .map(|frame| {
                let left = frame.first().copied().unwrap_or_default();
                Sample { left, right: frame.get(1).copied().unwrap_or(left) }
            })
            .collect()
    }
}

/// The decoder for this kind of sound: another kind needs another one.
fn running<'a>(running: &'a mut Option<Running>, header: &Header) -> Option<&'a mut Running> {
    let fits = |one: &Running| {
        (one.header.sample_rate, one.header.channels) == (header.sample_rate, header.channels)
    };
    if !running.as_ref().is_some_and(fits) {
        let mut parameters = AudioCodecParameters::new();
        parameters.for_codec(CODEC_ID_MP3);
        let decoder = MpaDecoder::try_new(&parameters, &AudioDecoderOptions::default()).ok()?;
        *running = Some(Running { header: *header, decoder });
    }
    running.as_mut()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count of samples in one frame"
)]
fn whole(count: f64) -> usize {
    count.round().clamp(0.0, 1_152.0) as usize
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SAMPLE: &[u8] = include_bytes!("../../../media/1AAA99/audio/audio1.mp3");
    const START: Time = Time::from_micros(5_000_000);

    #[test]
    fn a_second_of_mp3_is_a_second_of_samples_without_a_gap() {
        let mut decoder = Decoder::default();
        let pieces = decoder.decode(START, &Bytes::from_static(SAMPLE));
        let count: usize = pieces.iter().map(|piece| piece.samples.len()).sum();
        // The seam's 47 samples are left out.
        assert_eq!((count, decoder.undecodable()), (48_000 - 47, 0));
        assert!(pieces[0].at.since(START) < Duration::from_millis(1));
        for pair in pieces.windows(2) {
            let end = pair[0].at + Duration::from_millis(24);
            assert!(end.since(pair[1].at).max(pair[1].at.since(end)) < Duration::from_micros(2));
        }
        let loudest =
            pieces.iter().flat_map(|piece| &piece.samples).map(|one| one.left.abs()).fold(0.0, f32::max);
        assert!((0.01..1.0).contains(&loudest), "there is something to hear: {loudest}");
    }

    #[test]
    fn segments_follow_each_other_and_what_is_no_sound_is_counted() {
        let mut decoder = Decoder::default();
        let second = Duration::from_secs(1);
        let first = decoder.decode(START, &Bytes::from_static(SAMPLE));
        assert_eq!(decoder.decode(START + second, &Bytes::from_static(b"no sound")), []);
        let third = decoder.decode(START + second * 2, &Bytes::from_static(SAMPLE));
        assert_eq!(decoder.undecodable(), 1);
        assert_eq!((first.len(), third.len()), (42, 42));
        assert!(third[0].at.since(first[0].at + second * 2) < Duration::from_millis(1));
    }

    #[test]
    fn frames_that_were_damaged_are_silence_or_noise_and_nothing_else() {
        let mut damaged = SAMPLE.to_vec();
        for byte in damaged.iter_mut().skip(900).step_by(7) {
            *byte ^= 0x5A;
        }
        let pieces = Decoder::default().decode(START, &Bytes::from(damaged));
        assert!(pieces.iter().all(|piece| piece.samples.len() <= 1_152));
    }
}
