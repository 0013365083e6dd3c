//! Every limit of the wire, with its unit and its reason (PROTOCOL 10).

use std::time::Duration;

/// The version of the protocol that this code speaks.
pub const VERSION: u8 = 1;
/// Bytes of the common start of every datagram: event, producer id, stream id.
pub const PREFIX_LEN: usize = 5;
/// Bytes of the DATA header.
pub const DATA_HEADER_LEN: usize = 36;
/// Bytes of the control header.
pub const CONTROL_HEADER_LEN: usize = 24;
/// Bytes of the CRC-32C at the end of a control message.
pub const CONTROL_CRC_LEN: usize = 4;
/// Bytes of a datagram unless an epoch announces larger ones: every path carries it unfragmented (RFC 9000 14).
pub const DATAGRAM_LEN: usize = 1_200;
/// Bytes of the largest datagram an epoch may announce: an Ethernet packet with IPv6 and some room (RFC 8899).
pub const DATAGRAM_LEN_MAX: usize = 1_452;
/// Default shard size in bytes.
pub const SHARD_LEN: u16 = 1_164;
/// Largest shard size in bytes.
pub const SHARD_LEN_MAX: u16 = 1_416;
/// Smallest shard size that a broker accepts in ANNOUNCE: below it headers outweigh media.
pub const SHARD_LEN_MIN: u16 = 256;
/// Largest frame in bytes: a 4K key frame with room.
pub const FRAME_LEN_MAX: u32 = 4 << 20;
/// Frames up to this many bytes are stored, checked and forwarded whole; larger ones are cut through.
pub const STORE_AND_FORWARD_LEN: u32 = 128 << 10;
/// Frames that a receiver knows and has not settled on one track: 10 s at 100 frames per second.
pub const OPEN_FRAMES_MAX: usize = 1_024;
/// Bytes of incomplete frames on one track: what a peer can make a receiver hold.
pub const OPEN_BYTES_MAX: usize = 2 * FRAME_LEN_MAX as usize;
/// Bytes of whole frames that wait for an earlier one on one track: 10 s at 50 Mbit/s.
pub const HELD_BYTES_MAX: usize = 64 << 20;
/// Bytes of frames that a producer keeps of one track for its broker, which may still ask; the broker's own limits are of channels.
pub const HISTORY_BYTES_MAX: usize = 64 << 20;
/// Tracks of one producer.
pub const TRACKS_MAX: usize = 16;
/// Subscriptions of one session.
pub const SUBSCRIPTIONS_MAX: usize = 32;
/// Bytes of a name or a reason.
pub const TEXT_LEN_MAX: usize = 64;
/// Bytes of a codec name or a file extension.
pub const LABEL_LEN_MAX: usize = 16;
/// Control messages that a replay window remembers: more than a second of FEEDBACKs as close together as they may be.
pub const REPLAY_WINDOW: u32 = 256;
/// Bytes of a stateless reset, and the least that may trigger one.
pub const RESET_LEN: usize = CONTROL_HEADER_LEN + TOKEN_LEN + CONTROL_CRC_LEN;
/// Bytes of nonces, identities and reset tokens.
pub const TOKEN_LEN: usize = 16;
/// Bytes of a RETRY cookie.
pub const COOKIE_LEN: usize = 21;
/// Rounds after which the pauses between them grow: a blackout ends some time (PROTOCOL 7.2).
pub const ROUNDS_MAX: u8 = 8;
/// Copies of a shard beyond the first, over all rounds: five rounds of 1, 2, 3, 3 and 3. With eight, 30 % loss alone would
/// take one frame of nine shards in 5 600 (PROTOCOL 7.2).
pub const COPIES_MAX: u8 = 12;
/// Silence that ends a session.
pub const LEASE: Duration = Duration::from_secs(15);
/// Media to a peer pauses this long after something was sent and not proven received: a path that was calm until then may be
/// dark for two seconds before.
pub const PROOF_WAIT: Duration = Duration::from_secs(4);
/// A producer id is free for another identity after its owner was silent this long.
pub const PRODUCER_SILENCE: Duration = Duration::from_secs(3);
/// The idle FEEDBACK interval.
pub const FEEDBACK_INTERVAL: Duration = Duration::from_millis(250);
/// The longest FEEDBACK interval, on a silent channel: half of the lease. What nobody answers is repeated at the short one.
pub const FEEDBACK_INTERVAL_MAX: Duration = Duration::from_millis(7_500);
/// A sender reports at least this often while it sends frames of which each one's loss would go unnoticed for long.
pub const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(1);
/// The same on a calm path, where the next frame shows what the last one lacked.
pub const HEARTBEAT_INTERVAL_CALM: Duration = Duration::from_secs(2);
/// FEEDBACK is never sent more often than this.
pub const FEEDBACK_SPACING: Duration = Duration::from_millis(5);
/// The latency of a viewer that names none.
pub const LATENCY: Duration = Duration::from_millis(500);
/// The least latency other than zero.
pub const LATENCY_MIN: Duration = Duration::from_millis(100);
/// The largest latency.
pub const LATENCY_MAX: Duration = Duration::from_secs(10);
