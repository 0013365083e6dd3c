//! The destinations whose path refuses segmentation offload.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

/// Destinations remembered at most. With all of them in use (an egress device without GSO and as many
/// viewers) this is about 1 MiB; the oldest is forgotten first, at the price of one refused call.
const MAX_DESTINATIONS: usize = 16_384;

/// Sends to a destination before segmentation is tried again, since routes and drivers change: about a
/// minute and a half of 12 frames a second, at the price of one refused call in a thousand.
const RETRY_AFTER_SENDS: u32 = 1024;

/// A bounded set of IP addresses, each with the number of sends until it is forgotten. Ports do not matter:
/// what refuses is a device on the route.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    sends_left: HashMap<IpAddr, u32>,
    /// Oldest first. May still name addresses that are forgotten already.
    order: VecDeque<IpAddr>,
}

impl Refusals {
    /// Whether the next send to `ip` may be segmented. Each "no" counts towards forgetting the refusal.
    pub(crate) fn allow(&mut self, ip: IpAddr) -> bool {
        if self.sends_left.is_empty() {
            return true;
        }
        match self.sends_left.get_mut(&ip) {
            None => true,
            Some(0) => {
                self.sends_left.remove(&ip);
                true
            }
            Some(left) => {
                *left -= 1;
                false
            }
        }
    }

    /// Whether none is remembered.
    pub(crate) fn is_empty(&self) -> bool {
        self.sends_left.is_empty()
    }

    /// Remembers that the path to `ip` refuses segmentation.
    pub(crate) fn refuse(&mut self, ip: IpAddr) {
        if self.sends_left.insert(ip, RETRY_AFTER_SENDS).is_some() {
            return;
        }
        if self.order.len() == MAX_DESTINATIONS
            && let Some(oldest) = self.order.pop_front()
        {
            // Where the oldest was forgotten and refused anew meanwhile, this forgets it a little early.
            self.sends_left.remove(&oldest);
        }
        self.order.push_back(ip);
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn ip(n: usize) -> IpAddr {
        IpAddr::V4(Ipv4Addr::from_bits(u32::try_from(n).unwrap()))
    }

    #[test]
    fn a_refusal_concerns_one_destination_only() {
        let mut refusals = Refusals::default();
        refusals.refuse(ip(1));
        assert!(!refusals.allow(ip(1)));
        assert!(refusals.allow(ip(2)));
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
    fn the_set_is_bounded_and_forgets_the_oldest_first() {
        let mut refusals = Refusals::default();
        for n in 0..=MAX_DESTINATIONS {
            refusals.refuse(ip(n));
        }
        assert_eq!(refusals.sends_left.len(), MAX_DESTINATIONS);
        assert!(refusals.allow(ip(0)));
        assert!(!refusals.allow(ip(1)));
        assert!(!refusals.allow(ip(MAX_DESTINATIONS)));
    }

    #[test]
    fn refusals_that_come_and_go_leave_nothing_behind() {
        let mut refusals = Refusals::default();
        for _ in 0..3 * MAX_DESTINATIONS {
            refusals.refuse(ip(7));
            refusals.sends_left.remove(&ip(7));
        }
        assert!(refusals.order.len() <= MAX_DESTINATIONS);
    }
}
