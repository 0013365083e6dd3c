//! Pictures, pages and blocks at a terminal, by what stands on the screen.

mod blocks;
mod budgets;
mod decoder;
mod fidelity;
mod pages;
mod screens;
mod theatre;
