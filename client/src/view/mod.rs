//! Pictures in the terminal, as state machines: frames, keys and sizes in, bytes for the one writer out.
//!
//! ```text
//! frames ──> jpeg ──> Picture ──scale──> mosaic ──> Canvas ──┐
//!                                   └──> kitty, sixel, iterm ┴──bytes──> the one writer of the terminal
//! ```
//!
//! [`Scene`] says what text there is and where the pictures are, [`Projector`] turns it into bytes within the
//! [`budget`]. Nothing here asks the terminal anything but [`query`], which is written when a picture is asked for.

mod area;
mod bar;
mod block;
pub mod budget;
mod canvas;
mod cell;
mod colour;
mod facts;
mod iterm;
mod jpeg;
mod kitty;
mod meter;
mod mosaic;
mod overlay;
mod palette;
mod picture;
mod projector;
pub mod query;
mod reel;
mod renderer;
mod scale;
mod scene;
mod sixel;
mod stage;
#[cfg(test)]
mod tests;
mod top;
mod watch;

pub use area::{Area, CellSize};
pub use block::Block;
pub use canvas::{Canvas, Limits, Painted};
pub use cell::{COVERED, Cell, Ink, Style};
pub use colour::Rgb;
pub use facts::{Facts, Rates};
pub use jpeg::{PIXELS_MAX, PictureError, SIDE_MAX, decode};
pub use mosaic::Mosaic;
pub use palette::Palette;
pub use picture::Picture;
pub use projector::{Figures, Projector, Shown};
pub use reel::Reel;
pub use renderer::{Renderer, RendererError};
pub use scale::scale;
pub use scene::{Scene, Tile};
pub use stage::{LEAVE_BLOCK, LEAVE_PAGE, Mode, Stage, View};
pub use top::{CommandLine, Top};
pub use watch::{Watch, Wish};
