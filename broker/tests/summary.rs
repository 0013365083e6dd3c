//! What the broker writes to its log. In a process of its own, since the log has one reader per process.
#![expect(clippy::unwrap_used, clippy::unwrap_in_result, reason = "a helper that fails fails the test")]

use std::io::{self, Write};
use std::num::NonZeroU8;
use std::sync::{Arc, Mutex};

use broker::io::{Running, Settings};

/// A log in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn lines_with(&self, text: &str) -> Vec<String> {
        let log = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        log.lines().filter(|line| line.contains(text)).map(str::to_owned).collect()
    }
}

#[tokio::test]
async fn the_log_tells_the_address_what_is_dangerous_and_what_every_worker_did() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).init();

    let workers = NonZeroU8::new(3);
    // No kernel is set up to grant 2 GiB.
    let socket = udp::Options { recv_buffer: i32::MAX as usize, ..udp::Options::default() };
    let listen = "0.0.0.0:0".parse().unwrap();
    let broker = Running::start(&Settings { workers, socket, ..Settings::new(listen) }).unwrap();
    let listens = log.lines_with("the broker listens");
    assert_eq!(listens.len(), 1, "{listens:?}");
    assert!(listens[0].contains(&broker.local_addr().to_string()) && listens[0].contains("workers=3"));
    assert_eq!(log.lines_with("there is no authorization yet").len(), 1);
    assert_eq!(log.lines_with("bytes of receive buffer").len(), 1, "once, not once per worker");

    broker.stop().await.unwrap();
    let summaries = log.lines_with("broker summary");
    assert_eq!(summaries.len(), 3, "{summaries:?}");
    for worker in 0..3 {
        let of_worker = |line: &&String| line.contains(&format!("worker={worker} received=0"));
        assert_eq!(summaries.iter().filter(of_worker).count(), 1, "{summaries:?}");
    }
    assert!(summaries.iter().all(|line| line.contains("announces_refused=0")));
    let sockets = log.lines_with("socket summary");
    assert_eq!(sockets.len(), 3, "{sockets:?}");
    assert!(sockets.iter().all(|line| line.contains("lost_out=0") && line.contains("lost_in=0")));
    for counter in ["gso_sends", "gso_fallbacks", "gro_runs", "would_block", "lost_too_big", "recv_reported"]
    {
        assert!(sockets.iter().all(|line| line.contains(&format!(" {counter}=0"))), "{counter}: {sockets:?}");
    }
}
