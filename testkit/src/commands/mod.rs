//! One file per subcommand.

pub(crate) mod matrix;
pub(crate) mod speed;
pub(crate) mod swarm;
