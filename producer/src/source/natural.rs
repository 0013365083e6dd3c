//! Natural order of file names: `frame2` before `frame10`.

use std::cmp::Ordering;
use std::iter;

/// Compares two names as a person would: a run of digits counts as one number of any size, and the case of
/// letters does not matter. Names that differ in leading zeros or case alone fall back to their code points,
/// so the order is total and two names are equal only if they are the same.
pub(super) fn natural_order(left: &str, right: &str) -> Ordering {
    tokens(left).cmp(tokens(right)).then_with(|| left.cmp(right))
}

/// A piece of a name. Declared in sorting order: numbers before letters.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Token<'a> {
    /// A number without its leading zeros; the one with more digits is the larger.
    Number { length: usize, digits: &'a str },
    /// Anything else, in lower case.
    Letter(char),
}

fn tokens(mut rest: &str) -> impl Iterator<Item = Token<'_>> {
    iter::from_fn(move || {
        let first = rest.chars().next()?;
        if !first.is_ascii_digit() {
            rest = rest.get(first.len_utf8()..)?;
            return Some(Token::Letter(first.to_lowercase().next().unwrap_or(first)));
        }
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, after) = rest.split_at_checked(end)?;
        rest = after;
        let digits = number.trim_start_matches('0');
        Some(Token::Number { length: digits.len(), digits })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn assert_ascending(names: &[&str]) {
        for (position, left) in names.iter().enumerate() {
            for right in &names[position + 1..] {
                assert_eq!(natural_order(left, right), Ordering::Less, "{left} before {right}");
                assert_eq!(natural_order(right, left), Ordering::Greater, "{right} after {left}");
            }
        }
    }

    #[test]
    fn numbers_count_by_value() {
        assert_ascending(&["frame1.jpg", "frame2.jpg", "frame10.jpg", "frame100.jpg"]);
    }

    #[test]
    fn each_number_of_a_name_counts() {
        assert_ascending(&["cam2-take9-f10", "cam2-take10-f9", "cam10-take1-f1"]);
    }

    #[test]
    fn leading_zeros_decide_only_between_equal_numbers() {
        assert_ascending(&["f007", "f07", "f7", "f008", "f8", "f09", "f010"]);
        assert_ascending(&["a01b1", "a1b2", "a01b3"]);
    }

    #[test]
    fn case_decides_only_between_names_that_are_else_equal() {
        assert_ascending(&["Apple", "apple", "Banana", "cherry"]);
        assert_ascending(&["FRAME2", "frame10"]);
    }

    #[test]
    fn numbers_beyond_64_bits_count_by_value() {
        assert_ascending(&[
            "f18446744073709551615",
            "f18446744073709551616",
            "f99999999999999999999999999999999999999998",
            "f99999999999999999999999999999999999999999",
            "f100000000000000000000000000000000000000000",
        ]);
    }

    #[test]
    fn names_beyond_ascii_are_ordered() {
        assert_ascending(&["bild2", "bild10", "Größe1", "größe2", "映像2", "映像10"]);
    }

    #[test]
    fn a_prefix_comes_first_and_numbers_come_before_letters() {
        assert_ascending(&["", "1", "2a", "a", "a0", "a1", "aa"]);
    }

    fn name() -> impl Strategy<Value = String> {
        prop_oneof!["[aAbB0-9]{0,6}", "\\PC{0,6}", "frame0{0,3}[0-9]{0,25}"]
    }

    proptest! {
        #[test]
        fn the_order_is_total(a in name(), b in name(), c in name()) {
            prop_assert_eq!(natural_order(&a, &b), natural_order(&b, &a).reverse());
            prop_assert_eq!(natural_order(&a, &b) == Ordering::Equal, a == b);
            if natural_order(&a, &b).is_le() && natural_order(&b, &c).is_le() {
                prop_assert!(natural_order(&a, &c).is_le());
            }
        }

        #[test]
        fn numbers_agree_with_arithmetic(a: u128, b: u128, zeros in 0_usize..4) {
            prop_assume!(a != b);
            let padded = format!("f{}{b}.jpg", "0".repeat(zeros));
            prop_assert_eq!(natural_order(&format!("f{a}.jpg"), &padded), a.cmp(&b));
        }
    }
}
