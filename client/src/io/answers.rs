//! What the broker still has to answer of the command that is under way.

use std::collections::BTreeSet;

use protocol::id::Target;

use crate::engine::event::{Event, Subscribed};

/// What the broker still has to answer of the command that is under way: one at a time.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Answers {
    subscribed: BTreeSet<Target>,
    unsubscribed: BTreeSet<Target>,
    catalog: bool,
}

impl Answers {
    /// `subscribe` was asked for these.
    pub(super) fn expect_subscribed(&mut self, targets: &[Target]) {
        self.subscribed.extend(targets);
    }

    /// `unsubscribe` was asked for these.
    pub(super) fn expect_unsubscribed(&mut self, targets: &[Target]) {
        self.unsubscribed.extend(targets);
    }

    /// `list` was asked for.
    pub(super) const fn expect_catalog(&mut self) {
        self.catalog = true;
    }

    /// Whether an answer is missing.
    pub(super) fn are_owed(&self) -> bool {
        self.catalog || !self.subscribed.is_empty() || !self.unsubscribed.is_empty()
    }

    /// Notes what came: whether that is an answer rather than news.
    pub(super) fn note(&mut self, event: &Event) -> bool {
        match event {
            Event::Subscribed(Subscribed { target, again: false, .. })
            | Event::Waiting { target }
            | Event::Refused { target, .. } => self.subscribed.remove(target),
            Event::Unsubscribed { target, .. } => self.unsubscribed.remove(target),
            Event::Catalog(_) => std::mem::take(&mut self.catalog),
            Event::Subscribed(_)
            | Event::Connected { .. }
            | Event::Disconnected { .. }
            | Event::LatencyRaised { .. }
            | Event::Thinned { .. }
            | Event::Ended { .. }
            | Event::Frame(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use protocol::wire::Code;

    use super::*;

    #[test]
    fn each_id_has_its_answer_and_what_comes_later_is_news() {
        let [first, second] = ["1AAA99", "2BBB99"].map(|id| id.parse().unwrap());
        let mut answers = Answers::default();
        answers.expect_subscribed(&[first, second]);
        assert!(answers.note(&Event::Waiting { target: second }));
        assert!(!answers.note(&Event::Unsubscribed { target: first, status: Code::Ok }));
        assert!(answers.are_owed());
        assert!(answers.note(&Event::Refused { target: first, status: Code::Limit }));
        assert!(!answers.are_owed());
        assert!(!answers.note(&Event::Refused { target: first, status: Code::Limit }));
    }

    #[test]
    fn a_catalog_that_nobody_asked_for_is_no_answer() {
        let mut answers = Answers::default();
        assert!(!answers.note(&Event::Catalog(Vec::new())));
        answers.expect_catalog();
        assert!(answers.note(&Event::Catalog(Vec::new())));
        assert!(!answers.are_owed());
    }
}
