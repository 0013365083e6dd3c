//! SRT where there is no libsrt: why it isn't run.

use std::time::Instant;

use anyhow::bail;

use crate::load::{Load, Seen};
use crate::run::Running;

/// Why SRT can't be run, and what to do.
pub(crate) const MISSING: Option<&str> =
    Some("built without libsrt: apt-get install libsrt-openssl-dev pkg-config, and run it again");

pub(crate) fn run(_: Load, _: Instant, _: &Seen) -> anyhow::Result<Running> {
    bail!("SRT: {}", MISSING.unwrap_or_default())
}

pub(crate) fn serve(_: u16) -> anyhow::Result<()> {
    bail!("SRT: {}", MISSING.unwrap_or_default())
}
