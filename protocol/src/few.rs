//! A map of few entries, most often one: sorted, the first in place, the others in one allocation of the size that they need.
//!
//! A broker has tens of thousands of viewers with one or two tracks each. A B-tree's smallest node has room for eleven
//! entries; here one entry takes the room of one, and is found where the processor has looked already.

/// A map of few entries, in ascending order of keys.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Few<K, V> {
    /// The one with the least key. None where there is no entry at all.
    first: Option<Entry<K, V>>,
    others: Vec<Entry<K, V>>,
}

/// The key beside the beginning of its value.
#[derive(Clone, PartialEq, Eq, Debug)]
#[repr(C)]
struct Entry<K, V> {
    key: K,
    value: V,
}

impl<K, V> Default for Few<K, V> {
    fn default() -> Self {
        Self { first: None, others: Vec::new() }
    }
}

impl<K: Ord, V> Few<K, V> {
    /// The value of a key.
    pub fn get(&self, key: &K) -> Option<&V> {
        let first = self.first.as_ref()?;
        if first.key == *key {
            return Some(&first.value);
        }
        let place = self.place(key).ok()?;
        self.others.get(place).map(|entry| &entry.value)
    }

    /// The value of a key, to change it.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        if self.is_first(key) {
            return self.first.as_mut().map(|entry| &mut entry.value);
        }
        let place = self.place(key).ok()?;
        self.others.get_mut(place).map(|entry| &mut entry.value)
    }

    fn is_first(&self, key: &K) -> bool {
        self.first.as_ref().is_some_and(|first| first.key == *key)
    }

    /// Where a key is among the others, or where it would be.
    fn place(&self, key: &K) -> Result<usize, usize> {
        self.others.binary_search_by(|entry| entry.key.cmp(key))
    }

    /// Whether the key has a value.
    pub fn contains_key(&self, key: &K) -> bool {
        self.get(key).is_some()
    }

    /// Gives the key a value unless it has one.
    pub fn insert_new(&mut self, key: K, value: impl FnOnce() -> V) {
        if !self.contains_key(&key) {
            self.put(key, value());
        }
    }

    /// Gives the key a value; the one that it had.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        if let Some(known) = self.get_mut(&key) {
            return Some(std::mem::replace(known, value));
        }
        self.put(key, value);
        None
    }

    /// A key that has no value.
    fn put(&mut self, key: K, value: V) {
        let new = Entry { key, value };
        let other = match &mut self.first {
            Some(first) if first.key < new.key => new,
            Some(first) => std::mem::replace(first, new),
            none => {
                *none = Some(new);
                return;
            }
        };
        let place = self.others.partition_point(|entry| entry.key < other.key);
        self.others.reserve_exact(1);
        self.others.insert(place, other);
    }

    /// Takes the value of a key out.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        if !self.is_first(key) {
            let place = self.place(key).ok()?;
            return Some(self.others.remove(place).value);
        }
        let next = (!self.others.is_empty()).then(|| self.others.remove(0));
        std::mem::replace(&mut self.first, next).map(|entry| entry.value)
    }

    /// The keys, ascending.
    pub fn keys(&self) -> impl Iterator<Item = &K> + Clone {
        self.iter().map(|(key, _)| key)
    }

    /// The values, in the order of their keys.
    pub fn values(&self) -> impl Iterator<Item = &V> + Clone {
        self.iter().map(|(_, value)| value)
    }

    /// The values, to change them, in the order of their keys.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.iter_mut().map(|(_, value)| value)
    }

    /// Everything, in the order of the keys.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> + Clone {
        self.first.iter().chain(&self.others).map(|entry| (&entry.key, &entry.value))
    }

    /// Everything, to change the values, in the order of the keys.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        self.first.iter_mut().chain(&mut self.others).map(|entry| (&entry.key, &mut entry.value))
    }

    /// How many entries there are.
    pub const fn len(&self) -> usize {
        self.first.is_some() as usize + self.others.len()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.first.is_none()
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
