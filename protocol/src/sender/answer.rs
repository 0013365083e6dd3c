//! What is sent again on a FEEDBACK, and what of it goes out later (PROTOCOL 7.2).

use std::time::Duration;

use crate::escalation::COPY_SPACING;
use crate::id::TrackKey;
use crate::time::Time;
use crate::wire::{Missing, TrackFeedback};

use super::delayed::Copy;
use super::repairs::Request;
use super::{Histories, History, Repair, Sender};

impl Sender {
    /// Answers what one block asks for: first copies at once, the others when they are due.
    pub(super) fn repair(
        &mut self,
        now: Time,
        block: &TrackFeedback,
        history: &History,
        repairs: &mut Vec<Repair>,
    ) {
        let dark = self.lags_behind(now, block, history);
        let mut room = self.room_for_repairs(repairs);
        self.tell_spared(now, block, history);
        for Missing { frame, round, shards } in &block.missing {
            let number = history.widen(*frame);
            let Some(track) = self.tracks.get(&block.track) else { return };
            let theirs = number >= track.first && track.last.is_none_or(|last| number <= last);
            if !theirs || self.spared(&block.track, number) {
                continue;
            }
            let Some(slab) = history.get(number) else {
                self.rare.make().not_held += 1;
                continue;
            };
            if self.is_orphan(&block.track, number, slab) {
                continue;
            }
            let k = slab.count();
            let asked = shards.indices(k);
            self.note_asked(&block.track, number, k, &asked);
            // A path that is full carries no copies.
            let copies = if self.is_slow() { 1 } else { self.runs.copies(*round) };
            let request = Request { number, k, round: *round, copies, dark };
            let sent = self.admit(now, (&block.track, history), (&request, asked), &mut room);
            if !sent.is_empty() {
                self.count_resent(sent.len(), slab.segment());
                repairs.push(Repair { slab: slab.clone(), indices: sent, round: *round });
            }
        }
    }

    /// What a frame lacks when it is asked for for the first time tells how it was lost.
    fn note_asked(&mut self, key: &TrackKey, number: u64, k: u16, asked: &[u16]) {
        let Some(track) = self.tracks.get_mut(key).filter(|track| number > track.asked) else { return };
        track.asked = number;
        if let Some(thinning) = &mut self.thinning {
            thinning.note_missing(k, asked);
        }
    }

    /// The shards to send now, with their later copies put in: what is new of the request, as far as the budget goes. What
    /// it does not cover counts as not answered and can be asked for again.
    fn admit(
        &mut self,
        now: Time,
        (key, history): (&TrackKey, &History),
        (request, indices): (&Request, Vec<u16>),
        room: &mut u64,
    ) -> Vec<u16> {
        let srtt = self.rtt.measured().unwrap_or_default();
        let until = self.useful_until((key, history), request.number);
        if until.is_some_and(|until| now > until) {
            self.rare.make().too_late += indices.len() as u64;
            return Vec::new();
        }
        let transit = self.rtt.least() / 2;
        let Some((track, slab)) = self.tracks.get_mut(key).zip(history.get(request.number)) else {
            return Vec::new();
        };
        let segment = slab.segment() as u64;
        let (mut asked, copies) = track.repairs.make().admissible(now, srtt, request, indices);
        if let Some(first) = self.pacer.get().and_then(|pacer| pacer.first_waiting(key, request.number)) {
            asked.retain(|index| *index < first);
        }
        let covered = |_: &u16| {
            let fits = *room > 0 && self.budget.spend(segment);
            *room = room.saturating_sub(segment);
            fits
        };
        let first: Vec<u16> = asked.iter().copied().take_while(covered).collect();
        if first.len() < asked.len() {
            self.rare.make().over_budget += (asked.len() - first.len()) as u64;
        }
        if first.is_empty() {
            return first;
        }
        let mut sent = 1;
        while sent < copies {
            let at = now + COPY_SPACING * u32::from(sent);
            if until.is_some_and(|until| at + transit > until)
                || !self.budget.spend(segment * first.len() as u64)
            {
                break;
            }
            let copy =
                Copy { track: *key, number: request.number, indices: first.clone(), round: request.round };
            self.delayed.make().put(at, copy);
            sent += 1;
        }
        track.repairs.make().note(now, request, &first, sent);
        first
    }

    /// Until when the peer can use this frame, as far as its horizon tells (PROTOCOL 7.2). What was captured before the track
    /// was opened has its latency from then on.
    fn useful_until(&self, (key, history): (&TrackKey, &History), number: u64) -> Option<Time> {
        let horizon = self.horizon().filter(|horizon| *horizon > Duration::ZERO)?;
        let opened = self.tracks.get(key)?.opened;
        Some(history.due_since(number)?.max(opened) + horizon)
    }

    /// The copies that are due.
    pub fn poll_repairs(&mut self, now: Time, histories: &impl Histories) -> Vec<Repair> {
        let mut repairs = Vec::new();
        while let Some(copy) = self.delayed.get_mut().and_then(|delayed| delayed.pop(now)) {
            let history = histories.history(&copy.track);
            let Some(slab) = history.and_then(|history| history.get(copy.number)) else {
                self.rare.make().not_held += 1;
                continue;
            };
            self.count_resent(copy.indices.len(), slab.segment());
            repairs.push(Repair { slab: slab.clone(), indices: copy.indices, round: copy.round });
        }
        repairs
    }

    fn count_resent(&mut self, shards: usize, segment: usize) {
        let counters = self.rare.make();
        counters.resent += shards as u64;
        counters.resent_bytes += (shards * segment) as u64;
        self.bytes += (shards * segment) as u64;
    }
}
