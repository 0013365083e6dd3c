//! The frames of a track that are known to exist and not settled: a row of slots without a hole.

use std::collections::VecDeque;

use crate::queue::take_first;

use super::slot::Slot;

/// Slots by their wide frame numbers, ascending.
///
#[derive(Clone, Debug, Default)]
pub(super) struct Slots {
    /// The number of the first one.
    first: u64,
    row: VecDeque<Slot>,
}

impl Slots {
    fn place(&self, number: u64) -> Option<usize> {
        usize::try_from(number.checked_sub(self.first)?).ok()
    }

    pub(super) fn get(&self, number: u64) -> Option<&Slot> {
        self.row.get(self.place(number)?)
    }

    pub(super) fn get_mut(&mut self, number: u64) -> Option<&mut Slot> {
        let place = self.place(number)?;
        self.row.get_mut(place)
    }

    /// Adds the one behind the last; where there is none, the row begins with it.
    pub(super) fn push(&mut self, number: u64, slot: Slot) {
        if self.row.is_empty() {
            self.first = number;
        }
        debug_assert_eq!(self.place(number), Some(self.row.len()), "a hole in the row");
        self.row.push_back(slot);
    }

    /// Takes the first one out, if this is its number.
    pub(super) fn take_first(&mut self, number: u64) -> Option<Slot> {
        if self.first != number {
            return None;
        }
        let slot = take_first(&mut self.row)?;
        self.first += 1;
        Some(slot)
    }

    /// Takes the last one out.
    pub(super) fn take_last(&mut self) -> Option<Slot> {
        self.row.pop_back()
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (u64, &Slot)> {
        (0..self.row.len()).zip(&self.row).map(|(place, slot)| (self.first + place as u64, slot))
    }

    /// All of them, to change them.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (u64, &mut Slot)> {
        (self.first..).zip(&mut self.row)
    }

    /// Those from a number on.
    pub(super) fn since(&self, number: u64) -> impl Iterator<Item = (u64, &Slot)> {
        let place = self.place(number).unwrap_or(0).min(self.row.len());
        (self.first + place as u64..).zip(self.row.range(place..))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::rtt::Rtt;
    use crate::time::Time;

    fn numbers<'s>(slots: impl Iterator<Item = (u64, &'s Slot)>) -> Vec<u64> {
        slots.map(|(number, _)| number).collect()
    }

    #[test]
    fn a_row_grows_at_its_end_and_is_settled_from_its_front() {
        let slot = || Slot::noticed(Time::ZERO, &Rtt::default());
        let mut slots = Slots::default();
        assert!(slots.get(0).is_none() && slots.take_last().is_none());
        (7..12).for_each(|number| slots.push(number, slot()));
        assert_eq!(numbers(slots.iter()), [7, 8, 9, 10, 11]);
        assert_eq!(numbers(slots.iter().rev()), [11, 10, 9, 8, 7]);
        assert_eq!((numbers(slots.since(10)), numbers(slots.since(3)).len()), (vec![10, 11], 5));
        assert!(slots.since(12).next().is_none());
        assert!(slots.take_first(8).is_none() && slots.take_first(7).is_some());
        assert!(slots.get(7).is_none() && slots.get(8).is_some() && slots.get_mut(12).is_none());
        assert!(slots.take_last().is_some() && slots.get(11).is_none());
        assert_eq!(slots.iter_mut().map(|(number, _)| number).collect::<Vec<_>>(), [8, 9, 10]);
        (8..11).for_each(|number| assert!(slots.take_first(number).is_some()));
        slots.push(40, slot());
        assert_eq!(numbers(slots.iter()), [40], "an empty row begins anywhere");
    }
}
