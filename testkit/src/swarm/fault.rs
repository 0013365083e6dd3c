//! What can go wrong.

use std::time::Duration;

use fastrand::Rng;
use impair::Links;

use super::draw::{chance, one_of, span};
use super::scenario::{links, ms};

/// One thing that goes wrong.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Fault {
    /// Since the start.
    pub(super) at: Duration,
    /// How long; what has no duration is over at once.
    pub(super) lasts: Duration,
    pub(super) what: What,
}

/// The kinds. Numbers are places: of clients, or of producers.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum What {
    ClientCut(usize),
    ProducerCut(usize),
    ClientPause(usize),
    ProducerPause(usize),
    BrokerPause,
    ClientCrash(usize),
    ProducerCrash(usize),
    BrokerCrash {
        keep_state: bool,
    },
    ClientMove(usize),
    ProducerMove(usize),
    Leave(usize),
    ClientPath(usize, Links),
    ProducerPath(usize, Links),
    /// Another process with the same key takes over.
    Standby(usize),
    /// Another process without the key tries to.
    Stranger(usize),
    Attack(Attack),
}

/// What an attacker does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Attack {
    /// Says HELLO from addresses that nobody has.
    Flood,
    /// Sends made-up messages from the addresses of others.
    Spoof,
    /// Sends again what it has overheard, from the same address or another.
    Replay,
    /// Sends what it has overheard with bits flipped.
    Flip,
}

impl What {
    /// The name in the table of the coverage.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::ClientCut(_) => "client cut off",
            Self::ProducerCut(_) => "producer cut off",
            Self::ClientPause(_) => "client stopped",
            Self::ProducerPause(_) => "producer stopped",
            Self::BrokerPause => "broker stopped",
            Self::ClientCrash(_) => "client killed",
            Self::ProducerCrash(_) => "producer killed",
            Self::BrokerCrash { keep_state: true } => "broker killed, state kept",
            Self::BrokerCrash { keep_state: false } => "broker killed, state lost",
            Self::ClientMove(_) => "client moved",
            Self::ProducerMove(_) => "producer moved",
            Self::Leave(_) => "unsubscribed for a while",
            Self::ClientPath(..) => "client's path worse",
            Self::ProducerPath(..) => "producer's path worse",
            Self::Standby(_) => "standby took over",
            Self::Stranger(_) => "stranger with the same id",
            Self::Attack(Attack::Flood) => "attack: flood",
            Self::Attack(Attack::Spoof) => "attack: spoof",
            Self::Attack(Attack::Replay) => "attack: replay",
            Self::Attack(Attack::Flip) => "attack: flipped bits",
        }
    }

    /// Whom it befalls, behind a blank; nothing for the broker and for attacks.
    pub(super) fn place(&self) -> String {
        match self {
            Self::ClientCut(place)
            | Self::ProducerCut(place)
            | Self::ClientPause(place)
            | Self::ProducerPause(place)
            | Self::ClientCrash(place)
            | Self::ProducerCrash(place)
            | Self::ClientMove(place)
            | Self::ProducerMove(place)
            | Self::Leave(place)
            | Self::ClientPath(place, _)
            | Self::ProducerPath(place, _)
            | Self::Standby(place)
            | Self::Stranger(place) => format!(" {place}"),
            Self::BrokerPause | Self::BrokerCrash { .. } | Self::Attack(_) => String::new(),
        }
    }

    /// Draws a kind, and how long it lasts.
    pub(super) fn draw(rng: &mut Rng, clients: usize, producers: usize) -> (Self, Duration) {
        let (client, producer) = (rng.usize(..clients), rng.usize(..producers));
        let attacks = [Attack::Flood, Attack::Spoof, Attack::Replay, Attack::Flip];
        let what = match rng.u8(..20) {
            0..2 => Self::ClientCut(client),
            2 => Self::ProducerCut(producer),
            3 => Self::ClientPause(client),
            4 => Self::ProducerPause(producer),
            5 => Self::BrokerPause,
            6 => Self::ClientCrash(client),
            7 => Self::ProducerCrash(producer),
            8 => Self::BrokerCrash { keep_state: rng.bool() },
            9..11 => Self::ClientMove(client),
            11 => Self::ProducerMove(producer),
            12 => Self::Leave(client),
            13..15 => Self::ClientPath(client, links(rng)),
            15 => Self::ProducerPath(producer, links(rng)),
            16 => Self::Standby(producer),
            17 => Self::Stranger(producer),
            _ => Self::Attack(one_of(rng, &attacks)),
        };
        let longest = if chance(rng, 0.1) { 25_000 * ms(1) } else { 5_000 * ms(1) };
        (what, span(rng, ms(20), longest))
    }
}
