//! What the seeds of a run have tried.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use impair::LinkModel;

use super::scenario::Scenario;

/// How many seeds had what, and in which ranges.
#[derive(Clone, Default, Debug)]
pub struct Coverage {
    seeds: u64,
    faults: BTreeMap<&'static str, Seen>,
    paths: BTreeMap<&'static str, Seen>,
}

/// In how many seeds, and between which values.
#[derive(Clone, Copy, Debug)]
struct Seen {
    seeds: u64,
    last_seed: u64,
    least: f64,
    most: f64,
}

impl Coverage {
    /// Adds a seed.
    pub fn note(&mut self, scenario: &Scenario) {
        self.seeds += 1;
        let number = self.seeds;
        for fault in &scenario.faults {
            see(&mut self.faults, number, fault.what.name(), fault.lasts.as_secs_f64());
        }
        let links = scenario.clients.iter().map(|client| client.links);
        for links in links.chain(scenario.producers.iter().map(|producer| producer.links)) {
            for model in [links.up, links.down] {
                self.note_path(number, &model);
            }
            see_if(
                &mut self.paths,
                number,
                "other loss up than down",
                f64::from(u8::from(links.up.loss.total_cmp(&links.down.loss).is_ne())),
            );
        }
        for client in &scenario.clients {
            see(&mut self.paths, number, "latency, ms", client.latency.as_secs_f64() * 1e3);
        }
        for producer in &scenario.producers {
            see(&mut self.paths, number, "pictures per second", producer.channel.fps.into());
            see(&mut self.paths, number, "pictures of a group", producer.channel.group as f64);
            see(&mut self.paths, number, "bytes of a picture", producer.channel.picture as f64);
        }
        see(&mut self.paths, number, "workers", scenario.workers.into());
        let rate = scenario.broker_rate.map_or(0.0, |rate| rate as f64 / 1e3);
        see_if(&mut self.paths, number, "the broker's own rate, kbit/s", rate);
        see(&mut self.paths, number, "producers", scenario.producers.len() as f64);
        see(&mut self.paths, number, "clients", scenario.clients.len() as f64);
    }

    fn note_path(&mut self, number: u64, model: &LinkModel) {
        let ms = |span: Duration| span.as_secs_f64() * 1e3;
        let values = [
            ("loss, %", model.loss * 100.0),
            ("burst, ms", if model.loss > 0.0 { ms(model.burst) } else { 0.0 }),
            ("delay, ms", ms(model.delay)),
            ("jitter, ms", ms(model.jitter)),
            ("duplicates, %", model.duplicate * 100.0),
            ("reordered, %", model.reorder * 100.0),
            ("corrupted, %", model.corrupt * 100.0),
            ("rate, kbit/s", model.rate.map_or(0.0, |rate| rate.bits_per_second as f64 / 1e3)),
        ];
        for (name, value) in values {
            see_if(&mut self.paths, number, name, value);
        }
    }

    /// Adds what others have seen.
    pub fn add(&mut self, other: &Self) {
        self.seeds += other.seeds;
        for (mine, theirs) in [(&mut self.faults, &other.faults), (&mut self.paths, &other.paths)] {
            for (name, seen) in theirs {
                let entry = mine.entry(name).or_insert(Seen { seeds: 0, ..*seen });
                entry.seeds += seen.seeds;
                entry.least = entry.least.min(seen.least);
                entry.most = entry.most.max(seen.most);
            }
        }
    }
}

fn see_if(into: &mut BTreeMap<&'static str, Seen>, number: u64, name: &'static str, value: f64) {
    if value > 0.0 {
        see(into, number, name, value);
    }
}

fn see(into: &mut BTreeMap<&'static str, Seen>, number: u64, name: &'static str, value: f64) {
    let seen = into.entry(name).or_insert(Seen { seeds: 0, last_seed: 0, least: value, most: value });
    seen.seeds += u64::from(seen.last_seed != number);
    seen.last_seed = number;
    seen.least = seen.least.min(value);
    seen.most = seen.most.max(value);
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (title, rows, unit) in
            [("fault", &self.faults, "lasting, s"), ("configuration", &self.paths, "values")]
        {
            writeln!(f, "{title:<28} {:>8}  {unit}", "seeds")?;
            for (name, seen) in rows {
                writeln!(f, "  {name:<26} {:>8}  {:.4} to {:.4}", seen.seeds, seen.least, seen.most)?;
            }
        }
        Ok(())
    }
}
