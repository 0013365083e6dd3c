//! The sessions of a worker: found by their id, or at once by the slot that each keeps as long as it lives.
//!
//! The fan-out visits every viewer of a channel for every frame. Walking a tree for each of them waits for memory several
//! times in a row; a slot is one step.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use protocol::id::SessionId;

use super::session::Session;

/// Sessions that get their room together: one row that grew by doubling would have as much room to spare as it uses.
const BLOCK: usize = 64;

/// Where a session is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Slot(u32);

/// All sessions.
#[derive(Default)]
pub(super) struct Sessions {
    blocks: Vec<Vec<Option<Session>>>,
    free: Vec<Slot>,
    index: HashMap<SessionId, Slot, BuildHasherDefault<Spread>>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "keys are taken as the standard library's maps take them"
)]
impl Sessions {
    pub(super) fn get(&self, id: &SessionId) -> Option<&Session> {
        self.at(self.slot(*id)?)
    }

    pub(super) fn get_mut(&mut self, id: &SessionId) -> Option<&mut Session> {
        let slot = self.slot(*id)?;
        self.at_mut(slot)
    }

    /// The slot of a session.
    pub(super) fn slot(&self, id: SessionId) -> Option<Slot> {
        self.index.get(&id).copied()
    }

    /// The session in a slot.
    pub(super) fn at(&self, slot: Slot) -> Option<&Session> {
        self.blocks.get(slot.block())?.get(slot.place())?.as_ref()
    }

    /// The session in a slot, to change it.
    pub(super) fn at_mut(&mut self, slot: Slot) -> Option<&mut Session> {
        self.place_mut(slot)?.as_mut()
    }

    fn place_mut(&mut self, slot: Slot) -> Option<&mut Option<Session>> {
        self.blocks.get_mut(slot.block())?.get_mut(slot.place())
    }

    /// Takes in a session; one of the same id gives way.
    pub(super) fn insert(&mut self, id: SessionId, session: Session) {
        self.remove(&id);
        let slot = self.free.pop().unwrap_or_else(|| self.grow());
        if let Some(place) = self.place_mut(slot) {
            *place = Some(session);
            self.index.insert(id, slot);
        }
    }

    /// A new slot behind all others.
    fn grow(&mut self) -> Slot {
        let full = self.blocks.last().is_none_or(|block| block.len() == BLOCK);
        if full {
            self.blocks.push(Vec::with_capacity(BLOCK));
        }
        let before = (self.blocks.len() - 1) * BLOCK;
        let place = self.blocks.last_mut().map_or(0, |block| {
            block.push(None);
            block.len() - 1
        });
        Slot(u32::try_from(before + place).unwrap_or(u32::MAX))
    }

    pub(super) fn remove(&mut self, id: &SessionId) -> Option<Session> {
        let slot = self.index.remove(id)?;
        let session = self.place_mut(slot)?.take();
        self.free.push(slot);
        if self.index.is_empty() {
            // Nothing is kept for a crowd that has gone.
            *self = Self::default();
        }
        session
    }

    pub(super) fn contains_key(&self, id: &SessionId) -> bool {
        self.index.contains_key(id)
    }

    pub(super) fn len(&self) -> usize {
        self.index.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// The ids, in the order of the slots: the same in every run.
    pub(super) fn ids(&self) -> impl Iterator<Item = SessionId> {
        self.blocks.iter().flatten().flatten().map(|session| session.outbound.session())
    }
}

impl Slot {
    const fn block(self) -> usize {
        self.0 as usize / BLOCK
    }

    /// In its block.
    const fn place(self) -> usize {
        self.0 as usize % BLOCK
    }
}

/// Ids are random numbers of the broker's own choice, which nobody can steer into one bucket; only their low byte, the
/// worker's number, is the same in all of them and has to be spread.
#[derive(Default)]
struct Spread(u64);

/// An odd number without a pattern: 2^64 over the golden ratio.
const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;

impl Hasher for Spread {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0 ^ value).wrapping_mul(MULTIPLIER).rotate_left(32);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use protocol::time::Time;

    use super::super::handover::Path;
    use super::super::session::Role;
    use super::*;

    impl Sessions {
        /// A session that does nothing.
        pub(in super::super) fn insert_probe(&mut self, id: SessionId) {
            let path = Path { peer: "192.0.2.1:4000".parse().unwrap(), local: None };
            self.insert(id, Session::new(Time::ZERO, id, path, [0; 16], Role::Probe));
        }
    }

    #[test]
    fn a_slot_names_its_session_until_that_ends_and_another_one_takes_it_over() {
        let mut sessions = Sessions::default();
        let ids: Vec<SessionId> = (1..=3).map(|number| SessionId(number << 8)).collect();
        for id in &ids {
            sessions.insert_probe(*id);
        }
        let slot = sessions.slot(ids[1]).unwrap();
        assert_eq!(sessions.at(slot).map(|session| session.outbound.session()), Some(ids[1]));
        assert!(sessions.remove(&ids[1]).is_some() && sessions.remove(&ids[1]).is_none());
        assert!(sessions.at(slot).is_none() && sessions.get(&ids[1]).is_none());
        let late = SessionId(9 << 8);
        sessions.insert_probe(late);
        assert_eq!(sessions.slot(late), Some(slot));
        assert_eq!(sessions.ids().collect::<Vec<_>>(), [ids[0], late, ids[2]]);
        for id in [ids[0], late, ids[2]] {
            sessions.remove(&id);
        }
        assert!(sessions.is_empty() && sessions.blocks.capacity() == 0, "nothing is kept for those who left");
    }

    #[test]
    fn an_idle_viewer_takes_a_kibibyte() {
        let entries = size_of::<(SessionId, Slot)>() * 2;
        let (session, viewer) = (size_of::<Session>(), size_of::<super::super::viewer::Viewer>());
        assert!(session + viewer + entries <= 1_024, "{session} + {viewer} + {entries}");
    }

    #[test]
    fn ids_of_one_worker_spread_over_the_table() {
        let hash = |number: u64| {
            let mut hasher = Spread::default();
            hasher.write_u64(number << 8);
            hasher.finish()
        };
        let low: std::collections::BTreeSet<u64> = (0..256).map(|number| hash(number) & 0xFF).collect();
        let top: std::collections::BTreeSet<u64> = (0..256).map(|number| hash(number) >> 57).collect();
        assert!(low.len() > 128 && top.len() > 96, "{} {}", low.len(), top.len());
    }
}
