//! The pictures above the prompt.

use protocol::id::ProducerId;

use super::area::{Area, CellSize};
use super::cell::{Cell, Style};
use super::facts::Facts;
use super::scene::{Scene, Tile};
use crate::view::bar;

/// Rows of what was said that stay in sight.
const LINES_MIN: u16 = 4;
/// The prompt and the status below it.
const PROMPT_ROWS: u16 = 2;
/// Rows of the smallest block: fewer show nothing.
const HEIGHT_MIN: u16 = 3;

/// The pictures above the prompt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    channels: Vec<ProducerId>,
}

impl Block {
    /// A block of these channels.
    pub const fn new(channels: Vec<ProducerId>) -> Self {
        Self { channels }
    }

    /// The channels, from left to right.
    pub fn channels(&self) -> &[ProducerId] {
        &self.channels
    }

    /// What the block shows on a terminal of that size; `None` where there is no room.
    pub fn scene(
        &self,
        (columns, rows): (u16, u16),
        cell: CellSize,
        repaints: u32,
        facts: &Facts<'_>,
    ) -> Option<Scene> {
        // Half of the screen, and what was said keeps a few rows.
        let height = (rows / 2).max(HEIGHT_MIN + 1).min(rows.saturating_sub(LINES_MIN + PROMPT_ROWS));
        if height < HEIGHT_MIN {
            return None;
        }
        let top = rows - PROMPT_ROWS - height;
        let mut scene = Scene::blank(columns, rows, top, height);
        (scene.cell, scene.repaints) = (cell, repaints);
        let room = Area::of_size(columns, height - 1);
        let count = u16::try_from(self.channels.len()).unwrap_or(u16::MAX);
        for (producer, area) in self.channels.iter().zip(room.tiles(count, cell)) {
            scene.tiles.push(Tile { producer: *producer, area, note: facts.note(*producer) });
        }
        match self.channels.as_slice() {
            [producer] => bar::write(&mut scene, height - 1, facts, *producer, false),
            _ => self.write_names(&mut scene, height - 1, facts),
        }
        Some(scene)
    }

    /// All names in one row, in the order of the tiles.
    fn write_names(&self, scene: &mut Scene, row: u16, facts: &Facts<'_>) {
        let blank = Cell::styled(' ', Style::Reverse);
        scene.fill(Area { column: 0, row, columns: scene.columns, rows: 1 }, blank);
        let names =
            self.channels.iter().map(|producer| format!("{producer} {:.1}/s", facts.rates.shown(*producer)));
        let mut parts: Vec<_> = names.collect();
        parts.extend(facts.figures.notice.map(str::to_owned));
        parts.extend(facts.is_idle.then(|| "IDLE: press a key".to_owned()));
        scene.write(1, row, scene.columns, &parts.join(" | "), blank);
    }
}
