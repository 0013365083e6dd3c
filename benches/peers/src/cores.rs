//! Which cores the two sides run on: the server on the first, the load on the others.

use anyhow::Context as _;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// What `start` starts runs on the server's core alone; this thread, and what it starts, on the others from then on.
pub(crate) fn apart<T>(start: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    let all = sched_getaffinity(None).context("the cores of this process")?;
    let mut usable = (0..CpuSet::MAX_CPU).filter(|core| all.is_set(*core));
    let (mut server, mut load) = (CpuSet::new(), CpuSet::new());
    let first = usable.next().unwrap_or_default();
    server.set(first);
    usable.for_each(|core| load.set(core));
    if load.count() == 0 {
        load.set(first);
    }
    sched_setaffinity(None, &server).context("choosing the server's core")?;
    let started = start();
    sched_setaffinity(None, &load).context("choosing the load's cores")?;
    let result = started?;
    Ok(result)
}

/// All cores again.
pub(crate) fn together(all: &CpuSet) -> anyhow::Result<()> {
    sched_setaffinity(None, all).context("choosing all cores")
}

/// The cores of this process.
pub(crate) fn all() -> anyhow::Result<CpuSet> {
    sched_getaffinity(None).context("the cores of this process")
}
