//! Engines, network and time in one place.

mod agenda;
mod attack;
mod commands;
mod nodes;
mod processes;
mod time;
mod views;

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::time::Duration;

use broker::engine::Keys;
use fastrand::Rng;
use impair::{LinkModel, Links};
use protocol::random::Random;
use protocol::time::Time;

use crate::network::Network;
use crate::oracle::Oracle;

use agenda::Agenda;
use nodes::{BrokerNode, ClientNode, Outside, ProducerNode};

pub(crate) use nodes::Node;
pub use nodes::{ClientId, ProducerRun};

/// How a world begins.
#[derive(Clone, Copy, Debug)]
pub struct WorldOptions {
    /// Workers of the broker.
    pub workers: u8,
    /// Whether datagrams reach any worker, or always the same one of their sender.
    pub random_steering: bool,
    /// Whether the broker leaves out frames where a viewer's path is too slow.
    pub thins: bool,
    /// Between producers and the broker.
    pub producer_links: Links,
    /// Between clients and the broker.
    pub client_links: Links,
}

impl Default for WorldOptions {
    fn default() -> Self {
        let near = Links::both(LinkModel::clean(Duration::from_millis(1)));
        let far = Links::both(LinkModel::clean(Duration::from_millis(20)));
        Self { workers: 1, random_steering: false, thins: true, producer_links: near, client_links: far }
    }
}

/// Engines, network and time.
pub struct World {
    now: Time,
    rng: Rng,
    options: WorldOptions,
    network: Network,
    keys: Keys,
    broker: BrokerNode,
    producers: BTreeMap<usize, ProducerNode>,
    clients: BTreeMap<usize, ClientNode>,
    /// Who has which address; looked up only.
    addresses: HashMap<SocketAddr, Node>,
    agenda: Agenda,
    /// Who has been called since its effects were taken last.
    touched: Vec<Node>,
    started: usize,
    /// Timers that fired.
    fired: u64,
    /// What was published and delivered.
    pub oracle: Oracle,
}

impl World {
    /// A world with a broker and nobody else.
    pub fn new(seed: u64, options: WorldOptions) -> Self {
        let mut rng = Rng::with_seed(seed);
        let keys = Keys::new(&mut fresh_random(&mut rng), None);
        let mut world = Self {
            now: Time::from_micros(1_000_000),
            rng,
            options,
            network: Network::default(),
            keys,
            broker: BrokerNode::default(),
            producers: BTreeMap::new(),
            clients: BTreeMap::new(),
            addresses: HashMap::new(),
            agenda: Agenda::default(),
            touched: Vec::new(),
            started: 0,
            fired: 0,
            oracle: Oracle::default(),
        };
        world.start_broker(false);
        world
    }

    /// The virtual time.
    pub const fn now(&self) -> Time {
        self.now
    }

    /// Everything random of the scenario comes from here too.
    pub const fn rng(&mut self) -> &mut Rng {
        &mut self.rng
    }

    fn outside(&mut self, node: Node) -> Option<&mut Outside> {
        match node {
            Node::Producer(number) => self.producers.get_mut(&number).map(|node| &mut node.outside),
            Node::Client(number) => self.clients.get_mut(&number).map(|node| &mut node.outside),
            Node::Broker => None,
        }
    }
}

fn fresh_random(rng: &mut Rng) -> Random {
    let mut seed = [0; 32];
    rng.fill(&mut seed);
    Random::from_seed(seed)
}

/// Where the broker is.
pub(crate) fn broker_address() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 5_000))
}

fn address_of(number: usize) -> SocketAddr {
    let [.., a, b, c] = number.to_be_bytes();
    SocketAddr::from(([127, 1 + a, b, c], 10_000 + u16::from(c)))
}
