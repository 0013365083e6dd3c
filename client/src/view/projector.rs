//! Frames become pictures, and pictures become bytes for the terminal.

use std::collections::BTreeMap;
use std::time::Duration;

use protocol::id::ProducerId;
use protocol::time::Time;

use super::area::Area;
use super::budget::Budget;
use super::canvas::{Canvas, Limits};
use super::cell::{Cell, Style};
use super::mosaic::Mosaic;
use super::palette::Palette;
use super::picture::Picture;
use super::renderer::Renderer;
use super::scale::scale;
use super::scene::{Scene, Tile};
use super::{iterm, jpeg, kitty, sixel};

/// Numbers of kitty's pictures begin here: small ones are other programs' favourites.
const KITTY_FIRST: u32 = 0x46_43_00;

/// What is shown, and how.
#[derive(Debug)]
pub struct Projector {
    renderer: Renderer,
    palette: Palette,
    budget: Budget,
    canvas: Canvas,
    scene: Scene,
    /// Nothing is known of the screen.
    is_new: bool,
    channels: BTreeMap<ProducerId, Channel>,
    /// The number of kitty's next picture.
    number: u32,
    /// Cells are left that the budget had no bytes for.
    is_unfinished: bool,
    figures: Figures,
}

/// What a projector has done.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Figures {
    /// What became of each channel's frames.
    pub channels: BTreeMap<ProducerId, Shown>,
    /// Bytes that went to the terminal.
    pub bytes: u64,
    /// What is given up for the sake of the terminal.
    pub notice: Option<&'static str>,
}

/// What became of a channel's frames.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Shown {
    /// Frames that were shown.
    pub shown: u64,
    /// Frames that could not be decoded.
    pub broken: u64,
    /// Pixels of the newest picture.
    pub size: Option<(usize, usize)>,
    /// From the capture of the newest picture to its last byte at the terminal.
    pub lag: Option<Duration>,
}

#[derive(Debug, Default)]
struct Channel {
    picture: Option<Picture>,
    /// The newest picture is not on the screen yet.
    is_due: bool,
    /// The picture as cells, and for which place and colours.
    cells: Option<(Area, Palette, Vec<Cell>)>,
    /// The number of kitty's picture that is shown.
    number: Option<u32>,
    /// Where the pixels are.
    shown: Option<Area>,
}

impl Projector {
    /// A projector on a terminal that takes these colours.
    pub fn new(renderer: Renderer, palette: Palette) -> Self {
        Self {
            renderer,
            palette,
            budget: Budget::new(palette),
            canvas: Canvas::new(0, 0),
            scene: Scene::default(),
            is_new: true,
            channels: BTreeMap::new(),
            number: KITTY_FIRST,
            is_unfinished: false,
            figures: Figures::default(),
        }
    }

    /// What was done so far.
    pub fn figures(&self) -> Figures {
        Figures { notice: self.budget.notice(), ..self.figures.clone() }
    }

    /// When the next picture may be painted, if not now.
    pub fn poll_timeout(&mut self, now: Time) -> Option<Time> {
        self.budget.poll_timeout(now)
    }

    /// Takes in the newest frame of a channel. One that can't be decoded leaves the picture as it is.
    pub fn take(&mut self, producer: ProducerId, frame: &[u8]) {
        let figures = self.figures.channels.entry(producer).or_default();
        match jpeg::decode(frame) {
            Ok(picture) => {
                figures.size = Some((picture.width(), picture.height()));
                let channel = self.channels.entry(producer).or_default();
                channel.picture = Some(picture);
                channel.cells = None;
                channel.is_due = true;
            }
            Err(error) => {
                tracing::debug!("a frame of {producer} is not shown: {error}");
                figures.broken += 1;
            }
        }
    }

    /// The newest picture of a channel was written so long after its capture.
    pub fn note_lag(&mut self, producer: ProducerId, lag: Duration) {
        self.figures.channels.entry(producer).or_default().lag = Some(lag);
    }

    /// The picture of a channel.
    pub fn picture(&self, producer: ProducerId) -> Option<&Picture> {
        self.channels.get(&producer)?.picture.as_ref()
    }

    /// The bytes that show the scene with its newest pictures. The cursor is anywhere afterwards.
    pub fn paint(&mut self, now: Time, scene: &Scene, bytes: &mut String) {
        let begun = bytes.len();
        self.set_up(scene, bytes);
        for (index, cell) in scene.text.iter().enumerate() {
            let (column, row) = place(index, scene.columns);
            self.canvas.set(column, row, *cell);
        }
        if let Some(mosaic) = self.renderer.mosaic() {
            for tile in &scene.tiles {
                self.put_cells(tile, mosaic, scene);
            }
        } else {
            self.put_notes(scene);
            self.clear_pixels(scene);
        }
        let limits = Limits { bytes: self.budget.allowance(now), tolerance: self.budget.grade().tolerance };
        let painted = self.canvas.paint(scene.top, limits, bytes);
        if self.renderer.mosaic().is_none() {
            self.put_pixels(scene, bytes);
        }
        self.is_unfinished = painted.left > 0;
        self.figures.bytes += (bytes.len() - begun) as u64;
        let mut is_new = false;
        for tile in &scene.tiles {
            let channel = self.channels.get_mut(&tile.producer);
            if channel.is_some_and(|channel| std::mem::take(&mut channel.is_due)) {
                self.figures.channels.entry(tile.producer).or_default().shown += 1;
                is_new = true;
            }
        }
        if is_new {
            self.budget.note_picture(now, bytes.len() - begun, painted.left);
        } else {
            self.budget.note_text(now, bytes.len() - begun);
        }
    }

    /// Whether cells are left that the budget had no bytes for: another paint makes them right.
    pub const fn is_unfinished(&self) -> bool {
        self.is_unfinished
    }

    /// Another way to show pictures, in other colours.
    pub fn choose(&mut self, renderer: Renderer, palette: Palette, bytes: &mut String) {
        if (self.renderer, self.palette) != (renderer, palette) {
            self.remove(bytes);
            (self.renderer, self.palette) = (renderer, palette);
            self.budget = Budget::new(palette);
            self.channels.values_mut().for_each(|channel| channel.cells = None);
        }
    }

    /// The bytes that take the pictures away; text stays. Afterwards everything is painted anew.
    pub fn remove(&mut self, bytes: &mut String) {
        for channel in self.channels.values_mut() {
            channel.shown = None;
            if let Some(number) = channel.number.take() {
                kitty::remove(number, bytes);
            }
        }
        self.is_new = true;
    }

    /// The screen was erased or may be another: everything is painted anew.
    fn set_up(&mut self, scene: &Scene, bytes: &mut String) {
        let same = !self.is_new
            && (scene.columns, scene.rows, scene.top, scene.repaints, scene.height())
                == (
                    self.scene.columns,
                    self.scene.rows,
                    self.scene.top,
                    self.scene.repaints,
                    self.scene.height(),
                );
        if !same {
            self.remove(bytes);
            self.canvas = Canvas::new(scene.columns, scene.height());
            self.is_new = false;
        }
        if scene.tiles != self.scene.tiles {
            for channel in self.channels.values_mut() {
                channel.cells = None;
                // Pixels of a place that is no longer theirs go with the text that is written over them.
                channel.shown = None;
            }
            let shown = |producer: &ProducerId| scene.tiles.iter().any(|tile| tile.producer == *producer);
            self.channels.retain(|producer, channel| {
                let keeps = shown(producer);
                if let Some(number) = channel.number.filter(|_| !keeps) {
                    kitty::remove(number, bytes);
                }
                keeps
            });
            if self.renderer.mosaic().is_none() {
                self.canvas.forget();
            }
        }
        self.scene.clone_from(scene);
    }

    fn put_cells(&mut self, tile: &Tile, mosaic: Mosaic, scene: &Scene) {
        let palette = self.budget.grade().palette;
        let Some(channel) = self.channels.get_mut(&tile.producer) else {
            return note(&mut self.canvas, tile, scene);
        };
        let Some(picture) = &channel.picture else { return note(&mut self.canvas, tile, scene) };
        let area = tile.area.letterbox(picture.width(), picture.height(), scene.cell);
        if channel.cells.as_ref().is_none_or(|(at, colours, _)| (*at, *colours) != (area, palette)) {
            channel.cells = Some((area, palette, mosaic.cells(picture, area.columns, area.rows, palette)));
        }
        let Some((area, _, cells)) = &channel.cells else { return };
        for (index, cell) in cells.iter().enumerate() {
            let (column, row) = place(index, area.columns);
            put_behind(&mut self.canvas, area.column + column, area.row + row, *cell);
        }
    }

    fn put_notes(&mut self, scene: &Scene) {
        for tile in &scene.tiles {
            let has_picture =
                self.channels.get(&tile.producer).is_some_and(|channel| channel.picture.is_some());
            if !has_picture {
                note(&mut self.canvas, tile, scene);
            }
        }
    }

    /// Pixels that stand where the picture is no longer are written over.
    fn clear_pixels(&mut self, scene: &Scene) {
        for tile in &scene.tiles {
            let area = self.pixel_area(tile, scene);
            let Some(channel) = self.channels.get_mut(&tile.producer) else { continue };
            if let Some(shown) = channel.shown.filter(|shown| Some(*shown) != area) {
                self.canvas.forget_area(shown);
                channel.shown = None;
            }
        }
    }

    /// Where the pixels of a channel belong. No terminal makes those of sixel larger: they are fewer on less room.
    fn pixel_area(&self, tile: &Tile, scene: &Scene) -> Option<Area> {
        let picture = self.channels.get(&tile.producer)?.picture.as_ref()?;
        let room = match self.renderer {
            Renderer::Sixel => tile.area.shrunk(self.budget.grade().shrink),
            _ => tile.area,
        };
        Some(room.letterbox(picture.width(), picture.height(), scene.cell))
    }

    fn put_pixels(&mut self, scene: &Scene, bytes: &mut String) {
        let grade = self.budget.grade();
        for tile in &scene.tiles {
            let area = self.pixel_area(tile, scene);
            let Some((channel, area)) = self.channels.get_mut(&tile.producer).zip(area) else { continue };
            let Some(picture) = &channel.picture else { continue };
            if channel.shown == Some(area) && !channel.is_due {
                continue;
            }
            channel.shown = Some(area);
            let place = Area { row: area.row + scene.top, ..area };
            let width = usize::from(area.columns) * usize::from(scene.cell.width);
            let height = usize::from(area.rows) * usize::from(scene.cell.height);
            // Pixels that the picture does not have are the terminal's work, but for sixel.
            let shrunk = |room: usize, has: usize| (room.min(has) / grade.shrink).max(1);
            let small = |picture: &Picture| {
                scale(picture, shrunk(width, picture.width()), shrunk(height, picture.height()))
            };
            match self.renderer {
                Renderer::Kitty => {
                    let former = channel.number.replace(self.number);
                    let pixels = small(picture).map(|pixel| grade.palette.pixel(pixel));
                    kitty::show(&pixels, place, self.number, former, bytes);
                    self.number = self.number.wrapping_add(1).max(KITTY_FIRST);
                }
                Renderer::Iterm => iterm::show(&small(picture), place, grade.quality, bytes),
                _ => sixel::show(&scale(picture, width, height), place, bytes),
            }
        }
    }
}

/// What stands in a tile without a picture.
fn note(canvas: &mut Canvas, tile: &Tile, scene: &Scene) {
    let width = u16::try_from(tile.note.chars().count()).unwrap_or(u16::MAX).min(tile.area.columns);
    let column = tile.area.column + (tile.area.columns - width) / 2;
    let row = tile.area.row + tile.area.rows / 2;
    for (column, symbol) in (column..(column + width).min(scene.columns)).zip(tile.note.chars()) {
        put_behind(canvas, column, row, Cell::styled(symbol, Style::Dim));
    }
}

/// Text stands before pictures.
fn put_behind(canvas: &mut Canvas, column: u16, row: u16, cell: Cell) {
    if canvas.wanted(column, row) == Some(&Cell::BLANK) {
        canvas.set(column, row, cell);
    }
}

fn place(index: usize, columns: u16) -> (u16, u16) {
    let columns = usize::from(columns).max(1);
    let narrow = |value: usize| u16::try_from(value).unwrap_or(u16::MAX);
    (narrow(index % columns), narrow(index / columns))
}
