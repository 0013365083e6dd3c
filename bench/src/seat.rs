//! A viewer: the client's own engine, what it is told to do, and what came of it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use client::engine::Client;
use client::engine::event::{Event, Frame};
use protocol::id::{ProducerId, StreamId, Target};
use protocol::random::Random;
use protocol::receiver::Counters;
use protocol::time::Time;
use protocol::wire::Role;

use crate::act::{Act, Pace};
use crate::audit::Audit;
use crate::peer::{Peer, Transmit};
use crate::stamp::Stamp;
use crate::tally::Tally;

/// How long a viewer that leaves waits for the broker's goodbye.
const FAREWELL: Duration = Duration::from_secs(1);

/// What the viewers of one thread share.
pub(crate) struct Hall {
    pub(crate) act: Act,
    pub(crate) tally: Tally,
    pub(crate) plan: HallPlan,
    pub(crate) random: Random,
}

/// What does not change while they watch.
#[derive(Clone)]
pub(crate) struct HallPlan {
    pub(crate) broker: SocketAddr,
    pub(crate) latency: Duration,
    pub(crate) frame_bytes: usize,
    /// Viewers of all threads.
    pub(crate) viewers: u64,
    /// When the first viewer joins.
    pub(crate) join_from: Time,
    pub(crate) joins: Pace,
    pub(crate) leaves: Pace,
    pub(crate) churn: Option<Pace>,
    /// Frames that each producer has published.
    pub(crate) published: Arc<[AtomicU64]>,
}

/// A place that viewers take one after the other.
pub(crate) struct Seat {
    number: u64,
    channel: usize,
    target: Target,
    state: State,
    /// Viewers that gave it up for the next one.
    churned: u64,
}

enum State {
    Empty { join_at: Time },
    Taken(Box<Watcher>),
    Over,
}

/// A viewer.
struct Watcher {
    client: Client,
    since: Time,
    /// Once the subscription was answered.
    audit: Option<Audit>,
    seen_first: bool,
    leaving: Option<Leave>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Leave {
    ForTheNext,
    ForGood,
}

impl Seat {
    /// Seat `number`, whose viewers watch `producer`, the one of `channel`.
    pub(crate) fn new(number: u64, channel: usize, producer: ProducerId, plan: &HallPlan) -> Self {
        let join_at = plan.join_from + plan.joins.after(number);
        let target = Target { producer, stream: StreamId::ALL };
        Self { number, channel, target, state: State::Empty { join_at }, churned: 0 }
    }

    /// When its viewer is to leave, and how.
    fn leave_at(&self, hall: &Hall) -> Option<(Time, Leave)> {
        let plan = &hall.plan;
        let last = hall.act.leave_from.map(|from| (from + plan.leaves.after(self.number), Leave::ForGood));
        let churn = plan.churn.zip(hall.act.window).and_then(|(churn, (from, until))| {
            let at = from + churn.after(self.churned * plan.viewers + self.number);
            (at < until).then_some((at, Leave::ForTheNext))
        });
        last.or(churn)
    }

    fn take(&mut self, now: Time, hall: &mut Hall) {
        let seed = hall.random.block();
        let mut client = Client::new(now, hall.plan.broker, Role::Viewer, Random::from_seed(seed));
        client.subscribe(now, self.target, hall.plan.latency);
        self.state = State::Taken(Box::new(Watcher {
            client,
            since: now,
            audit: None,
            seen_first: false,
            leaving: None,
        }));
    }

    /// Lets the viewer go if its time has come, and counts what it saw once it is gone.
    fn see_off(&mut self, now: Time, hall: &mut Hall) {
        let due = self.leave_at(hall).filter(|(at, _)| *at <= now);
        let State::Taken(watcher) = &mut self.state else { return };
        if let Some((_, leave)) = due.filter(|(_, leave)| watcher.leaving.is_none_or(|now| now != *leave)) {
            if watcher.leaving.is_none() {
                watcher.client.shut_down(now, FAREWELL);
                watcher.count_missing(leave, self.channel, hall);
            }
            watcher.leaving = Some(leave);
        }
        let Some(leave) = watcher.leaving.filter(|_| watcher.client.is_closed()) else { return };
        let counters = watcher.counters(now);
        hall.tally.engine.add(&counters);
        self.state = match leave {
            Leave::ForGood => State::Over,
            Leave::ForTheNext => {
                hall.tally.churned += 1;
                hall.tally.joined -= u64::from(watcher.audit.is_some());
                self.churned += 1;
                State::Empty { join_at: now }
            }
        };
    }
}

impl Watcher {
    /// What is missing when it leaves: of one that leaves in mid-stream only what is behind it.
    fn count_missing(&self, leave: Leave, channel: usize, hall: &mut Hall) {
        let Some(audit) = &self.audit else { return };
        hall.tally.missing += match leave {
            Leave::ForTheNext => audit.gaps(),
            Leave::ForGood => audit.missing_before(published(hall, channel)),
        };
    }

    fn counters(&self, now: Time) -> Counters {
        let mut sum = Counters::default();
        for stream in self.client.snapshot(now).streams {
            let counters = stream.counters;
            sum.add(&Counters {
                expected: counters.expected,
                direct: counters.direct,
                repaired_arq: counters.repaired_arq,
                repaired_fec: counters.repaired_fec,
                late: counters.late,
                lost: counters.lost,
                skipped: counters.skipped,
                duplicates: counters.duplicates,
                bytes: counters.bytes,
                ..Counters::default()
            });
        }
        sum
    }

    fn drain_events(&mut self, now: Time, channel: usize, producer: ProducerId, hall: &mut Hall) {
        while let Some(event) = self.client.poll_event() {
            match event {
                Event::Subscribed(_) | Event::Waiting { .. } if self.audit.is_none() => {
                    self.audit = Some(Audit::joining_at(published(hall, channel)));
                    hall.tally.join.note(now.since(self.since));
                    hall.tally.joined += 1;
                }
                Event::Frame(frame) if self.leaving.is_none() => {
                    self.note_frame(now, &frame, producer, hall);
                }
                Event::Refused { .. } => hall.tally.refused += 1,
                Event::Disconnected { .. } => hall.tally.disconnects += 1,
                _ => {}
            }
        }
    }

    fn note_frame(&mut self, now: Time, frame: &Frame, producer: ProducerId, hall: &mut Hall) {
        let tally = &mut hall.tally;
        let stamp = Stamp::read(&frame.data)
            .filter(|_| frame.data.len() == hall.plan.frame_bytes && frame.producer == producer);
        let (Some(stamp), Some(audit)) = (stamp, &mut self.audit) else {
            tally.wrong += 1;
            return;
        };
        if !audit.note(stamp.number) {
            tally.misordered += 1;
            return;
        }
        tally.delivered += 1;
        tally.delivered_in_window += u64::from(hall.act.measures(now));
        if !std::mem::replace(&mut self.seen_first, true) {
            tally.first_frame.note(now.since(self.since));
        }
        // What was due before the viewer came was not late for it.
        if hall.act.measures(stamp.due) && stamp.due >= self.since {
            tally.latency.note(now.since(stamp.due));
        }
    }
}

fn published(hall: &Hall, channel: usize) -> u64 {
    hall.plan.published.get(channel).map_or(0, |count| count.load(Ordering::Acquire))
}

impl Peer<Hall> for Seat {
    fn handle_datagram(&mut self, now: Time, datagram: &[u8], hall: &mut Hall) {
        if let State::Taken(watcher) = &mut self.state {
            watcher.client.handle_datagram(now, hall.plan.broker, datagram);
            watcher.drain_events(now, self.channel, self.target.producer, hall);
        }
    }

    fn handle_timeout(&mut self, now: Time, hall: &mut Hall) {
        match &mut self.state {
            State::Empty { .. } if hall.act.leave_from.is_some() => self.state = State::Over,
            State::Empty { join_at } if *join_at <= now => self.take(now, hall),
            State::Empty { .. } | State::Taken(_) | State::Over => {}
        }
        if let State::Taken(watcher) = &mut self.state {
            watcher.client.handle_timeout(now);
            watcher.drain_events(now, self.channel, self.target.producer, hall);
        }
        self.see_off(now, hall);
    }

    fn poll_timeout(&mut self, now: Time, hall: &Hall) -> Option<Time> {
        let leave_at = self.leave_at(hall);
        match &mut self.state {
            State::Empty { join_at } => Some(if hall.act.leave_from.is_some() { now } else { *join_at }),
            State::Taken(watcher) if watcher.client.is_closed() => Some(now),
            State::Taken(watcher) => {
                let news = leave_at.filter(|(_, leave)| watcher.leaving.is_none_or(|now| now != *leave));
                watcher.client.poll_timeout(now).into_iter().chain(news.map(|(at, _)| at)).min()
            }
            State::Over => None,
        }
    }

    fn poll_transmit(&mut self) -> Option<Transmit> {
        let State::Taken(watcher) = &mut self.state else { return None };
        let bytes = watcher.client.poll_transmit()?;
        let segment = bytes.len();
        Some(Transmit { bytes, segment })
    }

    fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }
}
