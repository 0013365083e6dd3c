//! The Framecast client: a pure engine, the shell's commands and the socket around them.
//!
//! `engine` subscribes, receives, repairs and orders; `shell` is what a person or a script says and sees; `keyboard` is what
//! a terminal sends, `editor` the line that a person types, `view` the pictures; `io` gives them a socket, a clock and the
//! standard streams.

pub mod editor;
pub mod engine;
pub mod io;
pub mod keyboard;
pub mod mp3;
pub mod mux;
pub mod shell;
pub mod sound;
pub mod view;
