//! What the terminal is given: so many bytes a second, paid for with colours first, then with frames.

use std::time::Duration;

use protocol::time::Time;

use super::palette::Palette;

/// Bytes of pictures in any second: what a terminal behind `docker attach` or ssh takes without falling behind.
pub const BYTES_PER_SECOND: usize = 300_000;
/// Bytes that may come at once after a pause.
const BURST: usize = 50_000;
/// Bytes that are earned in a second. With the burst no second reaches [`BYTES_PER_SECOND`]: the rest is for text.
const EARNED: usize = 235_000;
/// From paint to paint where frames are left out: a little less than a sixth of a second, so that six come.
const SPACING_MAX: Duration = Duration::from_millis(150);
/// A grade is looked at again after so many paints: a cut is over by then.
const PAINTS: u32 = 12;
/// Paints with room to spare before a finer grade is tried.
const CALM_PAINTS: u32 = 24;

/// How good the picture is: what a grade gives up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Grade {
    /// The colours.
    pub palette: Palette,
    /// Differences up to this are left as they are.
    pub tolerance: u8,
    /// The least time from paint to paint.
    pub spacing: Duration,
    /// Pixel renderers: each side is divided by this.
    pub shrink: usize,
    /// Renderers of picture files: the quality of JPEG.
    pub quality: u8,
}

/// From the finest to the coarsest. Frames are given up last.
const GRADES: [Grade; 8] = [
    Grade { palette: Palette::FULL, tolerance: 3, spacing: Duration::ZERO, shrink: 1, quality: 85 },
    Grade {
        palette: Palette::Exact { bits: 5 },
        tolerance: 8,
        spacing: Duration::ZERO,
        shrink: 1,
        quality: 70,
    },
    Grade { palette: Palette::Indexed, tolerance: 12, spacing: Duration::ZERO, shrink: 2, quality: 55 },
    Grade { palette: Palette::Indexed, tolerance: 20, spacing: Duration::ZERO, shrink: 3, quality: 40 },
    Grade { palette: Palette::Indexed, tolerance: 20, spacing: SPACING_MAX, shrink: 3, quality: 40 },
    Grade { palette: Palette::Indexed, tolerance: 30, spacing: SPACING_MAX, shrink: 4, quality: 30 },
    Grade { palette: Palette::Indexed, tolerance: 40, spacing: SPACING_MAX, shrink: 6, quality: 20 },
    Grade { palette: Palette::Indexed, tolerance: 40, spacing: SPACING_MAX, shrink: 12, quality: 20 },
];

/// The account of a terminal.
#[derive(Debug)]
pub struct Budget {
    /// The most colours that the terminal takes.
    palette: Palette,
    grade: usize,
    /// Bytes that may be written. Below zero where a picture could not be made smaller.
    balance: i64,
    /// When the balance was reckoned.
    reckoned: Option<Time>,
    painted: Option<Time>,
    /// Paints at this grade, and how many of them were short of bytes or had many to spare.
    paints: u32,
    short: u32,
    calm: u32,
}

impl Budget {
    /// A full account of a terminal that takes these colours.
    pub fn new(palette: Palette) -> Self {
        Self {
            palette,
            grade: 0,
            balance: i64::try_from(BURST).unwrap_or(i64::MAX),
            reckoned: None,
            painted: None,
            paints: 0,
            short: 0,
            calm: 0,
        }
    }

    /// What is given up now.
    pub fn grade(&self) -> Grade {
        let grade = GRADES.get(self.grade).copied().unwrap_or(GRADES[0]);
        Grade { palette: grade.palette.min(self.palette), ..grade }
    }

    /// What the status says of it: nothing while nothing is given up.
    pub fn notice(&self) -> Option<&'static str> {
        match self.grade {
            0 => None,
            1 => Some("fewer colours"),
            2 | 3 => Some("256 colours"),
            _ => Some("256 colours, fewer frames"),
        }
    }

    /// When the next picture may be painted, if not now.
    pub fn poll_timeout(&mut self, now: Time) -> Option<Time> {
        self.reckon(now);
        let spaced = self.painted.map(|painted| painted + self.grade().spacing);
        let latest = self.painted.map_or(now, |painted| painted + SPACING_MAX);
        // In debt: until it is paid, or six a second would not be reached.
        let owed = u64::try_from(-self.balance).unwrap_or(0);
        let paid = now + Duration::from_micros(owed * 1_000_000 / EARNED as u64);
        let due = paid.min(latest).max(spaced.unwrap_or(now));
        (due > now).then_some(due)
    }

    /// Bytes for the picture that is painted now.
    pub fn allowance(&mut self, now: Time) -> usize {
        self.reckon(now);
        usize::try_from(self.balance).unwrap_or(0)
    }

    /// So many bytes were written that show no new picture.
    pub fn note_text(&mut self, now: Time, bytes: usize) {
        self.reckon(now);
        self.balance -= i64::try_from(bytes).unwrap_or(i64::MAX);
    }

    /// A picture was painted with so many bytes. `left` is the largest difference that was not, 0 to 255.
    pub fn note_picture(&mut self, now: Time, bytes: usize, left: u8) {
        self.note_text(now, bytes);
        let interval = self.painted.map(|painted| now.since(painted).min(SPACING_MAX * 2));
        self.painted = Some(now);
        let Some(interval) = interval else { return };
        let earned = EARNED as f64 * interval.as_secs_f64();
        self.paints += 1;
        let is_short = left > self.grade().tolerance.saturating_mul(2) || self.balance < 0;
        self.short += u32::from(is_short);
        self.calm = if (bytes as f64) < earned / 2.0 && !is_short { self.calm + 1 } else { 0 };
        let is_deep = self.balance < -i64::try_from(BURST).unwrap_or(i64::MAX);
        if is_deep && self.grade + 1 < GRADES.len() {
            // Pictures that are written whole or not at all: nobody waits for the next look.
            self.change(self.grade + 1);
        } else if self.paints >= PAINTS {
            if self.short * 4 > self.paints * 3 && self.grade + 1 < GRADES.len() {
                self.change(self.grade + 1);
            } else if self.calm >= CALM_PAINTS && self.grade > 0 {
                self.change(self.grade - 1);
            } else {
                (self.paints, self.short) = (0, 0);
            }
        }
    }

    const fn change(&mut self, grade: usize) {
        self.grade = grade;
        (self.paints, self.short, self.calm) = (0, 0, 0);
    }

    fn reckon(&mut self, now: Time) {
        let Some(before) = self.reckoned.replace(now) else { return };
        let earned = EARNED as u64 * u64::try_from(now.since(before).as_micros()).unwrap_or(0) / 1_000_000;
        let earned = i64::try_from(earned).unwrap_or(i64::MAX);
        self.balance = self.balance.saturating_add(earned).min(i64::try_from(BURST).unwrap_or(i64::MAX));
        // Fractions of a byte are not lost: the time that they took is counted again.
        if earned == 0 {
            self.reckoned = Some(before);
        }
    }
}
