//! Who may have a session: stateless address validation and limits (PROTOCOL 4, 4.2, 4.4).

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use protocol::id::SessionId;
use protocol::limits::{COOKIE_LEN, TOKEN_LEN, VERSION};
use protocol::random::{Random, first_half, mac, same_token};
use protocol::time::{Time, micros};
use protocol::wire::Role;

/// The cookie key changes this often; the one before is still accepted: a cookie lives 30 to 60 s.
const KEY_LIFE: Duration = Duration::from_secs(30);
/// Stateless resets that a worker sends in a second: a flood of strays must not become a flood of resets.
const RESETS_PER_SECOND: u32 = 1_000;
/// Bytes of a cookie before its MAC: key number, worker, issued.
const COOKIE_HEAD: usize = COOKIE_LEN - TOKEN_LEN;

/// The secrets that all workers share.
#[derive(Clone)]
pub struct Keys {
    cookie: [u8; 32],
    reset: [u8; 32],
}

impl Keys {
    /// Fresh keys; `reset` is the one that outlives a restart, where the broker keeps state.
    pub fn new(random: &mut Random, reset: Option<[u8; 32]>) -> Self {
        Self { cookie: random.block(), reset: reset.unwrap_or_else(|| random.block()) }
    }

    /// What a stateless reset of `session` carries.
    pub fn reset_token(&self, session: SessionId) -> [u8; TOKEN_LEN] {
        first_half(mac(&self.reset, &[b"framecast reset", &session.0.to_be_bytes()]))
    }

    /// The cookie for a HELLO that came to `worker`.
    pub fn cookie(&self, now: Time, worker: u8, hello: &Caller<'_>) -> [u8; COOKIE_LEN] {
        let [_, s2, s1, s0] = u32::try_from(now.as_micros() / 1_000_000).unwrap_or(u32::MAX).to_be_bytes();
        let head = [key_number(now), worker, s2, s1, s0];
        let tag = self.cookie_mac(period(now), head, hello);
        let mut cookie = [0; COOKIE_LEN];
        for (place, byte) in cookie.iter_mut().zip(head.into_iter().chain(tag)) {
            *place = byte;
        }
        cookie
    }

    /// The worker that gave out a cookie, if it is valid for this caller now.
    pub fn check_cookie(&self, now: Time, cookie: &[u8; COOKIE_LEN], hello: &Caller<'_>) -> Option<u8> {
        let (head, tag) = cookie.split_first_chunk::<COOKIE_HEAD>()?;
        let [number, worker, ..] = *head;
        let current = period(now);
        let issued_in =
            [current, current.wrapping_sub(1)].into_iter().find(|period| low_byte(*period) == number)?;
        same_token(tag, &self.cookie_mac(issued_in, *head, hello)).then_some(worker)
    }

    fn cookie_mac(&self, period: u64, head: [u8; COOKIE_HEAD], hello: &Caller<'_>) -> [u8; TOKEN_LEN] {
        let key = mac(&self.cookie, &[&period.to_be_bytes()]);
        let ip = mapped(hello.from.ip()).octets();
        let port = hello.from.port().to_be_bytes();
        first_half(mac(
            &key,
            &[b"framecast cookie", &ip, &port, hello.nonce, &[VERSION, hello.role as u8], &head],
        ))
    }
}

/// What a cookie is bound to.
pub struct Caller<'a> {
    /// Where the HELLO came from.
    pub from: SocketAddr,
    /// Its nonce.
    pub nonce: &'a [u8; TOKEN_LEN],
    /// Its role.
    pub role: Role,
}

fn period(now: Time) -> u64 {
    now.as_micros() / micros(KEY_LIFE)
}

fn key_number(now: Time) -> u8 {
    low_byte(period(now))
}

const fn low_byte(value: u64) -> u8 {
    let [.., low] = value.to_be_bytes();
    low
}

const fn mapped(ip: IpAddr) -> Ipv6Addr {
    match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
        IpAddr::V6(ip) => ip,
    }
}

/// Eleven seconds, the longest latency and a grace, at 50 Mbit/s with parity: more than any one channel has a use for.
const CHANNEL_BYTES: usize = 256 << 20;
/// What a small machine has to spare.
const FRAME_BYTES: usize = 1 << 30;

/// What a worker grants its sessions, and what it keeps for them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SessionLimits {
    /// In all.
    pub total: usize,
    /// Of one source prefix (IPv4 /24, IPv6 /48), loopback excepted; 0 for no limit.
    pub per_prefix: usize,
    /// Whether viewers on paths that are too slow are sent fewer frames (PROTOCOL 7.8).
    pub thins: bool,
    /// Bytes of frames that are kept of one channel, the parity that was made of them included; always the newest of each track.
    pub channel_bytes: usize,
    /// The same of all channels. Workers share the frames.
    pub frame_bytes: usize,
}

impl Default for SessionLimits {
    /// 65 536 sessions are 256 MiB at the 4 KiB that a playing one may cost; 4 096 of one prefix are a large office.
    fn default() -> Self {
        Self {
            total: 1 << 16,
            per_prefix: 1 << 12,
            thins: true,
            channel_bytes: CHANNEL_BYTES,
            frame_bytes: FRAME_BYTES,
        }
    }
}

/// The count of sessions by source, and the rate of resets.
#[derive(Default)]
pub(super) struct Gate {
    by_prefix: BTreeMap<[u8; 7], usize>,
    reset_second: u64,
    resets: u32,
}

impl Gate {
    /// Notes a new session from `ip`; false, and nothing noted, where its prefix has too many.
    pub(super) fn enter(&mut self, ip: IpAddr, limits: &SessionLimits) -> bool {
        if ip.is_loopback() || limits.per_prefix == 0 {
            return true;
        }
        let count = self.by_prefix.entry(prefix(ip)).or_default();
        let admitted = *count < limits.per_prefix;
        *count += usize::from(admitted);
        admitted
    }

    /// Notes the end of a session from `ip`.
    pub(super) fn leave(&mut self, ip: IpAddr) {
        let key = prefix(ip);
        if let Some(count) = self.by_prefix.get_mut(&key) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.by_prefix.remove(&key);
            }
        }
    }

    /// Whether a reset may go out now.
    pub(super) fn admit_reset(&mut self, now: Time) -> bool {
        let second = now.as_micros() / 1_000_000;
        if second != self.reset_second {
            (self.reset_second, self.resets) = (second, 0);
        }
        self.resets += 1;
        self.resets <= RESETS_PER_SECOND
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_prefix.is_empty()
    }
}

/// Family and the leading bits that one owner has: 24 of IPv4, 48 of IPv6.
const fn prefix(ip: IpAddr) -> [u8; 7] {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            [4, a, b, c, 0, 0, 0]
        }
        IpAddr::V6(ip) => {
            let [a, b, c, d, e, f, ..] = ip.octets();
            [6, a, b, c, d, e, f]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        Keys::new(&mut Random::from_seed([1; 32]), None)
    }

    fn at(second: u64) -> Time {
        Time::from_micros(second * 1_000_000)
    }

    #[test]
    fn a_cookie_is_good_for_its_caller_alone_and_for_30_to_60_seconds() {
        let (keys, from) = (keys(), "192.0.2.7:4000".parse().unwrap());
        let caller = Caller { from, nonce: &[9; 16], role: Role::Viewer };
        let cookie = keys.cookie(at(29), 3, &caller);
        assert_eq!(keys.check_cookie(at(29), &cookie, &caller), Some(3));
        assert_eq!(keys.check_cookie(at(59), &cookie, &caller), Some(3));
        assert_eq!(keys.check_cookie(at(60), &cookie, &caller), None, "expired");
        let other_port = Caller { from: "192.0.2.7:4001".parse().unwrap(), ..caller };
        let other_ip = Caller { from: "192.0.2.8:4000".parse().unwrap(), ..caller };
        let other_nonce = Caller { nonce: &[8; 16], ..caller };
        let other_role = Caller { role: Role::Producer, ..caller };
        for wrong in [other_port, other_ip, other_nonce, other_role] {
            assert_eq!(keys.check_cookie(at(29), &cookie, &wrong), None);
        }
    }

    #[test]
    fn no_flipped_bit_of_a_cookie_passes() {
        let (keys, from) = (keys(), "[2001:db8::1]:4000".parse().unwrap());
        let caller = Caller { from, nonce: &[9; 16], role: Role::Viewer };
        let cookie = keys.cookie(at(100), 0, &caller);
        for bit in 0..COOKIE_LEN * 8 {
            let mut flipped = cookie;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(keys.check_cookie(at(100), &flipped, &caller), None, "bit {bit}");
        }
    }

    #[test]
    fn a_prefix_has_its_share_and_loopback_has_no_limit() {
        let limits = SessionLimits { total: 10, per_prefix: 2, ..SessionLimits::default() };
        let mut gate = Gate::default();
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        assert!(gate.enter(ip("198.51.100.1"), &limits) && gate.enter(ip("198.51.100.2"), &limits));
        assert!(!gate.enter(ip("198.51.100.3"), &limits));
        assert!(gate.enter(ip("198.51.101.3"), &limits));
        gate.leave(ip("198.51.100.1"));
        assert!(gate.enter(ip("198.51.100.9"), &limits));
        assert!((0..100).all(|_| gate.enter(ip("127.0.0.1"), &limits)));
    }

    #[test]
    fn resets_are_limited_by_the_second() {
        let mut gate = Gate::default();
        assert_eq!((0..5_000).filter(|_| gate.admit_reset(at(7))).count(), 1_000);
        assert!(gate.admit_reset(at(8)));
    }
}
