//! Queues that are empty most of the time.

use std::collections::VecDeque;

/// Takes the first entry out. A queue that is empty then begins anew where it began before: else each entry would stand in
/// another line of memory, cold where a process has thousands of such queues.
pub fn take_first<T>(queue: &mut VecDeque<T>) -> Option<T> {
    let first = queue.pop_front();
    if queue.is_empty() {
        queue.clear();
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_one_at_a_time_stands_in_the_same_place() {
        let mut queue = VecDeque::with_capacity(4);
        let mut places = Vec::new();
        for entry in 0..6 {
            queue.push_back(entry);
            places.push(std::ptr::from_ref(&queue[0]));
            assert_eq!((take_first(&mut queue), take_first(&mut queue)), (Some(entry), None));
        }
        places.dedup();
        assert_eq!(places.len(), 1);
        queue.extend([1, 2]);
        assert_eq!((take_first(&mut queue), take_first(&mut queue)), (Some(1), Some(2)));
    }
}
