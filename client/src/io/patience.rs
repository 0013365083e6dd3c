//! How long the last steps of a client may take.

use std::future::Future;

use super::clock::Clock;
use super::error::ShellError;
use super::lifetime::Lifetime;
use super::stops::Stops;

/// The result of `work`; `None` if a stop, whenever it came, leaves it no more time.
pub(super) async fn unless_stopped<T>(
    clock: Clock,
    stops: &mut Stops,
    lifetime: &mut Lifetime,
    work: impl Future<Output = T>,
) -> Result<Option<T>, ShellError> {
    tokio::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return Ok(Some(done)),
            () = clock.sleep_until(lifetime.patience()) => return Ok(None),
            () = stops.next() => {
                if !lifetime.note_stop(clock.now()) {
                    return Err(ShellError::Interrupted);
                }
            }
        }
    }
}
