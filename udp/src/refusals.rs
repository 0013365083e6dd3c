//! The destinations whose path refuses segmentation offload.

use std::collections::HashMap;
use std::net::IpAddr;

/// Destinations remembered at most. With all of them in use (an egress device without GSO and as many
/// viewers) this is about 1 MiB. Each further one costs a refused call per send until there is room.
const MAX_DESTINATIONS: usize = 16_384;

/// Sends to a destination before segmentation is tried again, since routes and drivers change: about a
/// minute and a half of 12 frames a second, at the price of one refused call in a thousand.
const RETRY_AFTER_SENDS: u32 = 1024;

/// Looks into the set between two sweeps: sixteen rounds of all 65 536 viewers that a worker may have. Who drew no
/// send in so many has left, and each look costs the others time. Counted and not timed: the fewer the looks, the
/// less an entry is in anybody's way.
const SWEEP_AFTER_LOOKS: u32 = 1 << 20;

/// A bounded set of IP addresses. Ports do not matter: what refuses is a device on the route.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    destinations: HashMap<IpAddr, Refusal>,
    /// Looks since the last sweep.
    looks: u32,
}

#[derive(Debug)]
struct Refusal {
    /// Sends until it is forgotten.
    sends_left: u32,
    /// Whether it was sent to since the last sweep.
    used: bool,
}

impl Refusals {
    /// Whether the path to `ip` is known to refuse segmentation.
    pub(crate) fn holds(&mut self, ip: IpAddr) -> bool {
        if self.destinations.is_empty() {
            return false;
        }
        self.looks += 1;
        if self.looks >= SWEEP_AFTER_LOOKS {
            self.sweep();
        }
        self.destinations.contains_key(&ip)
    }

    /// Whether the next send to `ip` may be segmented. Each "no" counts towards forgetting the refusal.
    pub(crate) fn allow(&mut self, ip: IpAddr) -> bool {
        if !self.holds(ip) {
            return true;
        }
        match self.destinations.get_mut(&ip) {
            None => true,
            Some(Refusal { sends_left: 0, .. }) => {
                self.destinations.remove(&ip);
                true
            }
            Some(refusal) => {
                refusal.sends_left -= 1;
                refusal.used = true;
                false
            }
        }
    }

    /// Remembers that the path to `ip` refuses segmentation.
    pub(crate) fn refuse(&mut self, ip: IpAddr) {
        if self.destinations.len() < MAX_DESTINATIONS || self.destinations.contains_key(&ip) {
            self.destinations.insert(ip, Refusal { sends_left: RETRY_AFTER_SENDS, used: true });
        }
    }

    /// Forgets whom nothing was sent to since the last sweep.
    fn sweep(&mut self) {
        self.looks = 0;
        self.destinations.retain(|_, refusal| std::mem::take(&mut refusal.used));
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn ip(n: usize) -> IpAddr {
        IpAddr::V4(Ipv4Addr::from_bits(u32::try_from(n).unwrap()))
    }

    /// Sends to `ip` until two sweeps are over.
    fn send_for_long(refusals: &mut Refusals, to: IpAddr) {
        for _ in 0..2 * SWEEP_AFTER_LOOKS {
            if refusals.allow(to) {
                refusals.refuse(to);
            }
        }
    }

    #[test]
    fn a_refusal_concerns_one_destination_only() {
        let mut refusals = Refusals::default();
        refusals.refuse(ip(1));
        assert!(refusals.holds(ip(1)) && !refusals.allow(ip(1)));
        assert!(!refusals.holds(ip(2)) && refusals.allow(ip(2)));
    }

    #[test]
    fn a_refusal_is_forgotten_after_its_number_of_sends() {
        let mut refusals = Refusals::default();
        for _ in 0..2 {
            refusals.refuse(ip(1));
            for _ in 0..RETRY_AFTER_SENDS {
                assert!(!refusals.allow(ip(1)));
            }
            assert!(refusals.allow(ip(1)));
        }
    }

    #[test]
    fn looks_alone_leave_a_refusal_as_it_is() {
        let mut refusals = Refusals::default();
        refusals.refuse(ip(1));
        assert!((0..=RETRY_AFTER_SENDS).all(|_| refusals.holds(ip(1))));
    }

    #[test]
    fn who_is_sent_nothing_any_more_is_forgotten_and_who_is_stays() {
        let mut refusals = Refusals::default();
        refusals.refuse(ip(1));
        refusals.refuse(ip(2));
        send_for_long(&mut refusals, ip(2));
        assert!(!refusals.holds(ip(1)), "it has left");
        assert!(refusals.holds(ip(2)));
    }

    #[test]
    fn the_last_one_that_left_is_forgotten_while_others_are_sent_to() {
        let mut refusals = Refusals::default();
        refusals.refuse(ip(1));
        for _ in 0..2 * SWEEP_AFTER_LOOKS {
            assert!(refusals.allow(ip(2)));
        }
        assert!(refusals.destinations.is_empty(), "nobody pays for a look any more");
    }

    #[test]
    fn the_set_is_bounded_and_has_room_again_for_those_that_stay() {
        let mut refusals = Refusals::default();
        for n in 0..=MAX_DESTINATIONS {
            refusals.refuse(ip(n));
        }
        assert_eq!(refusals.destinations.len(), MAX_DESTINATIONS);
        assert!(refusals.holds(ip(0)) && !refusals.holds(ip(MAX_DESTINATIONS)));
        send_for_long(&mut refusals, ip(0));
        refusals.refuse(ip(MAX_DESTINATIONS));
        assert!(refusals.holds(ip(MAX_DESTINATIONS)));
    }
}
