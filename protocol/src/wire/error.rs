//! Why bytes are not a message.

use thiserror::Error;

/// A fault of a datagram. Each variant has a counter where datagrams are dropped.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum DecodeError {
    /// The datagram ends inside a field.
    #[error("the datagram ends inside {0}")]
    Truncated(&'static str),
    /// Bytes are left over after the last field.
    #[error("bytes are left over after {0}")]
    Trailing(&'static str),
    /// A field has a value that it can't have.
    #[error("{0} has a value that it can't have")]
    Value(&'static str),
    /// A control message longer than the largest datagram.
    #[error("the datagram is longer than any message")]
    Length,
    /// Another version of the protocol.
    #[error("version {found} is not spoken here")]
    Version {
        /// The version in the datagram.
        found: u8,
    },
    /// A mode that this version reserves.
    #[error("mode {0} is reserved")]
    Mode(u8),
    /// The CRC-32C is wrong.
    #[error("the CRC is wrong")]
    Crc,
    /// A critical extension that is not known.
    #[error("extension {0:#04x} is critical and unknown")]
    CriticalExtension(u8),
}

impl DecodeError {
    /// A stable name for counters.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Truncated(_) => "truncated",
            Self::Trailing(_) => "trailing",
            Self::Value(_) => "value",
            Self::Length => "length",
            Self::Version { .. } => "version",
            Self::Mode(_) => "mode",
            Self::Crc => "crc",
            Self::CriticalExtension(_) => "critical_extension",
        }
    }
}
