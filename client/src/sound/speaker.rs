//! What is heard when: samples held until their time, at the pace of whoever plays them.
//!
//! The player asks for samples and says when the first of them will be heard. Its clock and the client's drift apart, so
//! the speed is corrected by up to half a per cent, which nobody hears; what is further off is jumped over.

use std::collections::VecDeque;

use protocol::time::Time;

use super::decoder::Piece;

/// Sound and picture are never further apart: beyond it, silence is put in or samples are left out. Microseconds.
const APART_MAX: i64 = 40_000;
/// The most that the speed is corrected by.
const CORRECTION_MAX: f64 = 0.005;
/// The correction for each second that sound is off: at half a per cent from 25 ms on.
const CORRECTION_PER_SECOND: f64 = 0.2;
/// Samples that are held: a latency of 10 s, and the segments that came before their time.
const HELD_MAX: usize = 12 * 48_000;

/// One moment of sound, -1 to 1.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Sample {
    /// Left.
    pub left: f32,
    /// Right.
    pub right: f32,
}

/// Samples that wait for their time.
#[derive(Debug, Default)]
pub struct Speaker {
    pieces: VecDeque<Piece>,
    held: usize,
    /// How much of the first piece was heard, in samples of it.
    cursor: f64,
    playing: bool,
    left_out: u64,
}

impl Speaker {
    /// Holds samples until their time. Pieces come in their order.
    pub fn add(&mut self, piece: Piece) {
        if piece.samples.is_empty() || piece.rate == 0 {
            return;
        }
        self.held += piece.samples.len();
        self.pieces.push_back(piece);
        while self.held > HELD_MAX {
            self.left_out += self.pieces.front().map_or(0, |piece| piece.samples.len() as u64);
            self.drop_first();
        }
    }

    /// Samples that were never heard: they came too late, or too many of them waited.
    pub const fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Fills `out`, whose first sample will be heard at `heard`, for a player of `rate` samples per second.
    pub fn fill(&mut self, heard: Time, rate: u32, out: &mut [Sample]) {
        let rate = f64::from(rate.max(1));
        let mut rest = out;
        let mut done = 0_usize;
        while !rest.is_empty() {
            let now = heard.as_micros() as f64 + done as f64 * 1e6 / rate;
            let count = match self.next(now) {
                Next::Silence(None) => rest.len(),
                Next::Silence(Some(micros)) => whole(micros * 1e-6 * rate).clamp(1, rest.len()),
                Next::Play(correction) => {
                    let count = self.play(rate, correction, rest);
                    done += count;
                    rest = rest.get_mut(count..).unwrap_or_default();
                    continue;
                }
            };
            let (silent, behind) = rest.split_at_mut(count);
            silent.fill(Sample::default());
            done += count;
            rest = behind;
        }
    }

    /// What comes next, at `now` in microseconds.
    fn next(&mut self, now: f64) -> Next {
        while let Some(first) = self.pieces.front() {
            let position = first.at.as_micros() as f64 + self.cursor * 1e6 / f64::from(first.rate);
            let early = position - now;
            if self.playing && early.abs() <= APART_MAX as f64 {
                return Next::Play(
                    (-early * 1e-6 * CORRECTION_PER_SECOND).clamp(-CORRECTION_MAX, CORRECTION_MAX),
                );
            }
            if early > 1e6 / f64::from(first.rate) {
                self.playing = false;
                return Next::Silence(Some(early));
            }
            // Late: what should have been heard by now is not heard any more.
            let late = (-early * 1e-6 * f64::from(first.rate)).max(0.0);
            let skipped = late.min(first.samples.len() as f64 - self.cursor);
            self.left_out += whole(skipped) as u64;
            self.cursor += skipped;
            if self.cursor < first.samples.len() as f64 {
                self.playing = true;
                return Next::Play(0.0);
            }
            self.drop_first();
        }
        self.playing = false;
        Next::Silence(None)
    }

    /// Plays the first piece, to its end at most. How many samples that made, at least one.
    fn play(&mut self, rate: f64, correction: f64, out: &mut [Sample]) -> usize {
        let Some(first) = self.pieces.front() else { return out.len() };
        let step = f64::from(first.rate) / rate * (1.0 + correction);
        // The last sample goes over into the first of the next piece.
        let next = self.pieces.get(1).and_then(|piece| piece.samples.first()).copied();
        let at = |index: usize| first.samples.get(index).copied().or(next).or(first.samples.last().copied());
        let mut count = 0;
        for sample in out.iter_mut() {
            if self.cursor >= first.samples.len() as f64 {
                break;
            }
            let index = whole(self.cursor);
            *sample = between(
                at(index).unwrap_or_default(),
                at(index + 1).unwrap_or_default(),
                self.cursor.fract(),
            );
            self.cursor += step;
            count += 1;
        }
        if self.cursor >= first.samples.len() as f64 {
            let beyond = self.cursor - first.samples.len() as f64;
            self.drop_first();
            self.cursor = beyond;
        }
        count
    }

    fn drop_first(&mut self) {
        if let Some(first) = self.pieces.pop_front() {
            self.held -= first.samples.len();
        }
        self.cursor = 0.0;
    }
}

enum Next {
    /// Nothing, for so many microseconds; without an end, if nothing is known to come.
    Silence(Option<f64>),
    /// The first piece, with this correction of its speed.
    Play(f64),
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to what a buffer can hold"
)]
fn whole(count: f64) -> usize {
    count.clamp(0.0, 1e9) as usize
}

#[expect(clippy::cast_possible_truncation, reason = "from 0 to 1")]
fn between(a: Sample, b: Sample, share: f64) -> Sample {
    let share = share as f32;
    Sample { left: a.left + (b.left - a.left) * share, right: a.right + (b.right - a.right) * share }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;
    use std::time::Duration;

    use super::*;

    const START: Time = Time::from_micros(10_000_000);
    const MS: Duration = Duration::from_millis(1);
    const BLOCK: usize = 480;

    /// `seconds` of a tone of 440 Hz from `at` on, in pieces of 24 ms.
    fn tone(speaker: &mut Speaker, at: Time, rate: u32, seconds: f64) {
        let total = whole(seconds * f64::from(rate));
        let of = rate as usize * 24 / 1_000;
        for first in (0..total).step_by(of) {
            let sample = |index: usize| {
                #[expect(clippy::cast_possible_truncation, reason = "from -1 to 1")]
                let value = (index as f64 * 440.0 * TAU / f64::from(rate)).sin() as f32;
                Sample { left: value, right: -value }
            };
            let begins = at + Duration::from_secs_f64(first as f64 / f64::from(rate));
            speaker.add(Piece {
                at: begins,
                rate,
                samples: (first..(first + of).min(total)).map(sample).collect(),
            });
        }
    }

    /// Plays so many blocks of 10 ms from `heard` on, to a player whose clock runs faster by `drift`.
    fn play(speaker: &mut Speaker, heard: Time, blocks: u32, drift: f64) -> Vec<Sample> {
        let mut all = Vec::new();
        for block in 0..blocks {
            let mut out = [Sample { left: 9.0, right: 9.0 }; BLOCK];
            let passed = f64::from(block) * 0.01 / (1.0 + drift);
            speaker.fill(heard + Duration::from_secs_f64(passed), 48_000, &mut out);
            all.extend(out);
        }
        all
    }

    fn crossings(samples: &[Sample]) -> usize {
        samples.windows(2).filter(|pair| pair[0].left < 0.0 && pair[1].left >= 0.0).count()
    }

    fn steepest(samples: &[Sample]) -> f32 {
        samples.windows(2).map(|pair| (pair[1].left - pair[0].left).abs()).fold(0.0, f32::max)
    }

    #[test]
    fn sound_begins_at_its_time_to_the_sample_and_is_silence_before_and_after() {
        let mut speaker = Speaker::default();
        tone(&mut speaker, START + MS * 25, 48_000, 0.5);
        let heard = play(&mut speaker, START, 60, 0.0);
        let silent = heard.iter().take_while(|one| **one == Sample::default()).count();
        assert!((1_200..=1_202).contains(&silent), "{silent}");
        assert!(heard[1_200 + 24_000 + 2..].iter().all(|one| *one == Sample::default()));
        assert!(
            heard.iter().all(|one| (one.left + one.right).abs() < 1e-6),
            "left is left, and right is right"
        );
        assert_eq!(speaker.left_out(), 0);
    }

    #[test]
    fn every_rate_keeps_its_pitch() {
        for rate in [48_000, 44_100, 24_000, 8_000] {
            let mut speaker = Speaker::default();
            tone(&mut speaker, START, rate, 2.0);
            let heard = play(&mut speaker, START, 200, 0.0);
            assert!((878..=881).contains(&crossings(&heard)), "{rate}: {}", crossings(&heard));
        }
    }

    #[test]
    fn a_player_whose_clock_drifts_stays_with_the_pictures_without_a_click() {
        for drift in [-0.001, 0.0003, 0.001] {
            let mut speaker = Speaker::default();
            let mut apart = 0.0_f64;
            let mut last = None;
            tone(&mut speaker, START, 48_000, 12.0);
            for block in 0..1_100_u32 {
                let now = START + Duration::from_secs_f64(f64::from(block) * 0.01 / (1.0 + drift));
                let mut out = [Sample::default(); BLOCK];
                speaker.fill(now, 48_000, &mut out);
                let click = last.map_or(0.0, |last| steepest(&[last, out[0]])).max(steepest(&out));
                assert!(click < 0.07, "drift {drift}, block {block}: a step of {click}");
                last = out.last().copied();
                if let Some(first) = speaker.pieces.front() {
                    let position = first.at.as_micros() as f64 + speaker.cursor * 1e6 / 48_000.0;
                    apart = apart.max((position - now.as_micros() as f64 - 10_000.0).abs());
                }
            }
            assert!(apart < 10_000.0, "drift {drift}: {apart} us apart");
            assert_eq!(speaker.left_out(), 0);
        }
    }

    #[test]
    fn a_gap_is_silence_and_what_comes_after_it_is_in_time() {
        let mut speaker = Speaker::default();
        tone(&mut speaker, START, 48_000, 0.24);
        tone(&mut speaker, START + MS * 1_000, 48_000, 0.24);
        let heard = play(&mut speaker, START, 150, 0.0);
        let quiet = |from: usize, to: usize| heard[from..to].iter().all(|one| *one == Sample::default());
        assert!(quiet(12_000, 47_999) && !quiet(48_000, 48_100));
    }

    #[test]
    fn what_comes_too_late_is_not_heard_later() {
        let mut speaker = Speaker::default();
        tone(&mut speaker, START, 48_000, 1.0);
        let heard = play(&mut speaker, START + MS * 500, 100, 0.0);
        let sounding = heard.iter().rposition(|one| *one != Sample::default()).unwrap();
        assert!((23_990..=24_001).contains(&sounding), "{sounding}");
        assert!((23_900..=24_100).contains(&speaker.left_out()), "{}", speaker.left_out());
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut speaker = Speaker::default();
        tone(&mut speaker, START, 48_000, 30.0);
        assert!(speaker.held <= HELD_MAX);
        assert_eq!(speaker.left_out() + speaker.held as u64, 30 * 48_000);
    }
}
