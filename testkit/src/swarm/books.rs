//! What has to hold everywhere, each 100 ms and at the end.

use protocol::receiver::Counters;
use protocol::wire::Thinning;

use super::stage::{PATIENT, Stage};
use crate::world::ClientId;

/// Timers that may fire in 100 ms, per node: one each millisecond is what an engine sets when it is in a hurry (I15).
const FIRED_MAX: u64 = 110;
/// Sessions that a process may have: its own, and one before it until the lease is over.
const SESSIONS_EACH: usize = 2;
/// Frames that a worker may hold of each track beyond its seconds: what is incomplete, and the newest.
const FRAMES_SPARE: usize = 64;
/// Lives of a producer whose frames a worker may hold: the present one and the one before.
const LIVES_HELD: usize = 2;
/// Seconds of frames that a worker may hold: the largest latency and the grace behind it.
const SECONDS_HELD: usize = 12;

/// What a client did not get.
#[derive(Clone, Copy, Default)]
pub(super) struct Missed {
    frames: u64,
    left_out: u64,
}

impl Missed {
    /// Frames that were missed since `before`. Where frames are left out the path is taken for a slow one still, though every frame may
    /// be sent on it: sound overtakes pictures there.
    pub(super) const fn since(self, before: Self) -> u64 {
        if self.left_out == before.left_out { self.frames - before.frames } else { 0 }
    }
}

/// The accountant's notes.
#[derive(Clone, Copy, Default)]
pub(super) struct Books {
    /// Somebody died with figures that nobody else has.
    incomplete: bool,
    fired: u64,
    total: Option<Counters>,
}

impl Books {
    pub(super) const fn note_death(&mut self) {
        self.incomplete = true;
    }

    /// I6, I9, I15.
    pub(super) fn check(mut self, stage: &Stage<'_>) -> Self {
        let world = &stage.world;
        let census = world.census();
        let nodes = world.processes_ever();
        assert!(census.sessions <= SESSIONS_EACH * nodes, "I9: {census:?} of {nodes} processes");
        assert!(census.timers <= census.sessions, "I9: {census:?}");
        let workers = world.workers().len();
        assert!(census.channels <= stage.producers.len() * workers, "I9: {census:?}");
        let rates: usize = stage.producers.iter().map(|it| it.plan.channel.fps as usize + 1).sum();
        let frames = workers * LIVES_HELD * (rates * SECONDS_HELD + 2 * FRAMES_SPARE * stage.producers.len());
        assert!(census.frames <= frames, "I9: {census:?}, not {frames}");
        let fired = world.fired() - std::mem::replace(&mut self.fired, world.fired());
        let allowed = FIRED_MAX * (1 + nodes as u64);
        // A broker that waits for its link wakes up for each send.
        let waits = stage.scenario.broker_rate.is_some();
        assert!(fired <= allowed || waits, "I15: {fired} timers fired in 100 ms, not {allowed}");
        for client in stage.clients.iter().filter_map(|client| client.id) {
            check_counters(stage, client);
        }
        self
    }

    /// Live clients whose latency leaves a chance and whose path is not taken for a slow one, nor that of a producer of theirs: what
    /// those are sent again, and when, is a matter of their ladder (PROTOCOL 7.8).
    pub(super) fn unhindered(stage: &Stage<'_>) -> Vec<ClientId> {
        let patient = stage.clients.iter().filter(|client| client.plan.latency >= PATIENT);
        let patient = patient.filter(|client| stage.wants_no_slow_one(client));
        let is_whole = |id: &ClientId| {
            stage.world.snapshot(*id).streams.iter().all(|stream| stream.thinning == Thinning::Whole)
        };
        patient.filter_map(|client| client.id).filter(is_whole).collect()
    }

    /// Frames that each of these clients has missed so far, and those that were left out for it.
    pub(super) fn missed(stage: &Stage<'_>, clients: &[ClientId]) -> Vec<Missed> {
        let of = |id: &ClientId| {
            let counters = stage.world.snapshot(*id).streams.into_iter().map(|stream| stream.counters);
            counters.fold(Missed::default(), |sum, it| Missed {
                frames: sum.frames + it.late + it.lost,
                left_out: sum.left_out + it.skipped,
            })
        };
        clients.iter().map(of).collect()
    }

    /// The figures of all clients, before they are gone.
    pub(super) fn close(self, stage: &Stage<'_>) -> Self {
        let mut total = Counters::default();
        for client in stage.clients.iter().filter_map(|client| client.id) {
            for stream in stage.world.snapshot(client).streams {
                let c = stream.counters;
                total.add(&Counters {
                    expected: c.expected,
                    direct: c.direct,
                    repaired_arq: c.repaired_arq,
                    repaired_fec: c.repaired_fec,
                    late: c.late,
                    lost: c.lost,
                    skipped: c.skipped,
                    ..Counters::default()
                });
            }
        }
        Self { total: Some(total), ..self }
    }

    /// I6: both ends count alike, where nobody died with a part of the figures, and no session ended before its peer knew.
    pub(super) fn compare(self, stage: &Stage<'_>) {
        let Some(total) = self.total.filter(|_| !self.incomplete && stage.viewers_kept_their_sessions())
        else {
            return;
        };
        let mut told = Counters::default();
        stage.world.workers().iter().for_each(|worker| told.add(worker.viewer_total()));
        assert!(told == total, "I6: the broker says {told:?}, the clients say {total:?}");
    }
}

/// I6: every frame that was for a client stands in one counter, and what is counted as delivered was.
fn check_counters(stage: &Stage<'_>, client: ClientId) {
    let snapshot = stage.world.snapshot(client);
    let (mut counted, mut delivered) = (0, 0);
    for stream in &snapshot.streams {
        let c = stream.counters;
        let whole = c.direct + c.repaired_arq + c.repaired_fec;
        assert!(c.expected == whole + c.late + c.lost + c.skipped, "I6: {c:?}");
        counted += whole;
        delivered += stage.world.oracle.delivered(client.0, stream.producer, stream.stream).len() as u64;
    }
    // A renewed subscription may begin with the frame that the former one ended with; that one is not delivered again.
    let repeated =
        snapshot.drops.iter().find(|(name, _)| *name == "repeated_frames").map_or(0, |(_, count)| *count);
    assert!(delivered + repeated == counted, "I6: {delivered} frames and {repeated} again, not {counted}");
}
