//! What a person or a script says to the client and what it answers: commands, lines, recordings.
//!
//! Pure but for the files of [`recorder`]: the loop in `io/` owns standard input, the timers and the engine.

pub mod command;
pub mod duration;
pub mod echo;
pub mod nearest;
pub mod output;
pub mod recorder;
pub mod verb;
mod words;
