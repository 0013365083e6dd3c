//! One file per subcommand.

pub(crate) mod matrix;
pub(crate) mod swarm;
