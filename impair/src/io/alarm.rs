//! Waking up on time.
//!
//! The runtime's own timers count whole milliseconds and round up, twice: a delay of 20 ms would be one of 21.5. Linux
//! has timers that a runtime can wait for like a socket, good to some 50 us; elsewhere the runtime's have to do.

use std::io;

use protocol::time::Time;

use super::clock::Clock;

#[cfg(target_os = "linux")]
mod system {
    use std::os::fd::OwnedFd;
    use std::time::Duration;

    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };
    use tokio::io::unix::AsyncFd;

    use super::io;

    pub(super) struct Timer(AsyncFd<OwnedFd>);

    impl Timer {
        #[expect(
            deprecated,
            reason = "unsound for types that may change their descriptor; an OwnedFd never does"
        )]
        pub(super) fn new() -> io::Result<Self> {
            let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
            AsyncFd::new(timerfd_create(TimerfdClockId::Monotonic, flags)?).map(Self)
        }

        /// Waits for `span`, or ends early when an older wait left something behind.
        pub(super) async fn wait(&self, span: Duration) -> io::Result<()> {
            let it_value = Timespec::try_from(span).unwrap_or(Timespec { tv_sec: 1, tv_nsec: 0 });
            let once = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value };
            timerfd_settime(&self.0, TimerfdTimerFlags::empty(), &once)?;
            self.0.readable().await?.clear_ready();
            Ok(())
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::time::Duration;

    use super::io;

    pub(super) struct Timer;

    impl Timer {
        pub(super) fn new() -> io::Result<Self> {
            Ok(Self)
        }

        pub(super) async fn wait(&self, span: Duration) -> io::Result<()> {
            tokio::time::sleep(span).await;
            Ok(())
        }
    }
}

/// One timer.
pub(super) struct Alarm {
    timer: system::Timer,
    clock: Clock,
}

impl Alarm {
    pub(super) fn new(clock: Clock) -> io::Result<Self> {
        system::Timer::new().map(|timer| Self { timer, clock })
    }

    /// Waits until `due`, for ever without one. Safe to cancel.
    pub(super) async fn wait(&self, due: Option<Time>) -> io::Result<()> {
        let Some(due) = due else { return std::future::pending().await };
        loop {
            let left = due.since(self.clock.now());
            if left.is_zero() {
                return Ok(());
            }
            self.timer.wait(left).await?;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn an_alarm_rings_on_time_and_a_new_one_replaces_the_old() {
        let clock = Clock::start();
        let alarm = Alarm::new(clock).unwrap();
        let now = clock.now();
        // Cancelled before it rings.
        tokio::select! {
            biased;
            _ = alarm.wait(Some(now + Duration::from_millis(1))) => {}
            () = std::future::ready(()) => {}
        }
        let due = clock.now() + Duration::from_millis(10);
        alarm.wait(Some(due)).await.unwrap();
        assert!(clock.now() >= due);
    }
}
