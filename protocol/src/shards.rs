//! A set of shard indices of one frame.

/// Which of a frame's shards are in it: one bit each, as many as the frame has.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ShardSet {
    words: Vec<u64>,
    len: u16,
    count: u16,
}

const WORD_BITS: u16 = 64;

impl ShardSet {
    /// The empty set for a frame of `len` shards.
    pub fn empty(len: u16) -> Self {
        Self { words: vec![0; usize::from(len.div_ceil(WORD_BITS))], len, count: 0 }
    }

    /// Adds `index`; false if it was there already or is out of range.
    pub fn insert(&mut self, index: u16) -> bool {
        if index >= self.len {
            return false;
        }
        let Some(word) = self.words.get_mut(usize::from(index / WORD_BITS)) else { return false };
        let bit = 1 << (index % WORD_BITS);
        let fresh = *word & bit == 0;
        *word |= bit;
        self.count += u16::from(fresh);
        fresh
    }

    /// Whether `index` is in it.
    pub fn contains(&self, index: u16) -> bool {
        self.words
            .get(usize::from(index / WORD_BITS))
            .is_some_and(|word| word & (1 << (index % WORD_BITS)) != 0)
    }

    /// How many indices are in it.
    pub const fn count(&self) -> u16 {
        self.count
    }

    /// How many shards the frame has.
    pub const fn capacity(&self) -> u16 {
        self.len
    }

    /// Whether all shards are in it.
    pub const fn is_full(&self) -> bool {
        self.count == self.len
    }

    /// The indices that are not in it, ascending.
    pub fn missing(&self) -> impl Iterator<Item = u16> {
        (0..self.len).filter(|index| !self.contains(*index))
    }

    /// How many runs of neighbours are missing.
    pub fn missing_runs(&self) -> u16 {
        let starts = |index: &u16| *index == 0 || self.contains(index - 1);
        u16::try_from(self.missing().filter(starts).count()).unwrap_or(u16::MAX)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_behaves_like_a_set_of_integers(len in 1_u16..300, inserts: Vec<u16>) {
            let (mut set, mut model) = (ShardSet::empty(len), BTreeSet::new());
            for index in inserts.into_iter().map(|i| i % (len + 2)) {
                prop_assert_eq!(set.insert(index), index < len && model.insert(index));
            }
            prop_assert_eq!(usize::from(set.count()), model.len());
            prop_assert_eq!(set.is_full(), model.len() == usize::from(len));
            let missing: Vec<u16> = (0..len).filter(|i| !model.contains(i)).collect();
            prop_assert_eq!(set.missing().collect::<Vec<_>>(), missing);
        }
    }

    #[test]
    fn runs_of_missing_neighbours_count_once() {
        let mut set = ShardSet::empty(10);
        for index in [0, 3, 4, 9] {
            set.insert(index);
        }
        assert_eq!(set.missing_runs(), 2);
    }
}
