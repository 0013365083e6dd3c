//! How many sockets the process may open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::error::BenchError;

/// Files that a process opens besides: standard streams, the runtime's queues, `/proc`.
const OTHER_FILES: u64 = 64;

/// Raises the soft limit on open files as far as `sockets` need it and the hard one allows it.
pub(super) fn make_room(sockets: usize) -> Result<(), BenchError> {
    let needed = sockets as u64 + OTHER_FILES;
    let limit = getrlimit(Resource::Nofile);
    let allows = |limit: Option<u64>| limit.is_none_or(|limit| limit >= needed);
    if allows(limit.current) {
        return Ok(());
    }
    let raised = Rlimit { current: Some(needed), maximum: limit.maximum };
    if allows(limit.maximum) && setrlimit(Resource::Nofile, raised).is_ok() {
        return Ok(());
    }
    let allowed = limit.maximum.or(limit.current).unwrap_or_default();
    Err(BenchError::OpenFiles { needed, allowed })
}
