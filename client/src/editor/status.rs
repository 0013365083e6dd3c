//! The line below the prompt: where, whether connected, and what plays.

use protocol::id::Target;

use crate::engine::event::Snapshot;

/// The line below the prompt. `targets` are the subscriptions; `rates` while somebody is there for whom they are kept up
/// to date.
pub fn status(snapshot: &Snapshot, targets: &[Target], rates: bool) -> String {
    let link = if snapshot.connected { "connected" } else { "not connected" };
    let live = snapshot.streams.iter().filter(|stream| stream.live).map(|stream| {
        let id = Target { producer: stream.producer, stream: stream.stream };
        if rates { format!("{id} {:.1}/s", stream.frames_per_second) } else { id.to_string() }
    });
    // Without a session everything waits that was subscribed: it goes on by itself.
    let waiting = if snapshot.connected { &snapshot.waiting } else { targets };
    let waiting = waiting.iter().map(|target| format!("{target} waiting"));
    let streams: Vec<_> = live.chain(waiting).collect();
    let streams = if streams.is_empty() { "nothing subscribed".to_owned() } else { streams.join(", ") };
    format!("broker {} {link} | {streams} | type help", snapshot.broker)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use protocol::id::StreamId;
    use protocol::wire::{Text, Thinning, TrackKind};

    use super::*;
    use crate::engine::event::{StreamCounters, StreamStatus};

    #[test]
    fn it_says_where_whether_connected_and_what_plays() {
        let mut snapshot = snapshot();
        assert_eq!(
            status(&snapshot, &[], true),
            "broker 10.0.0.1:5000 connected | 1AAA9901 12.0/s, 2BBB99 waiting | type help"
        );
        assert_eq!(
            status(&snapshot, &[], false),
            "broker 10.0.0.1:5000 connected | 1AAA9901, 2BBB99 waiting | type help",
            "figures that nobody keeps up to date are not shown"
        );
        snapshot.connected = false;
        snapshot.streams.clear();
        snapshot.waiting.clear();
        assert_eq!(
            status(&snapshot, &[], true),
            "broker 10.0.0.1:5000 not connected | nothing subscribed | type help"
        );
        assert_eq!(
            status(&snapshot, &["1AAA99".parse().unwrap()], true),
            "broker 10.0.0.1:5000 not connected | 1AAA99 waiting | type help",
            "what was subscribed goes on when the broker comes back"
        );
    }

    #[test]
    fn a_stream_that_is_off_is_not_said_to_play() {
        let mut snapshot = snapshot();
        snapshot.streams[0].live = false;
        assert!(!status(&snapshot, &[], true).contains("1AAA99"));
    }

    fn snapshot() -> Snapshot {
        Snapshot {
            broker: "10.0.0.1:5000".parse().unwrap(),
            connected: true,
            rtt: None,
            jitter: Duration::ZERO,
            loss: 0.0,
            loss_run: None,
            streams: vec![StreamStatus {
                producer: "1AAA99".parse().unwrap(),
                stream: StreamId::VIDEO,
                kind: TrackKind::Video,
                name: Text::new("Aurora"),
                live: true,
                counters: StreamCounters::default(),
                frames_per_second: 11.96,
                bits_per_second: 0.0,
                loss: 0.0,
                delay: Duration::ZERO,
                age: None,
                age_error: None,
                latency: Duration::ZERO,
                first_frame: None,
                thinning: Thinning::Whole,
            }],
            waiting: vec!["2BBB99".parse().unwrap()],
            datagrams_received: 0,
            datagrams_sent: 0,
            drops: Vec::new(),
        }
    }
}
