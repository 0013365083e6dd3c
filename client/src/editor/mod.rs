//! The line editor of the shell as a state machine: keys and times in, actions and pictures of the prompt out.
//!
//! ```text
//! keys, sizes ──> Editor ──actions──> what the shell does: commands, words above the prompt
//!                    └─────frames───> Painter ──bytes──> the one writer of the terminal
//! ```
//!
//! [`Editor`] knows what is typed, [`Painter`] what the terminal shows. The painter lives with the writer, so that a
//! slow terminal costs pictures and never order. Nothing here asks the terminal anything: nobody may be there to
//! answer, and an answer would be read as keys. The prompt's block is the last one on the screen: the prompt's row,
//! where the cursor stays, and the status below it; whatever is said appears above.

mod buffer;
mod cells;
mod completion;
mod history;
mod keys;
mod layout;
mod line;
mod painter;
mod search;
mod status;
#[cfg(test)]
mod tests;
mod throttle;

pub use completion::Known;
pub use history::{ENTRIES_MAX, History};
pub use layout::{Frame, Size};
pub use line::{Action, Editor, Manners};
pub use painter::{LEAVE, Painter};
pub use status::status;
pub use throttle::Throttle;

/// What the terminal can show.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Look {
    /// Whether it takes UTF-8. Else only ASCII is written, with `?` for the rest.
    pub utf8: bool,
    /// Whether it may be sent colours and their like. Else there are no hints either: they could not be told from
    /// what is typed.
    pub colour: bool,
}
