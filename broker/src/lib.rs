//! The Framecast broker: a pure engine and the sockets around it.
//!
//! `engine` holds everything that the broker decides, without a socket or a clock; `io` gives it both.

pub mod engine;
pub mod io;
