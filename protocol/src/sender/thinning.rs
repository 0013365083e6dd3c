//! What the peer of a slow path is not sent: the ladder at work, and the account of what it left out (PROTOCOL 7.8).

use std::collections::VecDeque;
use std::time::Duration;

use crate::few::Few;
use crate::id::TrackKey;
use crate::limits::LATENCY;
use crate::serial::Serial;
use crate::time::{Time, micros};
use crate::wire::{self, DataFlags, DataHeader, SkipItem, SkipRange, SkipReason, TrackHeartbeat, TrackKind};

use super::Histories;
use super::broken::Broken;
use super::cuts::Cuts;
use super::ladder::{Ladder, Media, Step, is_alone};
use super::pace::Pace;
use super::phase::Phase;
use super::rate::{Burst, Echo, Rate};

/// Ranges of left-out frames that are remembered of a track: two seconds of every second of 60 frames per second.
const RANGES_MAX: usize = 64;
/// Ranges that go ahead of a frame: the newest one, and some that a lost SKIP named.
const SKIP_RANGES: usize = 4;
/// The next step up has to fit with this to spare, in percent, for repair and for pictures that differ.
const ROOM_PERCENT: u64 = 120;
/// The share of wanted frames that find no time to leave, above which there is one step less to send: a mean over the
/// last frames.
const CROWDED_SHARE: f64 = 0.4;
const CROWDED_FRAMES: f64 = 8.0;
/// The share of echoes that show less than is needed, above which there is one step less to send: a mean over the last ones.
const OVERLOADED_SHARE: f64 = 0.6;
const OVERLOADED_ECHOES: f64 = 4.0;
/// A track of which nothing was sent for this long has one frame sent all the same: it shows whether the path is good again.
const TRIAL_AFTER: Duration = Duration::from_secs(4);
/// Trials of different tracks are this far apart.
const TRIALS_APART: Duration = Duration::from_secs(1);
/// A trial leaves within this, and within a quarter of its latency.
const TRIAL_WITHIN: Duration = Duration::from_millis(250);

/// A viewer's estimate, ladder and account.
#[derive(Clone, Debug, Default)]
pub(super) struct Thinning {
    /// Frames are left out where the path is too slow, and not only those that never left.
    adapts: bool,
    rate: Rate,
    cuts: Cuts,
    ladder: Ladder,
    /// Media leaves at the path's rate: since it was found too slow, until it is found fast.
    pace: Option<Box<Pace>>,
    /// The share of wanted frames that found no time to leave.
    crowded: f64,
    /// The share of echoes that showed less than was needed.
    overloaded: f64,
    tracks: Few<TrackKey, Track>,
    /// Something is left out, or may be: else there is nothing to ask of a frame.
    active: bool,
    left_out: u64,
    tried: Option<Time>,
}

/// One track as its viewer sees it.
#[derive(Clone, Debug)]
struct Track {
    kind: TrackKind,
    /// From capture to play-out.
    latency: Duration,
    /// Its frames don't depend on each other.
    alone: bool,
    /// Frames were left out that later ones need: they are left out, too.
    broken: Broken,
    /// Frames that were left out, as wide numbers, ascending.
    ranges: VecDeque<(u64, u64)>,
    /// The peer was not told yet.
    unsaid: bool,
    /// When a frame of it was sent last.
    sent: Option<Time>,
    /// The next one shows whether the path is good again.
    trial: bool,
    /// When a frame of it could have been a trial last.
    offered: Time,
}

impl Thinning {
    /// Nothing is left out yet; by the path's own measure only where it `adapts`.
    pub(super) fn new(adapts: bool) -> Self {
        Self { adapts, ..Self::default() }
    }

    /// Frames of this track may be left out.
    pub(super) fn open(&mut self, key: TrackKey, kind: TrackKind, latency: Duration) {
        self.tracks.insert_new(key, || Track::of(kind));
        if let Some(track) = self.tracks.get_mut(&key) {
            track.latency = if latency.is_zero() { LATENCY } else { latency };
        }
    }

    pub(super) fn close(&mut self, key: &TrackKey) {
        self.tracks.remove(key);
    }

    /// Whether anything may be left out at present.
    pub(super) const fn is_active(&self) -> bool {
        self.active
    }

    /// A look at what an echo needs; see [`Sender::look`](super::Sender::look).
    pub(super) fn look(&self) -> u64 {
        self.rate.look()
    }

    /// Whether a queue stands in the path: worth to look more closely.
    pub(super) fn is_queueing(&self) -> bool {
        self.rate.is_queueing()
    }

    /// Bytes per second at which the next frame leaves, where the path is slow, and whether it is a trial.
    pub(super) fn pace(&mut self, key: &TrackKey, bytes: usize) -> Option<(u64, bool)> {
        let pace = self.pace.as_mut()?;
        let track = self.tracks.get_mut(key).filter(|track| track.trial);
        if let Some(track) = track {
            track.trial = false;
            let within = micros(TRIAL_WITHIN.min(track.latency / 4)).max(1);
            return Some((pace.try_out(bytes as u64 * 1_000_000 / within), true));
        }
        Some((pace.next(self.rate.is_queueing()), false))
    }

    /// What the path is believed to carry, bytes per second, where it is slow.
    pub(super) fn rate(&self) -> Option<u64> {
        self.pace.as_ref().map(|pace| pace.rate)
    }

    /// Bytes per second at which repairs leave, where the path is slow.
    pub(super) fn pace_of_repairs(&mut self) -> Option<u64> {
        let queueing = self.rate.is_queueing();
        self.pace.as_mut().map(|pace| pace.next(queueing))
    }

    /// The latency of a track that carries sound, which overtakes everything else rather than come late.
    pub(super) fn latency_of_sound(&self, key: &TrackKey) -> Option<Duration> {
        self.tracks.get(key).filter(|track| track.kind == TrackKind::Audio).map(|track| track.latency)
    }

    /// Frames that were left out so far.
    pub(super) const fn left_out(&self) -> u64 {
        self.left_out
    }

    // ---- Frames ----

    /// Whether a frame is left out; notes it if so. `overtaken`: a later one was sent. `late`: it would come too late, since it
    /// leaves at the path's rate.
    pub(super) fn leaves_out(
        &mut self,
        now: Time,
        key: &TrackKey,
        (number, header, overtaken): (u64, &DataHeader, bool),
        late: impl Fn(TrackKind, Duration, u64) -> bool,
    ) -> bool {
        if !self.active {
            return false;
        }
        let Some(track) = self.tracks.get_mut(key) else { return false };
        let step = self.ladder.step();
        let orphaned = track.is_orphaned(number, header);
        let wanted = !orphaned && step.keeps(track.kind, header, number);
        let late =
            wanted && self.pace.as_ref().is_some_and(|pace| late(track.kind, track.latency, pace.rate));
        if wanted {
            self.crowded += (f64::from(u8::from(late)) - self.crowded) / CROWDED_FRAMES;
        }
        let mut kept = (wanted && !late) || (overtaken && !orphaned && track.is_needed(header));
        if !kept && track.offers_trial(now, header) {
            kept = self.takes_trial(now, key);
        }
        let Some(track) = self.tracks.get_mut(key) else { return false };
        if kept {
            track.sent = Some(now);
        } else {
            track.note(number, header);
            self.left_out += 1;
        }
        self.refresh();
        !kept
    }

    /// Whether the trial that a track offers is due. Of several tracks it is the turn of the one that had nothing for longest:
    /// where all their frames come at the same moments, some would be late for every trial.
    fn takes_trial(&mut self, now: Time, key: &TrackKey) -> bool {
        let rests = self.tried.is_none_or(|tried| now.since(tried) >= TRIALS_APART);
        let Some(since) = self.tracks.get(key).and_then(|track| track.sent) else { return false };
        if !rests || self.tracks.values().any(|other| other.is_before(now, since)) {
            return false;
        }
        let Some(track) = self.tracks.get_mut(key) else { return false };
        (track.trial, self.tried) = (self.pace.is_some(), Some(now));
        true
    }

    /// A frame that was to be sent never left. Of the `later` ones, which were sent, those that need it are of no use any more: a frame
    /// that was repaired on its way to the sender stands behind them in its queue.
    pub(super) fn recall<'a>(
        &mut self,
        key: &TrackKey,
        (number, header): (u64, &DataHeader),
        later: impl Iterator<Item = (u64, &'a DataHeader)>,
    ) {
        let known = self.has_left_out(key, number);
        let Some(track) = self.tracks.get_mut(key).filter(|_| !known) else { return };
        // Where nothing was ever left out nobody has looked yet.
        track.alone = is_alone(header);
        track.note(number, header);
        if !track.broken.is_empty() {
            let orphans = later.filter(|(number, header)| track.broken.orphans(*number, header));
            orphans.collect::<Vec<_>>().into_iter().for_each(|(number, header)| track.note(number, header));
        }
        self.left_out += 1;
        self.refresh();
    }

    /// Whether a frame of a join is left out: something that it needs was.
    pub(super) fn leaves_out_orphan(&mut self, key: &TrackKey, number: u64, header: &DataHeader) -> bool {
        let Some(track) = self.tracks.get_mut(key) else { return false };
        let orphaned = track.is_orphaned(number, header);
        if orphaned {
            track.note(number, header);
            self.left_out += 1;
        }
        orphaned
    }

    fn refresh(&mut self) {
        self.active = self.pace.is_some()
            || self.ladder.step() != Step::Whole
            || self.tracks.values().any(|track| !track.broken.is_empty());
    }

    /// Whether a frame was left out.
    pub(super) fn has_left_out(&self, key: &TrackKey, number: u64) -> bool {
        let within = |(from, to): &(u64, u64)| (*from..=*to).contains(&number);
        self.tracks.get(key).is_some_and(|track| track.ranges.iter().any(within))
    }

    /// Whether a frame needs one that was left out, however long ago.
    pub(super) fn is_orphan(&self, key: &TrackKey, number: u64, header: &DataHeader) -> bool {
        self.tracks.get(key).is_some_and(|track| track.broken.orphans(number, header))
    }

    /// The newest frame of a track that was left out.
    pub(super) fn newest(&self, key: &TrackKey) -> Option<u64> {
        self.tracks.get(key)?.ranges.back().map(|(_, to)| *to)
    }

    /// What the peer has to know ahead of the next frame of a track.
    pub(super) fn poll_skip(&mut self, key: &TrackKey) -> Vec<SkipItem> {
        let Some(track) = self.tracks.get_mut(key).filter(|track| track.unsaid) else { return Vec::new() };
        track.unsaid = false;
        let newest = track.skipped().take(SKIP_RANGES);
        newest.map(|range| SkipItem { stream: key.stream, tag: key.tag, range }).collect()
    }

    /// Whether something was left out that the peer was not told of.
    pub(super) fn is_unsaid(&self) -> bool {
        self.tracks.values().any(|track| track.unsaid)
    }

    /// The frames before `number` are settled at the peer.
    pub(super) fn forget_before(&mut self, key: &TrackKey, number: u64) {
        let Some(track) = self.tracks.get_mut(key) else { return };
        track.broken.forget_before(number);
        // The newest range stays: it tells where the track is.
        while track.ranges.len() > 1 && track.ranges.front().is_some_and(|(_, to)| *to < number) {
            track.ranges.pop_front();
        }
    }

    /// The frames from `number` on are not for the peer any more.
    pub(super) fn forget_from(&mut self, key: &TrackKey, number: u64) {
        if let Some(track) = self.tracks.get_mut(key) {
            track.ranges.retain(|(from, _)| *from < number);
            track.broken.forget_from(number);
        }
    }

    /// How a track is thinned.
    pub(super) fn of(&self, key: &TrackKey) -> wire::Thinning {
        let step = self.ladder.step();
        self.tracks.get(key).map_or(wire::Thinning::Whole, |track| step.thinning(track.kind, track.alone))
    }

    /// Adds to a track's block how it is thinned and what was left out, the latest of all that will never come.
    pub(super) fn report(&self, block: &mut TrackHeartbeat) {
        let Some(track) = self.tracks.get(&block.track) else { return };
        block.thinning = self.ladder.step().thinning(track.kind, track.alone);
        if track.ranges.is_empty() {
            return;
        }
        let distance = |range: &SkipRange| block.newest.distance(range.to);
        block.skipped.extend(track.skipped().take(TrackHeartbeat::SKIPPED_MAX));
        block.skipped.sort_by_key(distance);
        block.skipped.truncate(TrackHeartbeat::SKIPPED_MAX);
    }

    // ---- Decisions ----

    /// A HEARTBEAT goes out that counts `datagrams`, the last of which left in this `burst`.
    pub(super) fn note_heartbeat(&mut self, now: Time, seq: Serial, datagrams: u32, burst: Burst) {
        if !self.adapts {
            return;
        }
        let phase = self.pace.as_mut().map_or(Phase::Free, |pace| pace.note_heartbeat(now));
        self.rate.note_heartbeat(now, seq, datagrams, (burst, phase));
    }

    /// What the path took before there was media.
    pub(super) fn expect_path(&mut self, now: Time, transit_us: i64, round_trip: Duration) {
        self.rate.expect(now, transit_us, round_trip);
    }

    /// A HEARTBEAT left only now, and `recalled` datagrams that it counted never did.
    pub(super) fn note_left(&mut self, now: Time, seq: Serial, recalled: u32) {
        self.rate.note_left(now, seq, recalled);
    }

    /// The peer lacks these datagrams of a frame of `k` that it asks for for the first time.
    pub(super) fn note_missing(&mut self, k: u16, missing: &[u16]) {
        if self.pace.is_none() {
            self.cuts.note(k, missing);
        }
    }

    /// The peer echoed a HEARTBEAT for the first time. True where the ladder moved.
    pub(super) fn handle_echo(
        &mut self,
        now: Time,
        rtt: Duration,
        echo: Echo,
        histories: &impl Histories,
    ) -> bool {
        if !self.adapts {
            return false;
        }
        let Some(sample) = self.rate.handle_echo(echo) else { return false };
        let Some(pace) = &mut self.pace else {
            let cut = self.cuts.are_rule() && self.rate.is_short();
            let all = || self.needed(Step::Whole, histories);
            let slow = cut || self.rate.is_choked() || self.rate.is_too_slow(rtt, all);
            if slow {
                let all = all();
                self.pace = Some(Box::new(Pace::starting_at(self.rate.capacity().unwrap_or(all))));
                self.cuts = Cuts::default();
                self.rate.forget_evidence();
                self.after(true);
            }
            return slow;
        };
        let queueing = self.rate.is_queueing();
        pace.learn(&sample, &self.rate);
        let rate = pace.rate;
        if self.rate.settle_queue() {
            self.stop();
            return true;
        }
        let media = self.media(histories);
        if let Some(above) = self.ladder.step().above(media) {
            let needed = self.needed(above, histories) * ROOM_PERCENT / 100;
            self.ladder.note_probe(!queueing && rate >= needed);
        }
        let step = self.ladder.step();
        let more = f64::from(u8::from(self.needed(step, histories) > rate));
        self.overloaded += (more - self.overloaded) / OVERLOADED_ECHOES;
        // Where sound alone is sent, what is too large for the path says nothing of the rest.
        let crowded = self.crowded > CROWDED_SHARE && step != Step::Sound;
        let slow = crowded || self.overloaded > OVERLOADED_SHARE;
        let moved = if slow { self.ladder.lower(now, media) } else { self.ladder.raise(now, media) };
        self.after(moved);
        if self.ladder.step() == Step::Whole {
            let needed = self.needed(Step::Whole, histories);
            self.pace.take_if(|pace| pace.is_ample(needed));
            self.refresh();
        }
        moved
    }

    /// The viewer asked again. True where that ended a pause.
    pub(super) fn resume(&mut self, now: Time, histories: &impl Histories) -> bool {
        let media = self.media(histories);
        let moved = self.ladder.resume(now, media);
        self.after(moved);
        moved
    }

    /// The path was never slow.
    fn stop(&mut self) {
        (self.pace, self.ladder) = (None, Ladder::default());
        self.after(true);
    }

    fn after(&mut self, moved: bool) {
        if moved {
            (self.crowded, self.overloaded) = (0.0, 0.0);
            self.refresh();
        }
    }

    /// What kinds of media the viewer receives.
    fn media(&mut self, histories: &impl Histories) -> Media {
        let mut media = Media::default();
        for (key, track) in self.tracks.iter_mut() {
            let newest = histories.history(key).and_then(|history| history.newest());
            track.alone = newest.map_or(track.alone, |(_, slab)| is_alone(slab.header()));
            media.sound |= track.kind == TrackKind::Audio;
            media.others |= track.kind != TrackKind::Audio;
            media.alone |= track.kind == TrackKind::Video && track.alone;
            media.dependent |= track.kind == TrackKind::Video && !track.alone;
        }
        media
    }

    /// Bytes per second that a step takes, by what came lately.
    fn needed(&self, step: Step, histories: &impl Histories) -> u64 {
        let of_track = |(key, track): (&TrackKey, &Track)| {
            let history = histories.history(key)?;
            Some(history.rate(|number, header| step.keeps(track.kind, header, number)))
        };
        self.tracks.iter().filter_map(of_track).sum()
    }
}

impl Track {
    fn of(kind: TrackKind) -> Self {
        Self {
            kind,
            latency: LATENCY,
            alone: true,
            broken: Broken::default(),
            ranges: VecDeque::new(),
            unsaid: false,
            sent: None,
            trial: false,
            offered: Time::ZERO,
        }
    }

    /// Whether a frame may be a trial: nothing of the track was sent for long, and it can be shown by itself.
    fn offers_trial(&mut self, now: Time, header: &DataHeader) -> bool {
        let starving = now.since(*self.sent.get_or_insert(now)) >= TRIAL_AFTER;
        let offers = starving && self.stands_alone(header);
        if offers {
            self.offered = now;
        }
        offers
    }

    /// Whether it has waited for a trial since before `since`, and still has frames for one.
    fn is_before(&self, now: Time, since: Time) -> bool {
        self.sent.is_some_and(|sent| sent < since) && now.since(self.offered) < TRIAL_AFTER
    }

    /// Whether a frame can be shown without another one.
    fn stands_alone(&self, header: &DataHeader) -> bool {
        self.kind != TrackKind::Video || header.flags.contains(DataFlags::KEY)
    }

    /// Whether something that a frame depends on was left out.
    fn is_orphaned(&mut self, number: u64, header: &DataHeader) -> bool {
        self.alone = is_alone(header);
        if header.flags.contains(DataFlags::KEY) {
            self.broken.note_key(number);
        }
        self.broken.orphans(number, header)
    }

    /// Whether other frames may depend on it.
    fn is_needed(&self, header: &DataHeader) -> bool {
        !self.alone && !header.flags.contains(DataFlags::DISCARDABLE)
    }

    /// A frame is left out, and with it those that depend on it.
    fn note(&mut self, number: u64, header: &DataHeader) {
        if self.is_needed(header) {
            self.broken.note(number, header);
        }
        self.unsaid = true;
        match self.ranges.back_mut() {
            Some((_, to)) if *to + 1 == number => *to = number,
            Some((_, to)) if number <= *to => self.note_overtaken(number),
            _ => {
                self.ranges.push_back((number, number));
                if self.ranges.len() > RANGES_MAX {
                    self.ranges.pop_front();
                }
            }
        }
    }

    /// A frame that was whole later than the ones after it: it joins the ranges beside it.
    fn note_overtaken(&mut self, number: u64) {
        let place = self.ranges.partition_point(|(_, to)| *to + 1 < number);
        let next = self.ranges.get(place + 1).copied().filter(|(from, _)| *from == number + 1);
        match self.ranges.get_mut(place) {
            Some((_, to)) if *to + 1 == number => {
                *to = number;
                if let Some((_, end)) = next {
                    *to = end;
                    self.ranges.remove(place + 1);
                }
            }
            Some((from, _)) if *from == number + 1 => *from = number,
            Some((from, to)) if (*from..=*to).contains(&number) => {}
            _ => self.ranges.insert(place, (number, number)),
        }
        if self.ranges.len() > RANGES_MAX {
            self.ranges.pop_front();
        }
    }

    /// What was left out, the latest first.
    fn skipped(&self) -> impl Iterator<Item = SkipRange> {
        self.ranges.iter().rev().map(|(from, to)| SkipRange {
            from: Serial::narrow(*from),
            to: Serial::narrow(*to),
            reason: SkipReason::Thinned,
        })
    }
}

#[cfg(test)]
mod tests;
