//! Numbers that wrap: RFC 1982 serial arithmetic on 32 bits (PROTOCOL 2.4).

use std::fmt;

const HALF: u32 = 1 << 31;

/// A 32-bit number on the wire that wraps from `u32::MAX` to 0.
///
/// It has no `Ord`: across the wrap there is no total order. [`Serial::widen`] gives one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Serial(pub u32);

impl Serial {
    /// The number `distance` after this one.
    #[must_use]
    pub const fn plus(self, distance: u32) -> Self {
        Self(self.0.wrapping_add(distance))
    }

    /// How far this number is after `other`: negative when it is before it.
    pub const fn distance(self, other: Self) -> i32 {
        self.0.wrapping_sub(other.0).cast_signed()
    }

    /// Whether this number comes before `other` (by less than half the circle).
    pub const fn before(self, other: Self) -> bool {
        let ahead = other.0.wrapping_sub(self.0);
        ahead != 0 && ahead < HALF
    }

    /// The 64-bit number nearest to `near` whose low half this is. Never below zero.
    pub const fn widen(self, near: u64) -> u64 {
        let step = self.distance(Self::narrow(near));
        match near.checked_add_signed(step as i64) {
            Some(wide) => wide,
            None => self.0 as u64,
        }
    }

    /// The low half of a widened number.
    pub const fn narrow(wide: u64) -> Self {
        let [_, _, _, _, a, b, c, d] = wide.to_be_bytes();
        Self(u32::from_be_bytes([a, b, c, d]))
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn order_holds_across_the_wrap() {
        assert!(Serial(u32::MAX).before(Serial(0)));
        assert!(!Serial(0).before(Serial(u32::MAX)));
        assert!(!Serial(7).before(Serial(7)));
        assert_eq!(Serial(2).distance(Serial(u32::MAX)), 3);
        assert_eq!(Serial(u32::MAX).distance(Serial(2)), -3);
    }

    #[test]
    fn widening_crosses_the_wrap_both_ways() {
        let near = 0x1_0000_0002;
        assert_eq!(Serial(0xFFFF_FFFF).widen(near), 0xFFFF_FFFF);
        assert_eq!(Serial(5).widen(near), 0x1_0000_0005);
        assert_eq!(Serial(1).widen(0xFFFF_FFFF), 0x1_0000_0001);
        assert_eq!(Serial(u32::MAX).widen(0), u64::from(u32::MAX), "there is nothing below zero");
    }

    proptest! {
        #[test]
        fn widening_inverts_narrowing_within_half_the_circle(near in (1_u64 << 32)..(1 << 48), step in -0x7FFF_FFFF_i64..0x7FFF_FFFF) {
            let wide = near.checked_add_signed(step).unwrap();
            prop_assert_eq!(Serial::narrow(wide).widen(near), wide);
        }

        #[test]
        fn before_is_the_sign_of_distance(a: u32, b: u32) {
            prop_assume!(a.wrapping_sub(b) != HALF);
            prop_assert_eq!(Serial(a).before(Serial(b)), Serial(a).distance(Serial(b)) < 0);
        }
    }
}
