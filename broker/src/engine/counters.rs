//! Every count of a worker, one sentence each.

/// Cumulative counts; every dropped datagram is in exactly one of the `dropped_` ones.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counters {
    /// Datagrams handed in, those of other workers included.
    pub received: u64,
    /// Datagrams that do not decode.
    pub dropped_malformed: u64,
    /// Datagrams of an event that this version does not know.
    pub dropped_unknown_event: u64,
    /// Extensions that were skipped in messages that were taken.
    pub skipped_extensions: u64,
    /// HELLOs whose cookie is wrong or too old: they drew a RETRY.
    pub dropped_cookie: u64,
    /// HELLOs for which there was no room.
    pub dropped_full: u64,
    /// Control messages of no session.
    pub dropped_no_session: u64,
    /// Control messages seen before.
    pub dropped_replayed: u64,
    /// Messages that do not belong to the role of their session.
    pub dropped_wrong_role: u64,
    /// DATA from an address that does not publish that producer.
    pub dropped_foreign_data: u64,
    /// DATA that the receiver had no use for: duplicates, stale or conflicting shards, other tags.
    pub dropped_data: u64,
    /// Hand-overs that found the other worker's queue full.
    pub dropped_handover: u64,
    /// Frames, or parity of one, that found the queue of outgoing datagrams full, per viewer.
    pub dropped_queue_full: u64,
    /// Frames, or parts of them, that waited for the socket until they were of no use, per viewer.
    pub dropped_overdue: u64,
    /// Control messages and repairs that found the queue of outgoing datagrams full.
    pub dropped_urgent_full: u64,
    /// RETRYs sent.
    pub retries: u64,
    /// VERSIONS sent.
    pub versions: u64,
    /// Stateless resets sent.
    pub resets: u64,
    /// Sessions opened.
    pub sessions_opened: u64,
    /// Sessions that ended because nothing was heard.
    pub sessions_idle: u64,
    /// Sessions that moved to another address.
    pub sessions_moved: u64,
    /// Frames taken from producers of this worker.
    pub frames_in: u64,
    /// Frames, of another worker most likely, that no channel here has a use for: their life is over, or they are held already.
    pub frames_stale: u64,
    /// Frames handed to viewers, one for each viewer.
    pub frames_out: u64,
    /// Datagrams sent again to viewers.
    pub datagrams_resent: u64,
    /// Parity datagrams sent to viewers.
    pub datagrams_parity: u64,
    /// Datagrams asked for again that the budget of all viewers did not cover.
    pub dropped_over_budget: u64,
    /// Frames left out for viewers that prove no receipt.
    pub frames_paused: u64,
    /// Frames left out for viewers whose path is too slow.
    pub frames_thinned: u64,
    /// Frames forgotten before their time, since there was no memory for more.
    pub frames_forgotten: u64,
    /// Announcements that were refused.
    pub announces_refused: u64,
}
