//! What a path to the broker that is too slow is spared: whole frames, as the broker does it for viewers (PROTOCOL 7.8).

use std::time::Duration;

use protocol::id::TrackKey;
use protocol::limits::LATENCY;
use protocol::sender::Sender;
use protocol::session::link::Link;
use protocol::time::{Time, micros};
use protocol::wire::{Thinning, TrackKind};

use super::event::Event;

/// What waits at the path's rate comes late to all viewers: it waits as for one of the usual latency, however long the most
/// patient one would. Measured at half of the rate with a viewer of 3 s: the others had nothing, and that one a tenth.
const LATENCY_WAITED: Duration = LATENCY;

/// The terms on which frames are left out, and what was told of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Uplink {
    /// Frames may be left out.
    thins: bool,
    /// How long after capture a frame is of use at the broker, as it last said, or what is waited for at the most.
    latency: Duration,
    told: Thinning,
}

impl Uplink {
    pub(super) const fn new(thins: bool) -> Self {
        Self { thins, latency: LATENCY, told: Thinning::Whole }
    }

    /// A session begins: what the former broker said counts no more, while what was told to a person does.
    pub(super) const fn begin(&mut self) {
        self.latency = LATENCY;
    }

    /// How frames are left out, of the track of which most is.
    pub(super) const fn told(&self) -> Thinning {
        self.told
    }

    /// Frames of an open track may be left out from now on.
    pub(super) fn open(&self, sender: &mut Sender, key: TrackKey, kind: TrackKind) {
        if self.thins {
            sender.let_leave_out(key, kind, self.latency, true);
        }
    }

    /// All tracks are open. What HELLO and CLOCK have shown of the path is what it takes without media.
    pub(super) fn begin_measure(&self, now: Time, sender: &mut Sender, link: &Link) {
        let known = link.broker_clock().zip(link.rtt().measured()).filter(|_| self.thins);
        if let Some((clock, _)) = known {
            // The largest offset that is possible is that of the question that was there soonest.
            let transit_us = clock.offset_us(now).saturating_add(micros(clock.error(now)).cast_signed());
            sender.expect_path(now, transit_us, link.rtt().least());
        }
    }

    /// The broker has reported: what it said of its viewers counts for all `tracks` from now on. The news, where the ladder
    /// has moved.
    pub(super) fn review(
        &mut self,
        sender: &mut Sender,
        tracks: impl Iterator<Item = (TrackKey, TrackKind)>,
    ) -> Option<Event> {
        let latency = sender.horizon().unwrap_or(LATENCY).min(LATENCY_WAITED);
        let changed = std::mem::replace(&mut self.latency, latency) != latency;
        let mut deepest = Thinning::Whole;
        for (key, kind) in tracks {
            if changed {
                self.open(sender, key, kind);
            }
            deepest = deepest.max(sender.thinning(&key));
        }
        let moved = std::mem::replace(&mut self.told, deepest) != deepest;
        moved.then_some(Event::Thinned { thinning: deepest })
    }
}
