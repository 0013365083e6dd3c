//! A map of few entries: sorted, in one allocation of the size that it needs.
//!
//! A broker has tens of thousands of viewers with one or two tracks each. A B-tree's smallest node has room for eleven
//! entries; here one entry takes the room of one, and is found where the processor looks next.

/// A map of few entries, in ascending order of keys.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Few<K, V> {
    entries: Vec<(K, V)>,
}

impl<K, V> Default for Few<K, V> {
    fn default() -> Self {
        Self { entries: Vec::new() }
    }
}

impl<K: Ord, V> Few<K, V> {
    fn place(&self, key: &K) -> Result<usize, usize> {
        self.entries.binary_search_by(|(known, _)| known.cmp(key))
    }

    /// The value of a key.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.place(key).ok().and_then(|place| self.entries.get(place)).map(|(_, value)| value)
    }

    /// The value of a key, to change it.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let place = self.place(key).ok()?;
        self.entries.get_mut(place).map(|(_, value)| value)
    }

    /// Whether the key has a value.
    pub fn contains_key(&self, key: &K) -> bool {
        self.place(key).is_ok()
    }

    /// Gives the key a value unless it has one.
    pub fn insert_new(&mut self, key: K, value: impl FnOnce() -> V) {
        if let Err(place) = self.place(&key) {
            self.entries.reserve_exact(1);
            self.entries.insert(place, (key, value()));
        }
    }

    /// Gives the key a value; the one that it had.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.place(&key) {
            Ok(place) => self.entries.get_mut(place).map(|(_, known)| std::mem::replace(known, value)),
            Err(place) => {
                self.entries.reserve_exact(1);
                self.entries.insert(place, (key, value));
                None
            }
        }
    }

    /// Takes the value of a key out.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let place = self.place(key).ok()?;
        Some(self.entries.remove(place).1)
    }

    /// The keys, ascending.
    pub fn keys(&self) -> impl Iterator<Item = &K> + Clone {
        self.entries.iter().map(|(key, _)| key)
    }

    /// The values, in the order of their keys.
    pub fn values(&self) -> impl Iterator<Item = &V> + Clone {
        self.entries.iter().map(|(_, value)| value)
    }

    /// The values, to change them, in the order of their keys.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.entries.iter_mut().map(|(_, value)| value)
    }

    /// Everything, in the order of the keys.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> + Clone {
        self.entries.iter().map(|(key, value)| (key, value))
    }

    /// Everything, to change the values, in the order of the keys.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        self.entries.iter_mut().map(|(key, value)| (&*key, value))
    }

    /// How many entries there are.
    pub const fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_does_what_an_ordered_map_does(steps in proptest::collection::vec((0_u8..3, 0_u8..12, any::<u16>()), 0..60)) {
            let (mut few, mut model) = (Few::default(), BTreeMap::new());
            for (step, key, value) in steps {
                match step {
                    0 => {
                        few.insert_new(key, || value);
                        model.entry(key).or_insert(value);
                    }
                    1 => prop_assert_eq!(few.insert(key, value), model.insert(key, value)),
                    _ => prop_assert_eq!(few.remove(&key), model.remove(&key)),
                }
                prop_assert_eq!(few.get(&key), model.get(&key));
                prop_assert_eq!(few.get_mut(&key), model.get_mut(&key));
                prop_assert_eq!(few.contains_key(&key), model.contains_key(&key));
                prop_assert!(few.iter().eq(model.iter()) && few.keys().eq(model.keys()));
                prop_assert!(few.values().eq(model.values()) && few.iter_mut().eq(model.iter_mut()));
                prop_assert_eq!((few.len(), few.is_empty()), (model.len(), model.is_empty()));
            }
        }
    }
}
