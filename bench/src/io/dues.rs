//! When each socket of a thread is due: who makes the whole thread sleep sleeps no longer than the first of them.

use std::collections::{BTreeMap, BTreeSet};

use protocol::time::Time;

/// The moments of all sockets of a thread.
#[derive(Default)]
pub(super) struct Dues {
    of: BTreeMap<usize, Time>,
    order: BTreeSet<(Time, usize)>,
}

impl Dues {
    /// The socket with this number is due then, or waits for nothing but what comes in.
    pub(super) fn note(&mut self, socket: usize, due: Option<Time>) {
        let before = match due {
            Some(due) => self.of.insert(socket, due),
            None => self.of.remove(&socket),
        };
        if before != due {
            before.map(|before| self.order.remove(&(before, socket)));
            self.order.extend(due.map(|due| (due, socket)));
        }
    }

    /// When the first of them is due.
    pub(super) fn first(&self) -> Option<Time> {
        self.order.first().map(|(due, _)| *due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_of_all_sockets_is_the_first() {
        let at = |us| Some(Time::from_micros(us));
        let mut dues = Dues::default();
        assert_eq!(dues.first(), None);
        dues.note(0, at(2_000));
        dues.note(1, at(500));
        assert_eq!(dues.first(), at(500), "socket 0 may not make the thread sleep until 2 000");
        dues.note(1, at(500));
        dues.note(1, at(2_500));
        assert_eq!(dues.first(), at(2_000), "a socket is due once");
        dues.note(0, None);
        assert_eq!(dues.first(), at(2_500));
        dues.note(1, None);
        assert_eq!(dues.first(), None, "who is gone keeps nobody awake");
    }
}
