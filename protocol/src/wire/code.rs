//! Status codes and reasons (PROTOCOL 9).

use std::fmt;

macro_rules! codes {
    ($($number:literal $variant:ident $name:literal $phrase:literal;)*) => {
        /// Why something was refused or ended.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u16)]
        pub enum Code {
            $(#[doc = $phrase] $variant = $number,)*
        }

        impl Code {
            /// The code of a number on the wire; unknown ones mean INTERNAL.
            pub const fn from_wire(number: u16) -> Self {
                match number {
                    $($number => Self::$variant,)*
                    _ => Self::Internal,
                }
            }

            /// The name that the specification uses.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            const fn phrase(self) -> &'static str {
                match self {
                    $(Self::$variant => $phrase,)*
                }
            }
        }
    };
}

codes! {
    0 Ok "OK" "done";
    1 Internal "INTERNAL" "an internal error";
    2 Protocol "PROTOCOL" "the peer broke the protocol";
    3 Unsupported "UNSUPPORTED" "not supported";
    4 NotAuthorized "NOT_AUTHORIZED" "not authorized";
    5 TokenExpired "TOKEN_EXPIRED" "the token has expired";
    6 NoSuchStream "NO_SUCH_STREAM" "no such stream";
    7 DuplicateProducer "DUPLICATE_PRODUCER" "another producer has this id";
    8 Superseded "SUPERSEDED" "a newer producer of the same identity took over";
    9 Limit "LIMIT" "a limit is reached";
    10 Busy "BUSY" "busy, try again later";
    11 TooFarBehind "TOO_FAR_BEHIND" "too far behind";
    12 Idle "IDLE" "nothing was heard for too long";
    13 PathMtu "PATH_MTU" "the path carries only smaller datagrams";
    14 OptimisticAck "OPTIMISTIC_ACK" "something was acknowledged that was never sent";
    15 Replay "REPLAY" "a message was replayed";
    16 Shutdown "SHUTDOWN" "shutting down";
    17 Waiting "WAITING" "accepted, the producer is absent";
    18 ProducerLost "PRODUCER_LOST" "the producer was lost";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.phrase())
    }
}
