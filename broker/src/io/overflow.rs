//! What the kernel drops of the workers' datagrams, said while something can be done about it.
//!
//! A look reads the kernel's table of all sockets of the host, and takes the longer the more there are: it is done on a thread of its
//! own, so that no frame waits for it.

use std::fmt;
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use udp::{Buffers, DropCount, Shortfall};

/// Between two looks, and so between two lines of a worker.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// The looks at all workers' sockets. Dropped, they end.
pub(super) struct Lookout {
    _end: Sender<()>,
}

impl Lookout {
    /// Looks from now on.
    ///
    /// # Errors
    /// The system has no thread left.
    pub(super) fn start(mut watched: Vec<Watched>) -> io::Result<Self> {
        let (end, ended) = channel();
        thread::Builder::new().name("lookout".to_owned()).spawn(move || {
            look_until(&ended, LOOK_EVERY, || watched.iter_mut().for_each(Watched::look));
        })?;
        Ok(Self { _end: end })
    }
}

/// Looks again and again until there is nobody any more who could end it.
fn look_until(ended: &Receiver<()>, every: Duration, mut look: impl FnMut()) {
    while ended.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
        look();
    }
}

/// The socket of a worker.
pub(super) struct Watched {
    worker: u8,
    count: DropCount,
    /// What the last look showed.
    seen: u64,
    shortfall: Option<Shortfall>,
}

impl Watched {
    pub(super) fn new(worker: u8, count: DropCount, buffers: &Buffers) -> Self {
        Self { worker, count, seen: 0, shortfall: buffers.recv_shortfall() }
    }

    fn look(&mut self) {
        let Some(dropped) = self.count.read().and_then(|total| self.news(total)) else { return };
        tracing::warn!(
            worker = self.worker,
            dropped,
            dropped_in_all = self.seen,
            "{}",
            Advice(self.shortfall)
        );
    }

    /// How many were dropped since the last look, if any were.
    fn news(&mut self, total: u64) -> Option<u64> {
        let before = std::mem::replace(&mut self.seen, total);
        total.checked_sub(before).filter(|dropped| *dropped > 0)
    }
}

/// What to do about it: not the same where the kernel has granted all that was asked for.
struct Advice(Option<Shortfall>);

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the receive buffer was full and the kernel dropped datagrams: start the broker anew with ",
        )?;
        match &self.0 {
            Some(shortfall) => write!(f, "more workers or a larger buffer; {shortfall}"),
            None => f.write_str("more workers, or give it more cores"),
        }
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use udp::Socket;

    use super::*;

    /// A worker's socket whose buffer holds a few small datagrams.
    fn cramped() -> (Socket, Watched) {
        let options = udp::Options { recv_buffer: 4_096, ..udp::Options::default() };
        let socket = Socket::bind("127.0.0.1:0".parse().unwrap(), &options).unwrap();
        let watched = Watched::new(3, socket.drop_count().unwrap(), &socket.buffers());
        (socket, watched)
    }

    fn flood(socket: &Socket) {
        let mut peer = Socket::bind("127.0.0.1:0".parse().unwrap(), &udp::Options::default()).unwrap();
        for _ in 0..100 {
            assert_eq!(peer.try_send(socket.local_addr(), None, b"a word", 0), udp::SendOutcome::Sent);
        }
    }

    #[test]
    fn what_the_kernel_drops_is_news_once() {
        let (socket, mut watched) = cramped();
        assert_eq!(watched.count.read().and_then(|total| watched.news(total)), None);
        flood(&socket);
        let total = socket.kernel_drops().unwrap();
        assert!(total > 0);
        assert_eq!(watched.count.read(), Some(total));
        assert_eq!((watched.news(total), watched.news(total)), (Some(total), None));
        flood(&socket);
        let later = socket.kernel_drops().unwrap();
        assert_eq!(watched.news(later), Some(later - total));
    }

    #[test]
    fn a_count_that_begins_anew_is_no_news() {
        let (_socket, mut watched) = cramped();
        assert_eq!((watched.news(7), watched.news(0), watched.news(2)), (Some(7), None, Some(2)));
    }

    #[test]
    fn the_advice_is_a_larger_buffer_only_where_there_is_one_to_get() {
        let buffers = |granted| Buffers {
            recv_asked: 4_194_304,
            recv_granted: granted,
            send_asked: 1_048_576,
            send_granted: 212_992,
        };
        let advice = |granted| Advice(buffers(granted).recv_shortfall()).to_string();
        let (short, whole) = (advice(212_992), advice(4_194_304));
        assert!(short.contains("more workers") && short.contains("=4194304`"), "{short}");
        assert!(whole.contains("more workers") && !whole.contains("sysctl"), "{whole}");
    }

    #[test]
    fn the_looks_go_on_until_the_lookout_is_dropped_and_end_at_once_then() {
        let (end, ended) = channel();
        let (mut end, mut looks) = (Some(end), 0);
        look_until(&ended, Duration::ZERO, || {
            looks += 1;
            end.take_if(|_| looks == 3);
        });
        assert_eq!(looks, 3);
        look_until(&ended, LOOK_EVERY, || panic!("nobody is there any more"));
    }
}
