//! The table of channels: who is there, in which order, and which one is chosen.

use std::collections::BTreeMap;
use std::time::Duration;

use protocol::id::ProducerId;
use protocol::wire::{CatalogEntry, TrackKind};

use crate::engine::event::Snapshot;
use crate::shell::echo::Echo;
use crate::shell::output::units::{bit_rate, frame_rate, percent, span};

/// What the rows are sorted by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Order {
    #[default]
    Id,
    Name,
    Viewers,
    Frames,
    Rate,
    Loss,
    Missed,
    Latency,
}

/// The columns of the table, and how wide they are.
pub(super) const COLUMNS: [(Order, &str, u16); 8] = [
    (Order::Id, "id", 7),
    (Order::Frames, "fps", 7),
    (Order::Rate, "rate", 9),
    (Order::Loss, "loss", 6),
    (Order::Missed, "missed", 6),
    (Order::Latency, "latency", 7),
    (Order::Viewers, "viewers", 7),
    (Order::Name, "name", 12),
];

/// One channel.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Row {
    pub(super) producer: ProducerId,
    pub(super) name: String,
    pub(super) viewers: Option<u32>,
    /// It is subscribed, and its figures are known.
    pub(super) playing: Option<Playing>,
}

/// The figures of a channel that is subscribed.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Playing {
    pub(super) is_live: bool,
    frames: f64,
    bits: f64,
    loss: f64,
    missed: u64,
    latency: Duration,
}

/// The table.
#[derive(Debug, Default)]
pub(super) struct Channels {
    rows: BTreeMap<ProducerId, Row>,
    order: Order,
    is_reversed: bool,
    filter: String,
    chosen: Option<ProducerId>,
}

impl Channels {
    /// Those of the catalog stay, and those that are subscribed.
    pub(super) fn learn(&mut self, catalog: &[CatalogEntry]) {
        self.rows.values_mut().for_each(|row| row.viewers = None);
        for entry in catalog {
            let row = self.row(entry.producer);
            row.name = Echo(entry.name.as_str()).to_string();
            row.viewers = Some(entry.viewers);
        }
        self.rows.retain(|_, row| row.viewers.is_some() || row.playing.is_some());
    }

    /// The engine's figures.
    pub(super) fn note(&mut self, snapshot: &Snapshot) {
        self.rows.values_mut().for_each(|row| row.playing = None);
        for stream in snapshot.streams.iter().filter(|stream| stream.kind == TrackKind::Video) {
            let counters = &stream.counters;
            let row = self.row(stream.producer);
            if row.name.is_empty() {
                row.name = Echo(stream.name.as_str()).to_string();
            }
            row.playing = Some(Playing {
                is_live: stream.live,
                frames: stream.frames_per_second,
                bits: stream.bits_per_second,
                loss: stream.loss,
                missed: counters.late + counters.lost + counters.skipped,
                latency: stream.age.unwrap_or(stream.delay),
            });
        }
        if self.chosen.is_none() {
            self.chosen = self.rows().first().map(|row| row.producer);
        }
    }

    fn row(&mut self, producer: ProducerId) -> &mut Row {
        let new = || Row { producer, name: String::new(), viewers: None, playing: None };
        self.rows.entry(producer).or_insert_with(new)
    }

    /// The rows that are shown, in their order.
    pub(super) fn rows(&self) -> Vec<&Row> {
        let filter = self.filter.to_lowercase();
        let fits = |row: &&Row| {
            row.producer.to_string().to_lowercase().contains(&filter)
                || row.name.to_lowercase().contains(&filter)
        };
        let mut rows: Vec<&Row> = self.rows.values().filter(fits).collect();
        rows.sort_by(|one, two| self.compare(one, two));
        if self.is_reversed {
            rows.reverse();
        }
        rows
    }

    /// Figures are sorted from the largest on; ids and names as in a book.
    fn compare(&self, one: &Row, two: &Row) -> std::cmp::Ordering {
        let figure = |row: &Row| {
            let playing = row.playing.unwrap_or_default();
            match self.order {
                Order::Id | Order::Name => 0.0,
                Order::Viewers => f64::from(row.viewers.unwrap_or_default()),
                Order::Frames => playing.frames,
                Order::Rate => playing.bits,
                Order::Loss => playing.loss,
                Order::Missed => playing.missed as f64,
                Order::Latency => playing.latency.as_secs_f64(),
            }
        };
        let by_figure = figure(two).total_cmp(&figure(one));
        match self.order {
            Order::Name => one.name.cmp(&two.name).then(one.producer.cmp(&two.producer)),
            _ => by_figure.then(one.producer.cmp(&two.producer)),
        }
    }

    pub(super) const fn order(&self) -> Order {
        self.order
    }

    pub(super) fn sort_by_next(&mut self) {
        let place = COLUMNS.iter().position(|(order, ..)| *order == self.order).unwrap_or_default();
        let next = COLUMNS.get((place + 1) % COLUMNS.len());
        self.order = next.map_or(Order::Id, |(order, ..)| *order);
    }

    pub(super) const fn reverse(&mut self) {
        self.is_reversed = !self.is_reversed;
    }

    pub(super) fn filter(&self) -> &str {
        &self.filter
    }

    pub(super) fn extend_filter(&mut self, character: char) {
        if self.filter.chars().count() < crate::shell::echo::ECHO_LEN_MAX && !character.is_control() {
            self.filter.push(character);
        }
    }

    pub(super) fn shorten_filter(&mut self) {
        self.filter.pop();
    }

    pub(super) fn clear_filter(&mut self) {
        self.filter.clear();
    }

    /// The channel that is chosen, if it is in sight.
    pub(super) fn selected(&self) -> Option<ProducerId> {
        let rows = self.rows();
        let chosen = rows.iter().find(|row| Some(row.producer) == self.chosen);
        chosen.or(rows.first()).map(|row| row.producer)
    }

    /// Chooses another one, so many rows further down.
    pub(super) fn step(&mut self, by: isize) {
        let rows = self.rows();
        let selected = self.selected();
        let place = rows.iter().position(|row| Some(row.producer) == selected).unwrap_or_default();
        let last = rows.len().saturating_sub(1);
        let next = place.saturating_add_signed(by).min(last);
        self.chosen = rows.get(next).map(|row| row.producer);
    }
}

impl Row {
    /// What the table shows of it, column by column.
    pub(super) fn cells(&self) -> [String; 8] {
        let viewers = self.viewers.map_or_else(|| "-".to_owned(), |viewers| viewers.to_string());
        let id = self.producer.to_string();
        let Some(playing) = self.playing else {
            let none = String::new;
            return [id, none(), none(), none(), none(), none(), viewers, self.name.clone()];
        };
        [
            id,
            if playing.is_live { frame_rate(playing.frames) } else { "off".to_owned() },
            if playing.is_live { bit_rate(playing.bits) } else { "-".to_owned() },
            percent(playing.loss),
            playing.missed.to_string(),
            span(playing.latency),
            viewers,
            self.name.clone(),
        ]
    }
}
