//! The commands that wait for their turn.
//!
//! A script's commands are carried out one after the other, each once the one before is answered: what a line shows
//! is the work of the lines above it. A person's are too, but only among those that wait for the same thing: a
//! `status` while the broker is silent is answered at once.

use std::collections::VecDeque;

use crate::shell::command::{Command, CommandError};

/// Commands that wait before no further line is taken.
const COMMANDS_MAX: usize = 64;

/// A command, or why a line is none.
pub(super) type Item = Result<Command, CommandError>;

/// The commands that wait for their turn.
#[derive(Debug)]
pub(super) struct Agenda {
    order: Order,
    items: VecDeque<Item>,
}

/// Who may overtake whom.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Order {
    /// Nobody, and figures wait for the first session: a script asks for what its commands have brought about.
    Script,
    /// What can be answered now may.
    Person,
}

/// What commands can't be answered now.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Busy {
    /// The broker owes an answer.
    pub(super) broker: bool,
    /// A recording is being started or finished.
    pub(super) recording: bool,
    /// There was no session yet.
    pub(super) unmet: bool,
}

/// What a command needs for its answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Need {
    Nothing,
    Figures,
    Broker,
    Recording,
}

impl Agenda {
    pub(super) const fn new(order: Order) -> Self {
        Self { order, items: VecDeque::new() }
    }

    pub(super) fn extend(&mut self, items: impl IntoIterator<Item = Item>) {
        self.items.extend(items);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Whether another line would have to wait outside.
    pub(super) fn is_full(&self) -> bool {
        self.items.len() >= COMMANDS_MAX
    }

    /// Nothing more is carried out.
    pub(super) fn clear(&mut self) {
        self.items.clear();
    }

    /// The command whose turn it is.
    pub(super) fn next(&mut self, busy: Busy) -> Option<Item> {
        let index = match self.order {
            Order::Person => self.items.iter().position(|item| !is_blocked(need(item), busy))?,
            Order::Script if busy.broker || busy.recording => return None,
            Order::Script if busy.unmet && self.items.front().map(need) == Some(Need::Figures) => {
                return None;
            }
            Order::Script => 0,
        };
        self.items.remove(index)
    }
}

const fn is_blocked(need: Need, busy: Busy) -> bool {
    match need {
        Need::Nothing | Need::Figures => false,
        Need::Broker => busy.broker,
        Need::Recording => busy.recording,
    }
}

const fn need(item: &Item) -> Need {
    match item {
        Ok(
            Command::Subscribe { .. }
            | Command::Watch { .. }
            | Command::Grid
            | Command::WatchOff
            | Command::Unsubscribe(_)
            | Command::UnsubscribeAll
            | Command::List,
        ) => Need::Broker,
        Ok(Command::Record(_) | Command::RecordOff) => Need::Recording,
        Ok(Command::Status | Command::Stats) => Need::Figures,
        Ok(Command::Snapshot { .. } | Command::Top | Command::Help(_) | Command::Quit) | Err(_) => {
            Need::Nothing
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::command::parse;

    const ALL_BUSY: Busy = Busy { broker: true, recording: true, unmet: true };

    #[test]
    fn a_script_goes_on_only_when_everything_before_is_answered() {
        let mut agenda = agenda(Order::Script, "list; status; help");
        assert_eq!(agenda.next(Busy { unmet: true, ..Busy::default() }), Some(Ok(Command::List)));
        assert_eq!(agenda.next(Busy { broker: true, ..Busy::default() }), None);
        assert_eq!(agenda.next(Busy { recording: true, ..Busy::default() }), None);
        assert_eq!(agenda.next(Busy::default()), Some(Ok(Command::Status)));
    }

    #[test]
    fn the_figures_of_a_script_wait_for_the_first_session_and_help_does_not() {
        let mut agenda = agenda(Order::Script, "help; status");
        let unmet = Busy { unmet: true, ..Busy::default() };
        assert_eq!(agenda.next(unmet), Some(Ok(Command::Help(None))));
        assert_eq!(agenda.next(unmet), None);
    }

    #[test]
    fn a_person_is_answered_what_can_be_answered() {
        let mut agenda = agenda(Order::Person, "list; record clips; frobnicate; status; quit");
        assert!(matches!(agenda.next(ALL_BUSY), Some(Err(_))));
        assert_eq!(agenda.next(ALL_BUSY), Some(Ok(Command::Status)));
        assert_eq!(agenda.next(ALL_BUSY), Some(Ok(Command::Quit)));
        assert_eq!(agenda.next(ALL_BUSY), None);
        assert_eq!(agenda.next(Busy { recording: true, ..Busy::default() }), Some(Ok(Command::List)));
        assert!(matches!(agenda.next(Busy::default()), Some(Ok(Command::Record(_)))));
        assert!(agenda.is_empty());
    }

    fn agenda(order: Order, text: &str) -> Agenda {
        let mut agenda = Agenda::new(order);
        agenda.extend(parse(text, &[]));
        agenda
    }
}
