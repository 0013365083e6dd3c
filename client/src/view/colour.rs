//! Colours, and the 256 of them that every terminal has.

/// A colour as red, green and blue.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Rgb(pub [u8; 3]);

/// The six steps of a channel in the colour cube of the 256 colours.
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];
/// Where the cube begins among the 256 colours; the sixteen before it are the user's own.
const CUBE_FIRST: u8 = 16;
/// Where the greys begin.
const GREY_FIRST: u8 = 232;
/// The last of the 24 greys.
const GREY_LAST: u8 = 23;
/// Shares of red, green and blue in what the eye takes for a difference; together 16.
const WEIGHTS: [u16; 3] = [5, 8, 3];

impl Rgb {
    /// Black.
    pub const BLACK: Self = Self([0; 3]);

    /// How far apart two colours are, 0 to 255.
    pub fn distance(self, other: Self) -> u8 {
        let [red, green, blue] = [0, 1, 2].map(|channel| {
            let pair = (self.0.get(channel), other.0.get(channel), WEIGHTS.get(channel));
            let (Some(one), Some(two), Some(weight)) = pair else { return 0 };
            u16::from(one.abs_diff(*two)) * weight
        });
        // At most 255: the weights are sixteenths.
        u8::try_from((red + green + blue) / 16).unwrap_or(u8::MAX)
    }

    /// How bright it is, 0 to 255.
    pub fn luma(self) -> u8 {
        let [red, green, blue] = self.0.map(u32::from);
        u8::try_from((red * 77 + green * 150 + blue * 29) >> 8).unwrap_or(u8::MAX)
    }

    /// The middle of the step in which it lies where a channel has `bits` bits, 1 to 8.
    #[must_use]
    pub fn coarse(self, bits: u8) -> Self {
        let lost = 8 - bits.clamp(1, 8);
        let half = (1_u8 << lost) >> 1;
        Self(self.0.map(|channel| (channel >> lost << lost) | half))
    }

    /// The number of the nearest of the 256 colours.
    pub fn index(self) -> u8 {
        let [red, green, blue] = self.0.map(cube_step);
        let cube = CUBE_FIRST + 36 * red + 6 * green + blue;
        let grey = GREY_FIRST + (self.luma().saturating_sub(3) / 10).min(GREY_LAST);
        if self.distance(Self::of_index(grey)) < self.distance(Self::of_index(cube)) { grey } else { cube }
    }

    /// One of the 256 colours; the sixteen that are the user's own show as black.
    pub fn of_index(index: u8) -> Self {
        if index >= GREY_FIRST {
            return Self([8 + (index - GREY_FIRST) * 10; 3]);
        }
        let Some(cube) = index.checked_sub(CUBE_FIRST) else { return Self::BLACK };
        let step = |step: u8| CUBE.get(usize::from(step)).copied().unwrap_or_default();
        Self([step(cube / 36), step(cube / 6 % 6), step(cube % 6)])
    }
}

/// The nearest step of the cube.
const fn cube_step(channel: u8) -> u8 {
    match channel {
        0..48 => 0,
        48..115 => 1,
        _ => (channel - 35) / 40,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_of_the_256_colours_is_nearest_to_itself() {
        for index in CUBE_FIRST..=u8::MAX {
            let colour = Rgb::of_index(index);
            assert_eq!(Rgb::of_index(colour.index()), colour, "{index}");
        }
    }

    #[test]
    fn no_colour_is_far_from_its_nearest() {
        for red in (0..=255).step_by(5) {
            for green in (0..=255).step_by(5) {
                for blue in (0..=255).step_by(15) {
                    let colour = Rgb([red, green, blue]);
                    let off = colour.distance(Rgb::of_index(colour.index()));
                    assert!(off <= 40, "{colour:?} is {off} off");
                }
            }
        }
    }

    #[test]
    fn a_coarse_colour_is_off_by_half_a_step_at_the_most() {
        for value in 0..=u8::MAX {
            assert_eq!(Rgb([value; 3]).coarse(8), Rgb([value; 3]));
            assert!(Rgb([value; 3]).distance(Rgb([value; 3]).coarse(5)) <= 4);
        }
        assert_eq!(Rgb([255; 3]).distance(Rgb::BLACK), 255);
    }
}
