//! Timers that mind no tenth of a second fire together.

use std::time::Duration;

use protocol::time::{Time, micros};

/// Timers this far away are put off to the next point of a grid, so that thousands of leases and reports wake the worker
/// ten times a second and not each by itself. None of these minds a tenth of a second; repeats of requests stay exact.
const FAR: Duration = Duration::from_millis(200);
/// The grid.
const GRID: Duration = Duration::from_millis(100);

/// A timer, put off to the grid where it is far away.
pub(super) fn coarse(now: Time, due: Time) -> Time {
    if due.since(now) < FAR { due } else { on_grid(due) }
}

/// The first point of the grid that is not before this.
pub(super) fn on_grid(time: Time) -> Time {
    let grid = micros(GRID);
    Time::from_micros(time.as_micros().div_ceil(grid).saturating_mul(grid))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_far_is_put_off_by_less_than_a_step_and_what_is_near_not_at_all() {
        let now = Time::from_micros(1_234_567);
        for ms in 0..1_000 {
            let due = now + Duration::from_millis(ms);
            let put_off = coarse(now, due).since(due);
            assert!(coarse(now, due) >= due && put_off < GRID);
            assert!(ms >= 200 || put_off.is_zero(), "{ms} ms away");
            assert!(ms < 200 || coarse(now, due).as_micros().is_multiple_of(100_000));
        }
    }
}
