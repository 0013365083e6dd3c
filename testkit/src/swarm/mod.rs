//! Whole configurations from one number: who is there, over which paths, and what goes wrong when.
//!
//! A seed's run has four parts. *Faults*: everything that its [`Scenario`] drew happens, and what has to hold always is
//! checked after every step (by the [`Oracle`](crate::Oracle)) and each 100 simulated ms. *Heal*: the last fault ends.
//! *Life*: within a bound every viewer has to get a frame that was published after the heal, and from then on nothing may
//! be missed. *Goodbye*: all leave; the books of both ends have to agree, and the broker has to be empty.

mod attacker;
mod books;
mod coverage;
mod draw;
mod fault;
mod scenario;
mod stage;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

pub use coverage::Coverage;
pub use scenario::{Scenario, Size};

use stage::Stage;

/// How a seed's run went.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Simulated time.
    pub simulated: Duration,
    /// The checksum of all that was sent (I16).
    pub trace: u32,
    /// Frames that were delivered to all clients.
    pub delivered: u64,
}

/// Runs one seed.
///
/// # Panics
/// If an invariant is broken: the message begins with its number.
pub fn run(scenario: &Scenario) -> Outcome {
    let mut stage = Stage::new(scenario);
    stage.suffer();
    stage.heal();
    stage.live();
    stage.say_goodbye();
    stage.outcome()
}

/// Runs one seed and gives what broke, if something did.
///
/// # Errors
/// The message of the broken invariant.
pub fn try_run(scenario: &Scenario) -> Result<Outcome, String> {
    catch_unwind(AssertUnwindSafe(|| run(scenario))).map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default()
    })
}
