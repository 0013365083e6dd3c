//! What a terminal sends, as keys, pastes and answers: bytes in, [`Token`]s out.
//!
//! Keys and the terminal's answers to questions come in one stream, and nothing marks where the one ends and the other
//! begins but their form. Whoever reads the stream with both in mind can ask at any time: no answer is taken for typing,
//! however late it comes, and no key is lost while one is awaited. A lone Escape is the beginning of nearly everything;
//! only time tells it from that, and time is the caller's.

mod decoder;
mod sequence;
#[cfg(test)]
mod tests;

pub use decoder::{Decoder, PASTE_LEN_MAX, SEQUENCE_LEN_MAX, Token};
