//! Frames and bits per second over the last seconds.

use std::time::Duration;

use protocol::time::Time;

/// Rates are means over this long,
const WINDOW: Duration = Duration::from_secs(5);
/// in so many parts: what is older goes a part at a time.
const PARTS: usize = 20;
const PART: Duration = Duration::from_millis(250);

/// What was delivered lately.
#[derive(Default)]
pub(super) struct Rates {
    parts: [Part; PARTS],
    /// Where the newest part stands.
    newest: usize,
    /// When it began.
    began: Time,
    /// The first frame: it opens the measure, and has no interval before it.
    since: Option<Time>,
}

#[derive(Clone, Copy, Default)]
struct Part {
    frames: u32,
    bytes: u32,
}

impl Rates {
    /// A frame was delivered.
    pub(super) fn note(&mut self, now: Time, bytes: usize) {
        if self.since.is_none() {
            (self.since, self.began) = (Some(now), now);
            return;
        }
        self.turn_to(now);
        if let Some(part) = self.parts.get_mut(self.newest) {
            part.frames += 1;
            part.bytes = part.bytes.saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX));
        }
    }

    /// Begins new parts up to now.
    fn turn_to(&mut self, now: Time) {
        if now.since(self.began) >= WINDOW + PART {
            (self.parts, self.began) = ([Part::default(); PARTS], now);
        }
        while now.since(self.began) >= PART {
            self.began = self.began + PART;
            self.newest = (self.newest + 1) % PARTS;
            if let Some(part) = self.parts.get_mut(self.newest) {
                *part = Part::default();
            }
        }
    }

    /// Frames and bits per second.
    pub(super) fn per_second(&self, now: Time) -> (f64, f64) {
        let Some(since) = self.since else { return (0.0, 0.0) };
        // Ages of the parts' beginnings: those that began within the window count.
        let age = |back: usize| now.since(self.began) + PART * u32::try_from(back).unwrap_or(u32::MAX);
        let recent = (0..PARTS).filter(|back| age(*back) <= WINDOW);
        let (mut frames, mut bytes, mut span) = (0.0, 0.0, Duration::ZERO);
        for back in recent {
            let part = self.parts.get((self.newest + PARTS - back) % PARTS).copied().unwrap_or_default();
            (frames, bytes) = (frames + f64::from(part.frames), bytes + f64::from(part.bytes));
            span = age(back);
        }
        let span = span.min(now.since(since)).max(Duration::from_secs(1)).as_secs_f64();
        (frames / span, bytes * 8.0 / span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: u64) -> Time {
        Time::from_micros(60_000_000 + micros)
    }

    #[test]
    fn rates_are_means_over_the_last_five_seconds() {
        let mut rates = Rates::default();
        assert_eq!(rates.per_second(at(0)), (0.0, 0.0));
        for frame in 0..240_u64 {
            rates.note(at(frame * 1_000_000 / 12), 10_000);
        }
        let (frames, bits) = rates.per_second(at(239 * 1_000_000 / 12));
        assert!((11.7..=12.3).contains(&frames), "{frames}");
        assert!((940_000.0..=980_000.0).contains(&bits), "{bits}");
        let (frames, _) = rates.per_second(at(22_400_000));
        assert!((4.0..=7.0).contains(&frames), "half of the window is empty: {frames}");
        assert_eq!(rates.per_second(at(60_000_000)), (0.0, 0.0));
    }

    #[test]
    fn rates_are_right_from_the_start_and_after_a_pause() {
        let mut rates = Rates::default();
        (0..3_u64).for_each(|second| rates.note(at(second * 1_000_000), 16_000));
        assert_eq!(rates.per_second(at(2_000_000)), (1.0, 128_000.0));
        (100..106_u64).for_each(|second| rates.note(at(second * 1_000_000), 16_000));
        let (frames, _) = rates.per_second(at(105_000_000));
        assert!((0.9..=1.3).contains(&frames), "{frames}");
    }
}
