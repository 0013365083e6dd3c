//! What a track asks for, and when (PROTOCOL 7.1, 7.2).

use crate::serial::Serial;
use crate::time::Time;
use crate::wire::TrackFeedback;

use super::super::slot::{Slot, State};
use super::{Context, Track};

impl Track {
    /// Begins the rounds that are due: the highest of them, if a FEEDBACK has to go out.
    pub(in crate::receiver) fn fire_asks(&mut self, cx: &mut Context<'_>) -> Option<u8> {
        let due: Vec<(u64, Time)> = self
            .deadlines(cx)
            .filter(|(_, slot, _)| slot.is_wanted() && slot.ask.due() <= cx.now)
            .filter(|(_, _, deadline)| self.is_answerable(cx.now, *deadline, cx))
            .map(|(number, _, deadline)| (number, deadline))
            .collect();
        let mut highest = None;
        for (number, deadline) in &due {
            let Some(slot) = self.slots.get_mut(*number) else { continue };
            let first = slot.ask.round() == 0;
            slot.ask.fire(cx.now, cx.path.rtt(), cx.path.loss_runs(), *deadline);
            highest = highest.max(Some(slot.ask.round()));
            if first {
                match &slot.state {
                    State::Open(assembly) => cx.path.count_missing(assembly.have()),
                    State::Empty | State::Whole(_) | State::Skipped(..) | State::Unexpected => {
                        slot.asked_blind = true;
                    }
                }
            }
        }
        highest
    }

    /// Whether a round has begun of a frame that is still wanted.
    pub(in crate::receiver) fn is_asking(&self) -> bool {
        self.slots.iter().any(|(_, slot)| slot.is_wanted() && slot.ask.round() > 0)
    }

    /// Whether an answer to a request at `at` can come before the deadline.
    fn is_answerable(&self, at: Time, deadline: Time, cx: &Context<'_>) -> bool {
        self.plan.latency.is_zero() || at + cx.path.rtt().least() <= deadline
    }

    /// When [`Track::fire_asks`] or [`Track::settle`] has something to do next.
    pub(in crate::receiver) fn next_timer(&self, cx: &Context<'_>) -> Option<Time> {
        let open = |slot: &Slot| matches!(slot.state, State::Empty | State::Open(_));
        let settle =
            self.slots.get(self.next).filter(|slot| open(slot)).map(|_| self.deadline(self.next, cx));
        let ask = self
            .deadlines(cx)
            .filter(|(_, slot, _)| slot.is_wanted())
            .filter(|(_, slot, deadline)| self.is_answerable(slot.ask.due().max(cx.now), *deadline, cx))
            .map(|(_, slot, _)| slot.ask.due())
            .min();
        settle.into_iter().chain(ask).min()
    }

    /// A FEEDBACK with this track's block goes out; true where it names a whole frame for the first time.
    pub(in crate::receiver) fn note_reported(&mut self) -> bool {
        let newest = self.newest_whole.map_or(0, |(number, _)| number);
        newest > std::mem::replace(&mut self.reported_whole, newest)
    }

    /// This track's block in a FEEDBACK, with as many missing items as fit into `room` bytes.
    pub(in crate::receiver) fn feedback(&self, room: usize, cx: &Context<'_>) -> TrackFeedback {
        let mut block = TrackFeedback {
            track: self.plan.key,
            done_before: Serial::narrow(self.next),
            newest: Serial::narrow(self.end.saturating_sub(1)),
            newest_whole: self.newest_whole.map(|(number, digest)| (Serial::narrow(number), digest)),
            counters: Some(self.told_in_all().unwrap_or(self.counters).reported()),
            missing: Vec::new(),
        };
        let mut left = room.saturating_sub(block.encoded_len());
        let asked: Vec<(u64, &Slot)> = self
            .deadlines(cx)
            .filter(|(_, slot, deadline)| {
                slot.is_wanted() && slot.ask.round() > 0 && self.is_answerable(cx.now, *deadline, cx)
            })
            .map(|(number, slot, _)| (number, slot))
            .collect();
        for (number, slot) in asked.into_iter().rev() {
            let Some(item) = slot.missing(Serial::narrow(number)) else { continue };
            let len = item.encoded_len();
            if len > left || block.missing.len() == usize::from(u8::MAX) {
                break;
            }
            left -= len;
            block.missing.push(item);
        }
        block
    }
}
