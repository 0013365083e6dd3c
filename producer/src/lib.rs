//! The Framecast producer: frame sources, a pure engine and the socket around it.
//!
//! `source` says which bytes are due when, `engine` brings them to the broker, `io` runs both.

pub mod engine;
pub mod io;
pub mod source;
