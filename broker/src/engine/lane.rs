//! Media of one channel that waits for the socket, in order.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use protocol::id::SessionId;
use protocol::time::Time;

use super::audience::Subscribers;
use super::fan::{Fan, Frame, Group};
use super::handover::Path;
use super::outbox::Transmit;

/// Bytes that a channel sends before another one has its turn: one full run of the kernel's segmentation.
pub(super) const TURN_BYTES: usize = 65_000;
/// Sends that are made at once: a group of viewers, and HEARTBEATs behind some of them.
const READY_MIN: usize = 32;
/// Frames for everybody that wait behind each other: sound and pictures of one moment,
const FANS_MAX: usize = 4;
/// which come within this. One that comes later is behind by so much that each viewer's has to know how long it may wait.
const FANS_WITHIN: Duration = Duration::from_millis(20);
/// A frame for everybody waits for so many sends that are made before it.
const FAN_BEHIND_MAX: usize = 2 * READY_MIN;

/// A send that waits.
pub(super) struct Waiting {
    pub(super) leaving: Leaving,
    /// When it is of no use any more. What was begun to be sent, and reports, wait for ever.
    pub(super) until: Option<Time>,
    /// The frame of which it is the first copy.
    pub(super) frame: Option<OwnedFrame>,
}

/// A send that leaves.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Leaving {
    pub(super) transmit: Transmit,
    /// A HEARTBEAT, which is told when it leaves: in the same send behind one datagram, or behind none.
    pub(super) report: Option<Bytes>,
}

/// A frame on its way to one viewer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct OwnedFrame {
    pub(super) viewer: SessionId,
    /// Its wide number.
    pub(super) number: u64,
}

/// A frame, or a part of it, that waited until it was of no use.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Dropped {
    pub(super) frame: OwnedFrame,
    pub(super) bytes: Bytes,
}

/// What waits: the sends that are made, and behind them the frames that more are still to be made of.
#[derive(Default)]
pub(super) struct Lane {
    ready: VecDeque<Waiting>,
    /// In the order in which they came. What of one viewer's is made ahead of its turn, is so in this order, too.
    fans: VecDeque<Fan>,
    /// HEARTBEATs that leave when the first fan has: who hears them answers, and is to have its frame before.
    behind: VecDeque<Waiting>,
    /// That fan has come to everybody.
    fanned: bool,
    load: Load,
    /// So many sends were made before the last one was dropped: of no use any more where they need what that was part of.
    suspects: usize,
}

/// How much waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Load {
    /// Sends that are made.
    pub(super) made: usize,
    /// Viewers that a fan will come to.
    pub(super) promised: usize,
}

impl Load {
    pub(super) const fn total(self) -> usize {
        self.made + self.promised
    }

    /// A part of it has changed.
    pub(super) const fn follow(&mut self, before: Self, after: Self) {
        self.made = self.made + after.made - before.made;
        self.promised = self.promised + after.promised - before.promised;
    }
}

impl Leaving {
    /// What it takes of its channel's turn.
    pub(super) fn cost(&self) -> usize {
        self.transmit.cost() + self.report.as_ref().map_or(0, Bytes::len)
    }
}

impl From<Transmit> for Leaving {
    fn from(transmit: Transmit) -> Self {
        Self { transmit, report: None }
    }
}

impl Waiting {
    /// What is never dropped.
    pub(super) const fn for_good(transmit: Transmit) -> Self {
        Self { leaving: Leaving { transmit, report: None }, until: None, frame: None }
    }

    /// A HEARTBEAT.
    pub(super) const fn report(path: Path, report: Bytes) -> Self {
        let transmit = Transmit { to: path.peer, from: path.local, bytes: Bytes::new(), segment: 0 };
        Self { leaving: Leaving { transmit, report: Some(report) }, until: None, frame: None }
    }

    fn is_overdue(&self, now: Time) -> bool {
        self.until.is_some_and(|until| now > until)
    }
}

impl Lane {
    /// A send behind those that are made.
    pub(super) fn push(&mut self, waiting: Waiting) {
        if self.ready.capacity() == 0 {
            self.ready.reserve_exact(READY_MIN);
        }
        self.load.made += 1;
        self.ready.push_back(waiting);
    }

    /// A HEARTBEAT behind the first frame for everybody, or behind what is made where there is none.
    pub(super) fn push_behind(&mut self, report: Waiting) {
        if self.fans.is_empty() && !self.fanned {
            self.push(report);
        } else {
            self.load.made += 1;
            self.behind.push_back(report);
        }
    }

    /// All that waits for everybody was made at once: HEARTBEATs behind it wait for no more than that.
    pub(super) fn close_fans(&mut self) {
        self.ready.append(&mut self.behind);
        self.fanned = false;
    }

    /// Whether a frame for everybody that came `at` may wait here.
    pub(super) fn has_room_for_fan(&self, at: Time) -> bool {
        let soon = self.fans.back().is_none_or(|fan| at.since(fan.frame().at) <= FANS_WITHIN);
        soon && self.fans.len() < FANS_MAX && self.ready.len() <= FAN_BEHIND_MAX
    }

    /// A frame for everybody, behind what waits.
    pub(super) fn push_fan(&mut self, fan: Fan) {
        self.load.promised += fan.left();
        self.fans.push_back(fan);
    }

    /// The next viewers of the first frame for everybody.
    pub(super) fn next_group(&mut self, subscribers: Option<&Subscribers>) -> Option<Group> {
        let fan = self.fans.front_mut()?;
        let before = fan.left();
        let group = fan.next_group(subscribers);
        self.load.promised = self.load.promised + fan.left() - before;
        if fan.left() == 0 {
            self.fans.pop_front();
            self.fanned = true;
        }
        Some(group)
    }

    /// The frames that have not left for everybody, in order.
    pub(super) fn frames(&self) -> impl Iterator<Item = &Frame> {
        self.fans.iter().map(Fan::frame)
    }

    /// The next datagrams that are made: of a large frame one run.
    pub(super) fn pop(&mut self) -> Option<Leaving> {
        if self.ready.is_empty() && self.fanned {
            self.close_fans();
        }
        let front = self.ready.front_mut()?;
        if let Some(run) = front.leaving.transmit.split_run() {
            (front.until, front.frame) = (None, None);
            return Some(Leaving::from(run));
        }
        let Waiting { leaving, .. } = self.ready.pop_front()?;
        self.load.made -= 1;
        self.suspects = self.suspects.saturating_sub(1);
        Some(leaving)
    }

    /// Drops what is overdue at the head, or of no use without what was dropped before: how much that was.
    pub(super) fn drop_useless(
        &mut self,
        now: Time,
        is_orphan: impl Fn(OwnedFrame, &Bytes) -> bool,
        dropped: &mut Vec<Dropped>,
    ) -> usize {
        let mut count = 0;
        while let Some(front) = self.ready.front()
            && (front.is_overdue(now)
                || self.suspects > 0
                    && front.frame.is_some_and(|frame| is_orphan(frame, &front.leaving.transmit.bytes)))
            && let Some(Waiting { leaving, frame, .. }) = self.ready.pop_front()
        {
            dropped.extend(frame.map(|frame| Dropped { frame, bytes: leaving.transmit.bytes }));
            count += 1;
        }
        if count > 0 {
            self.suspects = self.ready.len();
            self.load.made -= count;
        }
        count
    }

    pub(super) const fn load(&self) -> Load {
        self.load
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ready.is_empty() && self.fans.is_empty() && self.behind.is_empty()
    }
}

impl Transmit {
    /// Takes a run of whole datagrams from the front; `None` where everything fits into one: then it is one send.
    fn split_run(&mut self) -> Option<Self> {
        if self.bytes.len() <= TURN_BYTES.max(self.segment) {
            return None;
        }
        let datagrams = (TURN_BYTES / self.segment.max(1)).max(1);
        let run = self.bytes.split_to((datagrams * self.segment).min(self.bytes.len()));
        Some(Self { to: self.to, from: self.from, bytes: run, segment: self.segment })
    }
}
