//! Who owns which producer id, for all workers: the control plane's only shared table.
//!
//! It is asked when a producer announces itself, when a stray datagram looks for its worker and when an audience
//! changes; never per viewer and frame. No guard leaves this file.

use std::time::Duration;

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use protocol::id::{EpochTag, ProducerId, SessionId};
use protocol::limits::{PRODUCER_SILENCE, TOKEN_LEN};
use protocol::random::same_token;
use protocol::time::Time;
use protocol::wire::Code;

/// Producers that one broker carries: a bound on the table, far above what one host can send.
const PRODUCERS_MAX: usize = 1 << 16;

/// The owners of all producer ids.
#[derive(Default)]
pub struct Directory {
    owners: DashMap<ProducerId, Owner>,
    audiences: DashMap<(ProducerId, u8), Audience>,
}

struct Owner {
    identity: [u8; TOKEN_LEN],
    epoch: u64,
    session: SessionId,
    /// The tag of this life towards viewers.
    viewer_tag: EpochTag,
    heard: Time,
}

/// What a producer wants to own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Claim {
    /// The id.
    pub producer: ProducerId,
    /// Who may go on under it.
    pub identity: [u8; TOKEN_LEN],
    /// Which life.
    pub epoch: u64,
    /// The session that will publish.
    pub session: SessionId,
    /// The tag that viewers will know, if this is a new life.
    pub viewer_tag: EpochTag,
}

/// A life whose place another one takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Former {
    /// To be told, unless it is the claiming session itself.
    pub session: SessionId,
    /// Whether the identity is the same; else the former one was silent for too long.
    pub same_identity: bool,
}

impl Former {
    /// What its session is told.
    pub(super) const fn code(self) -> Code {
        if self.same_identity { Code::Superseded } else { Code::DuplicateProducer }
    }
}

/// The answer to a claim (PROTOCOL 5.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// A new life begins.
    New {
        /// What it takes the place of.
        former: Option<Former>,
    },
    /// The same life goes on, maybe in another session; viewers keep their tag.
    Continued {
        /// To be closed, unless it is the claiming session itself.
        former: SessionId,
        /// The tag that viewers know.
        viewer_tag: EpochTag,
    },
    /// The same identity has begun a later life.
    Superseded {
        /// The epoch that rules.
        epoch: u64,
    },
    /// Another identity owns the id and is alive.
    Taken {
        /// The epoch that rules.
        epoch: u64,
    },
    /// The table is full.
    Full,
}

/// Who watches a producer at one worker.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Audience {
    /// Subscriptions.
    pub viewers: u32,
    /// The largest time after its capture that a frame is of use to one of them here.
    pub horizon: Duration,
}

impl Directory {
    /// Decides a claim and, where it is granted, notes the owner.
    pub fn claim(&self, now: Time, claim: &Claim) -> Verdict {
        let full = self.owners.len() >= PRODUCERS_MAX;
        let fresh = Owner {
            identity: claim.identity,
            epoch: claim.epoch,
            session: claim.session,
            viewer_tag: claim.viewer_tag,
            heard: now,
        };
        match self.owners.entry(claim.producer) {
            Entry::Vacant(_) if full => Verdict::Full,
            Entry::Vacant(place) => {
                place.insert(fresh);
                Verdict::New { former: None }
            }
            Entry::Occupied(mut place) => {
                let owner = place.get_mut();
                let verdict = owner.judge(now, claim);
                match verdict {
                    Verdict::New { .. } => *owner = fresh,
                    Verdict::Continued { .. } => (owner.session, owner.heard) = (claim.session, now),
                    Verdict::Superseded { .. } | Verdict::Taken { .. } | Verdict::Full => {}
                }
                verdict
            }
        }
    }

    /// The session that publishes `producer`.
    pub fn owner(&self, producer: ProducerId) -> Option<SessionId> {
        self.owners.get(&producer).map(|owner| owner.session)
    }

    /// Whether another life than the one that viewers know by this tag publishes `producer` by now.
    pub fn is_superseded(&self, producer: ProducerId, viewer_tag: EpochTag) -> bool {
        self.owners.get(&producer).is_some_and(|owner| owner.viewer_tag != viewer_tag)
    }

    /// The owner was heard.
    pub fn heard(&self, producer: ProducerId, session: SessionId, now: Time) {
        if let Some(mut owner) = self.owners.get_mut(&producer)
            && owner.session == session
        {
            owner.heard = now;
        }
    }

    /// When the owner was last heard.
    pub fn last_heard(&self, producer: ProducerId) -> Option<Time> {
        self.owners.get(&producer).map(|owner| owner.heard)
    }

    /// `session` publishes `producer` no more. False where another session owns it by now.
    pub fn release(&self, producer: ProducerId, session: SessionId) -> bool {
        self.owners.remove_if(&producer, |_, owner| owner.session == session).is_some()
    }

    /// Notes who watches `producer` at `worker`.
    pub fn set_audience(&self, producer: ProducerId, worker: u8, audience: Audience) {
        if audience.viewers == 0 {
            self.audiences.remove(&(producer, worker));
        } else {
            self.audiences.insert((producer, worker), audience);
        }
    }

    /// Who watches `producer` at all `workers` workers.
    pub fn audience(&self, producer: ProducerId, workers: u8) -> Audience {
        (0..workers)
            .filter_map(|worker| self.audiences.get(&(producer, worker)).map(|audience| *audience))
            .fold(Audience::default(), |all, one| Audience {
                viewers: all.viewers + one.viewers,
                horizon: all.horizon.max(one.horizon),
            })
    }

    /// Whether nobody publishes and nobody watches.
    pub fn is_empty(&self) -> bool {
        self.owners.is_empty() && self.audiences.is_empty()
    }
}

impl Owner {
    fn judge(&self, now: Time, claim: &Claim) -> Verdict {
        if !same_token(&self.identity, &claim.identity) {
            return if now.since(self.heard) >= PRODUCER_SILENCE {
                Verdict::New { former: Some(Former { session: self.session, same_identity: false }) }
            } else {
                Verdict::Taken { epoch: self.epoch }
            };
        }
        match claim.epoch.cmp(&self.epoch) {
            std::cmp::Ordering::Greater => {
                Verdict::New { former: Some(Former { session: self.session, same_identity: true }) }
            }
            std::cmp::Ordering::Equal => {
                Verdict::Continued { former: self.session, viewer_tag: self.viewer_tag }
            }
            std::cmp::Ordering::Less => Verdict::Superseded { epoch: self.epoch },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: ProducerId = ProducerId::from_bytes([0x1A, 0xAA, 0x99]);

    fn in_place_of(session: u64, same_identity: bool) -> Verdict {
        Verdict::New { former: Some(Former { session: SessionId(session), same_identity }) }
    }

    fn claim(identity: u8, epoch: u64, session: u64) -> Claim {
        Claim {
            producer: ID,
            identity: [identity; TOKEN_LEN],
            epoch,
            session: SessionId(session),
            viewer_tag: EpochTag(u32::try_from(session).unwrap()),
        }
    }

    fn at(ms: u64) -> Time {
        Time::from_micros(ms * 1_000)
    }

    #[test]
    fn another_identity_is_refused_until_the_owner_was_silent_for_three_seconds() {
        let directory = Directory::default();
        assert_eq!(directory.claim(at(0), &claim(1, 10, 100)), Verdict::New { former: None });
        directory.heard(ID, SessionId(100), at(1_000));
        assert_eq!(directory.claim(at(3_999), &claim(2, 99, 200)), Verdict::Taken { epoch: 10 });
        assert_eq!(directory.claim(at(4_000), &claim(2, 5, 200)), in_place_of(100, false));
        assert_eq!(directory.owner(ID), Some(SessionId(200)));
    }

    #[test]
    fn the_same_identity_takes_over_with_a_higher_epoch_and_goes_on_with_the_same() {
        let directory = Directory::default();
        directory.claim(at(0), &claim(1, 10, 100));
        assert_eq!(directory.claim(at(1), &claim(1, 9, 200)), Verdict::Superseded { epoch: 10 });
        assert_eq!(
            directory.claim(at(2), &claim(1, 10, 300)),
            Verdict::Continued { former: SessionId(100), viewer_tag: EpochTag(100) }
        );
        assert!(!directory.is_superseded(ID, EpochTag(100)));
        assert_eq!(directory.claim(at(3), &claim(1, 11, 400)), in_place_of(300, true));
        assert!(directory.is_superseded(ID, EpochTag(100)) && !directory.is_superseded(ID, EpochTag(400)));
        directory.release(ID, SessionId(400));
        assert!(!directory.is_superseded(ID, EpochTag(100)), "nobody publishes");
    }

    #[test]
    fn only_the_owner_can_release_and_then_nothing_is_left() {
        let directory = Directory::default();
        directory.claim(at(0), &claim(1, 10, 100));
        assert!(!directory.release(ID, SessionId(7)));
        directory.set_audience(ID, 0, Audience { viewers: 2, horizon: Duration::from_millis(500) });
        directory.set_audience(ID, 2, Audience { viewers: 1, horizon: Duration::from_secs(2) });
        let all = Audience { viewers: 3, horizon: Duration::from_secs(2) };
        assert_eq!(directory.audience(ID, 3), all);
        for worker in 0..3 {
            directory.set_audience(ID, worker, Audience::default());
        }
        assert!(directory.release(ID, SessionId(100)));
        assert!(directory.is_empty());
    }
}
