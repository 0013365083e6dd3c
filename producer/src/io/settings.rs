//! What a producer is told at its start.

use std::fmt;
use std::io::Read;
use std::net::SocketAddr;
use std::time::Duration;

use protocol::id::ProducerId;
use tokio::sync::oneshot;

use crate::source::SourceOptions;

/// What a producer is told at its start.
#[derive(Debug)]
pub struct Settings {
    /// `HOST[:PORT]`, port 5000 where none is named. Resolved once.
    pub broker: String,
    /// The local address to publish from; any where it is not given.
    pub local: Option<SocketAddr>,
    /// Time from the start of the process to the first frame. The broker is called at once.
    pub delay: Duration,
    /// Where the frames come from.
    pub input: Input,
    /// Who publishes.
    pub identity: Identity,
    /// Whether frames are left out where the path to the broker is too slow for all of them.
    pub thins: bool,
    /// Whoever waits for the broker's first word that the id is published. Dropped where that never comes.
    pub ready: Option<oneshot::Sender<()>>,
}

/// Who publishes.
#[derive(Clone)]
pub struct Identity {
    /// The id.
    pub id: ProducerId,
    /// The channel's name for people, at most 64 bytes, may be empty.
    pub name: String,
    /// The secret that lets a later process go on under this id; random where it is not given.
    pub key: Option<Vec<u8>>,
    /// Bytes of the largest datagram, even.
    pub datagram_size: u16,
}

/// Where frames come from.
pub enum Input {
    /// Folders or the test card, by their schedule.
    Source(SourceOptions),
    /// A stream of JPEG pictures, live: each is captured when it arrives.
    Mjpeg(Box<dyn Read + Send>),
}

impl fmt::Debug for Identity {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("id", &self.id).field("name", &self.name).finish_non_exhaustive()
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(options) => f.debug_tuple("Source").field(options).finish(),
            Self::Mjpeg(_) => f.write_str("Mjpeg(..)"),
        }
    }
}
