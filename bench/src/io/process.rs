//! What a process used, read from `/proc`. Nothing is known elsewhere than on Linux.

use std::fs;

use crate::usage::{CpuTime, Usage, on_cpu, resident, user_and_system};

/// What a process has used so far; `None` where it is gone or can't be looked at.
pub fn usage_of(pid: u32) -> Option<Usage> {
    let folder = format!("/proc/{pid}");
    let (user, system) = user_and_system(&fs::read_to_string(format!("{folder}/stat")).ok()?)?;
    let rss = resident(&fs::read_to_string(format!("{folder}/status")).ok()?)?;
    let mut threads = Vec::new();
    for entry in fs::read_dir(format!("{folder}/task")).ok()?.flatten() {
        // A thread may end while it is looked at.
        let number = entry.file_name().to_str().and_then(|name| name.parse().ok());
        let spent = fs::read_to_string(entry.path().join("schedstat")).ok().and_then(|text| on_cpu(&text));
        threads.extend(number.zip(spent));
    }
    threads.sort_unstable();
    let total = threads.iter().map(|(_, spent)| *spent).sum();
    let busiest = threads.iter().map(|(_, spent)| *spent).max().unwrap_or_default();
    Some(Usage { cpu: CpuTime { total, user, system, busiest }, threads, rss })
}
