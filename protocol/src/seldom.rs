//! What most owners never need.

/// A value that gets its room when it is first changed. A broker has tens of thousands of viewers, and of most of them nothing is
/// lost, nothing is spread over time and nothing ends: each pays a pointer for it.
#[derive(Clone, Debug)]
pub struct Seldom<T>(Option<Box<T>>);

impl<T> Default for Seldom<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Default> Seldom<T> {
    /// The value, if it was ever changed.
    pub fn get(&self) -> Option<&T> {
        self.0.as_deref()
    }

    /// The same, to change it.
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.0.as_deref_mut()
    }

    /// The value to change, which begins as the default.
    pub fn make(&mut self) -> &mut T {
        self.0.get_or_insert_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_takes_a_pointer_until_it_is_changed() {
        let mut seldom = Seldom::<[u64; 8]>::default();
        assert_eq!((size_of_val(&seldom), seldom.get()), (size_of::<usize>(), None));
        assert_eq!(seldom.get_mut(), None);
        seldom.make()[3] = 7;
        assert_eq!((seldom.get().map(|it| it[3]), seldom.make()[3]), (Some(7), 7));
    }
}
