//! The sessions that subscribed to one channel, and what the most demanding of them needs.
//!
//! A join or a leave costs the same whoever else watches: ten thousand viewers that join one channel would otherwise look
//! at each other fifty million times. What they need may therefore be told too large until it is measured anew.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::time::Duration;

use protocol::id::SessionId;

use super::directory::Audience;
use super::sessions::Slot;

/// What a viewer needs of a channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Needs {
    /// The latency that it was granted.
    pub(super) latency: Duration,
    /// How long after its capture a frame is of use to it here.
    pub(super) horizon: Duration,
}

impl Needs {
    /// What serves both.
    pub(super) fn and(self, other: Self) -> Self {
        Self { latency: self.latency.max(other.latency), horizon: self.horizon.max(other.horizon) }
    }
}

/// The subscribers of one channel, in the order of their ids.
#[derive(Default)]
pub(super) struct Subscribers {
    slots: BTreeMap<SessionId, Slot>,
    needs: Needs,
    /// Who was the first to be sent the newest frame.
    first: Option<SessionId>,
}

impl Subscribers {
    /// A session subscribed, or needs something else.
    pub(super) fn insert(&mut self, id: SessionId, slot: Slot, needs: Needs) {
        self.slots.insert(id, slot);
        self.needs = self.needs.and(needs);
    }

    /// A session has left.
    pub(super) fn remove(&mut self, id: SessionId) {
        self.slots.remove(&id);
        if self.slots.is_empty() {
            self.needs = Needs::default();
        }
    }

    /// What they need was measured.
    pub(super) fn set_needs(&mut self, needs: Needs) {
        self.needs = needs;
    }

    /// What serves all of them.
    pub(super) const fn needs(&self) -> Needs {
        self.needs
    }

    /// As the other workers see them.
    pub(super) fn audience(&self) -> Audience {
        let viewers = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
        Audience { viewers, horizon: self.needs.horizon }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether nobody subscribed.
    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// The sessions.
    pub(super) fn ids(&self) -> impl Iterator<Item = SessionId> {
        self.slots.keys().copied()
    }

    /// Where the sessions are.
    pub(super) fn slots(&self) -> impl Iterator<Item = Slot> {
        self.slots.values().copied()
    }

    /// Another one than before: who is to be sent the next frame first. Nobody is always the last.
    pub(super) fn take_turn(&mut self) -> Option<SessionId> {
        let before = self.first.unwrap_or(SessionId::NONE);
        let next = self.slots.range((Bound::Excluded(before), Bound::Unbounded)).next();
        self.first = next.or_else(|| self.slots.first_key_value()).map(|(id, _)| *id);
        self.first
    }

    /// Those of a round that began at `first` and has come to `next`.
    pub(super) fn rest_of_round(
        &self,
        first: SessionId,
        next: SessionId,
    ) -> impl Iterator<Item = (SessionId, Slot)> {
        let is_around = next < first;
        let ahead = self.slots.range(next..).take_while(move |(id, _)| !is_around || **id < first);
        let around = (!is_around).then(|| self.slots.range(..first)).into_iter().flatten();
        ahead.chain(around).map(|(id, slot)| (*id, *slot))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_demanding_one_counts_and_nobody_needs_nothing() {
        let needs = |latency, horizon| Needs {
            latency: Duration::from_millis(latency),
            horizon: Duration::from_millis(horizon),
        };
        let slot = Slot::default();
        let mut subscribers = Subscribers::default();
        subscribers.insert(SessionId(1), slot, needs(500, 490));
        subscribers.insert(SessionId(2), slot, needs(2_000, 400));
        assert_eq!(subscribers.needs(), needs(2_000, 490));
        assert_eq!(subscribers.audience(), Audience { viewers: 2, horizon: Duration::from_millis(490) });
        subscribers.remove(SessionId(2));
        subscribers.set_needs(needs(500, 490));
        assert_eq!(subscribers.needs(), needs(500, 490));
        subscribers.remove(SessionId(1));
        assert_eq!((subscribers.is_empty(), subscribers.audience()), (true, Audience::default()));
    }

    #[test]
    fn everybody_is_first_once() {
        let mut subscribers = crate::engine::fan::tests::subscribers(3);
        let mut firsts = || (0..3).filter_map(|_| subscribers.take_turn()).collect::<Vec<_>>();
        assert_eq!(firsts(), [1, 2, 3].map(SessionId));
        assert_eq!(firsts(), [1, 2, 3].map(SessionId));
        assert_eq!(Subscribers::default().take_turn(), None);
    }
}
