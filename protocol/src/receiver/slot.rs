//! One frame that is known to exist and not settled.

use crate::session::rtt::Rtt;
use crate::slab::Slab;
use crate::time::Time;
use crate::wire::{DataFlags, Missing, MissingShards, SkipReason};

use super::ask::Ask;
use super::assembly::Assembly;

/// How far a frame has come.
#[derive(Clone, Debug)]
pub(super) enum State {
    /// Nothing of it came.
    Empty,
    /// Some shards came.
    Open(Assembly),
    /// All came.
    Whole(Whole),
    /// It will never come. Whether others need it, where that was seen.
    Skipped(SkipReason, Option<DataFlags>),
    /// It was never for this end: between two subscriptions.
    Unexpected,
}

/// What it took to make a frame whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Repair {
    /// Nothing.
    None,
    /// A resent shard.
    Arq,
    /// Parity.
    Fec,
}

/// A whole frame that waits for its turn.
#[derive(Clone, Debug)]
pub(super) struct Whole {
    /// What is delivered in order; `None` where it was handed on at once, or came too late.
    pub(super) slab: Option<Slab>,
    /// What it took.
    pub(super) repair: Repair,
    /// Whether its deadline had passed.
    pub(super) late: bool,
    /// Bytes of the frame.
    pub(super) bytes: u32,
    /// Whether others need it.
    pub(super) flags: DataFlags,
}

impl Whole {
    /// Whether it waits for its turn and can't be decoded without others.
    pub(super) const fn needs_others(&self) -> bool {
        self.slab.is_some() && !self.flags.contains(DataFlags::KEY)
    }
}

/// A frame between the first word of it and its end.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) state: State,
    /// When its existence became known.
    pub(super) noticed: Time,
    /// Its media time, once a shard came.
    pub(super) media_us: Option<i64>,
    /// The sender does not have it yet: asking is of no use.
    pub(super) pending: bool,
    /// The sender does not have it any more.
    pub(super) gone: bool,
    /// It was asked for before its number of shards was known.
    pub(super) asked_blind: bool,
    pub(super) ask: Ask,
}

impl Slot {
    pub(super) fn noticed(now: Time, rtt: &Rtt) -> Self {
        Self {
            state: State::Empty,
            noticed: now,
            media_us: None,
            pending: false,
            gone: false,
            asked_blind: false,
            ask: Ask::noticed(now, rtt),
        }
    }

    /// A frame that was never for this end.
    pub(super) fn unexpected(now: Time, rtt: &Rtt) -> Self {
        Self { state: State::Unexpected, ..Self::noticed(now, rtt) }
    }

    /// Whether others need it, where something of it came.
    pub(super) const fn flags(&self) -> Option<DataFlags> {
        match &self.state {
            State::Open(assembly) => Some(assembly.header().flags),
            State::Whole(whole) => Some(whole.flags),
            State::Empty | State::Skipped(..) | State::Unexpected => None,
        }
    }

    /// Whether shards of it are missing that the sender could send.
    pub(super) const fn is_wanted(&self) -> bool {
        matches!(self.state, State::Empty | State::Open(_)) && !self.pending && !self.gone
    }

    /// Sets whether the sender lacks it; when it has it again, the wait for it begins anew.
    pub(super) fn set_pending(&mut self, pending: bool, now: Time, rtt: &Rtt) {
        if self.pending && !pending && self.ask.round() == 0 {
            self.ask = Ask::noticed(now, rtt);
        }
        self.pending = pending;
    }

    /// The frame turned out corrupt: its state is empty, everything is missing again.
    pub(super) const fn restart(&mut self, now: Time) {
        self.ask.again(now);
    }

    /// Bytes of its open assembly.
    pub(super) fn open_bytes(&self) -> usize {
        if let State::Open(assembly) = &self.state { assembly.len() } else { 0 }
    }

    /// Bytes of its whole frame.
    pub(super) fn held_bytes(&self) -> usize {
        match &self.state {
            State::Whole(Whole { slab: Some(slab), .. }) => slab.datagrams().len(),
            _ => 0,
        }
    }

    /// What to ask for, once a round has begun.
    pub(super) fn missing(&self, frame: crate::serial::Serial) -> Option<Missing> {
        if !self.is_wanted() || self.ask.round() == 0 {
            return None;
        }
        let shards = match &self.state {
            State::Open(assembly) => {
                // What parity makes good need not come.
                let needed = usize::from(assembly.deficit());
                let indices: Vec<u16> = assembly.have().missing().take(needed).collect();
                MissingShards::from_missing(&indices, assembly.have().capacity())
            }
            State::Empty | State::Whole(_) | State::Skipped(..) | State::Unexpected => MissingShards::All,
        };
        Some(Missing { frame, round: self.ask.round(), shards })
    }
}
