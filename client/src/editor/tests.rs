//! The editor and its painter at a terminal, by what stands on the screen.

mod completing;
mod desk;
mod editing;
mod history;
mod leaving;
mod screen;
