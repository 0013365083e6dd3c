//! Media that waits for the socket: a lane for each channel, and turns between them.
//!
//! Within a lane the order is kept. A channel with large frames or many viewers delays another one's small frame by one run of
//! datagrams for each of that one's own, not by everything that it has queued. What waited until it is of no use is dropped
//! instead of sent: a worker with too little of a core would else send what is late ahead of what is new.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use protocol::id::ProducerId;
use protocol::time::Time;

use super::channel::Channels;
use super::fan::{Fan, Frame, Group};
use super::lane::{Dropped, Lane, Leaving, Load, OwnedFrame, TURN_BYTES, Waiting};

/// The lanes that are not empty.
#[derive(Default)]
pub(super) struct Lanes {
    table: BTreeMap<ProducerId, Lane>,
    /// Whose turn it is, and who follows.
    turns: VecDeque<ProducerId>,
    /// What is left of the turn.
    left: usize,
    /// Of all lanes.
    load: Load,
    overdue: u64,
    /// Frames that were dropped, or a part of them, until somebody has told their viewers.
    dropped: Vec<Dropped>,
}

/// What comes next.
pub(super) enum Next {
    /// Datagrams.
    Leaving(Leaving),
    /// It is the turn of this channel's frame for everybody: the sends of its next viewers ([`Lanes::next_group`]) are to be made.
    Group(ProducerId),
    /// Something was dropped, which [`Lanes::poll_dropped`] names: what needs that is known once it is recalled.
    Dropped,
}

impl Lanes {
    /// Queues datagrams of a channel: behind those that are made, ahead of what has not come to its viewer yet.
    pub(super) fn push(&mut self, producer: ProducerId, waiting: Waiting) {
        self.load.made += 1;
        self.lane(producer).push(waiting);
    }

    /// Queues a HEARTBEAT of a viewer of the channel behind the frame for everybody that it has come to, where there is one.
    pub(super) fn push_behind(&mut self, producer: ProducerId, report: Waiting) {
        self.load.made += 1;
        self.lane(producer).push_behind(report);
    }

    /// Queues a frame for all viewers of its channel, where little of that waits: else it is given back.
    pub(super) fn push_fan(&mut self, fan: Fan) -> Option<Fan> {
        let producer = fan.frame().key().producer;
        if !self.has_room_for_fan(producer, fan.frame().at) {
            return Some(fan);
        }
        self.load.promised += fan.left();
        self.lane(producer).push_fan(fan);
        None
    }

    /// Whether a frame for everybody that came `at` may wait.
    pub(super) fn has_room_for_fan(&self, producer: ProducerId, at: Time) -> bool {
        self.table.get(&producer).is_none_or(|lane| lane.has_room_for_fan(at))
    }

    fn lane(&mut self, producer: ProducerId) -> &mut Lane {
        let turns = &mut self.turns;
        self.table.entry(producer).or_insert_with(|| {
            turns.push_back(producer);
            Lane::default()
        })
    }

    /// What comes next, the channels by turns: of a large frame one run of datagrams at a time.
    /// `is_orphan`: whether a frame is of no use to its viewer any more.
    pub(super) fn pop(&mut self, now: Time, is_orphan: impl Fn(OwnedFrame, &Bytes) -> bool) -> Option<Next> {
        while let Some(producer) = self.turns.front().copied() {
            let next = self.pop_of(producer, now, &is_orphan);
            // Nothing where its last frame was made for everybody at once, and nobody waited for it.
            if next.is_some() {
                return next;
            }
        }
        None
    }

    /// The same of the channel whose turn it is.
    fn pop_of(
        &mut self,
        producer: ProducerId,
        now: Time,
        is_orphan: &impl Fn(OwnedFrame, &Bytes) -> bool,
    ) -> Option<Next> {
        if self.left == 0 {
            self.left = TURN_BYTES;
        }
        let Some(lane) = self.table.get_mut(&producer) else {
            self.turns.pop_front();
            return None;
        };
        let before = lane.load();
        let dropped = lane.drop_useless(now, is_orphan, &mut self.dropped);
        self.overdue += dropped as u64;
        let next = if dropped > 0 {
            Some(Next::Dropped)
        } else if let Some(leaving) = lane.pop() {
            self.left = self.left.saturating_sub(leaving.cost());
            Some(Next::Leaving(leaving))
        } else {
            lane.frames().next().map(|_| Next::Group(producer))
        };
        self.load.follow(before, lane.load());
        if lane.is_empty() {
            self.table.remove(&producer);
            self.turns.pop_front();
            self.left = 0;
        } else if self.left == 0 {
            self.turns.rotate_left(1);
        }
        next
    }

    /// The channels with frames that have not left for everybody.
    pub(super) fn fanning(&self) -> Vec<ProducerId> {
        let fans = |(producer, lane): (&ProducerId, &Lane)| lane.frames().next().map(|_| *producer);
        if self.load.promised == 0 { Vec::new() } else { self.table.iter().filter_map(fans).collect() }
    }

    /// Those frames, in order.
    pub(super) fn frames_of(&self, producer: ProducerId) -> impl Iterator<Item = &Frame> {
        self.table.get(&producer).into_iter().flat_map(Lane::frames)
    }

    /// The next viewers that the first of them is for, whoever's turn it is.
    pub(super) fn next_group(&mut self, producer: ProducerId, channels: &Channels) -> Option<Group> {
        let lane = self.table.get_mut(&producer)?;
        let before = lane.load();
        let group = lane.next_group(channels.subscribers(producer));
        self.load.follow(before, lane.load());
        group
    }

    /// A channel has no frame for everybody any more, since all sends of those were made.
    pub(super) fn close_fans(&mut self, producer: ProducerId) {
        if let Some(lane) = self.table.get_mut(&producer) {
            lane.close_fans();
        }
    }

    /// Drops what is overdue at the heads of all lanes: for what is new, where there is no room.
    pub(super) fn drop_overdue(&mut self, now: Time) {
        for lane in self.table.values_mut() {
            let before = lane.load();
            self.overdue += lane.drop_useless(now, |_, _| false, &mut self.dropped) as u64;
            self.load.follow(before, lane.load());
        }
        self.table.retain(|_, lane| !lane.is_empty());
        let first = self.turns.front().copied();
        self.turns.retain(|producer| self.table.contains_key(producer));
        if self.turns.front().copied() != first {
            self.left = 0;
        }
    }

    /// The next frame that was dropped since it was asked last.
    pub(super) fn poll_dropped(&mut self) -> Option<Dropped> {
        self.dropped.pop()
    }

    /// Sends that waited until they were of no use.
    pub(super) const fn overdue(&self) -> u64 {
        self.overdue
    }

    /// Of these channels the one with the longest queue of sends that are made, if any has one.
    pub(super) fn longest_of(&self, producers: impl Iterator<Item = ProducerId>) -> Option<ProducerId> {
        let made = producers.filter_map(|producer| Some((self.table.get(&producer)?.load().made, producer)));
        made.max().filter(|(made, _)| *made > 0).map(|(_, producer)| producer)
    }

    /// How many sends wait.
    pub(super) const fn load(&self) -> Load {
        self.load
    }
}

#[cfg(test)]
mod tests {
    use protocol::id::SessionId;

    use super::*;
    use crate::engine::fan::GROUP;
    use crate::engine::fan::tests::{frame as picture, subscribers};
    use crate::engine::outbox::Transmit;

    const LARGE: ProducerId = ProducerId::from_bytes([1, 0, 0]);
    const SMALL: ProducerId = ProducerId::from_bytes([2, 0, 0]);

    fn frame(len: usize, mark: u8) -> Transmit {
        let to = "192.0.2.1:4000".parse().unwrap();
        Transmit { to, from: None, bytes: Bytes::from(vec![mark; len]), segment: 1_200 }
    }

    /// Is of no use after that.
    fn until(time: Time, transmit: Transmit) -> Waiting {
        Waiting { until: Some(time), ..Waiting::for_good(transmit) }
    }

    /// The next send, where no frame for everybody waits.
    fn pop(lanes: &mut Lanes, now: Time) -> Option<Transmit> {
        loop {
            match lanes.pop(now, |_, _| false)? {
                Next::Leaving(leaving) => return Some(leaving.transmit),
                Next::Group(_) => panic!("nothing was for everybody"),
                Next::Dropped => {}
            }
        }
    }

    fn all(lanes: &mut Lanes) -> Vec<Transmit> {
        std::iter::from_fn(|| pop(lanes, Time::ZERO)).collect()
    }

    fn is_empty(lanes: &Lanes) -> bool {
        lanes.load() == Load::default() && lanes.turns.is_empty() && lanes.table.is_empty()
    }

    #[test]
    fn a_small_frame_waits_for_one_run_of_each_other_channel_and_not_for_what_they_have_queued() {
        let mut lanes = Lanes::default();
        (0..100).for_each(|_| lanes.push(LARGE, Waiting::for_good(frame(1 << 20, 1))));
        pop(&mut lanes, Time::ZERO);
        (0..20).for_each(|_| lanes.push(SMALL, Waiting::for_good(frame(10_000, 2))));
        let sent = all(&mut lanes);
        let last = sent.iter().rposition(|transmit| transmit.bytes[0] == 2).unwrap();
        let before: usize = sent[..last].iter().map(|transmit| transmit.bytes.len()).sum();
        assert!(before <= 20 * 10_000 + 5 * TURN_BYTES, "{before} bytes");
        let total: usize = sent.iter().map(|transmit| transmit.bytes.len()).sum();
        assert_eq!(total + 64_800, 100 * (1 << 20) + 20 * 10_000, "nothing is lost on the way");
        assert!(is_empty(&lanes));
    }

    #[test]
    fn a_large_frame_is_cut_between_datagrams_and_keeps_its_order() {
        let mut lanes = Lanes::default();
        let bytes: Vec<u8> = (0..=250).cycle().take(200_000).collect();
        lanes.push(LARGE, Waiting::for_good(Transmit { bytes: Bytes::from(bytes.clone()), ..frame(1, 0) }));
        lanes.push(LARGE, Waiting::for_good(frame(100, 9)));
        let sent = all(&mut lanes);
        let (last, runs) = sent.split_last().unwrap();
        assert_eq!(last.bytes, frame(100, 9).bytes);
        let (tail, full) = runs.split_last().unwrap();
        assert!(full.iter().all(|run| run.bytes.len() % 1_200 == 0 && run.bytes.len() <= TURN_BYTES));
        assert!(tail.bytes.len() <= TURN_BYTES);
        assert_eq!(runs.iter().flat_map(|run| run.bytes.to_vec()).collect::<Vec<_>>(), bytes);
    }

    #[test]
    fn what_is_overdue_is_dropped_before_what_is_new_and_what_was_begun_is_finished() {
        let at = |ms: u64| Time::from_micros(ms * 1_000);
        let mut lanes = Lanes::default();
        lanes.push(LARGE, until(at(100), frame(200_000, 1)));
        lanes.push(LARGE, until(at(100), frame(100, 2)));
        lanes.push(LARGE, Waiting::for_good(frame(100, 3)));
        lanes.push(LARGE, until(at(300), frame(100, 4)));
        lanes.push(SMALL, until(at(100), frame(100, 5)));
        assert_eq!(pop(&mut lanes, at(100)).map(|run| run.bytes.len()), Some(64_800));
        let sent: Vec<u8> =
            std::iter::from_fn(|| pop(&mut lanes, at(200))).map(|sent| sent.bytes[0]).collect();
        assert_eq!(sent, [1, 1, 1, 3, 4]);
        assert!(lanes.overdue() == 2 && is_empty(&lanes));
    }

    #[test]
    fn room_is_made_of_what_is_overdue_in_any_lane() {
        let at = |ms: u64| Time::from_micros(ms * 1_000);
        let mut lanes = Lanes::default();
        (0..3).for_each(|_| lanes.push(LARGE, until(at(100), frame(100, 1))));
        lanes.push(SMALL, until(at(200), frame(100, 2)));
        lanes.drop_overdue(at(150));
        assert_eq!((lanes.overdue(), lanes.load().made), (3, 1));
        assert_eq!(pop(&mut lanes, at(150)).map(|sent| sent.bytes[0]), Some(2));
        assert!(pop(&mut lanes, at(150)).is_none() && is_empty(&lanes));
    }

    #[test]
    fn who_waits_for_a_frame_that_was_dropped_is_told_and_what_was_begun_or_sent_is_nobodys_loss() {
        let at = |ms: u64| Time::from_micros(ms * 1_000);
        let of = |number, transmit| {
            let frame = OwnedFrame { viewer: SessionId(9), number };
            Waiting { frame: Some(frame), ..until(at(100), transmit) }
        };
        let mut lanes = Lanes::default();
        lanes.push(LARGE, of(1, frame(200_000, 1)));
        lanes.push(LARGE, of(2, frame(100, 2)));
        lanes.push(LARGE, of(3, frame(100, 3)));
        assert_eq!(pop(&mut lanes, at(50)).map(|run| run.bytes.len()), Some(64_800));
        (0..3).for_each(|_| assert_eq!(pop(&mut lanes, at(101)).map(|run| run.bytes[0]), Some(1)));
        assert!(pop(&mut lanes, at(101)).is_none());
        let told: Vec<u64> = std::iter::from_fn(|| lanes.poll_dropped()).map(|it| it.frame.number).collect();
        assert_eq!((told, lanes.overdue()), (vec![3, 2], 2));
    }

    /// What comes next, as a word: the mark of a send, or the size of a group, whose frame is then made for each viewer.
    fn order(lanes: &mut Lanes, channels: &Channels) -> Vec<String> {
        let mut order = Vec::new();
        while let Some(next) = lanes.pop(Time::ZERO, |_, _| false) {
            match next {
                Next::Leaving(leaving) => order.push(leaving.transmit.bytes[0].to_string()),
                Next::Dropped => panic!("nothing was overdue"),
                Next::Group(producer) => {
                    let group = lanes.next_group(producer, channels).unwrap();
                    order.push(format!("group of {}", group.slots().len()));
                    group.slots().iter().for_each(|_| lanes.push(producer, Waiting::for_good(frame(100, 7))));
                }
            }
        }
        order
    }

    fn watched(producers: &[ProducerId], viewers: u64) -> Channels {
        let mut channels = Channels::default();
        for id in producers {
            channels.entry(*id).subscribers = subscribers(viewers);
        }
        channels
    }

    fn fan(producer: ProducerId, viewers: usize) -> Fan {
        Fan::new(picture(producer), SessionId(1), viewers)
    }

    #[test]
    fn a_frame_for_everybody_is_made_for_a_group_at_a_time_behind_what_was_made_before() {
        let channels = watched(&[SMALL], GROUP as u64 + 4);
        let mut lanes = Lanes::default();
        (0..100).for_each(|_| lanes.push(SMALL, Waiting::for_good(frame(100, 1))));
        assert!(lanes.push_fan(fan(SMALL, GROUP + 4)).is_some(), "much waits ahead of it");
        assert_eq!(all(&mut lanes).len(), 100);
        assert!(lanes.push_fan(fan(SMALL, GROUP + 4)).is_none());
        lanes.push(SMALL, Waiting::for_good(frame(100, 2)));
        assert_eq!(lanes.load(), Load { made: 1, promised: GROUP + 4 });
        let groups = [4, 8, 16, 8].into_iter().flat_map(|count| {
            let sends = std::iter::repeat_n("7".to_owned(), count);
            std::iter::once(format!("group of {count}")).chain(sends)
        });
        let expected: Vec<String> = std::iter::once("2".to_owned()).chain(groups).collect();
        assert_eq!(order(&mut lanes, &channels), expected);
        assert!(is_empty(&lanes));
    }

    #[test]
    fn frames_for_everybody_that_come_together_wait_behind_each_other_and_a_later_one_does_not() {
        let channels = watched(&[SMALL], GROUP as u64 + 4);
        let mut lanes = Lanes::default();
        let at = |ms: u64| {
            let frame = Frame { at: Time::from_micros(ms * 1_000), ..picture(SMALL) };
            Fan::new(frame, SessionId(1), GROUP + 4)
        };
        assert!(lanes.push_fan(at(100)).is_none() && lanes.push_fan(at(101)).is_none());
        assert!(lanes.push_fan(at(150)).is_some());
        assert_eq!((lanes.frames_of(SMALL).count(), lanes.load().promised), (2, 2 * GROUP + 8));
        let groups = [4, 8, 16, 8].map(|count| format!("group of {count}"));
        let order = order(&mut lanes, &channels);
        let seen: Vec<&String> = order.iter().filter(|what| *what != "7").collect();
        assert_eq!(seen, groups.iter().chain(&groups).collect::<Vec<_>>());
        assert!(order.len() == 2 * GROUP + 8 + seen.len() && is_empty(&lanes));
    }

    #[test]
    fn reports_behind_a_frame_for_everybody_leave_when_it_has_and_before_the_next_one() {
        let channels = watched(&[SMALL], 20);
        let mut lanes = Lanes::default();
        assert!(lanes.push_fan(fan(SMALL, 20)).is_none() && lanes.push_fan(fan(SMALL, 20)).is_none());
        let mut sent = Vec::new();
        while let Some(next) = lanes.pop(Time::ZERO, |_, _| false) {
            match next {
                Next::Leaving(leaving) => sent.push(leaving.transmit.bytes[0]),
                Next::Dropped => panic!("nothing was overdue"),
                Next::Group(producer) => {
                    let group = lanes.next_group(producer, &channels).unwrap();
                    group.slots().iter().for_each(|_| lanes.push(producer, Waiting::for_good(frame(100, 7))));
                    lanes.push_behind(producer, Waiting::for_good(frame(100, 8)));
                }
            }
        }
        let of_one = || [vec![7; 20], vec![8; 3]].concat();
        assert_eq!(sent, [of_one(), of_one()].concat());
        lanes.push_behind(SMALL, Waiting::for_good(frame(100, 9)));
        assert_eq!(pop(&mut lanes, Time::ZERO).map(|sent| sent.bytes[0]), Some(9), "there is none");
        assert!(is_empty(&lanes));
    }

    #[test]
    fn reports_behind_a_frame_that_is_made_for_everybody_at_once_do_not_wait_for_what_comes_later() {
        let channels = watched(&[SMALL], 20);
        let mut lanes = Lanes::default();
        assert!(lanes.push_fan(fan(SMALL, 20)).is_none());
        while let Some(group) = lanes.next_group(SMALL, &channels) {
            group.slots().iter().for_each(|_| lanes.push(SMALL, Waiting::for_good(frame(100, 7))));
            lanes.push_behind(SMALL, Waiting::for_good(frame(100, 8)));
        }
        lanes.close_fans(SMALL);
        lanes.push(SMALL, Waiting::for_good(frame(100, 9)));
        let sent: Vec<u8> = all(&mut lanes).iter().map(|sent| sent.bytes[0]).collect();
        assert_eq!(sent, [vec![7; 20], vec![8; 3], vec![9]].concat());
        assert!(is_empty(&lanes));
    }

    #[test]
    fn all_groups_can_be_made_at_once() {
        let channels = watched(&[LARGE, SMALL], 20);
        let mut lanes = Lanes::default();
        assert!(lanes.push_fan(fan(LARGE, 20)).is_none() && lanes.push_fan(fan(SMALL, 20)).is_none());
        for producer in lanes.fanning() {
            while let Some(group) = lanes.next_group(producer, &channels) {
                let made = || Waiting::for_good(frame(100, 7));
                group.slots().iter().for_each(|_| lanes.push(producer, made()));
            }
        }
        assert_eq!((lanes.load(), lanes.fanning()), (Load { made: 40, promised: 0 }, vec![]));
        assert_eq!(order(&mut lanes, &channels), ["7"; 40]);
        assert!(is_empty(&lanes));
    }

    #[test]
    fn a_frame_for_everybody_of_a_channel_that_is_gone_is_for_nobody() {
        let mut lanes = Lanes::default();
        assert!(lanes.push_fan(fan(SMALL, 20)).is_none());
        lanes.push(SMALL, Waiting::for_good(frame(100, 2)));
        assert_eq!(order(&mut lanes, &Channels::default()), ["2", "group of 0"]);
        assert!(is_empty(&lanes));
    }

    #[test]
    fn a_frame_that_was_made_for_everybody_and_taken_by_nobody_keeps_no_other_channel_waiting() {
        let channels = watched(&[LARGE, SMALL], 20);
        let mut lanes = Lanes::default();
        assert!(lanes.push_fan(fan(LARGE, 20)).is_none());
        lanes.push(SMALL, Waiting::for_good(frame(100, 2)));
        while lanes.next_group(LARGE, &channels).is_some() {}
        assert_eq!(order(&mut lanes, &channels), ["2"]);
        assert!(is_empty(&lanes));
    }

    #[test]
    fn what_needs_a_frame_that_was_dropped_is_dropped_with_it_and_what_was_made_later_is_not_asked_about() {
        let at = |ms: u64| Time::from_micros(ms * 1_000);
        let of = |number| Some(OwnedFrame { viewer: SessionId(9), number });
        let mut lanes = Lanes::default();
        lanes.push(LARGE, Waiting { frame: of(1), ..until(at(100), frame(100, 1)) });
        lanes.push(LARGE, Waiting { frame: of(2), ..until(at(300), frame(100, 2)) });
        lanes.push(LARGE, Waiting { frame: of(3), ..until(at(300), frame(200_000, 3)) });
        lanes.push(LARGE, Waiting::for_good(frame(100, 4)));
        let next = |lanes: &mut Lanes, is_orphan: &dyn Fn(OwnedFrame) -> bool| match lanes
            .pop(at(200), |frame, _| is_orphan(frame))
        {
            Some(Next::Leaving(leaving)) => usize::from(leaving.transmit.bytes[0]),
            Some(Next::Dropped) => 1_000 + std::iter::from_fn(|| lanes.poll_dropped()).count(),
            Some(Next::Group(_)) | None => 0,
        };
        let never = |_| panic!("nothing was dropped before it");
        assert_eq!(next(&mut lanes, &never), 1_001);
        lanes.push(LARGE, Waiting { frame: of(5), ..until(at(300), frame(100, 5)) });
        assert_eq!(next(&mut lanes, &|frame| frame.number == 3), 2, "it needs nothing");
        assert_eq!(next(&mut lanes, &|frame| frame.number == 3), 1_001);
        assert_eq!(next(&mut lanes, &|_| true), 4, "what is no frame is no orphan");
        assert_eq!(next(&mut lanes, &|_| false), 5);
        assert!(is_empty(&lanes));
    }

    #[test]
    fn the_longest_queue_of_those_named_is_found() {
        let mut lanes = Lanes::default();
        lanes.push(SMALL, Waiting::for_good(frame(100, 1)));
        lanes.push(LARGE, Waiting::for_good(frame(100, 1)));
        lanes.push(LARGE, Waiting::for_good(frame(100, 1)));
        assert_eq!(lanes.longest_of([SMALL, LARGE].into_iter()), Some(LARGE));
        assert_eq!(lanes.longest_of([SMALL].into_iter()), Some(SMALL));
        assert_eq!(lanes.longest_of([ProducerId::NONE].into_iter()), None);
        assert_eq!(lanes.load(), Load { made: 3, promised: 0 });
        assert!(lanes.push_fan(fan(ProducerId::NONE, 2)).is_none());
        assert_eq!(
            lanes.longest_of([ProducerId::NONE].into_iter()),
            None,
            "what is not made has not come to anybody"
        );
    }
}
