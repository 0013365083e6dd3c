//! MP3 segments as the MPEG frames that they consist of, without decoding them.

mod header;
mod segment;
mod tag;

pub use header::Header;
pub use segment::{MpegFrame, Segment};
