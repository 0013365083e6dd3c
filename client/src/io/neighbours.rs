//! Who was perhaps meant: the producers of the newest catalog, asked for quietly where an id is unknown.

use protocol::id::{ProducerId, Target};
use protocol::wire::CatalogEntry;

use crate::shell::nearest::nearest_id;

/// The known producers, and the subscriptions whose answer waits for the catalog.
#[derive(Debug, Default)]
pub(super) struct Neighbours {
    known: Vec<ProducerId>,
    held: Vec<Target>,
    asked: bool,
}

impl Neighbours {
    /// The producers of the newest catalog.
    pub(super) fn known(&self) -> &[ProducerId] {
        &self.known
    }

    /// The known producer that is nearest to this unknown one.
    pub(super) fn nearest(&self, target: Target) -> Option<ProducerId> {
        nearest_id(&target.producer.to_string(), self.known.iter().copied())
    }

    /// The broker does not know this one: its answer is held until the catalog has come. True where that has still
    /// to be asked for.
    pub(super) fn hold(&mut self, target: Target) -> bool {
        self.held.push(target);
        !std::mem::replace(&mut self.asked, true)
    }

    /// The catalog is asked for on the user's wish.
    pub(super) const fn note_asked(&mut self) {
        self.asked = true;
    }

    /// The catalog came.
    pub(super) fn learn(&mut self, entries: &[CatalogEntry]) {
        self.asked = false;
        self.known = entries.iter().map(|entry| entry.producer).collect();
    }

    /// Something else is known of this one by now: whether its answer was held, which has to be given first.
    pub(super) fn release(&mut self, target: Target) -> bool {
        let before = self.held.len();
        self.held.retain(|held| *held != target);
        self.held.len() < before
    }

    /// Everything that was held: the catalog is there, or won't come.
    pub(super) fn release_all(&mut self) -> Vec<Target> {
        std::mem::take(&mut self.held)
    }
}

#[cfg(test)]
mod tests {
    use protocol::wire::Text;

    use super::*;

    #[test]
    fn the_catalog_is_asked_for_once_and_names_the_neighbour() {
        let mut neighbours = Neighbours::default();
        let [typo, other] = ["1AAA98", "9DDD9901"].map(|id| id.parse().unwrap());
        assert!(neighbours.hold(typo));
        assert!(!neighbours.hold(other));
        neighbours.learn(&[entry("1AAA99"), entry("2BBB99")]);
        assert_eq!(neighbours.release_all(), [typo, other]);
        assert_eq!(neighbours.nearest(typo), Some("1AAA99".parse().unwrap()));
        assert_eq!(neighbours.nearest(other), None);
        assert!(neighbours.hold(typo), "the catalog may be another one by now");
        assert!(neighbours.release(typo));
        assert!(!neighbours.release(typo));
    }

    fn entry(id: &str) -> CatalogEntry {
        CatalogEntry {
            producer: id.parse().unwrap(),
            stalled: false,
            epoch: 1,
            viewers: 0,
            name: Text::default(),
            tracks: Vec::new(),
        }
    }
}
