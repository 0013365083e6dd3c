//! The sessions of a worker: found by their id, by their address, or at once by the slot that each keeps as long as it lives.
//!
//! The fan-out visits every viewer of a channel for every frame. Walking a tree for each of them waits for memory several
//! times in a row; a slot is one step. The tables hold slots alone, since ids and addresses stand in the sessions.

use std::hash::{BuildHasher as _, RandomState};
use std::net::SocketAddr;

use hashbrown::HashTable;
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
    blocks: Blocks,
    free: Vec<Slot>,
    by_id: HashTable<Slot>,
    /// Those that have their address.
    by_address: HashTable<Slot>,
    /// Peers choose their addresses, but not where those stand.
    random: RandomState,
}

/// The sessions themselves.
#[derive(Default)]
struct Blocks(Vec<Vec<Option<Session>>>);

impl Blocks {
    fn at(&self, slot: Slot) -> Option<&Session> {
        self.0.get(slot.block())?.get(slot.place())?.as_ref()
    }

    fn place_mut(&mut self, slot: Slot) -> Option<&mut Option<Session>> {
        self.0.get_mut(slot.block())?.get_mut(slot.place())
    }

    fn id(&self, slot: Slot) -> SessionId {
        self.at(slot).map_or(SessionId::NONE, |session| session.outbound.session())
    }

    fn address(&self, slot: Slot) -> Option<SocketAddr> {
        self.at(slot).map(|session| session.path.peer)
    }

    /// A new slot behind all others.
    fn grow(&mut self) -> Slot {
        let full = self.0.last().is_none_or(|block| block.len() == BLOCK);
        if full {
            self.0.push(Vec::with_capacity(BLOCK));
        }
        let before = (self.0.len() - 1) * BLOCK;
        let place = self.0.last_mut().map_or(0, |block| {
            block.push(None);
            block.len() - 1
        });
        Slot(u32::try_from(before + place).unwrap_or(u32::MAX))
    }
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
        self.by_id.find(spread(id), |slot| self.blocks.id(*slot) == id).copied()
    }

    /// The session in a slot.
    pub(super) fn at(&self, slot: Slot) -> Option<&Session> {
        self.blocks.at(slot)
    }

    /// The session in a slot, to change it.
    pub(super) fn at_mut(&mut self, slot: Slot) -> Option<&mut Session> {
        self.blocks.place_mut(slot)?.as_mut()
    }

    /// Takes in a session; one of the same id gives way.
    pub(super) fn insert(&mut self, id: SessionId, session: Session) {
        self.remove(&id);
        let slot = self.free.pop().unwrap_or_else(|| self.blocks.grow());
        if let Some(place) = self.blocks.place_mut(slot) {
            *place = Some(session);
            self.by_id.insert_unique(spread(id), slot, |slot| spread(self.blocks.id(*slot)));
        }
    }

    pub(super) fn remove(&mut self, id: &SessionId) -> Option<Session> {
        self.leave_address(*id);
        let found = self.by_id.find_entry(spread(*id), |slot| self.blocks.id(*slot) == *id);
        let (slot, _) = found.ok()?.remove();
        let session = self.blocks.place_mut(slot)?.take();
        self.free.push(slot);
        if self.by_id.is_empty() {
            // Nothing is kept for a crowd that has gone.
            *self = Self::default();
        }
        session
    }

    pub(super) fn contains_key(&self, id: &SessionId) -> bool {
        self.slot(*id).is_some()
    }

    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// The ids, in the order of the slots: the same in every run.
    pub(super) fn ids(&self) -> impl Iterator<Item = SessionId> {
        self.blocks.0.iter().flatten().flatten().map(|session| session.outbound.session())
    }

    // ---- Addresses ----

    /// The session that has an address.
    pub(super) fn at_address(&self, peer: &SocketAddr) -> Option<SessionId> {
        self.address_slot(peer).map(|slot| self.blocks.id(slot))
    }

    fn address_slot(&self, peer: &SocketAddr) -> Option<Slot> {
        let has_it = |slot: &Slot| self.blocks.address(*slot).as_ref() == Some(peer);
        self.by_address.find(self.random.hash_one(peer), has_it).copied()
    }

    /// What comes from where this session is, without a session id, is this session's from now on, and nobody else's. The
    /// session remembers it, so that its next message finds out without a look into the table.
    pub(super) fn take_address(&mut self, id: SessionId) {
        let Some(slot) = self.slot(id) else { return };
        let Some(peer) = self.blocks.address(slot) else { return };
        if let Some(former) = self.at_address(&peer) {
            self.leave_address(former);
        }
        let hash = |peer: SocketAddr| self.random.hash_one(peer);
        let hash_of = |slot: &Slot| self.blocks.address(*slot).map_or(0, hash);
        self.by_address.insert_unique(hash(peer), slot, hash_of);
        if let Some(session) = self.at_mut(slot) {
            session.has_address = true;
        }
    }

    /// The address is nobody's, if it was this session's.
    pub(super) fn leave_address(&mut self, id: SessionId) {
        let Some(slot) = self.slot(id) else { return };
        let Some(session) = self.at_mut(slot).filter(|session| session.has_address) else { return };
        session.has_address = false;
        let peer = session.path.peer;
        let found = self.by_address.find_entry(self.random.hash_one(peer), |known| *known == slot);
        if let Ok(entry) = found {
            entry.remove();
        }
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

/// Where an id stands. Ids are random numbers of the broker's own choice, which nobody can steer into one place; only their low
/// byte, the worker's number, is the same in all of them and has to be spread.
const fn spread(id: SessionId) -> u64 {
    id.0.wrapping_mul(MULTIPLIER).rotate_left(32)
}

/// An odd number without a pattern: 2^64 over the golden ratio.
const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;

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
        assert!(
            sessions.is_empty() && sessions.blocks.0.capacity() == 0,
            "nothing is kept for those who left"
        );
    }

    #[test]
    fn an_address_is_of_the_session_that_took_it_last_until_that_leaves_or_ends() {
        let mut sessions = Sessions::default();
        let (first, second) = (SessionId(1 << 8), SessionId(2 << 8));
        sessions.insert_probe(first);
        sessions.insert_probe(second);
        let peer = sessions.get(&first).unwrap().path.peer;
        assert_eq!(sessions.at_address(&peer), None);
        for id in [first, second, second] {
            sessions.take_address(id);
            assert_eq!((sessions.at_address(&peer), sessions.by_address.len()), (Some(id), 1));
        }
        assert!(!sessions.get(&first).unwrap().has_address);
        sessions.leave_address(first);
        assert_eq!(sessions.at_address(&peer), Some(second), "it had none to leave");
        sessions.leave_address(second);
        assert_eq!(sessions.at_address(&peer), None);
        sessions.take_address(first);
        sessions.remove(&first);
        assert_eq!((sessions.at_address(&peer), sessions.by_address.len()), (None, 0));
    }

    #[test]
    fn hundreds_of_addresses_are_told_apart() {
        let mut sessions = Sessions::default();
        let peer = |number: u16| SocketAddr::from(([192, 0, 2, 1], number));
        for number in 1..500 {
            let id = SessionId(u64::from(number) << 8);
            sessions.insert_probe(id);
            sessions.get_mut(&id).unwrap().path.peer = peer(number);
            sessions.take_address(id);
        }
        for number in 1..500 {
            assert_eq!(sessions.at_address(&peer(number)), Some(SessionId(u64::from(number) << 8)));
        }
        assert_eq!(sessions.at_address(&peer(500)), None);
    }

    #[test]
    fn an_idle_viewer_takes_a_kibibyte() {
        let entries = (size_of::<Slot>() + 1) * 4;
        let (session, viewer) = (size_of::<Session>(), size_of::<super::super::viewer::Viewer>());
        assert!(session + viewer + entries <= 1_024, "{session} + {viewer} + {entries}");
    }

    #[test]
    fn ids_of_one_worker_spread_over_the_table() {
        let hash = |number: u64| spread(SessionId(number << 8));
        let low: std::collections::BTreeSet<u64> = (0..256).map(|number| hash(number) & 0xFF).collect();
        let top: std::collections::BTreeSet<u64> = (0..256).map(|number| hash(number) >> 57).collect();
        assert!(low.len() > 128 && top.len() > 96, "{} {}", low.len(), top.len());
    }
}
