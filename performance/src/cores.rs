//! Which cores the two sides run on: the server on the first, the load on the others.

use anyhow::{Context as _, Result};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The cores of this process, dealt out.
pub(crate) struct Cores {
    all: CpuSet,
    server: CpuSet,
    load: CpuSet,
}

impl Cores {
    /// Deals out the cores that this process may use; with a single one both sides share it.
    pub(crate) fn deal() -> Result<Self> {
        let all = sched_getaffinity(None).context("the cores of this process")?;
        let mut usable = (0..CpuSet::MAX_CPU).filter(|core| all.is_set(*core));
        let (mut server, mut load) = (CpuSet::new(), CpuSet::new());
        let first = usable.next().unwrap_or_default();
        server.set(first);
        usable.for_each(|core| load.set(core));
        if load.count() == 0 {
            load.set(first);
        }
        Ok(Self { all, server, load })
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u32 {
        self.all.count()
    }

    /// What `start` starts runs on the server's core alone, or where it likes.
    pub(crate) fn on_server<T>(&self, pinned: bool, start: impl FnOnce() -> Result<T>) -> Result<T> {
        self.on(if pinned { &self.server } else { &self.all }, start)
    }

    /// What `start` starts runs on the load's cores, or where it likes.
    pub(crate) fn on_load<T>(&self, pinned: bool, start: impl FnOnce() -> Result<T>) -> Result<T> {
        self.on(if pinned { &self.load } else { &self.all }, start)
    }

    /// A process inherits the cores of the thread that starts it.
    fn on<T>(&self, cores: &CpuSet, start: impl FnOnce() -> Result<T>) -> Result<T> {
        sched_setaffinity(None, cores).context("choosing a core")?;
        let started = start();
        sched_setaffinity(None, &self.all).context("choosing all cores again")?;
        started
    }
}
