//! What a process used, as `/proc` tells it.

use std::time::Duration;

/// CPU time of a process.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CpuTime {
    /// User and system, exact to the nanosecond.
    pub total: Duration,
    /// User, in ticks of 10 ms.
    pub user: Duration,
    /// System, in ticks of 10 ms.
    pub system: Duration,
    /// Of the thread that used the most.
    pub busiest: Duration,
}

/// What a process used up to now.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Usage {
    /// CPU time.
    pub cpu: CpuTime,
    /// CPU time of each thread, by its number.
    pub threads: Vec<(u32, Duration)>,
    /// Resident memory, bytes.
    pub rss: u64,
}

/// How long a tick is: Linux tells user programs ticks of 10 ms, whatever the kernel's own are.
const TICK: Duration = Duration::from_millis(10);
/// Columns of `/proc/PID/stat` behind the name in brackets: state is the first.
const USER_COLUMN: usize = 11;

impl Usage {
    /// What was used since `earlier`; memory is what it is now.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let before = |thread: u32| {
            earlier.threads.iter().find(|(number, _)| *number == thread).map_or(Duration::ZERO, |it| it.1)
        };
        let threads: Vec<(u32, Duration)> = self
            .threads
            .iter()
            .map(|(number, spent)| (*number, spent.saturating_sub(before(*number))))
            .collect();
        let cpu = CpuTime {
            total: self.cpu.total.saturating_sub(earlier.cpu.total),
            user: self.cpu.user.saturating_sub(earlier.cpu.user),
            system: self.cpu.system.saturating_sub(earlier.cpu.system),
            busiest: threads.iter().map(|(_, spent)| *spent).max().unwrap_or_default(),
        };
        Self { cpu, threads, rss: self.rss }
    }
}

/// Nanoseconds on a CPU, from a thread's `schedstat`.
pub(crate) fn on_cpu(schedstat: &str) -> Option<Duration> {
    schedstat.split_ascii_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

/// User and system time, from a process's `stat`. Its name may hold anything, brackets too.
pub(crate) fn user_and_system(stat: &str) -> Option<(Duration, Duration)> {
    let (_, columns) = stat.rsplit_once(')')?;
    let mut columns = columns.split_ascii_whitespace().skip(USER_COLUMN);
    let mut ticks = || columns.next()?.parse::<u32>().ok().map(|ticks| TICK * ticks);
    Some((ticks()?, ticks()?))
}

/// Resident memory in bytes, from a process's `status`.
pub(crate) fn resident(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proc_is_read_as_it_is() {
        assert_eq!(on_cpu("123456789 55 7\n"), Some(Duration::from_nanos(123_456_789)));
        let stat = "42 (a ) b) S 1 2 3 4 5 6 7 8 9 10 250 75 0 0 20 0 3 0 99";
        assert_eq!(user_and_system(stat), Some((Duration::from_millis(2_500), Duration::from_millis(750))));
        assert_eq!(resident("Name:\tx\nVmHWM:\t  9 kB\nVmRSS:\t   2048 kB\n"), Some(2 << 20));
        assert_eq!((on_cpu(""), user_and_system("gone"), resident("")), (None, None, None));
    }

    #[test]
    fn usage_is_told_per_thread_since_a_moment_also_of_threads_that_are_new() {
        let ms = Duration::from_millis;
        let usage = |total, threads: &[(u32, u64)]| Usage {
            cpu: CpuTime { total: ms(total), ..CpuTime::default() },
            threads: threads.iter().map(|(number, spent)| (*number, ms(*spent))).collect(),
            rss: total,
        };
        let spent = usage(100, &[(1, 60), (2, 40)]).since(&usage(50, &[(1, 50)]));
        assert_eq!((spent.cpu.total, spent.cpu.busiest, spent.rss), (ms(50), ms(40), 100));
        assert_eq!(spent.threads, [(1, ms(10)), (2, ms(40))]);
    }
}
