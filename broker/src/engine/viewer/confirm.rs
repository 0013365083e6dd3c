//! A SUBSCRIBE_ACK until its viewer is known to have it (PROTOCOL 6.2).

use std::time::Duration;

use protocol::session::request::Repeat;
use protocol::session::rtt::Rtt;
use protocol::time::Time;

/// A raised latency that no FEEDBACK can show, since another subscription of the viewer has as large a one, is told for so long:
/// 30 times, so that a path that loses half of them still brings one.
const TOLD_FOR: Duration = Duration::from_secs(20);

/// What is said again, and what it says.
pub(super) struct Confirm {
    repeat: Repeat,
    /// Since when it tells a raised latency: the tag was known before.
    raised: Option<Time>,
}

impl Confirm {
    /// The answer to a join, which goes out now. It goes on telling what the `former` one of the same life did.
    pub(super) fn of_join(now: Time, rtt: &Rtt, former: Option<&Self>) -> Self {
        let mut repeat = Repeat::start(now, rtt);
        repeat.fire(now);
        Self { repeat, raised: former.and_then(|former| former.raised) }
    }

    /// A latency that was raised.
    pub(super) fn of_raise(now: Time, rtt: &Rtt) -> Self {
        Self { repeat: Repeat::start(now, rtt), raised: Some(now) }
    }

    /// When to say it next.
    pub(super) const fn due(&self) -> Time {
        self.repeat.due()
    }

    /// Whether to say it now; if so, the next time is set.
    pub(super) fn fire(&mut self, now: Time) -> bool {
        self.repeat.fire(now)
    }

    /// Whether a FEEDBACK that names the tag and a horizon of at least the latency shows that it came. `largest`: no other
    /// subscription has as large a latency, so the horizon is that of this one.
    pub(super) fn is_shown(&self, now: Time, largest: bool) -> bool {
        largest || self.raised.is_none_or(|since| now.since(since) >= TOLD_FOR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_raise_to_what_another_subscription_has_is_told_for_a_good_while_and_any_other_until_it_shows() {
        let (now, rtt) = (Time::ZERO + SECOND, Rtt::default());
        let mut raise = Confirm::of_raise(now, &rtt);
        assert!(raise.is_shown(now, true) && !raise.is_shown(now + 19 * SECOND, false));
        let told = (0..20_000).filter(|ms| raise.fire(now + Duration::from_millis(*ms))).count();
        assert!(told >= 25, "{told} times");
        assert!(raise.is_shown(now + TOLD_FOR, false));
        assert!(Confirm::of_join(now, &rtt, None).is_shown(now, false), "its tag is new");
        let again = Confirm::of_join(now + SECOND, &rtt, Some(&raise));
        assert!(!again.is_shown(now + 19 * SECOND, false), "the viewer asked again meanwhile");
    }
}
