//! One file per subcommand: its flags, and the call into its crate.

pub(crate) mod audio;
pub(crate) mod bench;
pub(crate) mod broker;
pub(crate) mod client;
pub(crate) mod completions;
pub(crate) mod health;
pub(crate) mod impair;
pub(crate) mod man;
pub(crate) mod producer;
pub(crate) mod up;
pub(crate) mod watch;
pub(crate) mod wireshark;
