//! Pictures in another size.

use super::picture::Picture;

/// The picture in that size: the mean of all pixels that fall into one, or the nearest one where it grows.
pub fn scale(picture: &Picture, width: usize, height: usize) -> Picture {
    let (width, height) = (width.max(1), height.max(1));
    if (width, height) == (picture.width(), picture.height()) {
        return picture.clone();
    }
    let columns: Vec<usize> = (0..width).map(|x| covered(x, width, picture.width()).1).collect();
    let first = covered(0, width, picture.width()).0;
    let mut bytes = Vec::with_capacity(width * height * 3);
    let mut sums = vec![Sum::default(); width];
    for y in 0..height {
        sums.fill(Sum::default());
        let (top, bottom) = covered(y, height, picture.height());
        for row in top..bottom {
            add_row(picture.row(row), first, &columns, width < picture.width(), &mut sums);
        }
        bytes.extend(sums.iter().flat_map(|sum| sum.mean()));
    }
    // The size is the one that was filled.
    Picture::new(width, height, bytes).unwrap_or_else(|| picture.clone())
}

/// The pixels of a side of `from` that the pixel `at` of a side of `to` stands for: at least one.
const fn covered(at: usize, to: usize, from: usize) -> (usize, usize) {
    let start = at * from / to;
    let end = (at + 1) * from / to;
    if end > start { (start, end) } else { (start, start + 1) }
}

/// Sums the pixels of a row into the pixels that stand for them. `ends` are the columns at which each ends.
fn add_row(row: &[u8], first: usize, ends: &[usize], shrinks: bool, sums: &mut [Sum]) {
    let (pixels, _) = row.as_chunks::<3>();
    let mut start = first;
    for (sum, end) in sums.iter_mut().zip(ends) {
        if !shrinks {
            start = end - 1;
        }
        for [red, green, blue] in pixels.get(start..*end).unwrap_or_default() {
            sum.red += u32::from(*red);
            sum.green += u32::from(*green);
            sum.blue += u32::from(*blue);
        }
        sum.count += u32::try_from(end - start).unwrap_or(u32::MAX);
        start = *end;
    }
}

#[derive(Clone, Copy, Default)]
struct Sum {
    red: u32,
    green: u32,
    blue: u32,
    count: u32,
}

impl Sum {
    fn mean(self) -> [u8; 3] {
        let half = self.count / 2;
        [self.red, self.green, self.blue].map(|sum| {
            let mean = (sum + half).checked_div(self.count).unwrap_or_default();
            u8::try_from(mean).unwrap_or(u8::MAX)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filled(width: usize, height: usize, pixel: impl Fn(usize, usize) -> [u8; 3]) -> Picture {
        let rows = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        Picture::new(width, height, rows.flat_map(|(x, y)| pixel(x, y)).collect()).unwrap()
    }

    #[test]
    fn a_smaller_pixel_is_the_mean_of_those_that_it_stands_for() {
        let stripes = filled(8, 4, |x, _| [if x % 2 == 0 { 0 } else { 200 }, 10, 20]);
        let small = scale(&stripes, 4, 2);
        assert_eq!(small, filled(4, 2, |_, _| [100, 10, 20]));
    }

    #[test]
    fn a_larger_picture_repeats_its_pixels() {
        let small = filled(2, 2, |x, y| [if x == 0 { 10 } else { 200 }, if y == 0 { 10 } else { 200 }, 0]);
        let large = scale(&small, 4, 6);
        assert_eq!(large, filled(4, 6, |x, y| small.pixel(x / 2, y / 3).0));
    }

    proptest! {
        #[test]
        fn an_even_picture_stays_even_in_every_size(
            from in (1_usize..70, 1_usize..70),
            to in (1_usize..70, 1_usize..70),
            colour in any::<[u8; 3]>(),
        ) {
            let picture = filled(from.0, from.1, |_, _| colour);
            prop_assert_eq!(scale(&picture, to.0, to.1), filled(to.0, to.1, |_, _| colour));
        }
    }
}
