//! A scenario on the stage: who plays which part now, and what happens next.
#![expect(clippy::indexing_slicing, reason = "places are drawn below the number of those who are there")]

use std::net::SocketAddr;
use std::time::Duration;

use client::engine::event::Event;
use fastrand::Rng;
use impair::{LinkModel, Links};
use protocol::id::{ProducerId, StreamId};
use protocol::time::Time;

use super::Outcome;
use super::attacker::attack;
use super::books::Books;
use super::fault::{Attack, Fault, What};
use super::scenario::{ClientPlan, ProducerPlan, Scenario, ms};
use crate::world::{ClientId, ProducerRun, World, WorldOptions};

/// Between two looks at what has to hold everywhere.
const TICK: Duration = ms(100);
/// After the heal every viewer gets a new frame within this: a broker without state is noticed after 3 s, a producer
/// whose id a stranger holds waits 3 s for it, and asks again each second.
const LIFE: Duration = Duration::from_secs(8);
/// After that nothing may be missed for this long.
const CALM: Duration = Duration::from_secs(3);
/// A shorter latency leaves repairs, and what waits at a slow path's rate, no chance.
pub(super) const PATIENT: Duration = ms(250);
/// The path of everybody after the heal.
const HEALED: LinkModel = LinkModel::clean(ms(10));

/// One run.
pub(super) struct Stage<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) world: World,
    pub(super) producers: Vec<Producer<'a>>,
    pub(super) clients: Vec<Client<'a>>,
    pub(super) books: Books,
    rng: Rng,
    started: Time,
    ends: Vec<(Time, What)>,
    attacks: Vec<Attack>,
}

/// A producer's place.
pub(super) struct Producer<'a> {
    pub(super) plan: &'a ProducerPlan,
    pub(super) id: ProducerId,
    /// The process that plays it.
    pub(super) number: usize,
    pub(super) epoch: u64,
    alive: bool,
    strangers: Vec<usize>,
}

/// A client's place.
pub(super) struct Client<'a> {
    pub(super) plan: &'a ClientPlan,
    /// The process that plays it, once it has come.
    pub(super) id: Option<ClientId>,
}

impl<'a> Stage<'a> {
    pub(super) fn new(scenario: &'a Scenario) -> Self {
        let options = WorldOptions {
            workers: scenario.workers,
            random_steering: scenario.random_steering,
            ..WorldOptions::default()
        };
        let mut world = World::new(scenario.seed, options);
        world.set_broker_clock(scenario.broker_clock);
        if let Some(rate) = scenario.broker_rate {
            world.limit_broker(rate);
        }
        let place = |(place, plan): (u8, &'a ProducerPlan)| {
            let id = ProducerId::from_bytes([0x1A, 0xAA, 0x90 + place]);
            Producer { plan, id, number: 0, epoch: 1_000, alive: false, strangers: Vec::new() }
        };
        let mut stage = Self {
            scenario,
            started: world.now(),
            world,
            producers: (0..).zip(&scenario.producers).map(place).collect(),
            clients: scenario.clients.iter().map(|plan| Client { plan, id: None }).collect(),
            books: Books::default(),
            rng: Rng::with_seed(scenario.seed ^ 0xA77A_C4E2),
            ends: Vec::new(),
            attacks: Vec::new(),
        };
        (0..stage.producers.len()).for_each(|place| stage.enter_producer(place));
        stage
    }

    pub(super) fn outcome(&self) -> Outcome {
        let simulated = self.world.now().since(self.started);
        Outcome { simulated, trace: self.world.trace(), delivered: self.world.oracle.delivered_in_all() }
    }

    // ---- The parts ----

    /// Everything that was drawn happens.
    pub(super) fn suffer(&mut self) {
        let mut faults = self.scenario.faults.iter().peekable();
        while self.world.now().since(self.started) < self.scenario.faults_for {
            let age = self.world.now().since(self.started);
            self.enter_clients(age);
            while let Some(fault) = faults.next_if(|fault| fault.at <= age) {
                self.begin(fault);
            }
            self.tick();
        }
    }

    /// The last fault ends, and all paths are good.
    pub(super) fn heal(&mut self) {
        self.enter_clients(Duration::MAX);
        for (_, what) in std::mem::take(&mut self.ends) {
            self.end(&what);
        }
        for place in 0..self.producers.len() {
            let Some(producer) = self.producers.get(place) else { continue };
            self.world.set_producer_links(producer.number, &Links::both(HEALED));
        }
        for client in self.clients.iter().filter_map(|client| client.id) {
            self.world.set_client_links(client, &Links::both(HEALED));
        }
    }

    /// I13: within a bound everybody gets new frames, and then nothing is missed any more.
    pub(super) fn live(&mut self) {
        let healed = self.world.now();
        let mut waiting = self.viewers();
        while !waiting.is_empty() {
            let since = self.world.now().since(healed);
            let limit = LIFE + self.longest_latency();
            if since >= limit {
                waiting.retain(|(client, producer)| !self.is_out_of_reach(*client, *producer));
            }
            assert!(
                since < limit || waiting.is_empty(),
                "I13: {since:?} after the heal {} get nothing: {}",
                waiting.len(),
                self.tell(&waiting)
            );
            self.tick();
            waiting.retain(|(client, producer)| !self.has_new_frame(*client, *producer, healed));
        }
        // What was under way before has its deadline.
        self.pass(self.longest_latency() + ms(1_000));
        let clients = Books::unhindered(self);
        let before = Books::missed(self, &clients);
        self.pass(CALM);
        let after = Books::missed(self, &clients);
        let missed: u64 = after.iter().zip(before).map(|(after, before)| after.since(before)).sum();
        assert!(missed == 0, "I13: {missed} frames are missed on a clean path");
    }

    /// I6 and I10: everybody leaves, the books agree, and nothing is left.
    pub(super) fn say_goodbye(&mut self) {
        for producer in &self.producers {
            self.world.finish_producer(producer.number);
        }
        self.pass(ms(2_000));
        let clients: Vec<_> = self.clients.iter().filter_map(|client| client.id).collect();
        for client in &clients {
            self.world.shut_down_client(*client);
        }
        self.pass(ms(3_000));
        for client in &clients {
            assert!(self.world.is_client_closed(*client), "I10: a client does not end");
        }
        self.books = self.books.close(self);
        // A session whose goodbyes were lost, and those that crashed, end with the lease.
        self.pass(ms(16_000));
        assert!(self.world.is_broker_empty(), "I10: peers that have gone left {:?}", self.world.census());
        self.books.compare(self);
    }

    // ---- Time ----

    fn pass(&mut self, span: Duration) {
        let end = self.world.now() + span;
        while self.world.now() < end {
            self.tick();
        }
    }

    fn tick(&mut self) {
        for kind in self.attacks.clone() {
            let peers = self.addresses();
            let ids: Vec<_> = self.producers.iter().map(|producer| producer.id).collect();
            attack(&mut self.world, &mut self.rng, kind, &peers, &ids);
        }
        let now = self.world.now();
        while let Some(over) = self.ends.iter().position(|(end, _)| *end <= now) {
            let (_, what) = self.ends.swap_remove(over);
            self.end(&what);
        }
        self.world.run_for(TICK);
        let books = std::mem::take(&mut self.books);
        self.books = books.check(self);
    }

    // ---- Faults ----

    fn begin(&mut self, fault: &Fault) {
        match fault.what {
            What::ClientCut(place) => self.with_client(place, |world, id| world.mute_client(id, true)),
            What::ClientPause(place) => self.with_client(place, |world, id| world.pause_client(id, true)),
            What::ClientMove(place) => self.with_client(place, World::rebind_client),
            What::ClientPath(place, links) => {
                self.with_client(place, |world, id| world.set_client_links(id, &links));
            }
            What::ClientCrash(place) => {
                self.books.note_death();
                self.with_client(place, World::kill_client);
                self.clients[place].id = None;
            }
            What::Leave(place) => self.for_wanted(place, World::unsubscribe),
            What::ProducerCut(place) => self.world.mute_producer(self.producers[place].number, true),
            What::ProducerPause(place) => self.world.pause_producer(self.producers[place].number, true),
            What::ProducerMove(place) => self.world.rebind_producer(self.producers[place].number),
            What::ProducerPath(place, links) => {
                self.world.set_producer_links(self.producers[place].number, &links);
            }
            What::ProducerCrash(place) => {
                self.world.kill_producer(self.producers[place].number);
                self.producers[place].alive = false;
            }
            What::Standby(place) => {
                self.producers[place].alive = false;
                let before = self.producers[place].number;
                self.enter_producer(place);
                self.producers[place].strangers.push(before);
            }
            What::Stranger(place) => self.enter_stranger(place),
            What::BrokerPause => self.world.pause_broker(true),
            What::BrokerCrash { .. } => {
                self.books.note_death();
                self.world.kill_broker();
            }
            What::Attack(kind) => self.attacks.push(kind),
        }
        self.ends.push((self.world.now() + fault.lasts, fault.what));
    }

    fn end(&mut self, what: &What) {
        match *what {
            What::ClientCut(place) => self.with_client(place, |world, id| world.mute_client(id, false)),
            What::ClientPause(place) => self.with_client(place, |world, id| world.pause_client(id, false)),
            What::ClientPath(place, _) => {
                let links = self.clients[place].plan.links;
                self.with_client(place, |world, id| world.set_client_links(id, &links));
            }
            What::ClientCrash(place) if self.clients[place].id.is_none() => self.enter_client(place),
            What::Leave(place) => {
                let latency = self.clients[place].plan.latency;
                self.for_wanted(place, |world, id, producer| world.subscribe(id, producer, latency));
            }
            What::ProducerCut(place) => self.world.mute_producer(self.producers[place].number, false),
            What::ProducerPause(place) => self.world.pause_producer(self.producers[place].number, false),
            What::ProducerPath(place, _) => {
                let links = self.producers[place].plan.links;
                self.world.set_producer_links(self.producers[place].number, &links);
            }
            What::ProducerCrash(place) if !self.producers[place].alive => self.enter_producer(place),
            What::Standby(place) | What::Stranger(place) => {
                for number in std::mem::take(&mut self.producers[place].strangers) {
                    self.world.kill_producer(number);
                }
            }
            What::BrokerPause => self.world.pause_broker(false),
            What::BrokerCrash { keep_state } => self.world.start_broker(keep_state),
            What::Attack(kind) => self.attacks.retain(|other| *other != kind),
            What::ClientMove(_) | What::ProducerMove(_) | What::ClientCrash(_) | What::ProducerCrash(_) => {}
        }
    }

    // ---- Who is there ----

    fn enter_producer(&mut self, place: usize) {
        let producer = &mut self.producers[place];
        producer.epoch += 1_000;
        producer.alive = true;
        let run = ProducerRun {
            id: producer.id,
            key: vec![b'k'],
            epoch: producer.epoch,
            channel: producer.plan.channel,
            first_frame: producer.plan.first_frame,
            shard_size: producer.plan.shard_size,
            thins: true,
        };
        producer.number = self.world.start_producer_with_clock(run, producer.plan.clock);
        self.world.set_producer_links(producer.number, &producer.plan.links);
    }

    /// Somebody with the same id and another key.
    fn enter_stranger(&mut self, place: usize) {
        let producer = &mut self.producers[place];
        // Epochs of strangers tell them from the rightful lives.
        producer.epoch += 1_000;
        let run = ProducerRun {
            id: producer.id,
            key: vec![b's', u8::try_from(producer.strangers.len()).unwrap_or(u8::MAX)],
            epoch: producer.epoch,
            channel: producer.plan.channel,
            first_frame: producer.plan.first_frame,
            shard_size: producer.plan.shard_size,
            thins: true,
        };
        let number = self.world.start_producer_with_clock(run, producer.plan.clock);
        producer.strangers.push(number);
    }

    fn enter_clients(&mut self, age: Duration) {
        for place in 0..self.clients.len() {
            let client = &self.clients[place];
            let crashed = self.ends.iter().any(|(_, what)| *what == What::ClientCrash(place));
            if client.id.is_none() && client.plan.comes_after <= age && !crashed {
                self.enter_client(place);
            }
        }
    }

    fn enter_client(&mut self, place: usize) {
        let plan = self.clients[place].plan;
        let id = self.world.start_client_with_clock(plan.clock);
        self.world.set_client_links(id, &plan.links);
        self.clients[place].id = Some(id);
        self.for_wanted(place, |world, id, producer| world.subscribe(id, producer, plan.latency));
    }

    fn with_client(&mut self, place: usize, act: impl FnOnce(&mut World, ClientId)) {
        if let Some(id) = self.clients.get(place).and_then(|client| client.id) {
            act(&mut self.world, id);
        }
    }

    fn for_wanted(&mut self, place: usize, act: impl Fn(&mut World, ClientId, ProducerId)) {
        let Some(client) = self.clients.get(place) else { return };
        let Some(id) = client.id else { return };
        for producer in client.plan.wants.iter().filter_map(|place| self.producers.get(*place)) {
            act(&mut self.world, id, producer.id);
        }
    }

    fn addresses(&self) -> Vec<SocketAddr> {
        let clients = self.clients.iter().filter_map(|client| self.world.client_address(client.id?));
        let producers = self.producers.iter().filter_map(|it| self.world.producer_address(it.number));
        clients.chain(producers).collect()
    }

    // ---- What they got ----

    fn viewers(&self) -> Vec<(ClientId, ProducerId)> {
        let of = |client: &Client<'_>| {
            let wanted = client.plan.wants.iter().filter_map(|place| self.producers.get(*place));
            client.id.map(|id| wanted.map(move |producer| (id, producer.id)).collect::<Vec<_>>())
        };
        self.clients.iter().filter_map(of).flatten().collect()
    }

    /// Whether every viewer had one session all the time.
    pub(super) fn viewers_kept_their_sessions(&self) -> bool {
        let sessions = |id| {
            let events = self.world.client_events(id).iter();
            events.filter(|event| matches!(event, Event::Connected { .. })).count()
        };
        self.clients.iter().filter_map(|client| client.id).all(|id| sessions(id) == 1)
    }

    /// A frame before the heal that is still wanted holds up the ones behind it for so long.
    fn longest_latency(&self) -> Duration {
        self.clients.iter().map(|client| client.plan.latency).max().unwrap_or_default()
    }

    /// Whether a viewer is less patient than what a producer on a slow path has time for: its trials leave within an eighth of a
    /// second, and the ladder goes up once in 10 s (PROTOCOL 7.8).
    fn is_out_of_reach(&self, client: ClientId, producer: ProducerId) -> bool {
        let viewer = self.clients.iter().find(|viewer| viewer.id == Some(client));
        viewer.is_some_and(|viewer| (ms(1)..PATIENT).contains(&viewer.plan.latency)) && self.is_slow(producer)
    }

    /// Whether a producer's path to the broker was too slow, and it goes by that still.
    fn is_slow(&self, producer: ProducerId) -> bool {
        let snapshots = self.producers.iter().filter(|it| it.id == producer);
        let mut snapshots = snapshots.filter_map(|it| self.world.producer_snapshot(it.number));
        snapshots.any(|snapshot| snapshot.slow)
    }

    /// Whether a client wants nothing of such a producer.
    pub(super) fn wants_no_slow_one(&self, client: &Client<'_>) -> bool {
        let mut wanted = client.plan.wants.iter().filter_map(|place| self.producers.get(*place));
        !wanted.any(|producer| self.is_slow(producer.id))
    }

    fn has_new_frame(&self, client: ClientId, producer: ProducerId, since: Time) -> bool {
        let frames = self.world.oracle.delivered(client.0, producer, StreamId::VIDEO);
        frames.last().is_some_and(|last| last.at.before(last.delay) >= since)
    }

    fn tell(&self, viewers: &[(ClientId, ProducerId)]) -> String {
        let tell = |(client, producer): &(ClientId, ProducerId)| {
            let events = self.world.client_events(*client);
            let number = self.producers.iter().find(|it| it.id == *producer).map_or(0, |it| it.number);
            let heard = self.world.producer_events(number);
            let streams = self.world.snapshot(*client).streams;
            let counters: Vec<_> =
                streams.iter().map(|it| (it.producer, it.stream, it.live, it.counters)).collect();
            format!(
                "{client:?} of {producer}: {:?}, {counters:?}; the producer: {:?}, {:?}",
                events.last(),
                heard.last(),
                self.world.producer_snapshot(number),
            )
        };
        let workers: Vec<_> = self.world.workers().iter().map(broker::engine::Broker::counters).collect();
        format!("{}; the broker: {workers:?}", viewers.iter().map(tell).collect::<Vec<_>>().join("; "))
    }
}
