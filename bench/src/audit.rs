//! Whether a viewer got what was published for it: counted apart from the engines, by what the frames say of themselves.

/// What one viewer saw of one producer, by the numbers in the frames.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Audit {
    /// The first frame that is owed.
    first: u64,
    newest: Option<u64>,
    delivered: u64,
}

impl Audit {
    /// A viewer whose subscription was granted when `published` frames had been: it is owed everything after them. It may
    /// get the one before as well.
    pub(crate) const fn joining_at(published: u64) -> Self {
        Self { first: published, newest: None, delivered: 0 }
    }

    /// Takes in a delivered frame; false where it came before or an earlier one should have.
    pub(crate) fn note(&mut self, number: u64) -> bool {
        match self.newest {
            None => self.first = self.first.min(number),
            Some(newest) if number <= newest => return false,
            Some(_) => {}
        }
        self.newest = Some(number);
        self.delivered += 1;
        true
    }

    /// Frames before the newest delivered one that were owed and are missing.
    pub(crate) fn gaps(&self) -> u64 {
        self.missing_before(0)
    }

    /// Frames before `end` that were owed and are missing.
    pub(crate) fn missing_before(&self, end: u64) -> u64 {
        let end = end.max(self.newest.map_or(0, |newest| newest + 1));
        end.saturating_sub(self.first + self.delivered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn audit(joining_at: u64, numbers: &[u64]) -> Audit {
        let mut audit = Audit::joining_at(joining_at);
        for number in numbers {
            assert!(audit.note(*number), "{number}");
        }
        audit
    }

    #[test]
    fn what_was_published_since_the_subscription_and_not_delivered_is_missing() {
        assert_eq!(audit(8, &[7, 8, 9]).missing_before(10), 0, "the newest one was sent at once");
        assert_eq!(audit(8, &[7, 9]).missing_before(12), 3, "8, 10 and 11");
        assert_eq!(audit(8, &[10, 11]).missing_before(12), 2, "8 and 9");
        assert_eq!(audit(8, &[7, 9]).gaps(), 1);
        assert_eq!((audit(8, &[]).missing_before(12), audit(8, &[]).gaps()), (4, 0));
    }

    #[test]
    fn a_frame_that_comes_twice_or_after_a_later_one_is_told_and_counts_for_nothing() {
        let mut told = audit(5, &[5, 7]);
        assert!(!told.note(7) && !told.note(6) && !told.note(5));
        assert_eq!(told, audit(5, &[5, 7]));
    }
}
