//! Why a client does not end with status 0.

use std::io;
use std::net::SocketAddr;

use thiserror::Error;
use udp::BindError;

use super::lifetime::UNREACHABLE_AFTER;
use crate::shell::recorder::RecordFault;

/// Why a client does not end with status 0: one line with the cause and the remedy.
#[derive(Debug, Error)]
pub enum ShellError {
    /// The local address can't be bound.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// One end is IPv4, the other IPv6.
    #[error(
        "the client's address {local} can't reach the broker's {broker}: choose one of the same kind of IP"
    )]
    Family {
        /// The local address.
        local: SocketAddr,
        /// The broker's.
        broker: SocketAddr,
    },
    /// The system gives no randomness.
    #[error("the system gives no random numbers: {0}; see that /dev/urandom is there")]
    Entropy(#[from] getrandom::Error),
    /// The system gives no runtime, thread or signal handler.
    #[error("the system refuses a thread or a timer: {0}; raise the limit of processes or files")]
    Runtime(io::Error),
    /// The recording that was asked for at the start doesn't begin.
    #[error(transparent)]
    Record(#[from] RecordFault),
    /// A client that was to do something and end never had an answer.
    #[error(
        "no answer from {broker} within {} s: start a broker there, or name another with --broker",
        UNREACHABLE_AFTER.as_secs()
    )]
    Unreachable {
        /// The broker's address.
        broker: SocketAddr,
    },
    /// Commands of a script were wrong.
    #[error("{} wrong: the output says why", counted(*.0, "command was", "commands were"))]
    Wrong(u64),
    /// Commands of a script were right and not carried out.
    #[error("{} refused: the output says why", counted(*.0, "command was", "commands were"))]
    Refused(u64),
    /// The output takes nothing any more, and not because its reader has left.
    #[error("standard output can't be written: {0}; give it a place that takes the text")]
    Output(io::Error),
    /// Pictures were asked for where nothing can show them.
    #[error(
        "standard input and output are no terminal that can show pictures: start it in one, write a stream with 'framecast watch ID --out FILE', or record with 'framecast client --record DIR'"
    )]
    NoTerminal,
    /// A second request to end came before the first was done.
    #[error("interrupted")]
    Interrupted,
}

fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
