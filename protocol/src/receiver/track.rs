//! One track of one life at the receiving end: which frames are known, asked for, settled.

mod asking;

use std::collections::VecDeque;
use std::time::Duration;

use crate::limits::{DATA_HEADER_LEN, HELD_BYTES_MAX, LATENCY_MAX, OPEN_BYTES_MAX, OPEN_FRAMES_MAX};
use crate::serial::Serial;
use crate::time::Time;
use crate::wire::{DataFlags, DataHeader, SkipRange, SkipReason, TrackHeartbeat};

use super::assembly::{Assembly, Insert};
use super::counters::Counters;
use super::groups::Groups;
use super::path::Path;
use super::playout::{Playout, span_us};
use super::settled::SettledFrames;
use super::slot::{Repair, Slot, State, Whole};
use super::slots::Slots;
use super::spacing::Spacing;
use super::{DataOutcome, Event, Order, TrackPlan};

/// Wide numbers begin here, so that there is room below the first frame.
const WIDE_BASE: u64 = 1 << 32;

/// The receiving end of one track. Every frame in `next..end` has a slot.
#[derive(Clone, Debug)]
pub(super) struct Track {
    plan: TrackPlan,
    opened: Time,
    /// The lowest frame that is not settled.
    next: u64,
    /// One above the highest frame that is known to exist.
    end: u64,
    /// The last frame that will ever come, once the sender named it.
    last: Option<u64>,
    slots: Slots,
    open_bytes: usize,
    held_bytes: usize,
    settled: SettledFrames,
    groups: Groups,
    /// Number and media time of the highest frame whose capture time is known.
    anchor: Option<(u64, i64)>,
    newest_whole: Option<(u64, u32)>,
    /// The newest whole frame that a FEEDBACK named.
    reported_whole: u64,
    counters: Counters,
    /// What became of it earlier in this session; `None` where the session that opened it is gone.
    before: Option<Counters>,
    spacing: Spacing,
}

/// What a track borrows of its receiver while it works.
pub(super) struct Context<'a> {
    pub(super) now: Time,
    pub(super) playout: Option<&'a Playout>,
    pub(super) path: &'a mut Path,
    pub(super) events: &'a mut VecDeque<Event>,
}

impl Track {
    pub(super) fn open(plan: TrackPlan, now: Time, before: Counters) -> Self {
        let next = WIDE_BASE + u64::from(plan.first.0);
        Self {
            plan,
            opened: now,
            next,
            end: next,
            last: None,
            slots: Slots::default(),
            open_bytes: 0,
            held_bytes: 0,
            settled: SettledFrames::default(),
            groups: Groups::default(),
            anchor: None,
            newest_whole: None,
            reported_whole: 0,
            counters: Counters::default(),
            before: Some(before),
            spacing: Spacing::default(),
        }
    }

    pub(super) const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// What became of its frames in this session, also before it was opened again. `None` where it is from a former one.
    pub(super) fn told_in_all(&self) -> Option<Counters> {
        let mut all = self.before?;
        all.add(&self.counters);
        Some(all)
    }

    /// Its session is gone; another one counts for itself.
    pub(super) const fn begin_session(&mut self) {
        self.before = None;
    }

    pub(super) const fn set_latency(&mut self, latency: Duration) {
        self.plan.latency = latency;
    }

    /// Nominal duration of a frame, zero if unknown.
    pub(super) const fn frame_duration(&self) -> Duration {
        self.plan.frame_duration
    }

    pub(super) const fn latency(&self) -> Duration {
        self.plan.latency
    }

    /// Whether the sender named the last frame.
    pub(super) const fn is_ending(&self) -> bool {
        self.last.is_some()
    }

    /// Whether the last frame that the sender named is settled.
    pub(super) fn is_finished(&self) -> bool {
        self.last.is_some_and(|last| self.next > last)
    }

    /// Takes in one datagram of this track (PROTOCOL 3).
    pub(super) fn handle_data(
        &mut self,
        header: &DataHeader,
        payload: &[u8],
        cx: &mut Context<'_>,
    ) -> DataOutcome {
        let outcome = self.store(header, payload, cx);
        match outcome {
            DataOutcome::Duplicate => self.counters.duplicates += 1,
            DataOutcome::Stale => self.counters.stale += 1,
            DataOutcome::Conflict => self.counters.conflicting += 1,
            DataOutcome::Corrupt => self.counters.corrupt += 1,
            DataOutcome::Parity | DataOutcome::Stored | DataOutcome::Whole | DataOutcome::UnknownTrack => {}
        }
        if header.flags.contains(DataFlags::PARITY) {
            self.counters.parity += 1;
            self.counters.parity_bytes += (DATA_HEADER_LEN + payload.len()) as u64;
        }
        self.settle(cx);
        outcome
    }

    fn store(&mut self, header: &DataHeader, payload: &[u8], cx: &mut Context<'_>) -> DataOutcome {
        let unneeded = |outcome| match outcome {
            DataOutcome::Duplicate | DataOutcome::Stale | DataOutcome::Stored => DataOutcome::Parity,
            other => other,
        };
        if header.flags.contains(DataFlags::PARITY) {
            return unneeded(self.store_shard(header, payload, cx));
        }
        self.store_shard(header, payload, cx)
    }

    fn store_shard(&mut self, header: &DataHeader, payload: &[u8], cx: &mut Context<'_>) -> DataOutcome {
        if header.shard_size != self.plan.shard_size {
            return DataOutcome::Conflict;
        }
        let number = header.frame.widen(self.end);
        if number < self.next {
            return self.outcome_of_settled(number);
        }
        if self.last.is_some_and(|last| number > last) {
            return DataOutcome::Stale;
        }
        let newest = number >= self.end;
        self.learn_of(number, cx);
        if newest && !header.flags.contains(DataFlags::RETX) {
            self.set_pending_before(number, header.pending, cx);
        }
        let outcome = self.store_in_slot(number, header, payload, cx);
        self.enforce_memory(cx);
        outcome
    }

    fn outcome_of_settled(&self, number: u64) -> DataOutcome {
        if self.settled.was_whole(self.next, number) { DataOutcome::Duplicate } else { DataOutcome::Stale }
    }

    fn store_in_slot(
        &mut self,
        number: u64,
        header: &DataHeader,
        payload: &[u8],
        cx: &mut Context<'_>,
    ) -> DataOutcome {
        let Some(slot) = self.slots.get_mut(number) else { return DataOutcome::Stale };
        match slot.state {
            State::Whole(_) => return DataOutcome::Duplicate,
            State::Skipped(..) | State::Unexpected => return DataOutcome::Stale,
            State::Empty => {
                let assembly = Assembly::new(header);
                self.open_bytes += assembly.len();
                slot.state = State::Open(assembly);
                if std::mem::take(&mut slot.asked_blind) {
                    cx.path.count_lost(header.shards(), 1);
                }
            }
            State::Open(_) => {}
        }
        let State::Open(assembly) = &mut slot.state else { return DataOutcome::Stale };
        let before = assembly.len();
        let complete = match assembly.insert(header, payload) {
            Insert::Conflict => return DataOutcome::Conflict,
            Insert::Duplicate => return DataOutcome::Duplicate,
            Insert::Stored => false,
            Insert::Complete => true,
        };
        self.open_bytes += assembly.len() - before;
        slot.pending = false;
        slot.ask.put_off(
            cx.now + self.spacing.note(cx.now, number, header, self.plan.frame_duration),
            cx.path.rtt(),
        );
        if let Some(playout) = cx.playout {
            let media_us = playout.media_us(header.capture);
            slot.media_us = Some(media_us);
            if self.anchor.is_none_or(|(known, _)| number >= known) {
                self.anchor = Some((number, media_us));
            }
        }
        if complete { self.complete(number, cx) } else { DataOutcome::Stored }
    }

    /// All shards of `number` came: checks it, and delivers it where order does not matter.
    fn complete(&mut self, number: u64, cx: &mut Context<'_>) -> DataOutcome {
        let late = cx.now > self.deadline(number, cx);
        let pending = self.pending_before(number);
        let Some(slot) = self.slots.get_mut(number) else { return DataOutcome::Stale };
        let State::Open(assembly) = std::mem::replace(&mut slot.state, State::Empty) else {
            return DataOutcome::Stale;
        };
        self.open_bytes = self.open_bytes.saturating_sub(assembly.len());
        if slot.ask.round() == 0 {
            // What parity makes good was lost all the same.
            cx.path.count_missing(assembly.have());
        }
        let (resent, length, flags) =
            (assembly.is_repaired(), assembly.header().length, assembly.header().flags);
        let tag = self.plan.retag.unwrap_or(self.plan.key.tag);
        let Some((slab, coded)) = assembly.finish(tag, pending) else {
            slot.restart(cx.now);
            return DataOutcome::Corrupt;
        };
        if self.newest_whole.is_none_or(|(newest, _)| number > newest) {
            self.newest_whole = Some((number, slab.digest()));
        }
        let repair = match (coded, resent) {
            (true, _) => Repair::Fec,
            (false, true) => Repair::Arq,
            (false, false) => Repair::None,
        };
        let mut whole = Whole { slab: None, repair, late, bytes: length, flags };
        if !late {
            match self.plan.order {
                Order::AsWhole => cx.events.push_back(Event::Frame { track: self.plan.key, number, slab }),
                Order::InOrder => {
                    self.held_bytes += slab.datagrams().len();
                    whole.slab = Some(slab);
                }
            }
        }
        slot.state = State::Whole(whole);
        DataOutcome::Whole
    }

    /// Makes every frame up to `number` known.
    fn learn_of(&mut self, number: u64, cx: &mut Context<'_>) {
        self.learn_of_skipped(number, None, cx);
    }

    /// The same, where the sender said why it leaves out everything from a frame on up to `number`.
    fn learn_of_skipped(&mut self, number: u64, skipped: Option<(u64, SkipReason)>, cx: &mut Context<'_>) {
        if number < self.end {
            return;
        }
        let floor = (number + 1).saturating_sub(OPEN_FRAMES_MAX as u64);
        while self.next < floor && self.next < self.end {
            self.settle_next(true, cx);
        }
        if self.next < floor {
            self.give_up_unseen(floor, skipped, cx);
        }
        for unseen in self.end..=number {
            self.slots.push(unseen, Slot::noticed(cx.now, cx.path.rtt()));
        }
        self.end = number + 1;
    }

    /// A jump beyond what can be kept open: the frames up to `floor` are settled unseen, lost unless they were skipped.
    fn give_up_unseen(&mut self, floor: u64, skipped: Option<(u64, SkipReason)>, cx: &mut Context<'_>) {
        let (from, reason) = skipped.unwrap_or((floor, SkipReason::Expired));
        for (until, reason) in [(from.clamp(self.next, floor), SkipReason::Expired), (floor, reason)] {
            let count = until - self.next;
            if count == 0 {
                continue;
            }
            self.counters.expected += count;
            *self.gap_counter(reason) += count;
            let (from, to) = (self.next, until - 1);
            cx.events.push_back(Event::Gap { track: self.plan.key, from, to, reason });
            self.next = until;
        }
        self.settled.forget();
        self.groups.miss(None);
        self.end = floor;
    }

    const fn gap_counter(&mut self, reason: SkipReason) -> &mut u64 {
        match reason {
            SkipReason::Expired => &mut self.counters.lost,
            SkipReason::Thinned | SkipReason::TooLarge => &mut self.counters.skipped,
        }
    }

    /// Applies pending bits: bit i speaks of frame `newest - 1 - i`.
    fn set_pending_before(&mut self, newest: u64, bits: u8, cx: &mut Context<'_>) {
        for back in 0..8 {
            let Some(slot) = newest.checked_sub(1 + back).and_then(|number| self.slots.get_mut(number))
            else {
                continue;
            };
            slot.set_pending(bits & (1 << back) != 0, cx.now, cx.path.rtt());
        }
    }

    /// The pending bits to send on with `number`: which of the eight frames before it are not whole here.
    fn pending_before(&self, number: u64) -> u8 {
        (0..8_u8).fold(0, |bits, back| {
            let open = number
                .checked_sub(1 + u64::from(back))
                .and_then(|before| self.slots.get(before))
                .is_some_and(|slot| matches!(slot.state, State::Empty | State::Open(_)));
            bits | (u8::from(open) << back)
        })
    }

    /// Takes in what the sender's report says of this track (PROTOCOL 7.3).
    pub(super) fn handle_heartbeat(&mut self, block: &TrackHeartbeat, cx: &mut Context<'_>) {
        // Before anything later is known, since a jump gives up what is not known to be skipped; ascending, likewise.
        let mut skipped = block.skipped.clone();
        skipped.sort_by_key(|range| range.from.widen(self.end));
        for range in &skipped {
            self.skip(range, cx);
        }
        let newest = block.newest.widen(self.end);
        if newest >= self.next && self.last.is_none_or(|last| newest <= last) {
            self.learn_of(newest, cx);
        }
        self.set_pending_before(newest, block.pending, cx);
        let oldest = block.oldest_held.widen(self.end);
        // Not for ever: the sender may have waited for it as well.
        for (number, slot) in self.slots.iter_mut() {
            slot.gone = number < oldest;
        }
        self.settle(cx);
    }

    /// The sender says that these frames will never come (PROTOCOL 7.4).
    pub(super) fn handle_skip(&mut self, range: &SkipRange, cx: &mut Context<'_>) {
        self.skip(range, cx);
        self.settle(cx);
    }

    fn skip(&mut self, range: &SkipRange, cx: &mut Context<'_>) {
        let (from, to) = (range.from.widen(self.end), range.to.widen(self.end));
        if to < self.next || from > to || self.last.is_some_and(|last| to > last) {
            return;
        }
        // What is known already must not be given up as lost on the way to what is not.
        self.mark_skipped(from, to, range.reason);
        self.learn_of_skipped(to, Some((from, range.reason)), cx);
        self.mark_skipped(from, to, range.reason);
    }

    fn mark_skipped(&mut self, from: u64, to: u64, reason: SkipReason) {
        for (_, slot) in self.slots.iter_mut().filter(|(number, _)| (from..=to).contains(number)) {
            let useless = match &slot.state {
                State::Empty | State::Open(_) => true,
                // The sender left it out together with what it needs, and does not know that it came.
                State::Whole(whole) => reason == SkipReason::Thinned && whole.needs_others(),
                State::Skipped(..) | State::Unexpected => false,
            };
            if useless {
                self.open_bytes = self.open_bytes.saturating_sub(slot.open_bytes());
                slot.state = State::Skipped(reason, slot.flags());
            }
        }
    }

    /// The sender named the last frame: everything up to it is expected, nothing after it.
    pub(super) fn finish(&mut self, last: Serial, cx: &mut Context<'_>) {
        let last = last.widen(self.end);
        if last >= self.end {
            self.learn_of(last, cx);
        }
        while self.end > last + 1 && self.end > self.next {
            self.end -= 1;
            if let Some(slot) = self.slots.take_last() {
                self.forget_bytes(&slot);
            }
        }
        self.last = Some(last);
        self.settle(cx);
    }

    /// The sender goes on at `first`: the frames up to there that nobody knows of are not expected.
    pub(super) fn resume(&mut self, first: Serial, cx: &mut Context<'_>) {
        let first = first.widen(self.end);
        if first.saturating_sub(self.end) > OPEN_FRAMES_MAX as u64 {
            self.give_up(cx);
            (self.next, self.end) = (first, first);
            self.settled.forget();
            self.groups.miss(None);
        }
        self.last = None;
        for number in self.end..first {
            self.slots.push(number, Slot::unexpected(cx.now, cx.path.rtt()));
        }
        self.end = self.end.max(first);
        self.settle(cx);
    }

    fn forget_bytes(&mut self, slot: &Slot) {
        self.open_bytes = self.open_bytes.saturating_sub(slot.open_bytes());
        self.held_bytes = self.held_bytes.saturating_sub(slot.held_bytes());
    }

    /// Nothing more will come: what is whole is delivered, everything else that is known is lost, and the track ends with it.
    pub(super) fn give_up(&mut self, cx: &mut Context<'_>) {
        while self.next < self.end {
            self.settle_next(true, cx);
        }
        self.last = Some(self.end.saturating_sub(1));
    }

    /// Settles every frame whose fate is known, in order.
    pub(super) fn settle(&mut self, cx: &mut Context<'_>) {
        while self.next < self.end && self.settle_next(false, cx) {}
    }

    /// Settles the lowest frame if its fate is known, or by force. True if it did.
    fn settle_next(&mut self, force: bool, cx: &mut Context<'_>) -> bool {
        let number = self.next;
        let overdue = || force || cx.now >= self.deadline(number, cx);
        let known = match self.slots.get(number).map(|slot| &slot.state) {
            Some(State::Empty | State::Open(_)) => overdue(),
            Some(State::Whole(_) | State::Skipped(..) | State::Unexpected) | None => true,
        };
        if !known {
            return false;
        }
        let slot = self.slots.take_first(number);
        if let Some(slot) = &slot {
            self.forget_bytes(slot);
        }
        self.next = number + 1;
        let state = slot.map(|slot| slot.state);
        if matches!(state, Some(State::Unexpected)) {
            self.settled.note(number, false);
            self.groups.miss(None);
            return true;
        }
        self.counters.expected += 1;
        match state {
            Some(State::Whole(whole)) => self.settle_whole(number, whole, cx),
            // What is left out for a slow path takes with it what needs it (PROTOCOL 7.8).
            Some(State::Skipped(SkipReason::Thinned, flags)) => {
                // Unless it was begun: what needs it may have left already.
                if flags.is_some() {
                    self.groups.miss(flags);
                }
                self.settle_gap(number, SkipReason::Thinned, cx);
            }
            Some(State::Skipped(reason, _)) => {
                self.groups.miss(None);
                self.settle_gap(number, reason, cx);
            }
            Some(State::Open(assembly)) => {
                self.groups.miss(Some(assembly.header().flags));
                self.settle_gap(number, SkipReason::Expired, cx);
            }
            Some(State::Empty | State::Unexpected) | None => {
                self.groups.miss(None);
                self.settle_gap(number, SkipReason::Expired, cx);
            }
        }
        true
    }

    fn settle_whole(&mut self, number: u64, whole: Whole, cx: &mut Context<'_>) {
        self.settled.note(number, true);
        if whole.late {
            self.counters.late += 1;
            self.groups.miss(Some(whole.flags));
            self.note_gap(number, SkipReason::Expired, cx);
            return;
        }
        if whole.slab.as_ref().is_some_and(|slab| !self.groups.admit(number, slab.header())) {
            self.counters.skipped += 1;
            self.note_gap(number, SkipReason::Thinned, cx);
            return;
        }
        let counter = match whole.repair {
            Repair::None => &mut self.counters.direct,
            Repair::Arq => &mut self.counters.repaired_arq,
            Repair::Fec => &mut self.counters.repaired_fec,
        };
        *counter += 1;
        self.counters.bytes += u64::from(whole.bytes);
        if let Some(slab) = whole.slab {
            cx.events.push_back(Event::Frame { track: self.plan.key, number, slab });
        }
    }

    fn settle_gap(&mut self, number: u64, reason: SkipReason, cx: &mut Context<'_>) {
        self.settled.note(number, false);
        *self.gap_counter(reason) += 1;
        self.note_gap(number, reason, cx);
    }

    fn note_gap(&self, number: u64, reason: SkipReason, cx: &mut Context<'_>) {
        if let Some(Event::Gap { track, to, reason: last_reason, .. }) = cx.events.back_mut()
            && *track == self.plan.key
            && *to + 1 == number
            && *last_reason == reason
        {
            *to = number;
            return;
        }
        cx.events.push_back(Event::Gap { track: self.plan.key, from: number, to: number, reason });
    }

    /// What a peer can make this end hold is bounded: beyond it the oldest frames are given up.
    fn enforce_memory(&mut self, cx: &mut Context<'_>) {
        while (self.open_bytes > OPEN_BYTES_MAX || self.held_bytes > HELD_BYTES_MAX) && self.next < self.end {
            self.settle_next(true, cx);
        }
    }

    /// When frame `number` is given up: its media time on this clock + latency, and never before this end had that
    /// long to get it (PROTOCOL 7.5).
    fn deadline(&self, number: u64, cx: &Context<'_>) -> Time {
        let later = self.slots.since(number).find_map(|(later, slot)| Some((later, slot.media_us?)));
        self.deadline_by(number, self.slots.get(number), later, cx)
    }

    /// The frames that are not settled and their deadlines, the highest first: one pass, however many are open.
    fn deadlines<'t>(&'t self, cx: &'t Context<'_>) -> impl Iterator<Item = (u64, &'t Slot, Time)> {
        let mut later = None;
        self.slots.iter().rev().map(move |(number, slot)| {
            later = slot.media_us.map(|media_us| (number, media_us)).or(later);
            (number, slot, self.deadline_by(number, Some(slot), later, cx))
        })
    }

    /// The deadline of a frame, where `later` is the lowest one from it on whose media time is known.
    fn deadline_by(
        &self,
        number: u64,
        slot: Option<&Slot>,
        later: Option<(u64, i64)>,
        cx: &Context<'_>,
    ) -> Time {
        let noticed = slot.map_or(cx.now, |slot| slot.noticed);
        if self.plan.latency.is_zero() {
            let overtaken = self.newest_whole.is_some_and(|(newest, _)| newest > number);
            return if overtaken { Time::ZERO } else { noticed + LATENCY_MAX };
        }
        let since = cx.playout.and_then(|playout| playout.reference(self.media_us(number, later)?));
        since.map_or(noticed, |since| since.max(self.opened)) + self.plan.latency
    }

    /// Media time of a frame: its own, else by the nearest known frame and the nominal duration.
    fn media_us(&self, number: u64, later: Option<(u64, i64)>) -> Option<i64> {
        let step = span_us(self.plan.frame_duration);
        let distance =
            |from: u64| i64::try_from(from.abs_diff(number)).unwrap_or(i64::MAX).saturating_mul(step);
        match (later, self.anchor) {
            (Some((later, media_us)), _) => Some(media_us.saturating_sub(distance(later))),
            (None, Some((known, media_us))) if step > 0 && known < number => {
                Some(media_us.saturating_add(distance(known)))
            }
            (None, _) => None,
        }
    }
}
