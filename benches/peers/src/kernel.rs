//! What a TCP connection takes of the kernel's memory: a server's resident memory shows nothing of it.

use std::net::{Ipv4Addr, TcpListener, TcpStream};

use anyhow::{Context as _, bail};

/// Enough that what the kernel sets aside in whole pages does not show.
const CONNECTIONS: usize = 2_000;

/// One end of a connection through which nothing moves, KiB: what the kernel's slabs grow by, over all ends.
pub(crate) fn connection_kib() -> anyhow::Result<f64> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let mut ends: Vec<TcpStream> = Vec::with_capacity(2 * CONNECTIONS);
    let before = slab_kib()?;
    for _ in 0..CONNECTIONS {
        ends.push(TcpStream::connect(address).context("raise the limit of open files: ulimit -n 8192")?);
        ends.push(listener.accept().context("raise the limit of open files: ulimit -n 8192")?.0);
    }
    Ok(slab_kib()?.saturating_sub(before) as f64 / ends.len() as f64)
}

fn slab_kib() -> anyhow::Result<u64> {
    let table = std::fs::read_to_string("/proc/meminfo").context("reading /proc/meminfo")?;
    let line = table.lines().find_map(|line| line.strip_prefix("Slab:"));
    let Some(kib) = line.and_then(|rest| rest.split_whitespace().next()) else {
        bail!("/proc/meminfo has no line \"Slab\"");
    };
    Ok(kib.parse()?)
}
