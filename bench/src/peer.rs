//! What stands behind an address: a producer or a viewer.

use bytes::Bytes;
use protocol::time::Time;

/// Datagrams for the broker, one behind the other.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Transmit {
    /// One or more datagrams.
    pub(crate) bytes: Bytes,
    /// Bytes of each datagram but the last, which may be shorter.
    pub(crate) segment: usize,
}

/// An engine with its own address. `C` is what it works with besides.
pub(crate) trait Peer<C> {
    /// A datagram from the broker.
    fn handle_datagram(&mut self, now: Time, datagram: &[u8], context: &mut C);

    /// Lets time pass, and looks at what the act says.
    fn handle_timeout(&mut self, now: Time, context: &mut C);

    /// When [`Peer::handle_timeout`] has something to do.
    fn poll_timeout(&mut self, now: Time, context: &C) -> Option<Time>;

    /// The next datagrams to send.
    fn poll_transmit(&mut self) -> Option<Transmit>;

    /// It is gone for good.
    fn is_over(&self) -> bool;
}
