//! What a worker did, in three lines, at its end.

use udp::Socket;

use crate::engine::{Broker, Counters};

/// Logs every counter of a worker and its socket.
pub(super) fn log(worker: u8, broker: &Broker, socket: &Socket) {
    log_viewers(worker, broker);
    log_socket(worker, socket);
    // Field by field: a counter that is added to the engine is missed here by the compiler.
    let Counters {
        received,
        dropped_malformed,
        dropped_unknown_event,
        skipped_extensions,
        dropped_cookie,
        dropped_full,
        dropped_no_session,
        dropped_replayed,
        dropped_wrong_role,
        dropped_foreign_data,
        dropped_data,
        dropped_handover,
        dropped_queue_full,
        dropped_overdue,
        dropped_urgent_full,
        retries,
        versions,
        resets,
        sessions_opened,
        sessions_idle,
        sessions_moved,
        frames_in,
        frames_stale,
        frames_out,
        datagrams_resent,
        datagrams_parity,
        dropped_over_budget,
        frames_paused,
        frames_thinned,
        frames_forgotten,
        announces_refused,
    } = broker.counters();
    tracing::info!(
        worker,
        received,
        dropped_malformed,
        dropped_unknown_event,
        skipped_extensions,
        dropped_cookie,
        dropped_full,
        dropped_no_session,
        dropped_replayed,
        dropped_wrong_role,
        dropped_foreign_data,
        dropped_data,
        dropped_handover,
        dropped_queue_full,
        dropped_overdue,
        dropped_urgent_full,
        retries,
        versions,
        resets,
        sessions_opened,
        sessions_idle,
        sessions_moved,
        frames_in,
        frames_stale,
        frames_out,
        datagrams_resent,
        datagrams_parity,
        dropped_over_budget,
        frames_paused,
        frames_thinned,
        frames_forgotten,
        announces_refused,
        "broker summary"
    );
}

fn log_socket(worker: u8, socket: &Socket) {
    let counters = socket.counters();
    let udp::Counters {
        datagrams_in,
        bytes_in,
        recvs,
        gro_runs,
        datagrams_out,
        bytes_out,
        sends,
        gso_sends,
        gso_fallbacks,
        would_block,
        // In the order of `SendFault::ALL` and `RecvFault::ALL`.
        datagrams_lost:
            [
                lost_refused,
                lost_unreachable,
                lost_too_big,
                lost_no_buffers,
                lost_denied,
                lost_invalid,
                lost_unsupported,
                lost_device,
                lost_interrupted,
                lost_other,
            ],
        recv_faults: [recv_reported, recv_interrupted, recv_no_buffers, recv_other],
    } = counters;
    tracing::info!(
        worker,
        datagrams_in,
        datagrams_out,
        bytes_in,
        bytes_out,
        lost_out = counters.datagrams_lost_in_total(),
        lost_in = socket.kernel_drops(),
        recvs,
        gro_runs,
        sends,
        gso_sends,
        gso_fallbacks,
        would_block,
        lost_refused,
        lost_unreachable,
        lost_too_big,
        lost_no_buffers,
        lost_denied,
        lost_invalid,
        lost_unsupported,
        lost_device,
        lost_interrupted,
        lost_other,
        recv_reported,
        recv_interrupted,
        recv_no_buffers,
        recv_other,
        "socket summary"
    );
}

/// What the viewers that have left said became of their frames.
fn log_viewers(worker: u8, broker: &Broker) {
    let viewers = broker.viewer_total();
    tracing::info!(
        worker,
        expected = viewers.expected,
        delivered = viewers.delivered(),
        late = viewers.late,
        lost = viewers.lost,
        skipped = viewers.skipped,
        "viewers summary"
    );
}
