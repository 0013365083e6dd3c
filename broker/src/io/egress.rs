//! From the engine's queue to the socket, a share at a time.

use std::collections::VecDeque;

use bytes::Buf;
use protocol::time::Time;
use udp::{BATCH_MAX, SendOutcome};

use crate::engine::Transmit;

use super::allowance::Allowance;

/// Bytes that a worker sends before it looks at what came in meanwhile: about a hundred frames of 10 kB, well below a
/// millisecond.
pub(super) const BYTES_PER_TURN: usize = 1 << 20;

/// Sends of the first call: who comes first waits for no more than these to be made. Each call has twice as many as the one before.
const FIRST_BATCH: usize = 4;

/// Why sending came to its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Drained {
    /// Nothing is left.
    Whole,
    /// The socket has to become writable first.
    Blocked,
    /// The share of this turn is used up.
    Paused,
    /// The rate allows nothing before [`Egress::due`].
    Spread,
}

/// What the socket did not take yet, and what the rate allows.
#[derive(Default)]
pub(super) struct Egress {
    /// What goes to the socket next, in order.
    held: VecDeque<Transmit>,
    blocked: bool,
    allowance: Option<Allowance>,
    due: Option<Time>,
}

impl Egress {
    /// Whether to wait for the socket to become writable.
    pub(super) const fn is_blocked(&self) -> bool {
        self.blocked
    }

    /// Spreads its sends.
    pub(super) fn at_most(bits_per_second: u64) -> Self {
        Self { allowance: Some(Allowance::new(bits_per_second)), ..Self::default() }
    }

    /// When the rate allows more, if that is what it waits for.
    pub(super) const fn due(&self) -> Option<Time> {
        self.due
    }

    /// Sends what was held and then what `next` gives, as long as `budget` bytes last and the socket takes it. `send` takes several
    /// and says how many it sent and how the one behind them ended. What the kernel refuses for good is the socket's to count: it
    /// is lost like on the network.
    pub(super) fn drain(
        &mut self,
        now: Time,
        budget: &mut usize,
        mut next: impl FnMut() -> Option<Transmit>,
        mut send: impl FnMut(&[Transmit]) -> (usize, SendOutcome),
    ) -> Drained {
        (self.blocked, self.due) = (false, None);
        let mut batch = FIRST_BATCH;
        while *budget > 0 {
            if let Some(allowance) = &mut self.allowance
                && !allowance.allows(now)
            {
                self.due = Some(allowance.due());
                return Drained::Spread;
            }
            self.hold_some(*budget, batch, &mut next);
            batch = (batch * 2).min(BATCH_MAX);
            if self.held.is_empty() {
                return Drained::Whole;
            }
            let (sent, last) = send(self.held.make_contiguous());
            for transmit in self.held.drain(..sent.min(self.held.len())) {
                *budget = budget.saturating_sub(transmit.cost());
                spend(&mut self.allowance, transmit.bytes.len());
            }
            match last {
                SendOutcome::Sent => {}
                SendOutcome::Dropped { .. } => {
                    if let Some(refused) = self.held.pop_front() {
                        *budget = budget.saturating_sub(refused.cost());
                        spend(&mut self.allowance, refused.bytes.len());
                    }
                }
                SendOutcome::Blocked { sent_bytes } => {
                    spend(&mut self.allowance, sent_bytes);
                    if let Some(transmit) = self.held.front_mut() {
                        transmit.bytes.advance(sent_bytes.min(transmit.bytes.len()));
                    }
                    self.blocked = true;
                    return Drained::Blocked;
                }
            }
        }
        Drained::Paused
    }

    /// Takes as much as is to be sent together: a rate wants one after the other.
    fn hold_some(&mut self, budget: usize, batch: usize, next: &mut impl FnMut() -> Option<Transmit>) {
        let most = if self.allowance.is_some() { 1 } else { batch };
        let mut left = budget.saturating_sub(self.held.iter().map(Transmit::cost).sum());
        while self.held.len() < most && left > 0 {
            let Some(transmit) = next() else { return };
            left = left.saturating_sub(transmit.cost());
            self.held.push_back(transmit);
        }
    }
}

fn spend(allowance: &mut Option<Allowance>, bytes: usize) {
    if let Some(allowance) = allowance {
        allowance.spend(bytes);
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use udp::SendFault;

    use super::*;

    fn transmit(bytes: &'static [u8]) -> Transmit {
        let to = "192.0.2.1:4000".parse().unwrap();
        Transmit { to, from: None, bytes: Bytes::from_static(bytes), segment: 2 }
    }

    /// Drains `queue` into a socket that answers with `outcomes`, then takes everything; gives what it was offered.
    fn drain(
        egress: &mut Egress,
        budget: usize,
        queue: &mut Vec<Transmit>,
        outcomes: &[SendOutcome],
    ) -> (Drained, Vec<Bytes>) {
        let mut offered = Vec::new();
        let mut outcomes = outcomes.iter().copied();
        let next = || (!queue.is_empty()).then(|| queue.remove(0));
        let end = egress.drain(Time::from_micros(1_000_000), &mut { budget }, next, |transmits| {
            for (number, transmit) in transmits.iter().enumerate() {
                offered.push(transmit.bytes.clone());
                let outcome = outcomes.next().unwrap_or(SendOutcome::Sent);
                if outcome != SendOutcome::Sent {
                    return (number, outcome);
                }
            }
            (transmits.len(), SendOutcome::Sent)
        });
        (end, offered)
    }

    #[test]
    fn what_the_socket_did_not_take_is_sent_first_when_it_can() {
        let mut egress = Egress::default();
        let mut queue = vec![transmit(b"aabbc"), transmit(b"dd")];
        let blocked = [SendOutcome::Blocked { sent_bytes: 2 }];
        let (end, _) = drain(&mut egress, BYTES_PER_TURN, &mut queue, &blocked);
        assert_eq!((end, egress.is_blocked()), (Drained::Blocked, true));
        let (end, offered) = drain(&mut egress, BYTES_PER_TURN, &mut queue, &[]);
        assert_eq!((end, egress.is_blocked()), (Drained::Whole, false));
        assert_eq!(offered, [&b"bbc"[..], b"dd"]);
    }

    #[test]
    fn what_the_kernel_refuses_for_good_holds_up_nothing() {
        let mut queue = vec![transmit(b"aa"), transmit(b"bb")];
        let refused = [SendOutcome::Dropped { sent_bytes: 0, fault: SendFault::Denied }];
        let (end, offered) = drain(&mut Egress::default(), BYTES_PER_TURN, &mut queue, &refused);
        assert_eq!(end, Drained::Whole);
        assert_eq!(offered, [&b"aa"[..], b"bb"]);
    }

    #[test]
    fn a_rate_lets_its_share_through_and_says_when_there_is_more() {
        let mut queue = vec![transmit(b"aa"); 100_000];
        let mut egress = Egress::at_most(8_000);
        let (end, offered) = drain(&mut egress, usize::MAX, &mut queue, &[]);
        assert_eq!(
            (end, offered.len(), egress.is_blocked()),
            (Drained::Spread, 500, false),
            "a second of it"
        );
        assert_eq!(egress.due(), Some(Time::from_micros(1_001_000)));
    }

    #[test]
    fn a_turn_sends_its_share_and_small_datagrams_count_as_more_than_their_bytes() {
        let most = BYTES_PER_TURN / transmit(b"aa").cost();
        let mut queue = vec![transmit(b"aa"); most + 5];
        let (end, offered) = drain(&mut Egress::default(), BYTES_PER_TURN, &mut queue, &[]);
        assert_eq!((end, offered.len()), (Drained::Paused, most));
        assert_eq!(queue.len(), 5);
    }
}
