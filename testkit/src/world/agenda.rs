//! When each node wants to be called.

use std::collections::{BTreeMap, BTreeSet};

use protocol::time::Time;

use super::Node;

/// The timers of all nodes: one each.
#[derive(Default)]
pub(super) struct Agenda {
    due: BTreeSet<(Time, Node)>,
    of: BTreeMap<Node, Time>,
}

impl Agenda {
    /// A node wants to be called then, or not at all; forgets what it wanted before.
    pub(super) fn set(&mut self, node: Node, due: Option<Time>) {
        let before = self.of.get(&node).copied();
        if before == due {
            return;
        }
        if let Some(before) = before {
            self.due.remove(&(before, node));
        }
        if let Some(due) = due {
            self.due.insert((due, node));
            self.of.insert(node, due);
        } else {
            self.of.remove(&node);
        }
    }

    pub(super) fn next(&self) -> Option<Time> {
        self.due.first().map(|(due, _)| *due)
    }

    /// Takes a node that is due.
    pub(super) fn pop(&mut self, now: Time) -> Option<Node> {
        let (due, node) = *self.due.first()?;
        if due > now {
            return None;
        }
        self.set(node, None);
        Some(node)
    }
}
