//! What became of a publication, at its end.

use protocol::id::ProducerId;
use protocol::receiver::Counters;
use protocol::sender::SenderCounters;
use tracing::info;

use super::media::MediaCounters;
use crate::engine::TrackStatus;

/// What became of a publication.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The id.
    pub producer: ProducerId,
    /// Each track.
    pub tracks: Vec<TrackStatus>,
    /// Datagrams of the last session.
    pub sender: SenderCounters,
    /// What was left out before it became a frame.
    pub media: MediaCounters,
    /// What the socket did.
    pub socket: udp::Counters,
    /// Datagrams dropped because the socket stayed blocked.
    pub overflowed: u64,
    /// Datagrams received that made no sense.
    pub meaningless: u64,
}

impl Summary {
    /// Writes one line per track, and one for what they share.
    pub(super) fn log(&self) {
        let producer = self.producer;
        for track in &self.tracks {
            let TrackStatus { stream, published, unsent, left_out, refused, bytes, broker } = track;
            // Nothing is known of what a broker that never answered has.
            let Counters { expected, direct, repaired_arq, repaired_fec, late, lost, skipped, .. } =
                broker.unwrap_or_default();
            info!(%producer, %stream, published, unsent, left_out, refused, bytes, broker.expected = expected,
                broker.direct = direct, broker.repaired_arq = repaired_arq, broker.repaired_fec = repaired_fec,
                broker.late = late, broker.lost = lost, broker.skipped = skipped, "producer summary");
        }
        let (sender, source, pipe) = (&self.sender, &self.media.source, &self.media.pipe);
        info!(%producer, datagrams = sender.datagrams, resent = sender.resent,
            over_budget = sender.over_budget, not_held = sender.not_held, overflowed = self.overflowed,
            kernel_refused = self.socket.datagrams_lost_in_total(), meaningless = self.meaningless,
            files.other_kind = source.other_kind, files.unusable = source.unusable,
            units.overdue = source.overdue, pipe.malformed = pipe.stream.malformed,
            pipe.oversized = pipe.stream.oversized, pipe.overtaken = pipe.overtaken, "producer summary");
    }
}
