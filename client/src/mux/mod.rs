//! Delivered frames as a stream that players read: pictures and sound in Matroska, or pictures alone.
//!
//! ```text
//! subscribed, handle_frame ─┐             ┌─> poll_chunk    header, then clusters
//! handle_timeout ───────────┼─> Muxer ────┼─> poll_timeout  when to call handle_timeout
//! finish ───────────────────┘             └─> counters
//!                                 Index: what completes a file that can be sought in
//! ```
//!
//! Pure: nothing here knows where the stream goes.

mod chunk;
mod ebml;
mod index;
mod jpeg;
mod matroska;
mod muxer;
mod sound;
#[cfg(test)]
mod tests;
mod timeline;

pub use chunk::Chunk;
pub use index::{Completion, Index};
pub use muxer::{Counters, Form, Muxer, Unfit};
pub(crate) use sound::{Silent, SoundTrack};
pub(crate) use timeline::Position;
